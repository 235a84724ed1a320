use consort_core::{Result, RowInfo, Seed, Split, Splitter};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{By, Size, draw, rows};

/// Any splitter, with some rows of each training part set aside to stop early on.
///
/// The rows are drawn from the training part of the fold, by [`By`] as in [`TrainValidTest`](super::TrainValidTest);
/// in time order use [`By::Time`], so that validation follows training and comes before the test. The size is a share
/// of the fold's training part. Fold `f` of repeat `r` draws from a seed named by both. Where the splitter has
/// validation rows already, it is refused.
///
/// Needs: what the splitter needs and what the draw goes by. Cost: O(rows) a fold beside the splitter's.
///
/// ```
/// use consort_core::{RowInfo, Seed, Splitter};
/// use consort_split::{KFold, WithValid};
/// let rows = RowInfo { rows: 20, ..RowInfo::default() };
/// let split = WithValid::new(KFold::new(4), 0.2).split(&rows, Seed::new(0))?;
/// let fold = &split.folds[0];
/// assert_eq!((fold.train.len(), fold.valid.len(), fold.test.len()), (12, 3, 5));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithValid {
    each: Box<dyn Splitter>,
    valid: Size,
    #[serde(default)]
    by: By,
}

impl WithValid {
    /// A splitter with so much of each training part set aside.
    pub fn new(splitter: impl Splitter + 'static, valid: impl Into<Size>) -> Self {
        Self::boxed(Box::new(splitter), valid.into())
    }

    /// As [`Self::new`], for a splitter that is known only at run time.
    pub fn boxed(splitter: Box<dyn Splitter>, valid: Size) -> Self {
        Self { each: splitter, valid, by: By::Rows }
    }

    /// What is drawn.
    pub fn by(mut self, by: By) -> Self {
        self.by = by;
        self
    }

    /// Checks the range of the size.
    ///
    /// # Errors
    /// [`Error::Parameter`](consort_core::Error::Parameter) for a size of nothing or a fraction outside (0, 1).
    pub fn check(&self) -> Result<()> {
        self.valid.check("valid")
    }
}

#[typetag::serde(name = "with_valid")]
impl Splitter for WithValid {
    fn is_given_row_by_row(&self) -> bool {
        self.each.is_given_row_by_row()
    }

    fn split(&self, rows: &RowInfo<'_>, seed: Seed) -> Result<Split> {
        self.check()?;
        let mut split = self.each.split(rows, seed)?;
        let order = rows::canonical(rows);
        split.folds.par_iter_mut().try_for_each(|fold| {
            if !fold.valid.is_empty() {
                return Err(consort_core::Error::Unsupported {
                    by: "validation rows".into(),
                    what: "a splitter that has them already".into(),
                    hint: "leave out one of the two".into(),
                });
            }
            let seed = seed.child("valid").nth("repeat", u64::from(fold.repeat)).nth("fold", u64::from(fold.fold));
            let mut state = vec![false; rows.rows];
            for &row in &fold.train {
                state[row as usize] = true;
            }
            let pool = order.iter().copied().filter(|&row| state[row as usize]).collect();
            let mut drawn = draw::draw(rows, pool, self.by, &[("valid", self.valid)], seed)?;
            fold.valid = drawn.parts.pop().unwrap_or_default();
            for &row in &fold.valid {
                state[row as usize] = false;
            }
            // A bootstrap names rows more than once: those that stay keep their number.
            fold.train.retain(|&row| state[row as usize]);
            Ok(())
        })?;
        Ok(split)
    }
}
