use consort_core::{Error, Fuser, Fusion, Matrix, Outputs, Predictions, Result, Seed, Truth};
use faer::{MatRef, Side};
use serde::{Deserialize, Serialize};

use crate::weights::{
    active_set::{Sum, check_finite, minimise},
    linear_pool::{After, LinearPool},
    normal_equations::NormalEquations,
    sample::Sample,
};

/// A linear regression of the truth on the members' predictions.
///
/// For each column `k`: `min_{b,c} Σ_i ω_i (b + Σ_m c_m x_mik − y_ik)² + penalty · Σ_m c_m²`; the intercept `b` is not
/// penalised. A penalty of 0 is ordinary least squares; where members are linearly dependent it gives the solution
/// of least norm. Classes go one against the rest, each on the members' probabilities of that class; negatives then
/// become 0 and the row is divided by its sum. Labels are cut to [0, 1].
///
/// One pass over the cube a column (`rows · members²` multiplications), then a system of as many unknowns as members.
/// Rows that a member lacks are left out of the fit; the sum is no mean, so a member cannot be left out when fusing.
///
/// # Errors
/// [`Error::Parameter`] for a penalty that is negative or not finite, [`Error::Unsupported`] for quantiles,
/// [`Error::NotConverged`] where products of the numbers overflow.
///
/// Source: Breiman (1996), "Stacked regressions"; ridge: Hoerl, Kennard (1970); per class: Seewald (2002),
/// "How to make stacking better and faster while also taking care of an unknown weakness".
///
/// ```
/// use consort_core::{Fusion, Gives, Ids, Outputs, Predictions, Target, Truth};
/// use consort_fusion::stack::LinearStack;
/// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(3))
///     .member("m", Gives::Values, &[0.0, 1.0, 2.0])?
///     .build()?;
/// let target = Target::from_values(vec![1.0, 3.0, 5.0], "y")?;
/// let fitted = LinearStack::default().penalty(0.0).regress(&predictions, &Truth::new(&target))?;
/// assert!((fitted.coefficients("m").unwrap()[0] - 2.0).abs() < 1e-12);
/// assert!((fitted.intercept()[0] - 1.0).abs() < 1e-12);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LinearStack {
    /// The ridge penalty, added to sums over rows, not to means.
    pub penalty: f64,
    /// Whether a constant is added.
    pub intercept: bool,
    /// Whether the coefficients must be at least 0.
    pub non_negative: bool,
}

impl Default for LinearStack {
    fn default() -> Self {
        Self { penalty: 1.0, intercept: true, non_negative: false }
    }
}

impl LinearStack {
    /// With this ridge penalty; 0 for ordinary least squares.
    pub fn penalty(mut self, penalty: f64) -> Self {
        self.penalty = penalty;
        self
    }

    /// With a constant, or without.
    pub fn intercept(mut self, intercept: bool) -> Self {
        self.intercept = intercept;
        self
    }

    /// With coefficients of at least 0, or of any sign.
    pub fn non_negative(mut self, non_negative: bool) -> Self {
        self.non_negative = non_negative;
        self
    }

    /// # Errors
    /// [`Error::Parameter`] for a penalty that is negative or not finite.
    pub fn check(&self) -> Result<()> {
        if !(self.penalty.is_finite() && self.penalty >= 0.0) {
            return Err(Error::parameter("penalty", self.penalty, "finite and at least 0"));
        }
        Ok(())
    }

