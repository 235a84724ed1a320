//! How sure an ensemble is, and why not.
//!
//! [`Uncertainty::of`] reads the members' probabilities once and says, row by row: how unsure the mean is (predictive
//! entropy), how unsure the members are (expected entropy), and how much they contradict each other (mutual information,
//! variation ratio, disagreement).

mod row_uncertainty;

pub use row_uncertainty::{Uncertainty, UncertaintyMeans};
