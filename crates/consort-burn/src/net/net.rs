use std::sync::Arc;

use consort_core::{Error, FitContext, Learner, Model, Result, Samples, Takes};
use serde::{Deserialize, Serialize};

use super::{
    ClassWeights, EarlyStop, NetModel,
    follower::Nobody,
    guarded::guarded,
    objective::Own,
    school::{Basis, School},
    tally::Tally,
    training::{Adversary, Course},
};
use crate::{
    architecture::{Architecture, Mlp},
    input::{Augment, Scale},
    loss::Loss,
    network::Precision,
    optimizer::Optimizer,
    schedule::Schedule,
    weights::Pretrained,
};

/// A neural net, trained by burn.
///
/// It takes tables as they are: numbers are scaled and their holes filled (with a column that says so), categories
/// are embedded, all by the training rows alone. Images and other blocks are scaled by channel. With validation rows
/// in the context the weights of the best epoch are kept.
///
/// First weights, the order of rows and dropout come from the seed of the fit, on the host: the same seed gives the
/// same bits on one device, however many nets are trained beside it.
///
/// ```
/// use std::sync::Arc;
/// use consort_burn::{architecture::Mlp, net::Net};
/// use consort_core::{Classes, Column, Dataset, Features, FitContext, Learner, Model, Samples, Seed, Target};
/// let x = Column::Numeric { name: "x".into(), values: (0..200).map(|i| i as f32).collect() };
/// let classes = Classes::new(["outer", "inner"])?;
/// let codes = (0..200).map(|i| u32::from((50..150).contains(&i))).collect();
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(Target::Classes { codes, classes })?;
/// let net = Net { epochs: 60, batch: 32, learning_rate: 0.01, ..Net::new(Mlp { hidden: vec![32], ..Mlp::default() }) };
/// let model = net.fit(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// let predicted = model.predict(&Samples::all(&data))?;
/// assert!(predicted.at(100, 1) > 0.9 && predicted.at(5, 1) < 0.1);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Net {
    /// The network.
    pub architecture: Arc<dyn Architecture>,
    /// What is made small; `None` for the usual loss of the target.
    pub loss: Option<Loss>,
    /// What turns gradients into steps.
    pub optimizer: Optimizer,
    /// The learning rate that the schedule is a factor of.
    pub learning_rate: f64,
    /// How the learning rate moves.
    pub schedule: Schedule,
    /// During so many first epochs the rate rises from near 0 to that of the schedule, step by step.
    pub warm_up: f64,
    /// How many times all rows are gone through.
    pub epochs: usize,
    /// How many rows a step looks at.
    pub batch: usize,
    /// When to stop before the last epoch; it needs validation rows.
    pub early_stop: Option<EarlyStop>,
    /// Whether the weights of the best epoch on the validation rows are kept, where there are some.
    pub best_epoch: bool,
    /// The greatest norm of the gradient of all weights together; longer ones are shortened.
    pub clip: Option<f64>,
    /// What the rows of each class weigh beside their own weight.
    pub class_weights: ClassWeights,
    /// How numbers are scaled.
    pub scale: Scale,
    /// How images are changed at random while it learns; `None` for not at all.
    pub augment: Option<Augment>,
    /// Where it is trained and asked: `cpu`, `cuda:0`, `wgpu`, `auto`.
    pub device: String,
    /// In which numbers it is trained.
    pub precision: Precision,
    /// Weights to start from.
    pub pretrained: Option<Pretrained>,
}

impl Default for Net {
    fn default() -> Self {
        Self {
            architecture: Arc::new(Mlp::default()),
            loss: None,
            optimizer: Optimizer::default(),
            learning_rate: 1e-3,
            schedule: Schedule::Constant,
            warm_up: 0.0,
            epochs: 20,
            batch: 128,
            early_stop: None,
            best_epoch: true,
            clip: None,
            class_weights: ClassWeights::Equal,
            scale: Scale::Standard,
            augment: None,
            device: "cpu".into(),
            precision: Precision::Full,
            pretrained: None,
        }
    }
}

