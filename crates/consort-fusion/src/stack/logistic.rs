use consort_core::{Error, Fuser, Fusion, Matrix, Missing, Outputs, Predictions, Result, Seed, Truth, blocks};
use serde::{Deserialize, Serialize};

use super::{
    lbfgs,
    logistic_loss::{LogisticLoss, sigmoid},
};
use crate::weights::sample::{Sample, on_the_scale_of_truth};

/// What the meta-learner sees of a member's probability.
///
/// ```
/// use consort_fusion::stack::{LogisticStack, MetaInputs};
/// assert!(LogisticStack::default().inputs(MetaInputs::LogOdds).check().is_ok());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetaInputs {
    /// The probability itself.
    #[default]
    Probabilities,
    /// Its log-odds for a yes-or-no question, its logarithm for more classes; probabilities are cut at 2⁻²³ first.
    LogOdds,
}

impl MetaInputs {
    pub(crate) fn feature(self, p: f32, outputs: usize) -> f64 {
        let p = f64::from(p);
        let cut = f64::from(f32::EPSILON);
        match self {
            MetaInputs::Probabilities => p,
            MetaInputs::LogOdds if outputs == 1 => {
                let p = p.clamp(cut, 1.0 - cut);
                (p / (1.0 - p)).ln()
            }
            MetaInputs::LogOdds => p.max(cut).ln(),
        }
    }
}

/// A logistic regression of the class on the members' probabilities, with an L2 penalty.
///
/// `min ½ Σ w² + C Σ_i ω_i loss_i`; the intercept is not penalised. Two classes: one coefficient a member, on its
/// probability of the last class. More: a softmax, each class on the members' probabilities of all classes. Labels:
/// each on the members' probabilities of that label. With log-odds, equal coefficients that sum to 1 are the
/// logarithmic pool.
///
/// L-BFGS, preconditioned by the Hessian's blocks of each class on at most 20,000 rows: some tens of passes over the
/// cube, `rows · features · classes` multiplications each. Since the penalty makes the loss strongly convex, a gradient no longer than `tolerance`
/// puts the coefficients within `tolerance` of the best ones.
///
/// Rows that a member lacks are left out of the fit; a member cannot be left out when fusing.
///
/// # Errors
/// [`Error::Unsupported`] for regression, [`Error::Parameter`], [`Error::NotConverged`].
///
/// Source: Wolpert (1992), "Stacked generalization"; Ting, Witten (1999), "Issues in stacked generalization".
///
/// ```
/// use consort_core::{Classes, Fuser, Gives, Ids, Outputs, Predictions, Target, Truth};
/// use consort_fusion::stack::LogisticStack;
/// let classes = Classes::new(["no", "yes"])?;
/// let predictions = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(4))
///     .member("m", Gives::Probabilities, &[0.9, 0.1, 0.2, 0.8, 0.6, 0.4, 0.3, 0.7])?
///     .build()?;
/// let target = Target::from_labels(["no", "yes", "no", "yes"], &classes, "y")?;
/// let fitted = LogisticStack::default().regress(&predictions, &Truth::new(&target))?;
/// assert!(fitted.coefficients("m").unwrap()[0] > 0.0);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogisticStack {
    /// The inverse of the penalty: greater trusts the rows more.
    pub c: f64,
    /// What the meta-learner sees.
    pub inputs: MetaInputs,
    /// How far a coefficient may be from its best value.
    pub tolerance: f64,
    /// The most steps of the search.
    pub steps: usize,
}

impl Default for LogisticStack {
    fn default() -> Self {
        Self { c: 1.0, inputs: MetaInputs::Probabilities, tolerance: 1e-6, steps: 500 }
    }
}

impl LogisticStack {
    /// With this inverse of the penalty.
    pub fn c(mut self, c: f64) -> Self {
        self.c = c;
        self
    }

    /// With these inputs.
    pub fn inputs(mut self, inputs: MetaInputs) -> Self {
        self.inputs = inputs;
        self
    }

    /// With this tolerance of the coefficients.
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// With at most this many steps.
    pub fn steps(mut self, steps: usize) -> Self {
        self.steps = steps;
        self
    }

    /// # Errors
    /// [`Error::Parameter`] for a `c` or tolerance that is not above 0, or no steps.
    pub fn check(&self) -> Result<()> {
        for (name, value) in [("c", self.c), ("tolerance", self.tolerance)] {
            if !(value.is_finite() && value > 0.0) {
                return Err(Error::parameter(name, value, "finite and above 0"));
            }
        }
        if self.steps == 0 {
            return Err(Error::parameter("steps", self.steps, "at least 1"));
        }
        Ok(())
    }

