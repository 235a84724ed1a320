use std::time::Duration;

use consort_core::{Matrix, Model, Result, Seed};

/// Which fit of an ensemble this is: its place in the tree of seeds, and the name of its files.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FitKey {
    /// The name of the member.
    pub member: String,
    /// The repeat, from 0.
    pub repeat: u32,
    /// The fold, from 0.
    pub fold: u32,
}

impl FitKey {
    /// The seed of the fit: hashed from its names, so that it depends on nothing else that is fitted.
    pub fn seed(&self, root: Seed) -> Seed {
        root.child("member").child(&self.member).nth("repeat", u64::from(self.repeat)).nth("fold", u64::from(self.fold))
    }
}

impl std::fmt::Display for FitKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (repeat {}, fold {})", self.member, self.repeat, self.fold)
    }
}

/// A fit that is done.
#[derive(Debug)]
pub struct Fit {
    /// Which one it is.
    pub key: FitKey,
    /// The fitted member.
    pub model: Box<dyn Model>,
    /// Its predictions of the fold's test rows, `[rows][columns]`, in the order of the fold.
    pub predictions: Matrix,
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
}
