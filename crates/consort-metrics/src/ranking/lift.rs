use consort_core::{Direction, Error, Estimates, Metric, Reads, Result, Score, Task, Truth};
use serde::{Deserialize, Serialize};

use crate::ranking::RankedScores;
use crate::ranking::average_precision::NO_POSITIVE;
use crate::ranking::columns::Columns;

/// Which rows of a group of equal scores are taken where only a part of it fits.
///
/// ```
/// use consort_metrics::ranking::{RankedScores, Ties, gain_of};
/// let ranked = RankedScores::new(&[0.5, 0.5], &[true, false], None)?;
/// // Half of the rows are taken, and the two are equal.
/// assert_eq!(gain_of(&ranked, 0.5, Ties::Share)?.value(), Some(0.5));
/// assert_eq!(gain_of(&ranked, 0.5, Ties::RowOrder)?.value(), Some(1.0));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ties {
    /// A share of each, as by drawing lots: the result does not depend on the order of the rows.
    #[default]
    Share,
    /// The first rows first, as by a stable sort.
    RowOrder,
}

/// Gain: the share of all positive rows that is found in the top fraction of the rows.
///
/// A point of the cumulative gains curve, positive weight taken / positive weight, where rows are taken by falling score until
/// `fraction` of the weight is taken. In \[0, 1\]; `fraction` is chance.
///
/// Complexity: one sort.
///
/// ```
/// use consort_core::{Classes, Estimates, Gives, Metric, Target, Truth};
/// use consort_metrics::ranking::Gain;
/// let target = Target::from_labels(["yes", "no", "yes", "no"], &Classes::new(["no", "yes"])?, "y")?;
/// let estimates = Estimates::f64(&[0.1, 0.9, 0.8, 0.2, 0.7, 0.3, 0.6, 0.4], 2, Gives::Probabilities)?;
/// assert_eq!(Gain::new(0.25).score(&estimates, &Truth::new(&target))?.value(), Some(0.5));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Gain {
    /// The fraction of the rows that is taken, above 0 and at most 1. The default is 0.1, the top decile.
    pub fraction: f64,
    /// Which rows of equal scores are taken.
    pub ties: Ties,
}

/// Lift: how many times more positive rows the top fraction holds than as many rows at random.
///
/// [`Gain`] / fraction. 1 is chance; the best is the smaller of 1 / fraction and 1 / the share of positive rows.
///
/// Complexity: one sort.
///
/// ```
/// use consort_core::{Classes, Estimates, Gives, Metric, Target, Truth};
/// use consort_metrics::ranking::Lift;
/// let target = Target::from_labels(["yes", "no", "yes", "no"], &Classes::new(["no", "yes"])?, "y")?;
/// let estimates = Estimates::f64(&[0.1, 0.9, 0.8, 0.2, 0.7, 0.3, 0.6, 0.4], 2, Gives::Probabilities)?;
/// assert_eq!(Lift::new(0.25).score(&estimates, &Truth::new(&target))?.value(), Some(2.0));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lift {
    /// The fraction of the rows that is taken, above 0 and at most 1. The default is 0.1, the top decile.
    pub fraction: f64,
    /// Which rows of equal scores are taken.
    pub ties: Ties,
}

/// The gain of ranked scores. Undefined without a positive row.
///
/// ```
/// use consort_metrics::ranking::{RankedScores, Ties, gain_of};
/// let ranked = RankedScores::new(&[0.5, 0.5, 0.5, 0.1], &[true, false, false, true], None)?;
/// assert_eq!(gain_of(&ranked, 0.25, Ties::RowOrder)?.value(), Some(0.5));
/// assert_eq!(gain_of(&ranked, 0.75, Ties::Share)?.value(), Some(0.5));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] unless the fraction is above 0 and at most 1.
pub fn gain_of(ranked: &RankedScores<'_>, fraction: f64, ties: Ties) -> Result<Score> {
    check(fraction)?;
    let mut room = fraction * (ranked.positives() + ranked.negatives());
    let mut found = 0.0;
    match ties {
        Ties::Share => ranked.for_each_group(|group| {
            let all = group.positive + group.negative;
            let taken = all.min(room);
            found += if all > 0.0 { group.positive * (taken / all) } else { 0.0 };
            room -= taken;
        }),
        Ties::RowOrder => ranked.for_each_row(|weight, positive| {
            let taken = weight.min(room);
            found += if positive { taken } else { 0.0 };
            room -= taken;
        }),
    }
    Ok(Score::ratio(found, ranked.positives(), NO_POSITIVE))
}

