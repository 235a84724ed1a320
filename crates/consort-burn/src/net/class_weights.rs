use consort_core::{Error, Result, Target, class_factors};
use serde::{Deserialize, Serialize};

use crate::input::TrainingRows;

/// What the rows of each class weigh beside their own weight.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeights {
    /// All alike.
    #[default]
    Equal,
    /// So that all classes together weigh alike: rows / (classes × rows of the class) (King and Zeng 2001).
    Balanced,
    /// A weight for each class by its name.
    Given(Vec<(String, f64)>),
}

impl ClassWeights {
    /// The factor of each class.
    ///
    /// # Errors
    /// [`Error::Unsupported`] unless rows have classes; [`Error::UnknownName`] for a class that is none;
    /// [`Error::Parameter`] for a weight that is not above 0, or a class without one.
    pub(crate) fn factors(&self, target: &Target, train: &TrainingRows) -> Result<Option<Vec<f64>>> {
        if *self == ClassWeights::Equal {
            return Ok(None);
        }
        let Target::Classes { codes, classes } = target else {
            return Err(Error::Unsupported {
                by: "a net".into(),
                what: format!("class weights for {}", target.outputs().task()),
                hint: "weigh the rows instead".into(),
            });
        };
        if let ClassWeights::Given(given) = self {
            let is_legal = |weight: f64| weight.is_finite() && weight > 0.0;
            return class_factors::given(classes, given, is_legal, "finite and above 0").map(Some);
        }
        let mut sums = vec![0.0; classes.len()];
        for (i, &row) in train.rows.iter().enumerate() {
            sums[codes[row as usize] as usize] += train.weight(i);
        }
        Ok(Some(class_factors::balanced(&sums)))
    }
}
