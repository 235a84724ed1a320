use std::sync::{Arc, Mutex, PoisonError};

use consort_core::{
    Error, FitContext, Fusion, Gives, Learner, Model, Outputs, PresentRows, Result, Samples, Seed, Silent, Takes, Truth,
};
use consort_fusion::rule;
use consort_split::{Draw, Drawer};
use consort_trees::boosting::loss;
use serde::{Deserialize, Serialize};

use super::{BaggedModel, bagged_model::BaggedMember, subspace::Subspace};
use crate::{portion::Portion, side_by_side::side_by_side};

/// Any learner fitted many times, each time on a draw of the rows, of the features, or of both.
///
/// | constructor | rows of a member | features of a member | source |
/// |---|---|---|---|
/// | [`new`](Self::new) | a bootstrap | all | bagging, Breiman 1996 |
/// | [`pasting`](Self::pasting) | a share, without replacement | all | Breiman 1999 |
/// | [`subspaces`](Self::subspaces) | all | a share | random subspaces, Ho 1998 |
/// | [`patches`](Self::patches) | a share, without replacement | a share | random patches, Louppe and Geurts 2012 |
/// | [`balanced`](Self::balanced) | of each class as many as the rarest has | all | Chen, Liaw and Breiman 2004 |
///
/// It helps learners that a few other rows change much, such as deep trees, nearest neighbours of one neighbour and nets;
/// it does nothing for stable ones, such as linear models with many rows.
///
/// The members' predictions become one by a rule: by default their mean, of probabilities or of numbers; [`rule::Vote`]
/// counts labels, [`rule::Median`] takes the middle one. The rule is asked about 65,536 rows at a time, and must answer
/// each row by itself.
///
/// Where rows have weights, a bootstrap draws in proportion to them, so that even a learner that takes no weights can be
/// bagged on weighted rows; see [`Draw`]. The member of number `m` draws from the seed named `member`, `m`: neither
/// threads nor the number of members change it. Members are fitted side by side.
///
/// ```
/// use consort_core::{Column, Dataset, Features, FitContext, Model, Samples, Seed, Target};
/// use consort_ensemble::bag::Bagging;
/// use consort_trees::decision_tree::DecisionTree;
/// let x = Column::Numeric { name: "x".into(), values: (0..200).map(|i| i as f32).collect() };
/// let y = Target::from_values((0..200).map(f64::from).collect(), "y")?;
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let all = Samples::all(&data);
/// let model = Bagging::new(DecisionTree::default()).members(20).fit_bag(&all, &FitContext::new(Seed::new(0)))?;
/// let rmse = consort_metrics::registry::by_name("rmse")?;
/// let honest = model.out_of_bag(&all)?.score(&all, &*rmse)?;
/// assert!(honest.value().is_some_and(|error| error > 0.1 && error < 3.0));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bagging {
    /// What each member is.
    #[serde(rename = "of")]
    pub learner: Arc<dyn Learner>,
    /// How many members.
    #[serde(default = "fifty")]
    pub members: usize,
    /// Which rows a member sees.
    #[serde(default)]
    pub draw: Draw,
    /// The share of the features that a member sees, drawn without replacement; at least one is seen.
    #[serde(default = "whole")]
    pub features: f64,
    /// How the members' predictions become one.
    #[serde(default = "mean")]
    pub rule: Arc<dyn Fusion>,
}

fn fifty() -> usize {
    50
}

fn whole() -> f64 {
    1.0
}

fn mean() -> Arc<dyn Fusion> {
    Arc::new(rule::Mean::default())
}

impl Bagging {
    /// Fifty members, each on a bootstrap of the rows.
    pub fn new(learner: impl Learner + 'static) -> Self {
        Self::of(Arc::new(learner))
    }

    /// As [`new`](Self::new), of a learner that is shared already.
    pub fn of(learner: Arc<dyn Learner>) -> Self {
        Self { learner, members: fifty(), draw: Draw::default(), features: whole(), rule: mean() }
    }

    /// Each member on a share of the rows, drawn without replacement.
    pub fn pasting(learner: impl Learner + 'static, rows: f64) -> Self {
        Self::new(learner).draw(Draw::Subsample { share: rows })
    }

    /// Each member on all rows and a share of the features.
    pub fn subspaces(learner: impl Learner + 'static, features: f64) -> Self {
        Self::new(learner).draw(Draw::All).features(features)
    }

    /// Each member on a share of the rows and a share of the features.
    pub fn patches(learner: impl Learner + 'static, rows: f64, features: f64) -> Self {
        Self::pasting(learner, rows).features(features)
    }

    /// Each member on as many rows of each class as the rarest has, drawn with replacement.
    pub fn balanced(learner: impl Learner + 'static) -> Self {
        Self::new(learner).draw(Draw::Balanced)
    }

    /// With so many members.
    pub fn members(mut self, members: usize) -> Self {
        self.members = members;
        self
    }

