use consort_core::Result;
use serde::{Deserialize, Serialize};

use crate::bins::BinParams;

/// How finely numbers can be parted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// In bins, made once for a data set and shared by all trees on it: fast on data of any size.
    Binned(BinParams),
    /// Between any two values, halfway: for small data, and where equality with other programs counts.
    Exact,
}

impl Default for Resolution {
    fn default() -> Self {
        Resolution::Binned(BinParams::default())
    }
}

impl Resolution {
    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`](consort_core::Error::Parameter).
    ///
    /// ```
    /// use consort_trees::{bins::BinParams, decision_tree::Resolution};
    /// assert!(Resolution::Exact.check().is_ok());
    /// assert!(Resolution::Binned(BinParams { bins: 1, ..BinParams::default() }).check().is_err());
    /// ```
    pub fn check(&self) -> Result<()> {
        match self {
            Resolution::Binned(params) => params.check(),
            Resolution::Exact => Ok(()),
        }
    }
}
