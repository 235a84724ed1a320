use std::fmt;

use consort_core::{Error, Fold, Result, RowInfo};
use rayon::prelude::*;

use crate::{groups::Groups, rows};

/// A part of a fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The rows that are learned from.
    Train,
    /// The rows that a fit stops early on.
    Valid,
    /// The rows that are tested.
    Test,
}

impl Part {
    /// The word in tables and messages.
    pub fn word(self) -> &'static str {
        match self {
            Part::Train => "train",
            Part::Valid => "valid",
            Part::Test => "test",
        }
    }

    /// The rows of this part.
    pub fn of(self, fold: &Fold) -> &[u32] {
        match self {
            Part::Train => &fold.train,
            Part::Valid => &fold.valid,
            Part::Test => &fold.test,
        }
    }
}

/// What two parts of a fold have in common, though they should not: how much, and the first of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leaked {
    /// Rows in both parts.
    Rows {
        /// How many.
        count: usize,
        /// The first, from 0.
        first: u32,
    },
    /// Ids that several rows bear, some of them in one part and some in the other.
    Ids {
        /// How many.
        count: usize,
        /// The first.
        first: String,
    },
    /// Groups with rows in both parts.
    Groups {
        /// How many.
        count: usize,
        /// The number of the first.
        first: u32,
    },
    /// Rows of the earlier part at or after the earliest row of the later one.
    Future {
        /// How many.
        count: usize,
        /// The first, from 0.
        first: u32,
    },
}

/// Something that one part of a fold gives away to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leak {
    /// The repeat.
    pub repeat: u32,
    /// The fold.
    pub fold: u32,
    /// The part that knows too much.
    pub from: Part,
    /// The part that it knows of.
    pub into: Part,
    /// What it knows.
    pub what: Leaked,
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, into) = (self.from.word(), self.into.word());
        write!(f, "repeat {}, fold {}: ", self.repeat, self.fold)?;
        match &self.what {
            Leaked::Rows { count, first } => {
                write!(f, "{count} rows are in both {from} and {into}, first row {}", u64::from(*first) + 1)
            }
            Leaked::Ids { count, first } => {
                write!(f, "{count} ids have rows in both {from} and {into}, first `{first}`")
            }
            Leaked::Groups { count, first } => {
                write!(f, "{count} groups have rows in both {from} and {into}, first group {first}")
            }
            Leaked::Future { count, first } => write!(
                f,
                "{count} rows of {from} are not before the first of {into}, first row {}",
                u64::from(*first) + 1
            ),
        }
    }
}

/// What the folds give away: rows, doubled ids or groups on both sides, and training rows that are not before the
/// test. Groups, ids and times are looked at where `rows` has them; leave out the times of rows whose order does not
/// matter.
///
/// Every pair of parts is looked at: train and test, valid and test, train and valid. Leaks come in the order of the
/// folds. Cost: O(rows named by the folds), and a sort by id.
///
/// # Errors
/// [`Error::Length`] if `rows` is not parallel or a fold names a row that is not there.
///
/// ```
/// use consort_core::{RowInfo, Seed, Splitter};
/// use consort_split::{KFold, leaks};
/// let patients = [0, 1, 0, 1];
/// let rows = RowInfo { rows: 4, groups: Some(&patients), ..RowInfo::default() };
/// let split = KFold::new(2).shuffle(false).split(&rows, Seed::new(0))?;
/// let found = leaks(&split.folds, &rows)?;
/// assert_eq!(found[0].to_string(), "repeat 0, fold 0: 2 groups have rows in both train and test, first group 0");
/// # Ok::<(), consort_core::Error>(())
/// ```
pub fn leaks(folds: &[Fold], rows: &RowInfo<'_>) -> Result<Vec<Leak>> {
    rows::check(rows)?;
    let named = folds.iter().flat_map(|fold| fold.train.iter().chain(&fold.valid).chain(&fold.test));
    if let Some(&row) = named.into_iter().find(|&&row| row as usize >= rows.rows) {
        return Err(Error::Length {
            what: "a row number of the split".into(),
            got: row as usize + 1,
            expected: rows.rows,
            unit: "rows",
            hint: "the split is of another table".into(),
        });
    }
    let groups = rows.groups.map(Groups::dense);
    let doubles = Doubles::of(rows);
    let found: Vec<Vec<Leak>> = folds
        .par_iter()
        .map(|fold| {
            let mut found = Vec::new();
            for (from, into) in [(Part::Train, Part::Test), (Part::Valid, Part::Test), (Part::Train, Part::Valid)] {
                let (early, late) = (from.of(fold), into.of(fold));
                if early.is_empty() || late.is_empty() {
                    continue;
                }
                let mut add = |what| found.push(Leak { repeat: fold.repeat, fold: fold.fold, from, into, what });
                if let Some((count, first)) = shared(early, late, rows.rows, Some) {
                    add(Leaked::Rows { count, first });
                }
                if let (Some(doubles), Some(ids)) = (&doubles, rows.ids)
                    && let Some((count, first)) = shared(early, late, doubles.count, |row| doubles.of_row(row))
                {
                    add(Leaked::Ids { count, first: ids.text(doubles.first[first as usize] as usize).into_owned() });
                }
                if let (Some(dense), Some(given)) = (&groups, rows.groups)
                    && let Some((count, first)) =
                        shared(early, late, dense.len(), |row| Some(dense.codes[row as usize]))
                {
                    let row = dense.codes.iter().position(|&code| code == first).unwrap_or(0);
                    add(Leaked::Groups { count, first: given[row] });
                }
                if let Some(time) = rows.time {
                    let earliest = late.iter().map(|&row| time[row as usize]).fold(f64::INFINITY, f64::min);
                    let mut after = early.iter().filter(|&&row| {
                        let time = time[row as usize];
                        time >= earliest || time.is_nan()
                    });
                    if let Some(&first) = after.next() {
                        add(Leaked::Future { count: 1 + after.count(), first });
                    }
                }
            }
            found
        })
        .collect();
    Ok(found.into_iter().flatten().collect())
}