    /// The fit, with its own type.
    ///
    /// # Errors
    /// As [`Fuser::fit`].
    pub fn regress(&self, predictions: &Predictions, truth: &Truth<'_>) -> Result<LogisticMetaModel> {
        self.check()?;
        let kind = Kind::of(predictions.outputs())?;
        let sample = Sample::new(BY, predictions, truth)?.on_the_scale_of_truth(BY)?;
        let columns = predictions.columns();
        let fit = |columns: std::ops::Range<usize>, outputs: usize, answer: &(dyn Fn(usize) -> usize + Sync)| {
            let loss = LogisticLoss {
                predictions: &sample.predictions,
                weights: &sample.weights,
                inputs: self.inputs,
                columns,
                outputs,
                answer,
                c: self.c,
            };
            let mut found = lbfgs::Search { x: vec![0.0; loss.unknowns()], steps: 0, gradient: f64::INFINITY };
            // The curvature changes along the way, most where probabilities become sure: look at it again now and then.
            while found.gradient > self.tolerance && found.steps < self.steps {
                let precondition = loss.preconditioner(&found.x);
                let most = REFRESH.min(self.steps - found.steps);
                let before = found.steps;
                found = lbfgs::minimise(found.x, |w| loss.value(w), precondition, self.tolerance, most);
                let stuck = found.steps == 0;
                found.steps += before;
                if stuck {
                    break;
                }
            }
            let found = found.within(BY, self.tolerance)?;
            Ok::<_, Error>((found.x, found.steps))
        };
        let members = sample.members();
        let (mut coefficients, mut intercept, mut steps) = (Vec::new(), Vec::new(), 0);
        match kind {
            Kind::Softmax => {
                let class = |i: usize| (0..columns).find(|&k| sample.truth(i, k) == 1.0).unwrap_or(0);
                let (w, taken) = fit(0..columns, columns, &class)?;
                let width = members * columns + 1;
                // [output][member][class] becomes [member][class][output].
                for feature in 0..width - 1 {
                    coefficients.extend((0..columns).map(|k| w[k * width + feature]));
                }
                intercept.extend((0..columns).map(|k| w[k * width + width - 1]));
                coefficients = sample.in_given_order(&coefficients, columns * columns);
                steps = taken;
            }
            Kind::Questions { first } => {
                let questions = columns - first;
                coefficients.resize(members * questions, 0.0);
                for k in first..columns {
                    let (w, taken) = fit(k..k + 1, 1, &|i| usize::from(sample.truth(i, k) == 1.0))?;
                    (0..members).for_each(|m| coefficients[m * questions + k - first] = w[m]);
                    intercept.push(w[members]);
                    steps += taken;
                }
                coefficients = sample.in_given_order(&coefficients, questions);
            }
        }
        Ok(LogisticMetaModel {
            members: sample.names(),
            outputs: predictions.outputs().clone(),
            inputs: self.inputs,
            coefficients,
            intercept,
            steps,
        })
    }
}

const BY: &str = "logistic stacking";

/// After how many steps the preconditioner is made anew.
const REFRESH: usize = 20;

/// How the outputs are asked for.
#[derive(Clone, Copy)]
enum Kind {
    /// All classes at once.
    Softmax,
    /// One yes-or-no question a column, from column `first` on.
    Questions { first: usize },
}

impl Kind {
    fn of(outputs: &Outputs) -> Result<Self> {
        match outputs {
            Outputs::Classes(classes) if classes.len() == 2 => Ok(Kind::Questions { first: 1 }),
            Outputs::Classes(_) => Ok(Kind::Softmax),
            Outputs::Labels(_) => Ok(Kind::Questions { first: 0 }),
            other => Err(Error::Unsupported {
                by: BY.into(),
                what: other.task().to_string(),
                hint: "use linear stacking for values".into(),
            }),
        }
    }
}

/// Fitted [`LogisticStack`].
///
/// ```
/// # use consort_core::{Classes, Gives, Ids, Outputs, Predictions, Target, Truth};
/// # use consort_fusion::stack::LogisticStack;
/// # let classes = Classes::new(["no", "yes"])?;
/// # let predictions = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(2))
/// #     .member("m", Gives::Probabilities, &[0.9, 0.1, 0.2, 0.8])?
/// #     .build()?;
/// # let target = Target::from_labels(["no", "yes"], &classes, "y")?;
/// let fitted = LogisticStack::default().regress(&predictions, &Truth::new(&target))?;
/// assert_eq!(fitted.intercept().len(), 1); // of the last class
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogisticMetaModel {
    members: Vec<String>,
    outputs: Outputs,
    inputs: MetaInputs,
    /// `[member][class][output]` for a softmax, `[member][question]` else.
    coefficients: Vec<f64>,
    /// `[output]`
    intercept: Vec<f64>,
    steps: usize,
}

