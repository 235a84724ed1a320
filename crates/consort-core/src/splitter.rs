use std::fmt::Debug;

use crate::{Ids, Result, Seed, Target, Warning};

/// What a splitter may know of the rows. Everything is parallel to the rows.
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
#[derive(Debug, Clone, Default)]
pub struct Split {
    /// The folds, by repeat and then by number.
    pub folds: Vec<Fold>,
    /// What is odd about them, such as a class with fewer rows than folds.
    pub warnings: Vec<Warning>,
}

/// Says which rows each fit sees. Serde round-trips it.
#[typetag::serde(tag = "splitter")]
pub trait Splitter: Debug + Send + Sync {
    /// The folds of these rows.
    ///
    /// # Errors
    /// If a parameter is out of range, something it needs (target, groups, time) is absent, or there are too few
    /// rows; the message says how many are needed.
    fn split(&self, rows: &RowInfo<'_>, seed: Seed) -> Result<Split>;
}