    /// The fit, with its own type.
    ///
    /// # Errors
    /// As [`Fuser::fit`].
    pub fn regress(&self, predictions: &Predictions, truth: &Truth<'_>) -> Result<LinearMetaModel> {
        const BY: &str = "linear stacking";
        self.check()?;
        let after = match predictions.outputs() {
            Outputs::Classes(_) => After::Renormalise,
            Outputs::Labels(_) => After::Clip,
            Outputs::Targets(_) => After::Nothing,
            Outputs::Quantiles(_) => {
                return Err(Error::Unsupported {
                    by: BY.into(),
                    what: "quantiles".into(),
                    hint: "squared error is not least at a quantile".into(),
                });
            }
        };
        let sample = Sample::new(BY, predictions, truth)?.on_the_scale_of_truth(BY)?;
        let (members, columns) = (sample.members(), predictions.columns());
        let mut coefficients = vec![0.0; members * columns];
        let mut intercept = vec![0.0; columns];
        for k in 0..columns {
            let mut equations = NormalEquations::of_column(&sample, k, self.intercept);
            check_finite(BY, &equations.gram, &equations.right)?;
            equations.add_ridge(self.penalty);
            let solution = if self.non_negative {
                minimise(&equations.gram, &equations.right, Sum::Free, None)?
            } else {
                least_norm(&equations.gram, &equations.right)?
            };
            solution.iter().enumerate().for_each(|(m, c)| coefficients[m * columns + k] = *c);
            intercept[k] = equations.intercept(&solution);
        }
        let coefficients = sample.in_given_order(&coefficients, columns);
        Ok(LinearMetaModel { pool: LinearPool::new(sample.names(), coefficients, intercept, after) })
    }
}

/// The solution of least norm of a symmetric positive semi-definite system, by its eigenvectors.
fn least_norm(gram: &[f64], right: &[f64]) -> Result<Vec<f64>> {
    let n = right.len();
    let matrix = MatRef::from_row_major_slice(gram, n, n);
    let eigen = matrix.self_adjoint_eigen(Side::Lower).map_err(|error| Error::NotConverged {
        method: "linear stacking",
        problem: format!("the eigenvalues of the members' products were not found ({error:?}); use a penalty"),
    })?;
    let (values, vectors) = (eigen.S(), eigen.U());
    let largest = (0..n).map(|e| values[e].abs()).fold(0.0, f64::max);
    let cut = largest * f64::EPSILON * 16.0 * n as f64;
    let mut solution = vec![0.0; n];
    for e in (0..n).filter(|&e| values[e] > cut) {
        let along: f64 = (0..n).map(|i| vectors[(i, e)] * right[i]).sum::<f64>() / values[e];
        solution.iter_mut().enumerate().for_each(|(i, x)| *x += along * vectors[(i, e)]);
    }
    Ok(solution)
}

/// Fitted [`LinearStack`].
///
/// ```
/// # use consort_core::{Gives, Ids, Outputs, Predictions, Target, Truth};
/// # use consort_fusion::stack::LinearStack;
/// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(2))
///     .member("m", Gives::Values, &[1.0, 2.0])?
///     .build()?;
/// let target = Target::from_values(vec![2.0, 4.0], "y")?;
/// let fitted = LinearStack::default().intercept(false).penalty(0.0).regress(&predictions, &Truth::new(&target))?;
/// assert_eq!(fitted.members(), ["m"]);
/// assert_eq!(fitted.coefficients("other"), None);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinearMetaModel {
    pool: LinearPool,
}

impl LinearMetaModel {
    /// The names of the members, in the order in which they were given.
    pub fn members(&self) -> &[String] {
        self.pool.members()
    }

    /// The coefficients of the member of this name, one a column.
    pub fn coefficients(&self, name: &str) -> Option<&[f64]> {
        self.pool.members().iter().position(|known| known == name).map(|m| self.pool.member(m))
    }

    /// The constant added to each column.
    pub fn intercept(&self) -> &[f64] {
        self.pool.intercept()
    }
}

#[typetag::serde(name = "linear_stack")]
impl Fusion for LinearMetaModel {
    fn name(&self) -> String {
        "linear_stack".into()
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        self.pool.fuse("linear stacking", predictions)
    }

    fn row_by_row(&self) -> bool {
        true
    }
}

#[typetag::serde(name = "linear_stack")]
impl Fuser for LinearStack {
    fn name(&self) -> String {
        "linear_stack".into()
    }

    fn fit(&self, predictions: &Predictions, truth: &Truth<'_>, _: Seed) -> Result<Box<dyn Fusion>> {
        Ok(Box::new(self.regress(predictions, truth)?))
    }
}
