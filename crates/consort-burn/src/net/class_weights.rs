use consort_core::{Error, Result, Target};
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
            let mut factors = vec![None; classes.len()];
            for (name, weight) in given {
                let class = classes.index(name).ok_or_else(|| Error::UnknownName {
                    what: "class",
                    name: name.clone(),
                    known: format!("the classes are {classes}"),
                })?;
                if !(weight.is_finite() && *weight > 0.0) {
                    let value = format!("{weight} for `{name}`");
                    return Err(Error::parameter("class_weights", value, "finite and above 0"));
                }
                factors[class] = Some(*weight);
            }
            if let Some(class) = factors.iter().position(Option::is_none) {
                let value = format!("without class `{}`", classes.names()[class]);
                return Err(Error::parameter("class_weights", value, "one for each class"));
            }
            return Ok(Some(factors.into_iter().flatten().collect()));
        }
        let mut sums = vec![0.0; classes.len()];
        for (i, &row) in train.rows.iter().enumerate() {
            sums[codes[row as usize] as usize] += train.weight(i);
        }
        let present = sums.iter().filter(|sum| **sum > 0.0).count() as f64;
        let total: f64 = sums.iter().sum();
        Ok(Some(sums.iter().map(|&sum| if sum > 0.0 { total / (present * sum) } else { 0.0 }).collect()))
    }
}
