use consort_core::Score;
use serde::{Deserialize, Serialize};

/// What 0 / 0 is: the precision of a class that is never predicted, the recall of one that never occurs.
///
/// ```
/// use consort_metrics::classification::{Counts, ZeroDivision};
/// let never_predicted = Counts::new(0.0, 0.0, 2.0, 1.0).precision();
/// assert_eq!(never_predicted.value(), None);
/// assert_eq!(ZeroDivision::Zero.settle(never_predicted).value(), Some(0.0));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ZeroDivision {
    /// In a mean over classes, 0 for one that has rows and is never predicted: what never names a class must not gain by that.
    /// Elsewhere no value.
    #[default]
    Missed,
    /// No value: the score is undefined, and an average leaves the class out.
    Undefined,
    /// 0, as scikit-learn has it unless told otherwise.
    Zero,
    /// 1.
    One,
}

impl ZeroDivision {
    /// The score, with its undefined value settled.
    pub fn settle(self, score: Score) -> Score {
        match (self, score) {
            (ZeroDivision::Zero, Score::Undefined(_)) => Score::Value(0.0),
            (ZeroDivision::One, Score::Undefined(_)) => Score::Value(1.0),
            (_, score) => score,
        }
    }
}
