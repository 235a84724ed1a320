//! What is wrong with an ensemble, as far as predictions show it: findings with evidence and advice.
//!
//! [`diagnose`] runs every check of [`checks`] over a [`Case`]. A check that lacks what it needs says so instead of
//! passing. Each is one file, named by the fault that it looks for.

mod calibration;
mod case;
mod check;
mod duplicates;
mod finding;
mod fold_shift;
mod harmful_member;
mod imbalance;
mod leakage;
mod never_predicted;
mod overfit_members;
mod overfit_weights;
#[cfg(test)]
mod planted;
mod row_loss;
mod time_order;
mod too_few_rows;
mod worse_than_blind;

pub use calibration::PoorCalibration;
pub use case::Case;
pub use check::{Check, Examined, checks, diagnose};
pub use duplicates::Duplicates;
pub use finding::{Diagnosis, Finding, Severity};
pub use fold_shift::FoldShift;
pub use harmful_member::HarmfulMember;
pub use imbalance::HiddenImbalance;
pub use leakage::Leakage;
pub use never_predicted::NeverPredicted;
pub use overfit_members::OverfitMembers;
pub use overfit_weights::OverfitWeights;
pub use time_order::TimeOrder;
pub use too_few_rows::TooFewRows;
pub use worse_than_blind::WorseThanBlind;
