use std::ops::Range;

use consort_core::{Error, Estimates, Gives, Result, Truth};
use serde::{Deserialize, Serialize};

use crate::classification::decide_rows;

/// Of which probability calibration is asked.
///
/// ```
/// use consort_core::{Classes, Estimates, Gives, Target, Truth};
/// use consort_metrics::calibration::{Bins, Of, ReliabilityTable};
/// let target = Target::from_labels(["a", "b", "c"], &Classes::new(["a", "b", "c"])?, "y")?;
/// let estimates = Estimates::f64(&[0.8, 0.1, 0.1, 0.2, 0.7, 0.1, 0.3, 0.3, 0.4], 3, Gives::Probabilities)?;
/// let tables = |of| ReliabilityTable::of(&estimates, &Truth::new(&target), of, &Bins::default());
/// assert_eq!((tables(Of::TopLabel)?.len(), tables(Of::Classwise)?.len()), (1, 3));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Of {
    /// The positive class for two classes, the top label for more, every label of yes-or-no labels.
    #[default]
    Auto,
    /// The probability of the positive class against whether it is the true one. Two classes only.
    Positive,
    /// The greatest probability against whether that class is the true one.
    TopLabel,
    /// The probability of each class against whether it is the true one, a table a class.
    Classwise,
}

/// One probability and whether what it speaks of came true, for each row, in one or several tables.
pub(super) enum View<'a> {
    Column { k: usize, codes: &'a [u32] },
    Top { codes: &'a [u32], positive: Option<usize> },
    Label { k: usize, answers: &'a [bool], width: usize },
}

impl<'a> View<'a> {
    /// The views that `of` asks for; `by` is the metric that asks.
    pub(super) fn of(of: Of, estimates: &Estimates<'_>, truth: &Truth<'a>, by: &str) -> Result<Vec<Self>> {
        let refuse = |what: String, hint: &str| Err(Error::Unsupported { by: by.into(), what, hint: hint.into() });
        if !matches!(estimates.gives(), Gives::Probabilities | Gives::Labels) {
            return refuse(estimates.gives().to_string(), "calibration is of probabilities");
        }
        let fits = |columns: usize| {
            if estimates.columns() == columns {
                return Ok(());
            }
            Err(Error::Length {
                what: "a row of the estimates".into(),
                got: estimates.columns(),
                expected: columns,
                unit: "columns",
                hint: "one column a class or label".into(),
            })
        };
        if let Ok((answers, width)) = truth.labels(by) {
            fits(width)?;
            if !matches!(of, Of::Auto | Of::Classwise) {
                return refuse("yes-or-no labels by one probability a row".into(), "ask for each label");
            }
            return Ok((0..width).map(|k| View::Label { k, answers, width }).collect());
        }
        let (codes, classes) = truth.classes(by)?;
        fits(classes.len())?;
        let positive = (classes.len() == 2).then(|| classes.positive());
        match (of, positive) {
            (Of::Auto | Of::Positive, Some(k)) => Ok(vec![View::Column { k, codes }]),
            (Of::Auto | Of::TopLabel, _) => Ok(vec![View::Top { codes, positive }]),
            (Of::Classwise, _) => Ok((0..classes.len()).map(|k| View::Column { k, codes }).collect()),
            (Of::Positive, None) => {
                refuse(format!("a positive class among {} classes", classes.len()), "ask for the top label")
            }
        }
    }

    /// The probability in each row of a range and whether it came true.
    pub(super) fn rows(&self, estimates: &Estimates<'_>, range: Range<usize>) -> impl Fn(usize) -> (f64, bool) {
        let start = range.start;
        let tops = match *self {
            View::Top { positive, .. } => {
                let mut tops = vec![0; range.len()];
                decide_rows(estimates, positive, range, &mut tops);
                tops
            }
            View::Column { .. } | View::Label { .. } => Vec::new(),
        };
        move |i| match *self {
            View::Column { k, codes } => (estimates.at(i, k), codes[i] as usize == k),
            View::Label { k, answers, width } => (estimates.at(i, k), answers[i * width + k]),
            View::Top { codes, .. } => {
                let top = tops[i - start];
                (estimates.at(i, top as usize), codes[i] == top)
            }
        }
    }
}
