use burn::tensor::Tensor;
use consort_core::{Error, Result, Target};
use serde::{Deserialize, Serialize};

use super::{cross_entropy, gaussian, huber, quantile};

/// What training makes small, for a row: the mean over its outputs.
///
/// Numbers are scaled to mean 0 and standard deviation 1 before a net sees them, so `delta` counts standard deviations
/// of the target.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Loss {
    /// For classes: `−Σ q_k log p_k`, where `q` is the class smoothed: `(1 − smoothing) · 1[k = class] + smoothing / classes`
    /// (Szegedy and others 2016). Two classes have two outputs.
    CrossEntropy {
        /// In [0, 1); 0 for none.
        smoothing: f64,
    },
    /// For yes-or-no labels: the binary cross-entropy of each.
    Binary,
    /// For numbers: the squared error.
    Squared,
    /// For numbers: squared within `delta` and linear beyond (Huber 1964): `r²/2` or `delta · (|r| − delta/2)`.
    Huber {
        /// Where it becomes linear, above 0.
        delta: f64,
    },
    /// For numbers: the pinball loss, whose best answer is the quantile: `max(level · r, (level − 1) · r)`, `r = y − q`.
    Quantile {
        /// In (0, 1).
        level: f64,
    },
    /// For numbers: the negative logarithm of a normal density whose mean and variance are both outputs (Nix and Weigend
    /// 1994): `(log v + r² / v) / 2`. The prediction is the mean;
    /// [`variances`](crate::net::NetModel::variances) has the rest.
    Gaussian,
}

impl Loss {
    /// Its name in charts and tables, such as `cross-entropy`.
    pub fn name(&self) -> &'static str {
        match self {
            Loss::CrossEntropy { .. } => "cross-entropy",
            Loss::Binary => "binary cross-entropy",
            Loss::Squared => "squared error",
            Loss::Huber { .. } => "Huber loss",
            Loss::Quantile { .. } => "pinball loss",
            Loss::Gaussian => "Gaussian negative log likelihood",
        }
    }

    /// The usual loss of a target.
    pub fn usual(target: &Target) -> Self {
        match target {
            Target::Classes { .. } => Loss::CrossEntropy { smoothing: 0.0 },
            Target::Labels { .. } => Loss::Binary,
            _ => Loss::Squared,
        }
    }

    /// Refuses what is out of range, and a target that the loss is not for.
    ///
    /// # Errors
    /// [`Error::Parameter`], [`Error::Unsupported`].
    pub fn check(&self, target: &Target) -> Result<()> {
        match *self {
            Loss::CrossEntropy { smoothing } if !(0.0..1.0).contains(&smoothing) => {
                return Err(Error::parameter("smoothing", smoothing, "at least 0 and below 1"));
            }
            Loss::Huber { delta } if !(delta.is_finite() && delta > 0.0) => {
                return Err(Error::parameter("delta", delta, "finite and above 0"));
            }
            Loss::Quantile { level } if !(level > 0.0 && level < 1.0) => {
                return Err(Error::parameter("level", level, "above 0 and below 1"));
            }
            _ => {}
        }
        let suits = match self {
            Loss::CrossEntropy { .. } => matches!(target, Target::Classes { .. }),
            Loss::Binary => matches!(target, Target::Labels { .. }),
            _ => matches!(target, Target::Values { .. }),
        };
        if suits {
            return Ok(());
        }
        Err(Error::Unsupported {
            by: format!("the loss {self:?}"),
            what: format!("a target of {}", target.outputs().task()),
            hint: "leave the loss out, and the usual one of the target is taken".into(),
        })
    }

    /// How many outputs a net needs for so many targets.
    pub fn outputs(&self, targets: usize) -> usize {
        if *self == Loss::Gaussian { 2 * targets } else { targets }
    }

    /// The loss of each row.
    ///
    /// # Shapes
    /// - `outputs`: `[rows][outputs]`
    /// - `targets`: `[rows][targets]`: shares of classes, labels as 0 and 1, or scaled numbers
    /// - result: `[rows]`
    pub fn rows(&self, outputs: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
        match *self {
            Loss::CrossEntropy { smoothing } => cross_entropy::of_classes(outputs, targets, smoothing),
            Loss::Binary => cross_entropy::of_labels(outputs, targets),
            Loss::Squared => mean((outputs - targets).square()),
            Loss::Huber { delta } => mean(huber::huber(targets - outputs, delta)),
            Loss::Quantile { level } => mean(quantile::pinball(targets - outputs, level)),
            Loss::Gaussian => mean(gaussian::negative_log_density(outputs, targets)),
        }
    }
}

