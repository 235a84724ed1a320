use consort_core::{Error, Fold, Result, RowInfo, Seed, Split, Splitter};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{By, Size, draw, rows};

/// Several cuts of the rows, each drawn anew: Monte-Carlo cross-validation, or repeated learning-testing.
///
/// As [`TrainValidTest`](super::TrainValidTest) without validation, `splits` times. Tests of different splits
/// overlap, so each split is a repeat of its own; a row may be tested often or never. `train` may be less than what
/// the test leaves. By classes it is the stratified shuffle split, by groups the grouped one; time has no order to
/// shuffle and is refused.
///
/// Needs: what it is drawn by. Cost: O(rows × splits). Source: Picard and Cook 1984; Burman 1989; Shao 1993.
///
/// ```
/// use consort_core::{RowInfo, Seed, Splitter};
/// use consort_split::ShuffleSplit;
/// let rows = RowInfo { rows: 10, ..RowInfo::default() };
/// let split = ShuffleSplit::new(4, 0.3).train(0.5).split(&rows, Seed::new(0))?;
/// assert_eq!(split.folds.len(), 4);
/// assert_eq!((split.folds[0].train.len(), split.folds[0].test.len()), (5, 3));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ShuffleSplit {
    splits: u32,
    test: Size,
    train: Option<Size>,
    by: By,
}

impl Default for ShuffleSplit {
    fn default() -> Self {
        Self { splits: 10, test: Size::Fraction(0.1), train: None, by: By::Rows }
    }
}

impl ShuffleSplit {
    /// So many splits with so much for the test.
    pub fn new(splits: u32, test: impl Into<Size>) -> Self {
        Self { splits, test: test.into(), ..Self::default() }
    }

    /// So much to learn from, and not all that the test leaves.
    pub fn train(mut self, train: impl Into<Size>) -> Self {
        self.train = Some(train.into());
        self
    }

    /// What is drawn.
    pub fn by(mut self, by: By) -> Self {
        self.by = by;
        self
    }

    /// Checks the ranges of the parameters.
    ///
    /// # Errors
    /// [`Error::Parameter`] for no split, a size of nothing or a fraction outside (0, 1); [`Error::Unsupported`] for
    /// [`By::Time`].
    pub fn check(&self) -> Result<()> {
        if self.splits == 0 {
            return Err(Error::parameter("splits", self.splits, "at least 1"));
        }
        self.test.check("test")?;
        if let Some(train) = self.train {
            train.check("train")?;
        }
        if self.by == By::Time {
            return Err(Error::Unsupported {
                by: "shuffle split".into(),
                what: "an order of time".into(),
                hint: "use an expanding or a sliding window".into(),
            });
        }
        Ok(())
    }
}

#[typetag::serde(name = "shuffle_split")]
impl Splitter for ShuffleSplit {
    fn split(&self, rows: &RowInfo<'_>, seed: Seed) -> Result<Split> {
        self.check()?;
        let pool = draw::pool(rows)?;
        rows::check_memory(u64::from(self.splits), rows.rows)?;
        let draws: Vec<_> = (0..self.splits)
            .into_par_iter()
            .map(|repeat| {
                let seed = seed.nth("split", u64::from(repeat));
                let mut drawn = draw::draw(rows, pool.clone(), self.by, &[("test", self.test)], seed)?;
                let test = drawn.parts.pop().unwrap_or_default();
                let mut train = drawn.rest;
                if let Some(size) = self.train {
                    train = self.fewer(rows, &pool, train, size, seed)?;
                }
                Ok((Fold { repeat, fold: 0, train, valid: Vec::new(), test }, drawn.warnings))
            })
            .collect::<Result<_>>()?;
        let mut split = Split::default();
        for (fold, warnings) in draws {
            split.folds.push(fold);
            // All draws warn of the same.
            split.warnings = warnings;
        }
        Ok(split)
    }
}

impl ShuffleSplit {
    /// As many of the rows in `left` as `size` says of the whole, drawn the same way.
    fn fewer(&self, rows: &RowInfo<'_>, pool: &[u32], left: Vec<u32>, size: Size, seed: Seed) -> Result<Vec<u32>> {
        let units = |list: &[u32]| match self.by {
            By::Groups => {
                let mut groups: Vec<u32> =
                    rows.groups.map_or_else(Vec::new, |groups| list.iter().map(|&row| groups[row as usize]).collect());
                groups.sort_unstable();
                groups.dedup();
                groups.len()
            }
            _ => list.len(),
        };
        let (all, there) = (units(pool), units(&left));
        // A fraction of the training part is rounded down, as that of the test is rounded up.
        let count = match size {
            Size::Fraction(fraction) => ((fraction * all as f64 + 1e-9).floor() as usize).max(1),
            Size::Count(count) => count as usize,
        };
        if count == there {
            return Ok(left);
        }
        if count > there {
            return Err(Error::parameter("train", size, format!("at most the {there} of {all} that the test leaves")));
        }
        let mut keep = vec![false; rows.rows];
        for &row in &left {
            keep[row as usize] = true;
        }
        let pool = pool.iter().copied().filter(|&row| keep[row as usize]).collect();
        let mut drawn = draw::draw(rows, pool, self.by, &[("train", Size::Count(count as u32))], seed.child("train"))?;
        Ok(drawn.parts.pop().unwrap_or_default())
    }
}