/// The lift of ranked scores. Undefined without a positive row.
///
/// ```
/// use consort_metrics::ranking::{RankedScores, Ties, lift_of};
/// let ranked = RankedScores::new(&[0.9, 0.5, 0.3, 0.1], &[true, false, false, true], None)?;
/// assert_eq!(lift_of(&ranked, 0.25, Ties::Share)?.value(), Some(2.0));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] unless the fraction is above 0 and at most 1.
pub fn lift_of(ranked: &RankedScores<'_>, fraction: f64, ties: Ties) -> Result<Score> {
    Ok(gain_of(ranked, fraction, ties)?.map(|gain| gain / fraction))
}

fn check(fraction: f64) -> Result<()> {
    if fraction > 0.0 && fraction <= 1.0 {
        return Ok(());
    }
    Err(Error::parameter("fraction", fraction, "above 0 and at most 1"))
}

fn name(stem: &str, fraction: f64, ties: Ties) -> String {
    let ties = if ties == Ties::RowOrder { "_row_order" } else { "" };
    if fraction == 0.1 { format!("{stem}{ties}") } else { format!("{stem}{ties}_{fraction}") }
}

/// The fraction and the rule for ties of a name that starts with `stem`.
pub(crate) fn parse(stem: &str, name: &str) -> Option<(f64, Ties)> {
    let rest = name.strip_prefix(stem)?;
    let (rest, ties) = match rest.strip_prefix("_row_order") {
        Some(rest) => (rest, Ties::RowOrder),
        None => (rest, Ties::Share),
    };
    let fraction = if rest.is_empty() { 0.1 } else { rest.strip_prefix('_')?.parse().ok()? };
    check(fraction).is_ok().then_some((fraction, ties))
}

macro_rules! top_fraction {
    ($metric:ident, $stem:literal, $of:ident, $most:expr) => {
        impl Default for $metric {
            fn default() -> Self {
                Self { fraction: 0.1, ties: Ties::Share }
            }
        }

        impl $metric {
            /// Of this top fraction of the rows.
            pub fn new(fraction: f64) -> Self {
                Self { fraction, ..Self::default() }
            }

            /// The same with another rule for equal scores.
            pub fn ties(mut self, ties: Ties) -> Self {
                self.ties = ties;
                self
            }

            /// Checks the parameters.
            ///
            /// # Errors
            /// [`Error::Parameter`] unless the fraction is above 0 and at most 1.
            pub fn check(&self) -> Result<()> {
                check(self.fraction)
            }
        }

        #[typetag::serde]
        impl Metric for $metric {
            fn name(&self) -> String {
                name($stem, self.fraction, self.ties)
            }
            fn direction(&self) -> Direction {
                Direction::Higher
            }
            fn reads(&self) -> Reads {
                Reads::Score
            }
            fn suits(&self, task: Task) -> bool {
                task == Task::Binary
            }
            fn range(&self) -> (f64, f64) {
                (0.0, $most)
            }
            fn score(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<Score> {
                $of(&Columns::of(estimates, truth, $stem)?.positive_ranked($stem)?, self.fraction, self.ties)
            }
        }
    };
}

top_fraction!(Gain, "gain", gain_of, 1.0);
top_fraction!(Lift, "lift", lift_of, f64::INFINITY);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_inside_a_tie_takes_a_share_of_it() {
        let ranked = RankedScores::new(&[0.5; 4], &[true, true, false, false], None).unwrap();
        assert_eq!(gain_of(&ranked, 0.5, Ties::Share).unwrap().value(), Some(0.5));
        assert_eq!(gain_of(&ranked, 0.5, Ties::RowOrder).unwrap().value(), Some(1.0));
        assert!(gain_of(&ranked, 0.0, Ties::Share).is_err());
    }
}
