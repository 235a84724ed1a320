use std::time::Duration;

use consort_core::{Checkpoints, Matrix, Model, Result, Seed};
use serde::{Deserialize, Serialize};

/// Which fit of an ensemble this is: its place in the tree of seeds, and the name of its files.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FitKey {
    /// The layer, from 0.
    pub layer: u32,
    /// The name of the member.
    pub member: String,
    /// The rows that it learns from.
    pub part: Part,
}

/// The rows that a fit learns from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Those of one fold.
    Fold {
        /// The repeat, from 0.
        repeat: u32,
        /// The fold, from 0.
        fold: u32,
    },
    /// All of them.
    All,
}

impl FitKey {
    /// The seed of the fit: hashed from its names, so that it depends on nothing else that is fitted.
    pub fn seed(&self, root: Seed) -> Seed {
        let member = root.nth("layer", u64::from(self.layer)).child("member").child(&self.member);
        match self.part {
            Part::Fold { repeat, fold } => member.nth("repeat", u64::from(repeat)).nth("fold", u64::from(fold)),
            Part::All => member.child("all"),
        }
    }
}

impl std::fmt::Display for FitKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.part {
            Part::Fold { repeat, fold } => write!(f, "{} (repeat {repeat}, fold {fold})", self.member),
            Part::All => write!(f, "{} (all rows)", self.member),
        }
    }
}

/// A fit that is done.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fit {
    /// Which one it is.
    pub key: FitKey,
    /// The fitted member.
    pub model: Box<dyn Model>,
    /// Its predictions of the fold's test rows, `[rows][columns]`, in the order of the fold; none for a fit on all rows.
    pub predictions: Option<Matrix>,
    /// How long it took to fit.
    pub fit_time: Duration,
    /// How long it took to predict the test rows.
    pub predict_time: Duration,
}

/// Where fits are kept as they are done, so that a run that was stopped goes on where it was.
pub trait Store: Sync {
    /// The fit, if it was kept before.
    ///
    /// # Errors
    /// If what was kept is damaged.
    fn load(&self, key: &FitKey) -> Result<Option<Fit>>;

    /// Keeps a fit.
    ///
    /// # Errors
    /// If it cannot be written.
    fn save(&self, fit: &Fit) -> Result<()>;

    /// Where a fit that takes long keeps how far it is; nowhere, unless the store has a place for it.
    fn checkpoints(&self, _key: &FitKey) -> Option<Box<dyn Checkpoints + '_>> {
        None
    }
}