impl Net {
    /// A net of this architecture, everything else as usual.
    pub fn new(architecture: impl Architecture + 'static) -> Self {
        Self { architecture: Arc::new(architecture), ..Self::default() }
    }

    /// How errors call it.
    pub(crate) fn by(&self) -> String {
        format!("net `{}`", self.architecture.name())
    }

    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check(&self) -> Result<()> {
        if self.epochs == 0 {
            return Err(Error::parameter("epochs", 0, "at least 1"));
        }
        if self.batch == 0 {
            return Err(Error::parameter("batch", 0, "at least 1"));
        }
        if !(self.learning_rate.is_finite() && self.learning_rate > 0.0) {
            return Err(Error::parameter("learning_rate", self.learning_rate, "finite and above 0"));
        }
        if !(self.warm_up.is_finite() && self.warm_up >= 0.0) {
            return Err(Error::parameter("warm_up", self.warm_up, "finite and at least 0"));
        }
        if let Some(clip) = self.clip
            && !(clip.is_finite() && clip > 0.0)
        {
            return Err(Error::parameter("clip", clip, "finite and above 0"));
        }
        if let Some(stop) = &self.early_stop {
            stop.check()?;
        }
        self.schedule.check()?;
        self.optimizer.check()?;
        self.scale.check()
    }

    /// The usual course of this net over its rows.
    pub(crate) fn course<'a>(
        &'a self,
        school: &'a School<'a>,
        objective: &'a dyn super::objective::Objective,
        tally: &'a Tally<'a>,
        ctx: &'a FitContext<'a>,
    ) -> Course<'a> {
        Course {
            net: self,
            epochs: self.epochs,
            rate: self.learning_rate,
            schedule: self.schedule,
            warm_up: self.warm_up,
            goes_on: false,
            lesson: &school.lesson,
            validation: school.validation.as_ref(),
            objective,
            members_in_one: 1,
            adversary: None,
            order: ctx.seed.child("order"),
            device: &school.device,
            keeps_best: self.best_epoch,
            tally,
            ctx,
        }
    }

    /// The fitted net.
    ///
    /// # Errors
    /// As [`Learner::fit`].
    pub fn train(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<NetModel> {
        ctx.check()?;
        self.train_on(&Basis::new(self, train)?, train, ctx, &Tally::new(ctx, self.epochs))
    }

    /// The net fitted on rows of which something was learnt already.
    pub(crate) fn train_on(
        &self,
        basis: &Basis,
        train: &Samples<'_>,
        ctx: &FitContext<'_>,
        tally: &Tally<'_>,
    ) -> Result<NetModel> {
        self.train_against(basis, train, ctx, tally, None)
    }

    /// The same, on rows that are also moved against it by such a share of their range.
    pub(crate) fn train_against(
        &self,
        basis: &Basis,
        train: &Samples<'_>,
        ctx: &FitContext<'_>,
        tally: &Tally<'_>,
        epsilon: Option<f64>,
    ) -> Result<NetModel> {
        let school = basis.school(self, train, ctx)?;
        guarded(&self.by(), || {
            let objective = Own { loss: basis.spec.loss };
            let mut course = self.course(&school, &objective, tally, ctx);
            course.adversary =
                epsilon.map(|epsilon| Adversary::new(&school.lesson, epsilon, &school.device)).transpose()?;
            let mut group = [basis.learning(self, ctx.seed)?];
            let history = course.run(&mut group, &mut Nobody)?;
            Ok(basis.model(&*group[0].network, history))
        })
    }
}

#[typetag::serde(name = "net")]
impl Learner for Net {
    fn name(&self) -> String {
        self.architecture.name()
    }

    fn takes(&self) -> Takes {
        Takes { categories: true, missing: true, weights: true }
    }

    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Box<dyn Model>> {
        Ok(Box::new(ctx.install(|| self.train(train, ctx))?))
    }
}
