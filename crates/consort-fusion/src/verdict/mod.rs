//! What an ensemble gains over its best member, estimated honestly.

mod best_member;
mod honest;
mod judge;
mod partitions;
mod words;

pub use best_member::{BestMember, ChosenPredictions};
pub use honest::{FoldScore, HonestScore, out_of_fold};
pub(crate) use honest::{answers_of_folds, parts, scores_of_folds};
pub use judge::{Conclusion, Judgement, Verdict, judge};
pub use partitions::{NestedSplit, Partitions};
