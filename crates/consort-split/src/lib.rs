//! Splitters: which rows each fit sees.
//!
//! | splitter | use it when |
//! |---|---|
//! | [`TrainValidTest`] | there are rows enough for one honest test |
//! | [`KFold`], [`StratifiedKFold`] | rows are independent; classes are rare or the target is skewed |
//! | [`GroupKFold`], [`StratifiedGroupKFold`], [`LeaveOneGroupOut`], [`LeavePGroupsOut`] | rows of one patient, user or site are alike |
//! | [`ExpandingWindow`], [`SlidingWindow`] | the model will be asked about the future |
//! | [`PurgedKFold`], [`CombinatorialPurged`] | labels look ahead over a horizon |
//! | [`ShuffleSplit`], [`Bootstrap`], [`LeaveOneOut`] | many draws, out-of-bag estimates, tiny data |
//! | [`Repeated`], [`WithValid`] | any of these several times, or with rows for early stopping |
//! | [`Predefined`] | the folds stand in a column |
//!
//! [`Draw`] says which rows each member of a bag or a forest sees, and a [`Drawer`] draws them.
//!
//! [`Plan`] chooses one from the columns at hand, and [`leaks`] finds what a split gives away. consort-data reads those
//! columns from a data frame, saves folds and reads them back.
//!
//! **Order.** A shuffled splitter first puts the rows in the order of their ids, so that permuting the rows of a
//! file changes the fold of no id. Rows without ids, and splitters without shuffle, go by the order of the rows.
//!
//! **Repeats.** Within one repeat no row is tested twice. Splitters whose tests overlap (draws, combinations) give
//! each split a repeat of its own.

pub mod assignment;
mod bag;
mod bootstrap;
mod by;
mod combinatorial_purged;
mod draw;
mod expanding_window;
mod group_kfold;
mod groups;
mod kfold;
mod known_rows;
mod leaks;
mod leave_one_group_out;
mod leave_one_out;
mod leave_p_groups_out;
mod plan;
mod predefined;
mod purged_kfold;
mod purging;
mod repeated;
mod rows;
mod shuffle_split;
mod size;
mod sliding_window;
mod steps;
mod strata;
mod stratified_group_kfold;
mod stratified_kfold;
mod train_valid_test;
mod usual_folds;
mod with_valid;

pub use bag::{Draw, Drawer};
pub use bootstrap::Bootstrap;
pub use by::By;
pub use combinatorial_purged::CombinatorialPurged;
pub use expanding_window::ExpandingWindow;
pub use group_kfold::GroupKFold;
pub use kfold::KFold;
pub use known_rows::KnownRows;
pub use leaks::{Leak, Leaked, Part, leaks, shared};
pub use leave_one_group_out::LeaveOneGroupOut;
pub use leave_one_out::LeaveOneOut;
pub use leave_p_groups_out::LeavePGroupsOut;
pub use plan::Plan;
pub use predefined::Predefined;
pub use purged_kfold::PurgedKFold;
pub use repeated::Repeated;
pub use shuffle_split::ShuffleSplit;
pub use size::Size;
pub use sliding_window::SlidingWindow;
pub use stratified_group_kfold::StratifiedGroupKFold;
pub use stratified_kfold::StratifiedKFold;
pub use train_valid_test::TrainValidTest;
pub use with_valid::WithValid;
