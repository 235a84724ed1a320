//! What scores on seen and unseen rows say about a model: does it fit, overfit, underfit, or leak?

use consort_core::{Estimates, Gives, Matrix, Metric, Result, Score, Target, Truth};
use serde::{Deserialize, Serialize};

/// What a model's loss on the rows that it was fitted on says beside that on rows it did not see.
///
/// A rule of thumb in plain words, not a test. Losses are measured as gains over a blind guess:
///
/// * **leaks?** if the loss on unseen rows is less than on seen ones by more than its interval, a tenth of the member's or
///   the best member's gain, and a hundredth of the blind guess's loss, so that near chance chance alone says nothing;
/// * **overfits** if more than 30 % of the gain (beyond the interval) is lost on unseen rows;
/// * **memorises** if so, but its gain there is still within 10 % of the best member's: forests and nearest neighbours
///   know their rows by heart and are good all the same;
/// * **worse than blind** if even on seen rows its loss is above that of the blind guess by more than its interval and a tenth
///   of that loss or of the best member's gain: too sure of itself, or right about something else;
/// * **underfits** if even on seen rows its gain is below half of what the best member gains on unseen ones;
/// * **fits** otherwise.
///
/// ```
/// use consort_metrics::generalisation::FitReading;
/// // Losses: of a blind guess, on the rows fitted on, on others (± 0.02), and the best member's on others.
/// assert_eq!(FitReading::of(Some(0.7), 0.01, 0.6, 0.02, 0.4), FitReading::Overfits);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FitReading {
    /// As good on unseen rows as can be expected.
    Fits,
    /// Knows its rows by heart, and is good on others all the same.
    Memorises,
    /// Loses much of what it gained.
    Overfits,
    /// Gains little even on the rows it was fitted on.
    Underfits,
    /// Worse than a blind guess on the rows it was fitted on.
    WorseThanBlind,
    /// Better on unseen rows than on seen ones: may it have seen them?
    Leaks,
    /// The scores do not say.
    Unknown,
}

impl FitReading {
    /// What these losses (less is better) say: of a blind guess, on seen rows, on unseen rows with half the width of
    /// its interval, and the best member's on unseen rows. Without a blind guess the worst loss given stands in for it.
    ///
    /// ```
    /// use consort_metrics::generalisation::FitReading;
    /// let read = |train, unseen| FitReading::of(Some(1.0), train, unseen, 0.0, 0.2);
    /// assert_eq!(read(0.15, 0.25), FitReading::Fits);
    /// assert_eq!(read(0.0, 0.7), FitReading::Overfits);
    /// assert_eq!(read(-0.5, 0.25), FitReading::Memorises);
    /// assert_eq!(read(0.8, 0.8), FitReading::Underfits);
    /// assert_eq!(read(1.5, 1.6), FitReading::WorseThanBlind);
    /// assert_eq!(read(0.5, 0.2), FitReading::Leaks);
    /// ```
    pub fn of(blind: Option<f64>, train: f64, unseen: f64, half_interval: f64, best_unseen: f64) -> Self {
        let blind = blind.unwrap_or_else(|| train.max(unseen));
        let noise = if half_interval.is_finite() { half_interval } else { 0.0 };
        let (seen_gain, unseen_gain, best_gain) = (blind - train, blind - unseen, blind - best_unseen);
        if ![seen_gain, unseen_gain, best_gain].iter().all(|gain| gain.is_finite()) {
            return FitReading::Unknown;
        }
        let gain = seen_gain.abs().max(best_gain);
        if unseen_gain - seen_gain > noise + 0.1 * gain + 0.01 * blind.abs() {
            return FitReading::Leaks;
        }
        if seen_gain > 0.0 && seen_gain - unseen_gain > noise + 0.3 * seen_gain {
            return if unseen_gain > 0.0 && unseen_gain >= 0.9 * best_gain {
                FitReading::Memorises
            } else {
                FitReading::Overfits
            };
        }
        if -seen_gain > noise + 0.1 * best_gain.max(blind.abs()) {
            return FitReading::WorseThanBlind;
        }
        if seen_gain <= 0.0 || seen_gain < 0.5 * best_gain {
            return FitReading::Underfits;
        }
        FitReading::Fits
    }
}

impl std::fmt::Display for FitReading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            FitReading::Fits => "fits",
            FitReading::Memorises => "memorises",
            FitReading::Overfits => "overfits",
            FitReading::Underfits => "underfits",
            FitReading::WorseThanBlind => "worse than blind",
            FitReading::Leaks => "leaks?",
            FitReading::Unknown => "cannot be told",
        })
    }
}