impl LogisticMetaModel {
    /// The names of the members, in the order in which they were given.
    pub fn members(&self) -> &[String] {
        &self.members
    }

    /// The coefficients of the member of this name: one for two classes, one a label, or `[class][output]`.
    pub fn coefficients(&self, name: &str) -> Option<&[f64]> {
        let width = self.coefficients.len() / self.members.len().max(1);
        let m = self.members.iter().position(|known| known == name)?;
        self.coefficients.get(m * width..(m + 1) * width)
    }

    /// The constants: one for two classes, one a label or class.
    pub fn intercept(&self) -> &[f64] {
        &self.intercept
    }

    /// How many steps the search took.
    pub fn steps(&self) -> usize {
        self.steps
    }
}

#[typetag::serde(name = "logistic_stack")]
impl Fusion for LogisticMetaModel {
    fn name(&self) -> String {
        "logistic_stack".into()
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        if *predictions.outputs() != self.outputs {
            return Err(Error::Unsupported {
                by: BY.into(),
                what: "predictions of other classes or labels than it was fitted on".into(),
                hint: format!("it needs {} columns of {}", self.outputs.len(), self.outputs.task()),
            });
        }
        let kind = Kind::of(&self.outputs)?;
        let mut order: Vec<usize> = (0..self.members.len()).collect();
        order.sort_by(|&a, &b| self.members[a].cmp(&self.members[b]));
        let names: Vec<&str> = order.iter().map(|&m| self.members[m].as_str()).collect();
        let known = on_the_scale_of_truth(BY, &predictions.named(&names)?)?;
        if known.has_missing() && known.missing() == Missing::Available {
            return Err(Error::Unsupported {
                by: BY.into(),
                what: "leaving a member out of a row".into(),
                hint: "its sum is no weighted mean: let missing predictions be an error, or propagate them".into(),
            });
        }
        let (columns, outputs) = (self.outputs.len(), self.intercept.len());
        let width = self.coefficients.len() / self.members.len().max(1);
        let mut fused = Matrix::zeros(known.rows(), columns);
        blocks::fill(fused.values_mut(), columns, |rows, out| {
            let mut scores: Vec<f64> = self.intercept.iter().copied().cycle().take(rows.len() * outputs).collect();
            for (place, &m) in order.iter().enumerate() {
                let coefficients = &self.coefficients[m * width..(m + 1) * width];
                let values = known.member_rows(place, rows.clone());
                for (scores, values) in scores.chunks_exact_mut(outputs).zip(values.chunks_exact(columns)) {
                    match kind {
                        Kind::Softmax => {
                            for (&p, coefficients) in values.iter().zip(coefficients.chunks_exact(outputs)) {
                                let x = self.inputs.feature(p, outputs);
                                scores.iter_mut().zip(coefficients).for_each(|(z, c)| *z += c * x);
                            }
                        }
                        Kind::Questions { first } => {
                            for ((z, c), &p) in scores.iter_mut().zip(coefficients).zip(&values[first..]) {
                                *z += c * self.inputs.feature(p, 1);
                            }
                        }
                    }
                }
            }
            for (out, scores) in out.chunks_exact_mut(columns).zip(scores.chunks_exact_mut(outputs)) {
                match kind {
                    Kind::Softmax => {
                        let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                        scores.iter_mut().for_each(|z| *z = (*z - top).exp());
                        let sum: f64 = scores.iter().sum();
                        out.iter_mut().zip(scores.iter()).for_each(|(out, z)| *out = (z / sum) as f32);
                    }
                    Kind::Questions { first: 1 } => {
                        let p = sigmoid(scores[0]);
                        out.copy_from_slice(&[(1.0 - p) as f32, p as f32]);
                    }
                    Kind::Questions { .. } => {
                        out.iter_mut().zip(scores.iter()).for_each(|(out, z)| *out = sigmoid(*z) as f32);
                    }
                }
            }
            Ok::<(), Error>(())
        })?;
        Ok(fused)
    }

    fn row_by_row(&self) -> bool {
        true
    }
}

#[typetag::serde(name = "logistic_stack")]
impl Fuser for LogisticStack {
    fn name(&self) -> String {
        "logistic_stack".into()
    }

    fn fit(&self, predictions: &Predictions, truth: &Truth<'_>, _: Seed) -> Result<Box<dyn Fusion>> {
        Ok(Box::new(self.regress(predictions, truth)?))
    }
}