    /// With these rows for each member.
    pub fn draw(mut self, draw: Draw) -> Self {
        self.draw = draw;
        self
    }

    /// With this share of the features for each member.
    pub fn features(mut self, share: f64) -> Self {
        self.features = share;
        self
    }

    /// With another rule.
    pub fn rule(mut self, rule: impl Fusion + 'static) -> Self {
        self.rule = Arc::new(rule);
        self
    }

    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check(&self) -> Result<()> {
        if !(1..=1_000_000).contains(&self.members) {
            return Err(Error::parameter("members", self.members, "1 to 1000000"));
        }
        if !(self.features > 0.0 && self.features <= 1.0) {
            return Err(Error::parameter("features", self.features, "above 0 and at most 1"));
        }
        self.draw.check()
    }

    /// The members fitted on these samples.
    ///
    /// # Errors
    /// If a parameter is out of range, there is no row or no target, the rule gives what is no answer to it, a member
    /// cannot be fitted, or the work was cancelled.
    pub fn fit_bag(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<BaggedModel> {
        self.check()?;
        let outputs = train.dataset().target_for("bagging")?.outputs();
        self.expect_answers(&outputs)?;
        let drawer = self.drawer(train)?;
        self.expect_finite(train)?;
        let done = Mutex::new(0);
        let members = side_by_side(ctx.threads, self.members, |number, threads| {
            ctx.check()?;
            let seed = member_seed(ctx.seed, number);
            let context = FitContext { seed: seed.child("fit"), threads, progress: &Silent, ..*ctx };
            let member = self.fit_member(train, &drawer, seed, &context)?;
            // Told under the lock, so that what a listener hears never goes back.
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            *done += 1;
            ctx.progress.step(*done, self.members as u64, "");
            Ok(member)
        })?;
        BaggedModel::new(self.clone(), ctx.seed, drawer.all_rows().len(), outputs, members)
    }

    fn fit_member(
        &self,
        train: &Samples<'_>,
        drawer: &Drawer,
        seed: Seed,
        ctx: &FitContext<'_>,
    ) -> Result<BaggedMember> {
        let data = train.dataset();
        let (rows, weights) = drawer.draw(seed.child("rows"));
        // Draws with replacement give numbers of times; so do rows that the samples name several times.
        let are_times = self.draws_again() || !train.is_weighted();
        let portion = Portion::new(&*self.learner, data, rows, &weights, are_times);
        let samples = portion.samples(data)?;
        let subspace = Subspace::draw(self.features, data.features(), seed.child("features"));
        let model = match subspace.to_learn(&samples, ctx)? {
            None => self.learner.fit(&samples, ctx)?,
            Some(own) => {
                let validation = ctx.validation.map(|rows| subspace.to_learn(&rows, ctx)).transpose()?.flatten();
                let context = FitContext { validation: validation.as_ref().map(Samples::all), ..*ctx };
                self.learner.fit(&Samples::all(&own), &context)?
            }
        };
        Ok(BaggedMember { model, subspace })
    }

    /// What draws the rows of each member.
    pub(super) fn drawer(&self, train: &Samples<'_>) -> Result<Drawer> {
        let PresentRows { rows, weights } = PresentRows::of(train)?;
        Drawer::new(self.draw, rows, weights, train.dataset().target_for("bagging")?)
    }

    /// Refuses a target that is not finite with its own row: a member of some features would name another.
    fn expect_finite(&self, train: &Samples<'_>) -> Result<()> {
        let data = train.dataset();
        let target = data.target_for("bagging")?;
        let weights = train.row_weights();
        let truth = Truth::with(target, weights.as_deref())?;
        loss::expect_finite(&truth, data.ids())
    }

    fn draws_again(&self) -> bool {
        matches!(self.draw, Draw::Bootstrap { .. } | Draw::Balanced)
    }

    /// Refuses a rule whose numbers are no prediction, such as ranks.
    fn expect_answers(&self, outputs: &Outputs) -> Result<()> {
        let gives = self.rule.gives(outputs);
        if gives == outputs.gives() || (gives == Gives::Labels && outputs.gives() == Gives::Probabilities) {
            return Ok(());
        }
        Err(Error::Unsupported {
            by: "bagging".into(),
            what: format!("the rule `{}`, which gives {gives}", self.rule.name()),
            hint: format!("choose one that gives {}, such as the mean", outputs.gives()),
        })
    }
}

/// Where the randomness of a member comes from.
pub(super) fn member_seed(root: Seed, number: usize) -> Seed {
    root.nth("member", number as u64)
}

#[typetag::serde(name = "bagging")]
impl Learner for Bagging {
    fn name(&self) -> String {
        "bag".into()
    }

    fn takes(&self) -> Takes {
        let takes = self.learner.takes();
        Takes { weights: takes.weights || self.draws_again(), ..takes }
    }

    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Box<dyn Model>> {
        Ok(Box::new(self.fit_bag(train, ctx)?))
    }
}
