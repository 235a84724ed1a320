use consort_core::{Error, Fusion, Gives, Matrix, Outputs, Predictions, Result};
use serde::{Deserialize, Serialize};

use super::{
    exp::exp,
    geometric::gives_unless_raw,
    ln::ln,
    normalise::normalise,
    panel::{Panel, Rows},
    streams::streams,
    wide::wide,
};

/// The weighted power mean with exponent p: between the minimum (p → −∞) and the maximum (p → ∞).
///
/// out = (Σₘ wₘ·xₘᵖ / Σₘ wₘ)^(1/p), scaled to a sum of 1 over the classes. 1 is the [`Mean`](super::Mean), −1 the
/// [`Harmonic`](super::Harmonic) mean, 2 the root mean square; the limit 0 is [`Geometric`](super::Geometric), which
/// is a rule of its own. With p < 0 a 0 makes the mean 0. Values must be at least 0.
///
/// One pass over the cube; a logarithm and an exponential a number, but for p of −1, 1 and 2. Beyond ±6 powers of single
/// precision could leave the range of double precision: numbers are then divided by the greatest of their row (p > 0) or
/// the least (p < 0) first.
///
/// Source: Hardy, Littlewood and Pólya 1934.
///
/// ```
/// use consort_core::{Fusion, Gives, Ids, Outputs, Predictions};
/// use consort_fusion::rule::Power;
/// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(1))
///     .member("a", Gives::Values, &[1.0])?
///     .member("b", Gives::Values, &[7.0])?
///     .build()?;
/// assert_eq!(Power::new(2.0).fuse(&predictions)?.at(0, 0), 5.0);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Power {
    /// The exponent: finite and not 0.
    pub p: f64,
    /// One weight a member, at least 0; a member of weight 0 is not read. `None`: all count the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<f64>>,
    /// Whether rows are left as the formula gives them, not scaled to a sum of 1.
    #[serde(default)]
    pub raw: bool,
}

impl Default for Power {
    /// The root mean square.
    fn default() -> Self {
        Self::new(2.0)
    }
}

impl Power {
    /// The mean with exponent `p`; all members count the same, rows sum to 1.
    pub fn new(p: f64) -> Self {
        Self { p, weights: None, raw: false }
    }

    with_weights!();
    raw!();

    /// Refuses an exponent that is 0 or not finite.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check(&self) -> Result<()> {
        if self.p.is_finite() && self.p != 0.0 {
            return Ok(());
        }
        let expected = "finite and not 0 (the limits are the rules `geometric`, `minimum` and `maximum`)";
        Err(Error::parameter("p", self.p, expected))
    }
}

#[typetag::serde]
impl Fusion for Power {
    fn name(&self) -> String {
        named!(format!("power:{}", self.p), self.raw)
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        self.check()?;
        power_mean(&self.name(), self.p, predictions, self.weights.as_deref(), self.raw)
    }

    fn row_by_row(&self) -> bool {
        true
    }

    fn gives(&self, outputs: &Outputs) -> Gives {
        gives_unless_raw(outputs, self.raw)
    }

    fn weights(&self) -> Option<Vec<f64>> {
        shares!(self)
    }
}

pub(super) fn power_mean(
    by: &str,
    p: f64,
    predictions: &Predictions,
    weights: Option<&[f64]>,
    raw: bool,
) -> Result<Matrix> {
    let accepts = [Gives::Probabilities, Gives::Logits, Gives::Values];
    let panel = Panel::new(by, predictions, weights, &accepts)?;
    let values = matches!(predictions.outputs(), Outputs::Targets(_) | Outputs::Quantiles(_));
    if values && p != 1.0 {
        panel.refuse_negative(by)?;
    }
    let scale = matches!(predictions.outputs(), Outputs::Classes(_)) && !raw;
    panel.fuse(|rows: &Rows<'_>, sums: &mut Vec<f64>, out: &mut [f32]| {
        sums.clear();
        sums.resize(out.len(), 0.0);
        if p == 2.0 {
            add(rows.values, rows.shares, sums, |x| x * x);
            finish(sums, out, f64::sqrt);
        } else if p == -1.0 {
            add(rows.values, rows.shares, sums, |x| 1.0 / x);
            finish(sums, out, |sum| 1.0 / sum);
        } else if p == 1.0 {
            add(rows.values, rows.shares, sums, |x| x);
            finish(sums, out, |sum| sum);
        } else if p.abs() < TINY {
            // The powers are 1 but for little, and that little is all there is to know.
            let p = p.abs().max(LEAST).copysign(p);
            add(rows.values, rows.shares, sums, |x| (p * x.ln()).exp_m1());
            finish(sums, out, |sum| (sum.ln_1p() / p).exp());
        } else if p.abs() <= SAFE {
            add(rows.values, rows.shares, sums, |x| exp(p * ln(x)));
            finish(sums, out, |sum| exp(ln(sum) / p));
        } else {
            scaled(p, rows, out);
        }
        if scale {
            normalise(out, rows.columns);
        }
    })
}

