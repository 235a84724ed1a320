use consort_core::{Error, Fuser, Fusion, Matrix, Outputs, Predictions, Result, Seed, Target, Truth};
use serde::{Deserialize, Serialize};

use super::{
    Certificate,
    linear_pool::{After, LinearPool},
    sample::Sample,
    simplex_log_loss::{Events, simplex_log_loss},
    simplex_squared_loss::simplex_squared_loss,
};

/// What weights are made to minimise.
///
/// ```
/// use consort_fusion::weights::{SimplexWeights, WeightLoss};
/// assert!(SimplexWeights::default().loss(WeightLoss::Squared).check().is_ok());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WeightLoss {
    /// Log loss, for probabilities of classes or labels.
    Log,
    /// Squared error: the Brier score for probabilities, the mean squared error for values.
    Squared,
}

impl WeightLoss {
    /// The loss asked for, or the usual one of the task.
    pub(crate) fn or_usual(asked: Option<Self>, by: &str, outputs: &Outputs) -> Result<Self> {
        match (asked, outputs) {
            (_, Outputs::Quantiles(_)) => Err(Error::Unsupported {
                by: by.into(),
                what: "quantiles".into(),
                hint: "neither loss is least at a quantile".into(),
            }),
            (Some(WeightLoss::Log), Outputs::Targets(_)) => Err(Error::Unsupported {
                by: by.into(),
                what: "the log loss of values".into(),
                hint: "use the squared loss".into(),
            }),
            (Some(loss), _) => Ok(loss),
            (None, Outputs::Targets(_)) => Ok(WeightLoss::Squared),
            (None, _) => Ok(WeightLoss::Log),
        }
    }
}

/// Weights at least 0 that sum to 1 and minimise the log loss or the squared error of the weighted mean.
///
/// `min_w (1/Σω) Σ_i ω_i L(Σ_m w_m p_m(i), y_i)`, `w ≥ 0`, `Σ w = 1`, with `ω` the row weights. Both losses are
/// convex, so the least loss is one number, and the [`Certificate`] proves how near it is. Most weights come out 0.
///
/// - **Squared**: one pass over the cube, `rows · columns · members²` multiplications, then a small quadratic
///   programme. Two classes count once (the usual Brier score), more count each; several targets or labels are averaged.
/// - **Log**: reads the probabilities of what came true, one a member and row, in memory; some tens of passes over
///   the members that matter. A row to which every member gives probability 0 is left out: no weights help it.
///
/// Rows that a member lacks are left out of the fit. Fit on out-of-fold predictions.
///
/// # Errors
/// [`Error::NotConverged`] if the gap stays above the tolerance.
///
/// Source: the linear opinion pool, Stone (1961); weights by log loss, van der Laan, Polley, Hubbard (2007), "Super
/// learner"; the gap, Jaggi (2013).
///
/// ```
/// use consort_core::{Classes, Fuser, Gives, Ids, Outputs, Predictions, Seed, Target, Truth};
/// use consort_fusion::weights::SimplexWeights;
/// let classes = Classes::new(["no", "yes"])?;
/// let predictions = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(3))
///     .member("good", Gives::Probabilities, &[0.9, 0.1, 0.2, 0.8, 0.7, 0.3])?
///     .member("bad", Gives::Probabilities, &[0.4, 0.6, 0.7, 0.3, 0.5, 0.5])?
///     .build()?;
/// let target = Target::from_labels(["no", "yes", "no"], &classes, "y")?;
/// let fitted = SimplexWeights::default().fit(&predictions, &Truth::new(&target), Seed::new(0))?;
/// assert_eq!(fitted.weights(), Some(vec![1.0, 0.0]));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SimplexWeights {
    /// The loss; by default log loss for classes and labels, squared error for values.
    pub loss: Option<WeightLoss>,
    /// The duality gap allowed, as a part of the loss of equal weights.
    pub tolerance: f64,
    /// The most Newton steps for log loss.
    pub steps: usize,
}

impl Default for SimplexWeights {
    fn default() -> Self {
        Self { loss: None, tolerance: 1e-8, steps: 1000 }
    }
}

impl SimplexWeights {
    /// With this loss.
    pub fn loss(mut self, loss: WeightLoss) -> Self {
        self.loss = Some(loss);
        self
    }

    /// With this tolerance of the duality gap, a part of the loss of equal weights.
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// With at most this many Newton steps.
    pub fn steps(mut self, steps: usize) -> Self {
        self.steps = steps;
        self
    }

    /// # Errors
    /// [`Error::Parameter`] for a tolerance not in (0, 1) or no steps.
    pub fn check(&self) -> Result<()> {
        check(self.tolerance, self.steps)
    }

