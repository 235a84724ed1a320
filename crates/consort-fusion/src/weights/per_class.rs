use consort_core::{Fuser, Fusion, Matrix, Outputs, Predictions, Result, Seed, Truth};
use serde::{Deserialize, Serialize};

use super::{
    Certificate, WeightLoss,
    linear_pool::{After, LinearPool},
    sample::Sample,
    simplex::{check, optimise_log_loss},
    simplex_log_loss::Events,
    simplex_squared_loss::simplex_squared_loss,
};

/// A weight for each member *and class*: who is good at telling one class from the rest is heard on that class.
///
/// For each class `k`: `min_w Σ_i ω_i L(Σ_m w_mk p_mik, [y_i = k])` over `w_·k ≥ 0`, `Σ_m w_mk = 1`, with `L` the
/// log loss of a yes-or-no answer or its squared error. The fused row is then divided by its sum. Labels and several
/// targets are taken one by one too, and not divided. With two classes and log loss, both classes get the same
/// weights, those of [`SimplexWeights`](super::SimplexWeights).
///
/// Costs as much as one [`SimplexWeights`](super::SimplexWeights) a class. Rows that a member lacks are left out of
/// the fit.
///
/// # Errors
/// `NotConverged` if the gap of a class stays above the tolerance.
///
/// Source: weights per class in a linear pool: Xu, Krzyżak, Suen (1992); Ting, Witten (1999), "Issues in stacked
/// generalization".
///
/// ```
/// use consort_core::{Classes, Fuser, Gives, Ids, Outputs, Predictions, Target, Truth};
/// use consort_fusion::weights::PerClassWeights;
/// let classes = Classes::new(["a", "b", "c"])?;
/// let predictions = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(3))
///     .member("knows_a", Gives::Probabilities, &[0.9, 0.05, 0.05, 0.1, 0.3, 0.6, 0.1, 0.6, 0.3])?
///     .member("knows_b", Gives::Probabilities, &[0.5, 0.1, 0.4, 0.1, 0.8, 0.1, 0.6, 0.1, 0.3])?
///     .build()?;
/// let target = Target::from_labels(["a", "b", "c"], &classes, "y")?;
/// let fitted = PerClassWeights::default().optimise(&predictions, &Truth::new(&target))?;
/// assert!(fitted.of_member("knows_a").unwrap()[0] > 0.9);
/// assert!(fitted.of_member("knows_b").unwrap()[1] > 0.9);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PerClassWeights {
    /// The loss; by default log loss for classes and labels, squared error for values.
    pub loss: Option<WeightLoss>,
    /// The duality gap allowed for each class, as a part of the loss of equal weights.
    pub tolerance: f64,
    /// The most Newton steps a class for log loss.
    pub steps: usize,
}

impl Default for PerClassWeights {
    fn default() -> Self {
        Self { loss: None, tolerance: 1e-8, steps: 1000 }
    }
}

impl PerClassWeights {
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

    /// With at most this many Newton steps a class.
    pub fn steps(mut self, steps: usize) -> Self {
        self.steps = steps;
        self
    }

    /// # Errors
    /// `Parameter` for a tolerance not in (0, 1) or no steps.
    pub fn check(&self) -> Result<()> {
        check(self.tolerance, self.steps)
    }

    /// The fit, with its own type.
    ///
    /// # Errors
    /// As [`Fuser::fit`].
    pub fn optimise(&self, predictions: &Predictions, truth: &Truth<'_>) -> Result<PerClassPool> {
        const BY: &str = "weights per class";
        self.check()?;
        let loss = WeightLoss::or_usual(self.loss, BY, predictions.outputs())?;
        let sample = Sample::new(BY, predictions, truth)?.on_the_scale_of_truth(BY)?;
        let (members, columns) = (sample.members(), predictions.columns());
        let mut weights = vec![0.0; members * columns];
        let mut certificates = Vec::with_capacity(columns);
        for k in 0..columns {
            let (column, certificate) = match loss {
                WeightLoss::Log => {
                    let values: Vec<&[f32]> = (0..members).map(|m| sample.predictions.member(m)).collect();
                    let events = Events::new(members, &sample.weights, |m, i| {
                        let p = values[m][i * columns + k];
                        if sample.truth(i, k) == 1.0 { p } else { 1.0 - p }
                    });
                    optimise_log_loss(&events, self.tolerance, self.steps, BY)?
                }
                WeightLoss::Squared => {
                    let (column, certificate, equal) = simplex_squared_loss(&sample, k..k + 1, 1.0)?;
                    (column, certificate.check(BY, self.tolerance, equal)?)
                }
            };
            column.iter().enumerate().for_each(|(m, w)| weights[m * columns + k] = *w);
            certificates.push(certificate);
        }
        let after = match predictions.outputs() {
            Outputs::Classes(_) => After::Renormalise,
            _ => After::Nothing,
        };
        let weights = sample.in_given_order(&weights, columns);
        let pool = LinearPool::new(sample.names(), weights, vec![0.0; columns], after);
        Ok(PerClassPool { pool, loss, certificates })
    }
}

/// Fitted [`PerClassWeights`].
///
/// ```
/// # use consort_core::{Gives, Ids, Outputs, Predictions, Target, Truth};
/// # use consort_fusion::weights::PerClassWeights;
/// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(2))
///     .member("m", Gives::Values, &[1.0, 2.0])?
///     .build()?;
/// let target = Target::from_values(vec![1.0, 2.0], "y")?;
/// let fitted = PerClassWeights::default().optimise(&predictions, &Truth::new(&target))?;
/// assert_eq!(fitted.of_member("m"), Some(&[1.0][..]));
/// assert_eq!(fitted.certificates().len(), 1);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PerClassPool {
    pool: LinearPool,
    loss: WeightLoss,
    certificates: Vec<Certificate>,
}

impl PerClassPool {
    /// The names of the members, in the order in which they were given.
    pub fn members(&self) -> &[String] {
        self.pool.members()
    }

    /// The weights of the member of this name, one a class.
    pub fn of_member(&self, name: &str) -> Option<&[f64]> {
        self.pool.members().iter().position(|known| known == name).map(|m| self.pool.member(m))
    }

    /// The loss that was minimised.
    pub fn loss(&self) -> WeightLoss {
        self.loss
    }

    /// How good the weights of each class are on the rows fitted on, and the proof.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }
}

#[typetag::serde(name = "per_class_weights")]
impl Fusion for PerClassPool {
    fn name(&self) -> String {
        "per_class_weights".into()
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        self.pool.fuse("weights per class", predictions)
    }

    fn row_by_row(&self) -> bool {
        true
    }

    /// The mean weight of each member over the classes.
    fn weights(&self) -> Option<Vec<f64>> {
        Some(self.pool.member_weights())
    }
}

#[typetag::serde(name = "per_class_weights")]
impl Fuser for PerClassWeights {
    fn name(&self) -> String {
        "per_class_weights".into()
    }

    fn fit(&self, predictions: &Predictions, truth: &Truth<'_>, _: Seed) -> Result<Box<dyn Fusion>> {
        Ok(Box::new(self.optimise(predictions, truth)?))
    }
}
