use consort_core::{Error, Fuser, Fusion, Predictions, Result, Seed, Truth};
use serde::{Deserialize, Serialize};

/// A rule as a fuser: it learns nothing, and its fit is the rule itself.
///
/// So a rule can stand wherever a fuser is asked for, beside those that learn.
///
/// ```
/// use consort_core::{Fuser, Gives, Ids, Outputs, Predictions, Seed, Target, Truth};
/// use consort_fusion::rule::{Fixed, Mean};
/// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(2))
///     .member("a", Gives::Values, &[1.0, 2.0])?
///     .build()?;
/// let truth = Target::from_values(vec![1.0, 3.0], "y")?;
/// let fusion = Fixed::new(Box::new(Mean::new())).fit(&predictions, &Truth::new(&truth), Seed::new(0))?;
/// assert_eq!(fusion.name(), "mean");
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fixed {
    rule: Box<dyn Fusion>,
}

impl Fixed {
    /// The rule that every fit gives.
    pub fn new(rule: Box<dyn Fusion>) -> Self {
        Self { rule }
    }
}

#[typetag::serde]
impl Fuser for Fixed {
    fn name(&self) -> String {
        self.rule.name()
    }

    fn fit(&self, predictions: &Predictions, truth: &Truth<'_>, _seed: Seed) -> Result<Box<dyn Fusion>> {
        same_rows(&self.name(), predictions, truth)?;
        // A rule is data, so its serialised form is its copy.
        let copy = serde_json::to_value(&self.rule).and_then(serde_json::from_value);
        copy.map_err(|error| Error::Damaged { place: format!("rule `{}`", self.name()), problem: error.to_string() })
    }
}

/// Refuses a truth that is not parallel to the predictions, or of another problem.
pub(crate) fn same_rows(by: &str, predictions: &Predictions, truth: &Truth<'_>) -> Result<()> {
    if truth.rows() != predictions.rows() {
        return Err(Error::Length {
            what: format!("the truth given to `{by}`"),
            got: truth.rows(),
            expected: predictions.rows(),
            unit: "rows",
            hint: "predictions and truth must be of the same rows".into(),
        });
    }
    let (got, expected) = (truth.target().outputs(), predictions.outputs());
    // Quantiles predict a target of one number.
    let same = match (&got, expected) {
        (consort_core::Outputs::Targets(names), consort_core::Outputs::Quantiles(_)) => names.len() == 1,
        (consort_core::Outputs::Classes(a), consort_core::Outputs::Classes(b)) => a.names() == b.names(),
        (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b) && a.len() == b.len(),
    };
    if !same {
        return Err(Error::Unsupported {
            by: format!("`{by}`"),
            what: format!("a truth of {} with predictions of {}", got.task(), expected.task()),
            hint: "truth and predictions must have the same classes, labels or targets".into(),
        });
    }
    Ok(())
}
