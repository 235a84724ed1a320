use consort_core::{Score, Task};
use serde::{Deserialize, Serialize};

use crate::classification::{Counts, ZeroDivision};

/// How the scores of classes or labels become one number.
///
/// ```
/// use consort_metrics::classification::Average;
/// assert_eq!(Average::Macro.suffixed("f1"), "f1_macro");
/// assert_eq!(Average::strip("f1_macro"), ("f1", Average::Macro));
/// assert_eq!(Average::strip("f1"), ("f1", Average::Auto));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Average {
    /// The score of the positive class where there are two classes; else the macro average.
    #[default]
    Auto,
    /// The mean over classes or labels, each counting 1. One that has rows and is never predicted counts 0 where the score has
    /// no value for it (unless [`ZeroDivision`] says otherwise); others without a value are left out.
    Macro,
    /// The score of all classes' or labels' counts put together.
    Micro,
    /// The mean over classes or labels, each counting the weight of its true rows.
    Weighted,
    /// The mean over rows of each row's own score, for several labels a row.
    Samples,
}

impl Average {
    /// Whether it has a meaning for problems of this kind.
    pub fn suits(self, task: Task) -> bool {
        match self {
            Average::Samples => task == Task::Multilabel,
            _ => task.is_classification() || task == Task::Multilabel,
        }
    }

    /// The name of a metric with this average.
    pub fn suffixed(self, stem: &str) -> String {
        match self {
            Average::Auto => stem.into(),
            Average::Macro => format!("{stem}_macro"),
            Average::Micro => format!("{stem}_micro"),
            Average::Weighted => format!("{stem}_weighted"),
            Average::Samples => format!("{stem}_samples"),
        }
    }

    /// The stem of a metric's name, and the average that the name ends with.
    pub fn strip(name: &str) -> (&str, Average) {
        [Average::Macro, Average::Micro, Average::Weighted, Average::Samples]
            .into_iter()
            .find_map(|average| Some((name.strip_suffix(&average.suffixed(""))?, average)))
            .unwrap_or((name, Average::Auto))
    }
}

/// A rate of counts, averaged over classes or labels. `positive` is the class that [`Average::Auto`] takes alone.
///
/// Undefined if no class has a value. [`Average::Samples`] is not a function of counts and is undefined here.
///
/// ```
/// use consort_metrics::classification::{Average, ConfusionMatrix, ZeroDivision, average_counts};
/// let matrix = ConfusionMatrix::from_cells(2, vec![3.0, 1.0, 2.0, 2.0])?;
/// let recall = |average| average_counts(&matrix.counts(), average, Some(1), ZeroDivision::default(), |c| c.recall());
/// assert_eq!(recall(Average::Auto).value(), Some(0.5));
/// assert_eq!(recall(Average::Macro).value(), Some(0.625));
/// # Ok::<(), consort_core::Error>(())
/// ```
pub fn average_counts(
    counts: &[Counts],
    average: Average,
    positive: Option<usize>,
    zero_division: ZeroDivision,
    rate: impl Fn(&Counts) -> Score,
) -> Score {
    match (average, positive.and_then(|k| counts.get(k))) {
        (Average::Auto, Some(positive)) => return zero_division.settle(rate(positive)),
        (Average::Micro, _) => {
            let all = counts.iter().fold(Counts::default(), |all, &counts| all + counts);
            return zero_division.settle(rate(&all));
        }
        (Average::Samples, _) => return Score::undefined("counts of classes have no average over samples"),
        _ => {}
    }
    let mut reason = "there is no class".to_owned();
    let (mut sum, mut total) = (0.0, 0.0);
    for counts in counts {
        let is_missed = zero_division == ZeroDivision::Missed
            && counts.true_positive + counts.false_positive == 0.0
            && counts.positives() > 0.0;
        let own = match zero_division.settle(rate(counts)) {
            Score::Undefined(_) if is_missed => Score::Value(0.0),
            own => own,
        };
        match own {
            Score::Value(value) => {
                let share = if average == Average::Weighted { counts.positives() } else { 1.0 };
                sum += share * value;
                total += share;
            }
            Score::Undefined(why) => reason = why,
        }
    }
    Score::ratio(sum, total, &reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_that_is_never_named_counts_0_and_one_that_is_not_there_is_left_out() {
        let counts =
            [Counts::new(1.0, 1.0, 0.0, 2.0), Counts::new(0.0, 0.0, 2.0, 2.0), Counts::new(0.0, 0.0, 0.0, 4.0)];
        let precision = |average, zero| average_counts(&counts, average, None, zero, |c| c.precision()).value();
        assert_eq!(precision(Average::Macro, ZeroDivision::default()), Some(0.25));
        assert_eq!(precision(Average::Weighted, ZeroDivision::default()), Some(0.5 / 3.0));
        assert_eq!(precision(Average::Macro, ZeroDivision::Undefined), Some(0.5));
        assert_eq!(precision(Average::Macro, ZeroDivision::Zero), Some(0.5 / 3.0));
        assert_eq!(precision(Average::Macro, ZeroDivision::One), Some(2.5 / 3.0));
    }

    #[test]
    fn an_average_of_nothing_is_undefined_and_says_why() {
        let score = average_counts(&[Counts::default()], Average::Macro, None, ZeroDivision::Undefined, |c| c.recall());
        assert!(score.reason().unwrap().contains("no row"), "{score:?}");
    }
}
