use consort_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// How many of the members count as outlying at each end.
///
/// ```
/// use consort_fusion::rule::Trim;
/// assert_eq!(Trim::Share(0.2).count(9)?, 1); // rounded down
/// assert_eq!(Trim::Count(2).count(9)?, 2);
/// assert!(Trim::Count(2).count(4).is_err()); // nobody would be left
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trim {
    /// A share of the members, in [0, 0.5), rounded down to whole members.
    Share(f64),
    /// So many members.
    Count(usize),
}

impl Default for Trim {
    /// A tenth of the members.
    fn default() -> Self {
        Trim::Share(0.1)
    }
}

impl Trim {
    /// How many of `members` it is.
    ///
    /// # Errors
    /// [`Error::Parameter`] if the share is out of range, or nobody would be left.
    pub fn count(self, members: usize) -> Result<usize> {
        match self {
            Trim::Share(share) if !(0.0..0.5).contains(&share) => {
                Err(Error::parameter("share", share, "at least 0 and less than 0.5"))
            }
            Trim::Count(count) if count >= members.div_ceil(2) => {
                let expected = format!("less than half of the {members} members");
                Err(Error::parameter("count", count, expected))
            }
            _ => Ok(self.held(members)),
        }
    }

    /// The same for rows that some members lack: somebody is always left.
    pub(super) fn held(self, members: usize) -> usize {
        let count = match self {
            // 0.1 · 30 is 3, though it is less in floating point.
            Trim::Share(share) => (share * members as f64 + 1e-9) as usize,
            Trim::Count(count) => count,
        };
        count.min(members.saturating_sub(1) / 2)
    }
}

impl std::fmt::Display for Trim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Trim::Share(share) => write!(f, "{share:?}"),
            Trim::Count(count) => write!(f, "{count}"),
        }
    }
}
