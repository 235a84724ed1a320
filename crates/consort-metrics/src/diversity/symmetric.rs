use consort_core::{Error, Result, Score};
use serde::{Deserialize, Serialize};

/// One number for each pair of members, the same both ways, with the members' names: a heat map in numbers.
///
/// A pair whose number is undefined holds `None`. The diagonal is the measure of a member with itself.
///
/// ```
/// use consort_metrics::diversity::SymmetricMatrix;
/// let distance = SymmetricMatrix::from_fn(["a", "b", "c"], |i, j| Some(i.abs_diff(j) as f64))?;
/// assert_eq!(distance.at(2, 0), Some(2.0));
/// assert_eq!(distance.mean().value(), Some(4.0 / 3.0));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SymmetricMatrix {
    names: Vec<String>,
    /// The rows of the upper triangle, diagonal included, one after another.
    values: Vec<Option<f64>>,
}

impl SymmetricMatrix {
    /// The matrix that `value` gives for each `i ≤ j`. A number that is not finite becomes `None`.
    ///
    /// # Errors
    /// [`Error::Empty`] without a name.
    pub fn from_fn<S: Into<String>>(
        names: impl IntoIterator<Item = S>,
        mut value: impl FnMut(usize, usize) -> Option<f64>,
    ) -> Result<Self> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        if names.is_empty() {
            return Err(Error::Empty { what: "the list of members".into(), hint: "give at least one member".into() });
        }
        let mut values = Vec::with_capacity(names.len() * (names.len() + 1) / 2);
        for i in 0..names.len() {
            for j in i..names.len() {
                values.push(value(i, j).filter(|x| x.is_finite()));
            }
        }
        Ok(Self { names, values })
    }

    /// The names, in member order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Always false: there is at least one member.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The number of members `i` and `j`, in either order.
    ///
    /// # Panics
    /// If a member number is beyond the members, as a slice does.
    pub fn at(&self, i: usize, j: usize) -> Option<f64> {
        let (i, j) = (i.min(j), i.max(j));
        assert!(j < self.len(), "member {j} of {}", self.len());
        self.values[upper(self.len(), i, j)]
    }

    /// The pairs `i < j` and their numbers, row after row of the upper triangle.
    pub fn pairs(&self) -> impl Iterator<Item = (usize, usize, Option<f64>)> + '_ {
        (0..self.len()).flat_map(move |i| (i + 1..self.len()).map(move |j| (i, j, self.at(i, j))))
    }

    /// How many pairs have no number.
    pub fn undefined(&self) -> usize {
        self.pairs().filter(|(_, _, value)| value.is_none()).count()
    }

    /// The mean over the pairs that have a number; undefined if none has.
    pub fn mean(&self) -> Score {
        let (mut sum, mut count) = (0.0, 0.0);
        for value in self.pairs().filter_map(|(_, _, value)| value) {
            sum += value;
            count += 1.0;
        }
        Score::ratio(sum, count, "no pair of members has a value")
    }
}

/// The place of pair `i ≤ j` among the rows of an upper triangle with its diagonal.
pub(super) fn upper(members: usize, i: usize, j: usize) -> usize {
    i * (2 * members - i + 1) / 2 + (j - i)
}