/// How many keys below `keys` both lists have, and the least of them; rows without a key are passed over.
pub fn shared(a: &[u32], b: &[u32], keys: usize, key: impl Fn(u32) -> Option<u32>) -> Option<(usize, u32)> {
    let mut seen = vec![0u8; keys];
    for key in a.iter().filter_map(|&row| key(row)) {
        seen[key as usize] = 1;
    }
    let (mut count, mut least) = (0, u32::MAX);
    for key in b.iter().filter_map(|&row| key(row)) {
        if seen[key as usize] == 1 {
            seen[key as usize] = 2;
            count += 1;
            least = least.min(key);
        }
    }
    (count > 0).then_some((count, least))
}

/// The ids that more than one row bears.
struct Doubles {
    count: usize,
    /// The first row of each.
    first: Vec<u32>,
    /// Pairs of row and number of the doubled id, by row.
    rows: Vec<(u32, u32)>,
}

impl Doubles {
    fn of(rows: &RowInfo<'_>) -> Option<Self> {
        let ids = rows.ids.filter(|ids| !ids.are_positions())?;
        let order = ids.order();
        let mut doubles = Self { count: 0, first: Vec::new(), rows: Vec::new() };
        for run in order.chunk_by(|&a, &b| ids.text(a as usize) == ids.text(b as usize)) {
            if run.len() > 1 {
                doubles.rows.extend(run.iter().map(|&row| (row, doubles.count as u32)));
                doubles.first.push(run[0]);
                doubles.count += 1;
            }
        }
        doubles.rows.sort_unstable();
        (doubles.count > 0).then_some(doubles)
    }

    fn of_row(&self, row: u32) -> Option<u32> {
        self.rows.binary_search_by_key(&row, |pair| pair.0).ok().map(|place| self.rows[place].1)
    }
}

#[cfg(test)]
mod tests {
    use consort_core::Ids;

    use super::*;

    fn one_fold(train: &[u32], valid: &[u32], test: &[u32]) -> [Fold; 1] {
        [Fold { train: train.into(), valid: valid.into(), test: test.into(), ..Fold::default() }]
    }

    #[test]
    fn each_kind_of_leak_is_found_with_its_count_and_its_first() {
        let (groups, time) = ([9, 9, 4, 4, 7], [0.0, 1.0, 2.0, 3.0, 4.0]);
        let ids = Ids::from_texts(["a", "b", "a", "c", "d"]);
        let rows = RowInfo { rows: 5, groups: Some(&groups), time: Some(&time), ids: Some(&ids), target: None };
        let found = leaks(&one_fold(&[0, 3], &[4], &[1, 2, 3]), &rows).unwrap();
        let what: Vec<_> = found.iter().map(|leak| (leak.from, leak.into, leak.what.clone())).collect();
        assert_eq!(
            what,
            [
                (Part::Train, Part::Test, Leaked::Rows { count: 1, first: 3 }),
                (Part::Train, Part::Test, Leaked::Ids { count: 1, first: "a".into() }),
                (Part::Train, Part::Test, Leaked::Groups { count: 2, first: 4 }),
                (Part::Train, Part::Test, Leaked::Future { count: 1, first: 3 }),
                (Part::Valid, Part::Test, Leaked::Future { count: 1, first: 4 }),
            ]
        );
        assert!(leaks(&one_fold(&[0, 1], &[2], &[4]), &RowInfo { ids: None, ..rows }).unwrap().is_empty());
    }

    #[test]
    fn a_split_of_another_table_is_an_error() {
        let rows = RowInfo { rows: 2, ..RowInfo::default() };
        assert!(leaks(&one_fold(&[0], &[], &[2]), &rows).is_err());
    }
}
