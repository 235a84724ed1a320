//! Fusion of predictions: rules, weights, selection, stacking, calibration, the honest verdict on them, and the diagnosis
//! of what is wrong.

pub mod calibrate;
pub mod device;
pub mod diagnosis;
pub mod dynamic;
pub mod rule;
pub mod select;
pub mod stack;
pub mod verdict;
pub mod weights;

mod saved;

pub use saved::SavedFusion;

// The code of the book runs with the doc tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/diagnose.md")]
struct DiagnosePage;
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/your-own.md")]
struct YourOwnPage;
