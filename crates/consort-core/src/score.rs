use serde::{Deserialize, Serialize};

/// What a metric gives: a number, or the reason why there is none.
///
/// A score is never NaN and never a made-up 0 or 0.5.
///
/// ```
/// use consort_core::Score;
/// let score = Score::undefined("only one class occurs in the truth");
/// assert_eq!(score.value(), None);
/// assert_eq!(Score::from(0.5).value(), Some(0.5));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Score {
    /// The number.
    Value(f64),
    /// No number, and why.
    Undefined(String),
}

impl Score {
    /// No number, and why.
    pub fn undefined(reason: impl Into<String>) -> Self {
        Score::Undefined(reason.into())
    }

    /// `numerator / denominator`, or undefined for the given reason where the denominator is 0.
    pub fn ratio(numerator: f64, denominator: f64, reason: &str) -> Self {
        if denominator == 0.0 { Self::undefined(reason) } else { Self::from(numerator / denominator) }
    }

    /// The number, if there is one.
    pub fn value(&self) -> Option<f64> {
        match self {
            Score::Value(value) => Some(*value),
            Score::Undefined(_) => None,
        }
    }

    /// The reason why there is no number.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Score::Value(_) => None,
            Score::Undefined(reason) => Some(reason),
        }
    }

    /// The same with the number changed.
    pub fn map(self, f: impl FnOnce(f64) -> f64) -> Self {
        match self {
            Score::Value(value) => Score::from(f(value)),
            undefined => undefined,
        }
    }
}

impl From<f64> for Score {
    /// A number that is not finite becomes undefined, so that NaN cannot leak into averages.
    fn from(value: f64) -> Self {
        if value.is_finite() {
            Score::Value(value)
        } else {
            Score::undefined(format!("the value is {value}, which is not finite"))
        }
    }
}