/// Below this exponent, digits would be lost in 1.
const TINY: f64 = 1e-5;
/// Below this one, digits of the exponent itself are few; the mean is the geometric one long before.
const LEAST: f64 = 1e-100;

/// Up to this exponent, powers of numbers in single precision (10⁻⁴⁵ to 3·10³⁸) are far within double precision.
const SAFE: f64 = 6.0;

/// The power mean in units of the number that rules it, the greatest for p > 0 and the least for p < 0: no power is above 1.
fn scaled(p: f64, rows: &Rows<'_>, out: &mut [f32]) {
    for (k, out) in out.iter_mut().enumerate() {
        let numbers = rows.values.iter().map(|values| f64::from(values[k]));
        let unit =
            if p > 0.0 { numbers.clone().fold(0.0, f64::max) } else { numbers.clone().fold(f64::INFINITY, f64::min) };
        *out = if unit > 0.0 {
            let sum: f64 = numbers.zip(rows.shares).map(|(x, share)| share * (x / unit).powf(p)).sum();
            (unit * sum.powf(1.0 / p)) as f32
        } else {
            0.0
        };
    }
}

/// Σₘ wₘ·f(xₘ), four members at a time, so that the sums are fetched and stored once for four.
pub(super) fn add(values: &[&[f32]], weights: &[f64], sums: &mut [f64], f: impl Fn(f64) -> f64) {
    wide(Add { values, weights, sums, f });
}

struct Add<'a, F> {
    values: &'a [&'a [f32]],
    weights: &'a [f64],
    sums: &'a mut [f64],
    f: F,
}

impl<F: Fn(f64) -> f64> pulp::NullaryFnOnce for Add<'_, F> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { values, weights, sums, f } = self;
        let f = |x: f32| f(f64::from(x));
        let mut fours = values.chunks_exact(4);
        let mut weights = weights.chunks_exact(4);
        for (x, w) in fours.by_ref().zip(weights.by_ref()) {
            let (wa, wb, wc, wd) = (w[0], w[1], w[2], w[3]);
            streams(x, sums, |sum: &mut f64, [a, b, c, d]| *sum += (wa * f(a) + wb * f(b)) + (wc * f(c) + wd * f(d)));
        }
        for (x, &w) in fours.remainder().chunks(1).zip(weights.remainder()) {
            streams(x, sums, |sum: &mut f64, [x]| *sum += w * f(x));
        }
    }
}

#[inline(always)]
fn finish(sums: &[f64], out: &mut [f32], f: impl Fn(f64) -> f64) {
    for (out, &sum) in out.iter_mut().zip(sums) {
        *out = f(sum) as f32;
    }
}

#[cfg(test)]
mod tests {
    use consort_core::Ids;

    use super::*;
    use crate::rule::Geometric;

    #[test]
    fn a_tiny_exponent_is_nearly_the_geometric_mean() {
        let classes = consort_core::Classes::new(["a", "b"]).unwrap();
        let predictions = Predictions::builder(Outputs::Classes(classes), Ids::positions(3))
            .member("m", Gives::Probabilities, &[0.9, 0.1, 0.25, 0.75, 1.0, 0.0])
            .unwrap()
            .member("n", Gives::Probabilities, &[0.6, 0.4, 0.5, 0.5, 0.5, 0.5])
            .unwrap()
            .build()
            .unwrap();
        let expected = Geometric::new().fuse(&predictions).unwrap();
        for p in [1e-6, 1e-9, 1e-17, -1e-17, 5e-324, -5e-324] {
            let fused = Power::new(p).fuse(&predictions).unwrap();
            let far = fused.values().iter().zip(expected.values()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(far < 2e-6, "{p}: {fused:?} {expected:?}");
        }
    }
}
