use std::sync::Arc;

use consort_core::{FitContext, Fusion, Learner, Matrix, Model, Outputs, Result, Samples, Takes};
use consort_fusion::rule;
use serde::{Deserialize, Serialize};

use crate::{
    fitted_member::{FittedMember, fit_all, predictions},
    named_learner::{NamedLearner, check},
};

/// Several learners fitted on all rows and fused by a rule: soft voting by the mean of probabilities, hard voting by
/// the most labels, averaging of numbers, or any other rule of consort-fusion or of one's own.
///
/// ```
/// use consort_core::{Column, Dataset, Features, FitContext, Learner, Model, Samples, Seed, Target};
/// use consort_ensemble::{NamedLearner, vote::Voting};
/// use consort_trees::boosting::GradientBoosting;
/// let x = Column::Numeric { name: "x".into(), values: (0..60).map(|i| i as f32).collect() };
/// let y = Target::from_values((0..60).map(f64::from).collect(), "y")?;
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let slow = GradientBoosting { learning_rate: 0.05, ..Default::default() };
/// let members = vec![NamedLearner::new("boost", GradientBoosting::default()), NamedLearner::new("slow", slow)];
/// let model = Voting::new(members).fit(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert!((model.predict(&Samples::all(&data))?.at(30, 0) - 30.0).abs() < 10.0);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Voting {
    /// The members.
    pub members: Vec<NamedLearner>,
    /// How their predictions become one.
    #[serde(default = "mean")]
    pub rule: Arc<dyn Fusion>,
}

fn mean() -> Arc<dyn Fusion> {
    Arc::new(rule::Mean::default())
}

impl Voting {
    /// The mean of these members.
    pub fn new(members: Vec<NamedLearner>) -> Self {
        Self { members, rule: mean() }
    }

    /// Another rule.
    pub fn rule(mut self, rule: impl Fusion + 'static) -> Self {
        self.rule = Arc::new(rule);
        self
    }
}

#[typetag::serde(name = "voting")]
impl Learner for Voting {
    fn name(&self) -> String {
        "vote".into()
    }

    fn takes(&self) -> Takes {
        together(&self.members)
    }

    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Box<dyn Model>> {
        check(&self.members)?;
        let outputs = train.target("voting")?.outputs();
        let members = fit_all(&self.members, 0, train, ctx, None)?;
        Ok(Box::new(VotedModel { members, rule: Arc::clone(&self.rule), outputs }))
    }
}

/// What all of some learners can take.
pub(crate) fn together(members: &[NamedLearner]) -> Takes {
    let mut all = Takes { categories: true, missing: true, weights: true };
    for takes in members.iter().map(|member| member.learner.takes()) {
        all.categories &= takes.categories;
        all.missing &= takes.missing;
        all.weights &= takes.weights;
    }
    all
}

/// Members fitted on all rows, and the rule that fuses them.
#[derive(Debug, Serialize, Deserialize)]
pub struct VotedModel {
    members: Vec<FittedMember>,
    rule: Arc<dyn Fusion>,
    outputs: Outputs,
}

impl VotedModel {
    /// The members.
    pub fn members(&self) -> &[FittedMember] {
        &self.members
    }

    /// The members' own predictions.
    ///
    /// # Errors
    /// Those of the models.
    pub fn member_predictions(&self, rows: &Samples<'_>) -> Result<consort_core::Predictions> {
        predictions(&self.members, &self.outputs, rows, &[])
    }
}

#[typetag::serde(name = "voted_model")]
impl Model for VotedModel {
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        self.rule.fuse(&self.member_predictions(rows)?)
    }
}
