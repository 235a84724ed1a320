use serde::{Deserialize, Serialize};

use crate::{Error, Real, Result, huge_pages};

/// A dense table of `f32`, row after row: `[rows][columns]`.
///
/// It is the shape in which one member or one fusion gives its predictions. It exists so that no version of an
/// array library is part of the public interface.
///
/// ```
/// use consort_core::Matrix;
/// let m = Matrix::new(2, 3, vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0])?;
/// assert_eq!(m.row(1), [3.0, 4.0, 5.0]);
/// assert_eq!(m.at(0, 2), 2.0);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Saved")]
pub struct Matrix {
    rows: usize,
    columns: usize,
    values: Vec<f32>,
}

/// A matrix as it was saved, by whoever saved it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    rows: usize,
    columns: usize,
    values: Vec<f32>,
}

impl TryFrom<Saved> for Matrix {
    type Error = Error;
    fn try_from(Saved { rows, columns, values }: Saved) -> Result<Self> {
        Matrix::new(rows, columns, values)
    }
}

impl Matrix {
    /// A matrix from its numbers, row after row.
    ///
    /// # Errors
    /// [`Error::Length`] unless there are `rows × columns` numbers.
    pub fn new(rows: usize, columns: usize, values: Vec<f32>) -> Result<Self> {
        if rows.checked_mul(columns) != Some(values.len()) {
            return Err(Error::Length {
                what: "the matrix".into(),
                got: values.len(),
                expected: rows.saturating_mul(columns),
                unit: "numbers",
                hint: format!("it has {rows} rows and {columns} columns"),
            });
        }
        Ok(Self { rows, columns, values })
    }

    /// A matrix full of zeros.
    pub fn zeros(rows: usize, columns: usize) -> Self {
        Self { rows, columns, values: huge_pages::zeros(rows * columns) }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many columns there are.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Row `i`, one number a column.
    pub fn row(&self, i: usize) -> &[f32] {
        &self.values[i * self.columns..(i + 1) * self.columns]
    }

    /// Row `i`, to be written.
    pub fn row_mut(&mut self, i: usize) -> &mut [f32] {
        &mut self.values[i * self.columns..(i + 1) * self.columns]
    }

    /// The number in row `i` and column `k`.
    pub fn at(&self, i: usize, k: usize) -> f32 {
        self.row(i)[k]
    }

    /// All numbers, row after row.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// All numbers, to be written.
    pub fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }

    /// All numbers, row after row, given away without a copy.
    pub fn into_values(self) -> Vec<f32> {
        self.values
    }

    /// The first column with the greatest number in row `i`; `None` if a number of the row is NaN or there is no column.
    pub fn argmax(&self, i: usize) -> Option<usize> {
        argmax(self.row(i))
    }
}

/// The first place of the greatest number; `None` for an empty slice or one that holds NaN.
pub(crate) fn argmax<T: Real>(row: &[T]) -> Option<usize> {
    let mut best = 0;
    for (k, &x) in row.iter().enumerate() {
        if x.f64().is_nan() {
            return None;
        }
        if x > row[best] {
            best = k;
        }
    }
    (!row.is_empty()).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_matrix_of_too_few_numbers_is_refused() {
        let matrix = Matrix::new(1, 2, vec![0.5, 1.5]).unwrap();
        let text = serde_json::to_string(&matrix).unwrap();
        assert_eq!(text, r#"{"rows":1,"columns":2,"values":[0.5,1.5]}"#);
        assert_eq!(serde_json::from_str::<Matrix>(&text).unwrap(), matrix);
        let error = serde_json::from_str::<Matrix>(r#"{"rows":3,"columns":2,"values":[1]}"#).unwrap_err().to_string();
        assert!(error.contains("the matrix has 1 numbers, but 6 numbers are needed"), "{error}");
    }

    #[test]
    fn the_first_of_the_greatest_is_found_in_either_precision() {
        assert_eq!((argmax(&[0.5f32, 2.0, 2.0]), argmax(&[0.5f64, 2.0, 2.0])), (Some(1), Some(1)));
        assert_eq!((argmax(&[1.0, f64::NAN]), argmax::<f32>(&[])), (None, None));
    }
}
