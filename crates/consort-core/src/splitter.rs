use std::fmt::Debug;

use crate::{Ids, Result, Seed, Target, Warning};

/// What a splitter may know of the rows. Everything is parallel to the rows.
///
/// ```
/// use consort_core::RowInfo;
/// let rows = RowInfo { rows: 4, groups: Some(&[0, 0, 1, 1]), ..RowInfo::default() };
/// assert!(rows.target.is_none());
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct RowInfo<'a> {
    /// How many rows there are.
    pub rows: usize,
    /// What is predicted, for stratification.
    pub target: Option<&'a Target>,
    /// The number of each row's group; rows of one group stay together.
    pub groups: Option<&'a [u32]>,
    /// When each row happened; greater is later.
    pub time: Option<&'a [f64]>,
    /// The ids of the rows.
    pub ids: Option<&'a Ids>,
}

/// The rows of one fit: what it learns from and what it is asked about. Row numbers ascend.
///
/// ```
/// use consort_core::Fold;
/// let fold = Fold { train: vec![0, 2], test: vec![1, 3], ..Fold::default() };
/// assert!(fold.test.iter().all(|row| !fold.train.contains(row)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fold {
    /// Which repeat of the whole split this is, from 0.
    pub repeat: u32,
    /// Which fold of the repeat this is, from 0.
    pub fold: u32,
    /// The rows to learn from; a bootstrap names a row as often as it was drawn.
    pub train: Vec<u32>,
    /// The rows to stop early on, where the split has such.
    pub valid: Vec<u32>,
    /// The rows to predict, none of them in `train` or `valid`.
    pub test: Vec<u32>,
}

/// The folds, and what a person should know about them.
///
/// ```
/// use consort_core::{Fold, Split};
/// let split = Split { folds: vec![Fold { train: vec![0], test: vec![1], ..Fold::default() }], ..Split::default() };
/// assert!(split.warnings.is_empty());
/// ```
#[derive(Debug, Clone, Default)]
pub struct Split {
    /// The folds, by repeat and then by number.
    pub folds: Vec<Fold>,
    /// What is odd about them, such as a class with fewer rows than folds.
    pub warnings: Vec<Warning>,
}

/// Says which rows each fit sees. Serde round-trips it.
///
/// ```
/// use consort_core::{Fold, Result, RowInfo, Seed, Split, Splitter};
/// use serde::{Deserialize, Serialize};
///
/// /// The last row is the test.
/// #[derive(Debug, Clone, Serialize, Deserialize)]
/// struct LastRow;
///
/// #[typetag::serde]
/// impl Splitter for LastRow {
///     fn split(&self, rows: &RowInfo<'_>, _: Seed) -> Result<Split> {
///         let last = rows.rows as u32 - 1;
///         Ok(Split { folds: vec![Fold { train: (0..last).collect(), test: vec![last], ..Fold::default() }], ..Split::default() })
///     }
/// }
///
/// let split = LastRow.split(&RowInfo { rows: 3, ..RowInfo::default() }, Seed::new(0))?;
/// assert_eq!(split.folds[0].train, [0, 1]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[typetag::serde(tag = "splitter")]
pub trait Splitter: Debug + Send + Sync {
    /// The folds of these rows.
    ///
    /// # Errors
    /// If a parameter is out of range, something it needs (target, groups, time) is absent, or there are too few
    /// rows; the message says how many are needed.
    fn split(&self, rows: &RowInfo<'_>, seed: Seed) -> Result<Split>;

    /// Whether it has an answer for each row by its place, so that it must be told of rows of weight 0 too.
    fn is_given_row_by_row(&self) -> bool {
        false
    }
}
