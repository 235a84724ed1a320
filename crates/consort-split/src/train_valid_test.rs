use consort_core::{Error, Fold, Result, RowInfo, Seed, Split, Splitter};
use serde::{Deserialize, Serialize};

use crate::{By, Size, draw};

/// One cut of the rows: some to learn from, perhaps some to stop early on, and some to be tested on once.
///
/// Drawn at random (the default), in proportion to the classes, by whole groups, or the latest rows: with
/// [`By::Time`] the earliest times are learned from, then come those of validation, then those of the test. A
/// fraction is of all rows (groups, distinct times) and rounded up.
///
/// In proportion to the classes, each class gives its share to within one row: the rows, sorted by class and shuffled
/// within, are taken at even distances from a random start.
///
/// Needs: what it is drawn by. Cost: O(rows), and one sort by id.
///
/// ```
/// use consort_core::{RowInfo, Seed, Splitter};
/// use consort_split::TrainValidTest;
/// let rows = RowInfo { rows: 10, ..RowInfo::default() };
/// let split = TrainValidTest::new(0.2).valid(0.1).split(&rows, Seed::new(0))?;
/// let fold = &split.folds[0];
/// assert_eq!((fold.train.len(), fold.valid.len(), fold.test.len()), (7, 1, 2));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainValidTest {
    test: Size,
    valid: Option<Size>,
    by: By,
}

impl Default for TrainValidTest {
    fn default() -> Self {
        Self { test: Size::Fraction(0.2), valid: None, by: By::Rows }
    }
}

impl TrainValidTest {
    /// So much for the test, the rest to learn from.
    pub fn new(test: impl Into<Size>) -> Self {
        Self { test: test.into(), ..Self::default() }
    }

    /// So much for validation.
    pub fn valid(mut self, valid: impl Into<Size>) -> Self {
        self.valid = Some(valid.into());
        self
    }

    /// What is drawn.
    pub fn by(mut self, by: By) -> Self {
        self.by = by;
        self
    }

    /// Checks the ranges of the sizes.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a size of nothing or a fraction outside (0, 1).
    pub fn check(&self) -> Result<()> {
        self.test.check("test")?;
        if let Some(valid) = self.valid {
            valid.check("valid")?;
            if let (Size::Fraction(test), Size::Fraction(valid)) = (self.test, valid)
                && test + valid >= 1.0
            {
                return Err(Error::parameter("valid", valid, format!("below {}, what the test leaves", 1.0 - test)));
            }
        }
        Ok(())
    }
}

#[typetag::serde(name = "train_valid_test")]
impl Splitter for TrainValidTest {
    fn split(&self, rows: &RowInfo<'_>, seed: Seed) -> Result<Split> {
        self.check()?;
        let pool = draw::pool(rows)?;
        let mut sizes = vec![("test", self.test)];
        sizes.extend(self.valid.map(|valid| ("valid", valid)));
        let mut drawn = draw::draw(rows, pool, self.by, &sizes, seed)?;
        let valid = if self.valid.is_some() { drawn.parts.pop().unwrap_or_default() } else { Vec::new() };
        let test = drawn.parts.pop().unwrap_or_default();
        let fold = Fold { repeat: 0, fold: 0, train: drawn.rest, valid, test };
        Ok(Split { folds: vec![fold], warnings: drawn.warnings })
    }
}
