use consort_core::{Classes, Error, Fold, Result, RowInfo, Seed, Split, Splitter};
use serde::{Deserialize, Serialize};

use crate::{assignment, rows};

/// Folds that someone else chose: a label for each row.
///
/// Labels may be any text and need not be sorted; folds are numbered in class order of the labels (numeric if all are
/// numbers, else by bytes), so the order of the rows does not matter. A row with an empty label or `-1` is never
/// tested and always learned from.
///
/// Needs: as many rows as labels. Cost: O(rows × folds).
///
/// ```
/// use consort_core::{RowInfo, Seed, Splitter};
/// use consort_split::Predefined;
/// let predefined = Predefined::from_labels(["z", "a", "", "z"])?;
/// assert_eq!(predefined.names(), ["a", "z"]);
/// let rows = RowInfo { rows: 4, ..RowInfo::default() };
/// let split = predefined.split(&rows, Seed::new(0))?;
/// assert_eq!(split.folds[1].test, [0, 3]);
/// assert_eq!(split.folds[1].train, [1, 2]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Predefined {
    names: Vec<String>,
    tested: Vec<Option<u32>>,
}

impl Predefined {
    /// The folds that these labels name, one label a row.
    ///
    /// # Errors
    /// [`Error::Empty`] if no row has a label.
    pub fn from_labels<S: AsRef<str>>(labels: impl IntoIterator<Item = S>) -> Result<Self> {
        // Numbers by first sight, and then by class order, so that no order of a hash map is seen.
        let mut seen: std::collections::HashMap<String, u32> = std::collections::HashMap::new();
        let mut tested: Vec<Option<u32>> = Vec::new();
        for label in labels {
            let label = label.as_ref().trim();
            if matches!(label, "" | "-1" | "-1.0") {
                tested.push(None);
            } else if let Some(&fold) = seen.get(label) {
                tested.push(Some(fold));
            } else {
                tested.push(Some(seen.len() as u32));
                seen.insert(label.to_owned(), seen.len() as u32);
            }
        }
        if seen.is_empty() {
            let hint = "label the rows that are to be tested".into();
            return Err(Error::Empty { what: "the column of fold labels".into(), hint });
        }
        let names = Classes::from_labels(seen.keys().cloned())?.names().to_vec();
        let mut number = vec![0; names.len()];
        for (fold, name) in names.iter().enumerate() {
            number[seen[name] as usize] = fold as u32;
        }
        let tested = tested.into_iter().map(|fold| fold.map(|fold| number[fold as usize])).collect();
        Ok(Self { names, tested })
    }

    /// The labels of the folds, in the order of their numbers.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The fold that tests each row.
    pub fn tested(&self) -> &[Option<u32>] {
        &self.tested
    }

    /// The folds, as those of one repeat.
    pub fn folds(&self, repeat: u32) -> Vec<Fold> {
        let tested: Vec<u32> = self.tested.iter().map(|fold| fold.unwrap_or(assignment::NEVER)).collect();
        assignment::folds(&tested, self.names.len() as u32, repeat)
    }

    /// Checks the labels against the number of rows.
    ///
    /// # Errors
    /// [`Error::Length`] unless there is one a row, [`Error::Damaged`] for a fold without a name,
    /// [`Error::Parameter`] if one fold tests all rows, so that nothing is left to learn from.
    pub fn check(&self, rows: usize) -> Result<()> {
        if self.tested.len() != rows {
            return Err(Error::Length {
                what: "the list of fold labels".into(),
                got: self.tested.len(),
                expected: rows,
                unit: "labels",
                hint: "give one label a row; leave it empty where a row is never tested".into(),
            });
        }
        if let Some(fold) = self.tested.iter().flatten().find(|&&fold| fold as usize >= self.names.len()) {
            let problem = format!("fold {fold} has no name: there are {} names", self.names.len());
            return Err(Error::Damaged { place: "predefined folds".into(), problem });
        }
        if self.names.len() < 2 && self.tested.iter().all(Option::is_some) {
            let folds = self.names.len();
            return Err(Error::parameter("folds", folds, "at least 2, unless some rows are never tested"));
        }
        rows::check_memory(self.names.len() as u64, rows)
    }
}

#[typetag::serde(name = "predefined")]
impl Splitter for Predefined {
    fn is_given_row_by_row(&self) -> bool {
        true
    }

    fn split(&self, rows: &RowInfo<'_>, _: Seed) -> Result<Split> {
        rows::check(rows)?;
        self.check(rows.rows)?;
        Ok(Split { folds: self.folds(0), warnings: Vec::new() })
    }
}