/// The score of a guess that looks at no feature: the shares of the classes (or labels), the mean of the numbers.
///
/// What any model must beat. Undefined where the metric is, such as for numbers that are all alike.
///
/// ```
/// use consort_core::{Classes, Target, Truth};
/// use consort_metrics::{Accuracy, generalisation::blind_score};
/// let classes = Classes::new(["no", "yes"])?;
/// let target = Target::from_labels(["no", "no", "no", "yes"], &classes, "y")?;
/// assert_eq!(blind_score(&Accuracy::default(), &Truth::new(&target))?.value(), Some(0.75));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// As [`Metric::score`].
pub fn blind_score(metric: &dyn Metric, truth: &Truth<'_>) -> Result<Score> {
    let total = truth.total_weight();
    let rows = truth.rows();
    let mean = |columns: usize, value: &dyn Fn(usize, usize) -> f64| -> Vec<f32> {
        let mut sums = vec![0.0f64; columns];
        for i in (0..rows).filter(|&i| truth.weight(i) > 0.0) {
            for (k, sum) in sums.iter_mut().enumerate() {
                *sum += truth.weight(i) * value(i, k);
            }
        }
        sums.iter().map(|sum| (sum / total) as f32).collect()
    };
    let (guess, gives) = match truth.target() {
        Target::Classes { codes, classes } => {
            (mean(classes.len(), &|i, k| f64::from(u8::from(codes[i] as usize == k))), Gives::Probabilities)
        }
        Target::Values { values, names } => (mean(names.len(), &|i, k| values[i * names.len() + k]), Gives::Values),
        Target::Labels { values, names } => {
            (mean(names.len(), &|i, k| f64::from(u8::from(values[i * names.len() + k]))), Gives::Probabilities)
        }
        other => return Ok(Score::undefined(format!("there is no blind guess for {}", other.outputs().task()))),
    };
    let columns = guess.len();
    let guesses = Matrix::new(rows, columns, guess.iter().copied().cycle().take(rows * columns).collect())?;
    metric.score(&Estimates::matrix(&guesses, gives), truth)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LogLoss, regression::RootMeanSquaredError};
    use consort_core::Classes;

    #[test]
    fn a_blind_guess_of_classes_has_the_entropy_of_the_shares_and_of_numbers_their_deviation() {
        let target = Target::Classes { codes: vec![0, 0, 0, 1], classes: Classes::new(["a", "b"]).unwrap() };
        let entropy = -(0.75f64 * 0.75f64.ln() + 0.25 * 0.25f64.ln());
        let score = blind_score(&LogLoss::default(), &Truth::new(&target)).unwrap().value().unwrap();
        assert!((score - entropy).abs() < 1e-6, "{score}");
        let target = Target::from_values(vec![1.0, 3.0, 100.0], "y").unwrap();
        let weights = [1.0, 1.0, 0.0];
        let truth = Truth::weighted(&target, &weights).unwrap();
        assert_eq!(blind_score(&RootMeanSquaredError, &truth).unwrap().value(), Some(1.0));
    }

    #[test]
    fn a_member_that_gains_nothing_underfits_and_does_not_leak() {
        // Log losses about that of a blind guess, as members of pure noise have them.
        let blind = Some(std::f64::consts::LN_2);
        for (train, unseen) in [(0.6932, 0.6925), (0.6940, 0.6920), (0.6900, 0.6898)] {
            let read = FitReading::of(blind, train, unseen, 0.0, 0.6898);
            assert!(read != FitReading::Leaks, "{train} {unseen}: {read}");
        }
        // Beside members that gain much, a little more on unseen rows is nothing.
        assert_eq!(FitReading::of(blind, 0.69, 0.66, 0.0, 0.2), FitReading::Underfits);
        assert_eq!(FitReading::of(blind, 0.69, 0.3, 0.0, 0.2), FitReading::Leaks);
    }

    #[test]
    fn noise_excuses_a_gap_and_what_is_not_finite_says_nothing() {
        assert_eq!(FitReading::of(Some(1.0), 0.2, 0.6, 0.3, 0.5), FitReading::Fits);
        assert_eq!(FitReading::of(Some(1.0), f64::NAN, 0.6, 0.0, 0.5), FitReading::Unknown);
        assert_eq!(FitReading::of(Some(1.0), 1.05, 1.1, 0.0, 0.5), FitReading::Underfits);
        assert_eq!(FitReading::of(Some(1.0), 1.2, 1.3, 0.0, 0.5), FitReading::WorseThanBlind);
        assert_eq!(FitReading::of(Some(1.0), 1.2, 1.3, 0.2, 0.5), FitReading::Underfits);
        // Without a blind guess the worst loss stands in for it: all of the gain is lost.
        assert_eq!(FitReading::of(None, 0.2, 0.9, 0.0, 0.3), FitReading::Overfits);
    }
}
