use consort_core::Task;
use serde::{Deserialize, Serialize};

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
    /// The mean over classes or labels, each counting 1. Those for which the score is undefined are left out.
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
