use consort_core::{Classes, Error, Result, Samples};
use linfa::Dataset;
use ndarray::{Array1, Array2, Ix1};
use serde::{Deserialize, Serialize};

use crate::dense::{Schema, Table, Training};

/// The features that a linfa model was fitted on, found again by name in the rows it predicts. Keep it in the model.
///
/// ```
/// use consort_core::{Column, Dataset, Features, Samples, Target};
/// use consort_linfa::bridge::Records;
/// let x = Column::Numeric { name: "x".into(), values: vec![0.0, 1.0, 2.0] };
/// let y = Target::from_values(vec![1.0, 3.0, 5.0], "y")?;
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let (records, train) = Records::values("my model", &Samples::all(&data))?;
/// assert_eq!((train.records.dim(), train.targets[2]), ((3, 1), 5.0));
/// assert_eq!(records.read("my model", &Samples::rows(&data, &[2])?)?[[0, 0]], 2.0);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Records {
    features: Schema,
}

impl Records {
    /// A training part whose target is one number a row: `[row][feature]` and `[row]`, with the names of the features.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for weights, categories, missing values, classes, or several numbers a row;
    /// [`Error::NotFinite`] with the row and column; [`Error::Empty`]. `by` is the learner, for messages.
    pub fn values(by: &str, train: &Samples<'_>) -> Result<(Self, Dataset<f64, f64, Ix1>)> {
        let train = unweighted(by, train)?;
        let target = train.values()?;
        if target.names.len() != 1 {
            return Err(Error::Unsupported {
                by: by.into(),
                what: format!("{} targets at once", target.names.len()),
                hint: "fit one learner a target".into(),
            });
        }
        Ok(Self::with_targets(train, target.values))
    }

    /// A training part whose target is a class: `[row][feature]` and the number of each row's class, `[row]`. The classes of
    /// the problem come along, in class order; the training rows may lack some.
    ///
    /// # Errors
    /// As [`Records::values`], with [`Error::Unsupported`] for a target that is no class.
    pub fn classes(by: &str, train: &Samples<'_>) -> Result<(Self, Dataset<f64, usize, Ix1>, Classes)> {
        let train = unweighted(by, train)?;
        let target = train.classes()?;
        let codes = target.codes.iter().map(|&code| target.present[code as usize]).collect();
        let (records, data) = Self::with_targets(train, codes);
        Ok((records, data, target.classes))
    }

    /// The names of the features, in the order of the matrices' columns.
    pub fn features(&self) -> &[String] {
        self.features.names()
    }

    /// Rows to be predicted, `[row][feature]`.
    ///
    /// # Errors
    /// [`Error::UnknownName`] for a feature that is not there; [`Error::Unsupported`] for categories or missing values;
    /// [`Error::NotFinite`] with the row and column.
    pub fn read(&self, by: &str, rows: &Samples<'_>) -> Result<Array2<f64>> {
        Ok(matrix(&Table::known(by, &self.features, rows)?))
    }

    fn with_targets<T>(train: Training<'_>, targets: Vec<T>) -> (Self, Dataset<f64, T, Ix1>) {
        let data = Dataset::new(matrix(&train.table), Array1::from_vec(targets))
            .with_feature_names(train.schema.names().to_vec());
        (Self { features: train.schema }, data)
    }
}

fn unweighted<'a>(by: &str, samples: &Samples<'a>) -> Result<Training<'a>> {
    if samples.is_weighted() {
        return Err(Error::Unsupported {
            by: by.into(),
            what: "sample weights, which linfa's learners ignore".into(),
            hint: "leave the weights out, or take a learner that honours them".into(),
        });
    }
    Training::new(by, samples)
}

fn matrix(table: &Table<'_>) -> Array2<f64> {
    let mut out = Array2::zeros((table.len(), table.width()));
    for (f, mut to) in out.columns_mut().into_iter().enumerate() {
        to.iter_mut().enumerate().for_each(|(i, to)| *to = f64::from(table.at(i, f)));
    }
    out
}
