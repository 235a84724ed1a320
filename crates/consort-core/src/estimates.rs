use std::borrow::Cow;

use crate::{Error, Gives, Matrix, Result, Truth, blocks, matrix::argmax};

/// A number type that predictions are kept in.
///
/// ```
/// use consort_core::Real;
/// assert_eq!(0.1f32.f64(), 0.10000000149011612);
/// ```
pub trait Real: Copy + PartialOrd + Send + Sync + 'static {
    /// The number as `f64`, exactly.
    fn f64(self) -> f64;
}

impl Real for f32 {
    fn f64(self) -> f64 {
        f64::from(self)
    }
}

impl Real for f64 {
    fn f64(self) -> f64 {
        self
    }
}

/// The numbers of some estimates, in the precision in which they are kept.
///
/// ```
/// use consort_core::{Estimates, Gives, Values};
/// let estimates = Estimates::f32(&[1.0, 2.0], 1, Gives::Values)?;
/// assert!(matches!(estimates.values(), Values::F32([1.0, 2.0])));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub enum Values<'a> {
    /// Single precision, as in a [`Predictions`](crate::Predictions) cube.
    F32(&'a [f32]),
    /// Double precision, as in a running sum.
    F64(&'a [f64]),
}

/// What one member, or one fusion, says of some rows: `[rows][columns]`, and what the numbers mean.
///
/// This is what a [`Metric`](crate::Metric) reads. The columns are those of the problem's
/// [`Outputs`](crate::Outputs).
///
/// ```
/// use consort_core::{Estimates, Gives};
/// let estimates = Estimates::f32(&[0.9, 0.1, 0.25, 0.75], 2, Gives::Probabilities)?;
/// assert_eq!((estimates.rows(), estimates.at(1, 0)), (2, 0.25));
/// assert!(Estimates::f32(&[0.9, 0.1, 0.25], 2, Gives::Probabilities).is_err());
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Estimates<'a> {
    values: Values<'a>,
    columns: usize,
    gives: Gives,
}

impl<'a> Estimates<'a> {
    /// Estimates in single precision.
    ///
    /// # Errors
    /// [`Error::Length`] unless the number of values is a multiple of `columns`.
    pub fn f32(values: &'a [f32], columns: usize, gives: Gives) -> Result<Self> {
        whole_rows(values.len(), columns)?;
        Ok(Self { values: Values::F32(values), columns, gives })
    }

    /// Estimates in double precision.
    ///
    /// # Errors
    /// [`Error::Length`] unless the number of values is a multiple of `columns`.
    pub fn f64(values: &'a [f64], columns: usize, gives: Gives) -> Result<Self> {
        whole_rows(values.len(), columns)?;
        Ok(Self { values: Values::F64(values), columns, gives })
    }

    /// The estimates in a matrix, such as a fusion gives.
    pub fn matrix(matrix: &'a Matrix, gives: Gives) -> Self {
        Self { values: Values::F32(matrix.values()), columns: matrix.columns(), gives }
    }

    /// Numbers that are known to fill whole rows.
    pub(crate) fn matrix_part(values: &'a [f32], columns: usize, gives: Gives) -> Self {
        Self { values: Values::F32(values), columns, gives }
    }

    /// The numbers, row after row.
    pub fn values(&self) -> Values<'a> {
        self.values
    }

    /// How many numbers a row has.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// What the numbers mean.
    pub fn gives(&self) -> Gives {
        self.gives
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        let values = match self.values {
            Values::F32(values) => values.len(),
            Values::F64(values) => values.len(),
        };
        values / self.columns.max(1)
    }

    /// The number in row `i` and column `k`.
    pub fn at(&self, i: usize, k: usize) -> f64 {
        match self.values {
            Values::F32(values) => f64::from(values[i * self.columns + k]),
            Values::F64(values) => values[i * self.columns + k],
        }
    }

    /// Whether any number is NaN: a look at all of them that costs far less than one at each row.
    pub fn has_nan(&self) -> bool {
        fn any<T: Sync>(values: &[T], is_nan: impl Fn(&T) -> bool + Sync) -> bool {
            // No short cut within a block, so that a compiler makes it wide.
            let found = |range: std::ops::Range<usize>| values[range].iter().fold(false, |any, x| any | is_nan(x));
            blocks::map(values.len(), found).contains(&true)
        }
        match self.values {
            Values::F32(values) => any(values, |x| x.is_nan()),
            Values::F64(values) => any(values, |x| x.is_nan()),
        }
    }

    /// Whether row `i` has an answer in every column.
    pub fn is_answered(&self, i: usize) -> bool {
        (0..self.columns).all(|k| !self.at(i, k).is_nan())
    }

    /// How many rows of weight have no answer.
    pub fn unanswered(&self, truth: &Truth<'_>) -> usize {
        if !self.has_nan() {
            return 0;
        }
        (0..truth.rows()).filter(|&i| truth.weight(i) > 0.0 && !self.is_answered(i)).count()
    }

    /// Column `k` as doubles; borrowed where that costs nothing.
    pub fn column(&self, k: usize) -> Cow<'a, [f64]> {
        match self.values {
            Values::F64(values) if self.columns == 1 => Cow::Borrowed(values),
            _ => (0..self.rows()).map(|i| self.at(i, k)).collect(),
        }
    }

    /// The first column with the greatest number in row `i`; `None` if the row has NaN.
    pub fn argmax(&self, i: usize) -> Option<usize> {
        let row = i * self.columns..(i + 1) * self.columns;
        match self.values {
            Values::F32(values) => argmax(&values[row]),
            Values::F64(values) => argmax(&values[row]),
        }
    }

    /// Checks that the estimates are parallel to the truth, and finite wherever a row has weight.
    ///
    /// # Errors
    /// [`Error::Length`], or [`Error::NotFinite`] with the row, naming `place`.
    pub fn check(&self, truth: &Truth<'_>, place: &str) -> Result<()> {
        if self.rows() != truth.rows() {
            return Err(Error::Length {
                what: place.into(),
                got: self.rows(),
                expected: truth.rows(),
                unit: "rows",
                hint: "estimates and truth must be of the same rows".into(),
            });
        }
        let finite = |i: usize| truth.weight(i) == 0.0 || (0..self.columns).all(|k| self.at(i, k).is_finite());
        let bad = match (self.values, truth.weights()) {
            // The usual case, in a form that compiles to wide loads.
            (Values::F32(values), None) => !values.iter().fold(true, |all, x| all & x.is_finite()),
            (Values::F64(values), None) => !values.iter().fold(true, |all, x| all & x.is_finite()),
            _ => !(0..self.rows()).all(finite),
        };
        if bad && let Some(row) = (0..self.rows()).find(|&i| !finite(i)) {
            let k = (0..self.columns).find(|&k| !self.at(row, k).is_finite()).unwrap_or(0);
            return Err(Error::NotFinite {
                place: place.into(),
                row: row + 1,
                id: String::new(),
                what: format!("column {}", k + 1),
                value: self.at(row, k),
            });
        }
        Ok(())
    }
}

fn whole_rows(len: usize, columns: usize) -> Result<()> {
    if columns == 0 || !len.is_multiple_of(columns) {
        return Err(Error::Length {
            what: "the estimates".into(),
            got: len,
            expected: len / columns.max(1) * columns,
            unit: "numbers",
            hint: format!("each row has {columns} columns"),
        });
    }
    Ok(())
}
