use consort_core::{Error, Result, RowInfo, Seed, Split, Splitter, Warning};
use serde::{Deserialize, Serialize};

use crate::rows;

/// Any splitter several times, each time with a seed of its own.
///
/// Repeat `r` draws from the seed named `repeat r`, so that asking for more repeats changes none of the earlier ones.
/// If the splitter splits the same way every time (it has no shuffle), a warning says so.
///
/// Cost: that of the splitter, times the repeats. Source: Burman 1989.
///
/// ```
/// use consort_core::{RowInfo, Seed, Splitter};
/// use consort_split::{KFold, Repeated};
/// let rows = RowInfo { rows: 10, ..RowInfo::default() };
/// let split = Repeated::new(KFold::new(5), 3).split(&rows, Seed::new(0))?;
/// assert_eq!(split.folds.len(), 15);
/// assert_eq!(split.folds[14].repeat, 2);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeated {
    each: Box<dyn Splitter>,
    repeats: u32,
}

impl Repeated {
    /// A splitter so many times.
    pub fn new(splitter: impl Splitter + 'static, repeats: u32) -> Self {
        Self::boxed(Box::new(splitter), repeats)
    }

    /// As [`Self::new`], for a splitter that is known only at run time.
    pub fn boxed(splitter: Box<dyn Splitter>, repeats: u32) -> Self {
        Self { each: splitter, repeats }
    }

    /// Checks the number of repeats.
    ///
    /// # Errors
    /// [`Error::Parameter`] for no repeat.
    pub fn check(&self) -> Result<()> {
        if self.repeats == 0 { Err(Error::parameter("repeats", self.repeats, "at least 1")) } else { Ok(()) }
    }
}

#[typetag::serde(name = "repeated")]
impl Splitter for Repeated {
    fn is_given_row_by_row(&self) -> bool {
        self.each.is_given_row_by_row()
    }

    fn split(&self, rows: &RowInfo<'_>, seed: Seed) -> Result<Split> {
        self.check()?;
        let mut all = Split::default();
        let mut first = 0;
        let mut offset = 0;
        for repeat in 0..self.repeats {
            let split = self.each.split(rows, seed.nth("repeat", u64::from(repeat)))?;
            if repeat == 0 {
                first = split.folds.len();
                all.warnings = split.warnings;
                rows::check_memory(first as u64 * u64::from(self.repeats), rows.rows)?;
            } else if repeat == 1 && all.folds.iter().zip(&split.folds).all(|(a, b)| same_rows(a, b)) {
                all.warnings.push(Warning::Note {
                    text: format!("the {} repeats are alike: the splitter does not shuffle", self.repeats),
                });
            }
            let repeats = split.folds.iter().map(|fold| fold.repeat + 1).max().unwrap_or(0);
            all.folds.reserve(first);
            all.folds.extend(split.folds.into_iter().map(|mut fold| {
                fold.repeat += offset;
                fold
            }));
            offset += repeats;
        }
        Ok(all)
    }
}

fn same_rows(a: &consort_core::Fold, b: &consort_core::Fold) -> bool {
    a.test == b.test && a.valid == b.valid && a.train == b.train
}