    /// The fit, with its own type: weights and certificate.
    ///
    /// # Errors
    /// As [`Fuser::fit`].
    pub fn optimise(&self, predictions: &Predictions, truth: &Truth<'_>) -> Result<SimplexPool> {
        const BY: &str = "simplex weights";
        self.check()?;
        let loss = WeightLoss::or_usual(self.loss, BY, predictions.outputs())?;
        let sample = Sample::new(BY, predictions, truth)?.on_the_scale_of_truth(BY)?;
        let columns = predictions.columns();
        let (weights, certificate) = match loss {
            WeightLoss::Squared => {
                let scale = match predictions.outputs() {
                    Outputs::Classes(classes) if classes.len() == 2 => 0.5,
                    Outputs::Classes(_) => 1.0,
                    _ => 1.0 / columns as f64,
                };
                let (weights, certificate, equal) = simplex_squared_loss(&sample, 0..columns, scale)?;
                (weights, certificate.check(BY, self.tolerance, equal)?)
            }
            WeightLoss::Log => optimise_log_loss(&events(&sample), self.tolerance, self.steps, BY)?,
        };
        let weights = sample.in_given_order(&weights, 1);
        let pool = LinearPool::of_weights(sample.names(), &weights, columns, After::Nothing);
        Ok(SimplexPool { pool, loss, certificate })
    }
}

pub(crate) fn check(tolerance: f64, steps: usize) -> Result<()> {
    if !(tolerance > 0.0 && tolerance < 1.0) {
        return Err(Error::parameter("tolerance", tolerance, "above 0 and below 1"));
    }
    if steps == 0 {
        return Err(Error::parameter("steps", steps, "at least 1"));
    }
    Ok(())
}

/// The optimum for log loss, with its certificate checked.
pub(crate) fn optimise_log_loss(
    events: &Events,
    tolerance: f64,
    steps: usize,
    by: &'static str,
) -> Result<(Vec<f64>, Certificate)> {
    let (weights, certificate, equal) = simplex_log_loss(events, tolerance, steps)?;
    Ok((weights, certificate.check(by, tolerance, equal)?))
}

/// The true class of each row, or each label of each row as it turned out.
fn events(sample: &Sample<'_>) -> Events {
    let members: Vec<&[f32]> = (0..sample.members()).map(|m| sample.predictions.member(m)).collect();
    match sample.target {
        Target::Labels { values, names } => {
            let width = names.len();
            let weights: Vec<f64> = sample.weights.iter().flat_map(|&w| std::iter::repeat_n(w, width)).collect();
            Events::new(members.len(), &weights, |m, e| if values[e] { members[m][e] } else { 1.0 - members[m][e] })
        }
        target => {
            let codes: &[u32] = if let Target::Classes { codes, .. } = target { codes } else { &[] };
            let width = sample.predictions.columns();
            Events::new(members.len(), &sample.weights, |m, i| members[m][i * width + codes[i] as usize])
        }
    }
}

/// Fitted [`SimplexWeights`]: a weighted mean, and the proof that its weights are the best.
///
/// ```
/// # use consort_core::{Gives, Ids, Outputs, Predictions, Target, Truth};
/// # use consort_fusion::weights::SimplexWeights;
/// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(2))
///     .member("high", Gives::Values, &[2.0, 3.0])?
///     .member("low", Gives::Values, &[0.0, 1.0])?
///     .build()?;
/// let target = Target::from_values(vec![1.5, 2.5], "y")?;
/// let pool = SimplexWeights::default().optimise(&predictions, &Truth::new(&target))?;
/// assert!((pool.weight("high").unwrap() - 0.75).abs() < 1e-12);
/// assert!(pool.certificate().gap < 1e-12);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SimplexPool {
    pool: LinearPool,
    loss: WeightLoss,
    certificate: Certificate,
}

impl SimplexPool {
    /// The names of the members, in the order in which they were given.
    pub fn members(&self) -> &[String] {
        self.pool.members()
    }

    /// The weight of the member of this name.
    pub fn weight(&self, name: &str) -> Option<f64> {
        self.pool.members().iter().position(|known| known == name).map(|m| self.pool.member(m)[0])
    }

    /// The loss that was minimised.
    pub fn loss(&self) -> WeightLoss {
        self.loss
    }

    /// How good the weights are on the rows fitted on, and the proof.
    pub fn certificate(&self) -> Certificate {
        self.certificate
    }
}

#[typetag::serde(name = "simplex_weights")]
impl Fusion for SimplexPool {
    fn name(&self) -> String {
        "simplex_weights".into()
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        self.pool.fuse("simplex weights", predictions)
    }

    fn row_by_row(&self) -> bool {
        true
    }

    fn weights(&self) -> Option<Vec<f64>> {
        Some(self.pool.member_weights())
    }
}

#[typetag::serde(name = "simplex_weights")]
impl Fuser for SimplexWeights {
    fn name(&self) -> String {
        "simplex_weights".into()
    }

    fn fit(&self, predictions: &Predictions, truth: &Truth<'_>, _: Seed) -> Result<Box<dyn Fusion>> {
        Ok(Box::new(self.optimise(predictions, truth)?))
    }
}
