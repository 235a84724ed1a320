use crate::{Error, Result, Samples};

/// The rows of some samples that have weight, ascending, each once: a row that is named twice, or of weight 2, is
/// there once with twice the weight.
///
/// ```
/// use consort_core::{Column, Dataset, Features, PresentRows, Samples};
/// let x = Column::Numeric { name: "x".into(), values: vec![1.0, 2.0, 3.0] };
/// let data = Dataset::new(Features::Columns(vec![x]))?;
/// let present = PresentRows::of(&Samples::rows(&data, &[2, 0, 2])?)?;
/// assert_eq!((present.rows, present.weights), (vec![0, 2], vec![1.0, 2.0]));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PresentRows {
    /// The rows of the data set.
    pub rows: Vec<u32>,
    /// What each of them weighs, above 0.
    pub weights: Vec<f64>,
}

/// Greater weights leave no room for their squares, nor for sums of them.
const GREATEST: f64 = 1e30;

/// Lighter rows are as those of weight 0: the products of their weights would be lost.
const LEAST: f64 = 1e-60;

impl PresentRows {
    /// Refuses weights that nothing can be reckoned with.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the row of one that is negative, above 1e30, or no number.
    pub fn check_weights(train: &Samples<'_>) -> Result<()> {
        match (0..train.len()).find(|&i| !(0.0..=GREATEST).contains(&train.weight(i))) {
            None => Ok(()),
            Some(i) => {
                let value = format!("{} in row {}", train.weight(i), train.row(i) + 1);
                Err(Error::parameter("weights", value, "0 to 1e30"))
            }
        }
    }

    /// Those of these samples.
    ///
    /// # Errors
    /// [`Error::Empty`] for no samples; [`Error::Parameter`] if a weight is negative, not finite or above 1e30, or all are
    /// below 1e-60, which counts as 0.
    pub fn of(train: &Samples<'_>) -> Result<Self> {
        if train.is_empty() {
            return Err(Error::Empty { what: "the training part".into(), hint: "give at least one row".into() });
        }
        Self::check_weights(train)?;
        let Some(weights) = train.row_weights() else {
            let rows = train.len();
            return Ok(Self { rows: (0..rows as u32).collect(), weights: vec![1.0; rows] });
        };
        let rows: Vec<u32> = (0..weights.len() as u32).filter(|&row| weights[row as usize] >= LEAST).collect();
        if rows.is_empty() {
            return Err(Error::parameter("weights", "0 in every row", "at least 1e-60 in some row"));
        }
        let weights = rows.iter().map(|&row| weights[row as usize]).collect();
        Ok(Self { rows, weights })
    }
}