/// The mean of each row.
pub(super) fn mean(x: Tensor<2>) -> Tensor<1> {
    let rows = x.dims()[0];
    x.mean_dim(1).reshape([rows])
}

/// The sum of each row.
pub(super) fn sum(x: Tensor<2>) -> Tensor<1> {
    let rows = x.dims()[0];
    x.sum_dim(1).reshape([rows])
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn loss(loss: Loss, outputs: [[f32; 2]; 2], targets: [[f32; 2]; 2]) -> Vec<f32> {
        let device = Device::flex();
        let of = |x| Tensor::<2>::from_floats(x, &device);
        loss.rows(of(outputs), of(targets)).into_data().try_into_vec_as().unwrap()
    }

    fn near(a: &[f32], b: &[f64]) {
        assert!(a.iter().zip(b).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-5), "{a:?} and {b:?}");
    }

    // The expected numbers are those of torch 2.9's functions of the same names, or of the formula by hand.
    #[test]
    fn losses_are_their_formulas() {
        let (outputs, targets) = ([[1.0, -2.0], [0.5, 3.0]], [[1.0, 0.0], [0.0, 1.0]]);
        let log_sum = |a: f64, b: f64| (a.exp() + b.exp()).ln();
        near(
            &loss(Loss::CrossEntropy { smoothing: 0.0 }, outputs, targets),
            &[log_sum(1.0, -2.0) - 1.0, log_sum(0.5, 3.0) - 3.0],
        );
        near(
            &loss(Loss::CrossEntropy { smoothing: 0.2 }, outputs, targets),
            &[log_sum(1.0, -2.0) - 0.9 - 0.1 * -2.0, log_sum(0.5, 3.0) - 0.9 * 3.0 - 0.1 * 0.5],
        );
        let soft = |z: f64| (1.0 + z.exp()).ln();
        near(&loss(Loss::Binary, outputs, targets), &[(soft(-1.0) + soft(-2.0)) / 2.0, (soft(0.5) + soft(-3.0)) / 2.0]);
        near(&loss(Loss::Squared, outputs, targets), &[2.0, (0.25 + 4.0) / 2.0]);
        near(&loss(Loss::Huber { delta: 1.0 }, outputs, targets), &[1.5 / 2.0, (0.125 + 1.5) / 2.0]);
        near(&loss(Loss::Quantile { level: 0.9 }, outputs, targets), &[(0.9 * 2.0) / 2.0, (0.05 + 0.2) / 2.0]);
    }

    #[test]
    fn the_gaussian_loss_is_least_at_the_truth() {
        let device = Device::flex();
        let targets = Tensor::<2>::from_floats([[0.3]], &device);
        let at = |mean: f32, raw: f32| {
            let outputs = Tensor::<2>::from_floats([[mean, raw]], &device);
            Loss::Gaussian.rows(outputs, targets.clone()).into_scalar::<f32>()
        };
        let variance = gaussian::variance(0.7);
        let expected = 0.5 * (variance.ln() + (0.5f64 - 0.3).powi(2) / variance);
        assert!((f64::from(at(0.5, 0.7)) - expected).abs() < 1e-5);
        assert!(at(0.3, 0.0) < at(0.4, 0.0) && at(0.3, 0.0) < at(0.2, 0.0));
    }

    #[test]
    fn a_loss_refuses_what_it_is_not_for() {
        let numbers = Target::from_values(vec![1.0], "y").unwrap();
        assert!(Loss::Binary.check(&numbers).unwrap_err().to_string().contains("regression"));
        assert!(Loss::Huber { delta: 0.0 }.check(&numbers).is_err());
        assert!(Loss::Quantile { level: 1.0 }.check(&numbers).is_err());
        assert!(Loss::Gaussian.check(&numbers).is_ok());
    }
}
