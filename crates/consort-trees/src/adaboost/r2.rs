use serde::{Deserialize, Serialize};

use super::round::{Ending, Verdict};

/// How AdaBoost.R2 (Drucker 1997) makes a loss in [0, 1] of the absolute error of a row, `d` being its share of the
/// greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum R2Loss {
    /// `d`.
    #[default]
    Linear,
    /// `d²`.
    Square,
    /// `1 − exp(−d)`.
    Exponential,
}

impl R2Loss {
    fn of(self, share: f64) -> f64 {
        match self {
            R2Loss::Linear => share,
            R2Loss::Square => share * share,
            R2Loss::Exponential => 1.0 - (-share).exp(),
        }
    }
}

/// One round: with `L̄` the weighted mean of the losses and `β = L̄ / (1 − L̄)`, the member weighs `η log(1 / β)`, and
/// the weight of a row of loss `L` is multiplied with `β^(η (1 − L))`.
///
/// A first member that is too weak is kept, alone: of numbers, the mean of a leaf is still an answer.
pub(super) fn round(
    predicted: &[f32],
    truth: impl Fn(usize) -> f64,
    loss: R2Loss,
    rate: f64,
    weights: &mut [f64],
) -> Verdict {
    let errors: Vec<f64> = predicted.iter().enumerate().map(|(i, &p)| (f64::from(p) - truth(i)).abs()).collect();
    let greatest = errors.iter().fold(0.0f64, |most, &error| most.max(error));
    if greatest == 0.0 {
        return Verdict { error: 0.0, weight: 1.0, ending: Some(Ending::Perfect) };
    }
    let losses: Vec<f64> = errors.iter().map(|error| loss.of(error / greatest)).collect();
    let error: f64 = losses.iter().zip(&*weights).map(|(loss, weight)| loss * weight).sum();
    if error >= 0.5 {
        return Verdict { error, weight: 0.0, ending: Some(Ending::TooWeak) };
    }
    if error <= 0.0 {
        return Verdict { error: 0.0, weight: 1.0, ending: Some(Ending::Perfect) };
    }
    let beta = error / (1.0 - error);
    for (weight, loss) in weights.iter_mut().zip(&losses) {
        *weight *= beta.powf(rate * (1.0 - loss));
    }
    let total: f64 = weights.iter().sum();
    let ending = (!total.is_finite() || total <= 0.0).then_some(Ending::Overflow);
    Verdict { error, weight: -rate * beta.ln(), ending }
}

/// The first of the members' predictions, in ascending order, at which half of their weight is reached.
pub(super) fn weighted_median(predictions: &mut [(f32, f64)]) -> f32 {
    // Of equal predictions the order does not matter.
    predictions.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let half = predictions.iter().map(|(_, weight)| weight).sum::<f64>() / 2.0;
    let mut below = 0.0;
    for &(value, weight) in &*predictions {
        below += weight;
        if below >= half {
            return value;
        }
    }
    predictions.last().map_or(0.0, |last| last.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_round_is_the_closed_form() {
        let mut weights = vec![0.25; 4];
        let verdict = round(&[0.0, 0.0, 1.0, 4.0], |i| [0.0, 1.0, 1.0, 2.0][i], R2Loss::Linear, 1.0, &mut weights);
        // Losses 0, 0.5, 0, 1 have the mean 0.375; β is 0.6.
        assert!((verdict.error - 0.375).abs() < 1e-15 && (verdict.weight + 0.6f64.ln()).abs() < 1e-12);
        for (weight, power) in weights.iter().zip([1.0, 0.5, 1.0, 0.0]) {
            assert!((weight - 0.25 * 0.6f64.powf(power)).abs() < 1e-15);
        }
    }

    #[test]
    fn the_median_is_the_first_that_reaches_half_of_the_weight() {
        assert_eq!(weighted_median(&mut [(3.0, 1.0), (1.0, 1.0), (2.0, 2.0)]), 2.0);
        assert_eq!(weighted_median(&mut [(3.0, 1.0), (1.0, 1.0)]), 1.0);
    }
}
