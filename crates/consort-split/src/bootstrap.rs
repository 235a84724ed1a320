use consort_core::{Error, Fold, Result, RowInfo, Seed, Split, Splitter, Stream};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    By,
    groups::Groups,
    rows,
    strata::{BINS, Strata},
};

/// How often a draw that leaves no row out is drawn again before it is given up.
const TRIES: usize = 1000;

/// Draws with replacement; the rows that a draw leaves out (out-of-bag) are its test.
///
/// As many rows as there are (or `fraction` of them) are drawn, each as likely as any other; `train` names a row as
/// often as it was drawn. A row is left out with probability `(1 − 1/n)ⁿ ≈ 0.368`. By classes, each class is drawn
/// from within itself, so that its count stays; by groups, whole groups are drawn (the cluster bootstrap). A draw that
/// leaves nothing out is drawn again, which matters for a handful of rows only.
///
/// Tests of different draws overlap, so each draw is a repeat of its own, with one fold. Scores on out-of-bag rows
/// are pessimistic: a fit sees about 63 % of the rows.
///
/// Needs: at least 2 rows (or groups), and what it is drawn by. Cost: O(rows × draws). Source: Efron 1979; Breiman
/// 1996 (out-of-bag); Davison and Hinkley 1997, §3.8 (groups).
///
/// ```
/// use consort_core::{RowInfo, Seed, Splitter};
/// use consort_split::Bootstrap;
/// let rows = RowInfo { rows: 100, ..RowInfo::default() };
/// let split = Bootstrap::new(10).split(&rows, Seed::new(0))?;
/// let fold = &split.folds[3];
/// assert_eq!(fold.train.len(), 100);
/// assert!(fold.test.iter().all(|row| !fold.train.contains(row)));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bootstrap {
    draws: u32,
    fraction: f64,
    by: By,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self { draws: 10, fraction: 1.0, by: By::Rows }
    }
}

impl Bootstrap {
    /// So many draws.
    pub fn new(draws: u32) -> Self {
        Self { draws, ..Self::default() }
    }

    /// How many rows (or groups) are drawn, as a fraction of those there are, above 0 and at most 1; rounded up.
    pub fn fraction(mut self, fraction: f64) -> Self {
        self.fraction = fraction;
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
    /// [`Error::Parameter`] for no draw or a fraction outside (0, 1]; [`Error::Unsupported`] for [`By::Time`].
    pub fn check(&self) -> Result<()> {
        if self.draws == 0 {
            return Err(Error::parameter("draws", self.draws, "at least 1"));
        }
        if !(self.fraction > 0.0 && self.fraction <= 1.0) {
            return Err(Error::parameter("fraction", self.fraction, "above 0 and at most 1"));
        }
        if self.by == By::Time {
            return Err(Error::Unsupported {
                by: "the bootstrap".into(),
                what: "an order of time".into(),
                hint: "use an expanding or a sliding window".into(),
            });
        }
        Ok(())
    }

    fn size(&self, of: usize) -> usize {
        ((self.fraction * of as f64 - 1e-9).ceil() as usize).max(1)
    }

    /// How often each of the `counts` is drawn, until something is left out.
    fn draw(&self, strata: &[std::ops::Range<usize>], seed: Seed) -> Result<Vec<u32>> {
        let total = strata.last().map_or(0, |last| last.end);
        let mut stream = seed.child("draw").stream();
        for _ in 0..TRIES {
            let mut times = vec![0u32; total];
            for stratum in strata {
                self.draw_from(stratum.clone(), &mut stream, &mut times);
            }
            if times.contains(&0) {
                return Ok(times);
            }
        }
        let expected = "such that some row is left out: give more rows, or draw fewer";
        Err(Error::parameter("fraction", self.fraction, expected))
    }

    fn draw_from(&self, stratum: std::ops::Range<usize>, stream: &mut Stream, times: &mut [u32]) {
        if stratum.is_empty() {
            return;
        }
        for _ in 0..self.size(stratum.len()) {
            times[stratum.start + stream.below(stratum.len() as u64) as usize] += 1;
        }
    }
}

#[typetag::serde(name = "bootstrap")]
impl Splitter for Bootstrap {
    fn split(&self, rows: &RowInfo<'_>, seed: Seed) -> Result<Split> {
        rows::check(rows)?;
        self.check()?;
        rows::check_memory(u64::from(self.draws), rows.rows)?;
        let mut warnings = Vec::new();
        // The things drawn stand in a line, in an order that does not depend on the file: where each row is in it, and
        // which parts of the line are drawn by themselves.
        let (place, strata) = match self.by {
            By::Groups => {
                let groups = Groups::of(rows, "the bootstrap by groups")?;
                let count = groups.len();
                (groups.codes, std::iter::once(0..count).collect::<Vec<_>>())
            }
            By::Classes => {
                let strata = Strata::of(rows, BINS, 2, "the bootstrap by classes")?;
                warnings = strata.warnings(2);
                let mut end = 0;
                let mut ranges = Vec::with_capacity(strata.counts.len());
                for count in &strata.counts {
                    ranges.push(end..end + count);
                    end += count;
                }
                (inverse(&strata.gathered(&rows::canonical(rows))), ranges)
            }
            By::Rows | By::Time => (inverse(&rows::canonical(rows)), std::iter::once(0..rows.rows).collect()),
        };
        let least = strata.iter().map(std::ops::Range::len).max().unwrap_or(0);
        if least < 2 {
            let expected = format!("at least 2 {} to draw from, so that one can be left out", self.by.word());
            return Err(Error::parameter("rows", rows.rows, expected));
        }
        let folds = (0..self.draws)
            .into_par_iter()
            .map(|repeat| {
                let times = self.draw(&strata, seed.nth("repeat", u64::from(repeat)))?;
                let mut fold = Fold { repeat, ..Fold::default() };
                for (row, &place) in place.iter().enumerate() {
                    match times[place as usize] {
                        0 => fold.test.push(row as u32),
                        times => fold.train.extend(std::iter::repeat_n(row as u32, times as usize)),
                    }
                }
                Ok(fold)
            })
            .collect::<Result<_>>()?;
        Ok(Split { folds, warnings })
    }
}

/// Where each row stands in the order.
fn inverse(order: &[u32]) -> Vec<u32> {
    let mut place = vec![0; order.len()];
    for (at, &row) in order.iter().enumerate() {
        place[row as usize] = at as u32;
    }
    place
}
