//! The words of model ensembling.
//!
//! An ensemble is *resampling × learners × fusion*, and between them stand **predictions**, kept. This crate
//! has the words for that and nothing that is heavy: no data frame, no deep-learning framework, no linear algebra.
//!
//! | room | what it holds |
//! |---|---|
//! | [`Classes`], [`Outputs`], [`Task`] | what is predicted |
//! | [`Ids`], [`Matrix`], [`Predictions`] | the members' predictions, aligned by row id and class |
//! | [`Target`], [`Truth`], [`Estimates`], [`Score`] | what a metric reads and gives |
//! | [`Dataset`], [`Samples`], [`PresentRows`] | what a learner reads |
//! | [`Encoder`], [`Encoding`], [`Learner`], [`Model`], [`Fuser`], [`Fusion`], [`Splitter`], [`Metric`] | the traits that others implement |
//! | [`Seed`], [`Stream`] | randomness that depends on names and on nothing else |
//! | [`publish`] | files that are seen whole or not at all |
//! | [`blocks`] | loops over rows whose result does not depend on the number of threads |
//! | `check` | the common suite that runs every contract over any implementation (feature `check`) |

pub mod blocks;
#[cfg(feature = "check")]
pub mod check;
mod checkpoints;
mod choice;
pub mod class_factors;
mod classes;
mod coverage;
mod dataset;
mod encoder;
mod error;
mod estimates;
mod fusion;
mod huge_pages;
mod ids;
mod learner;
mod matrix;
mod metric;
mod outputs;
mod predictions;
mod present_rows;
mod publish;
mod score;
mod seed;
mod splitter;
mod stored_rows;
mod target;
mod truth_part;
mod warning;

pub use checkpoints::Checkpoints;
pub use classes::Classes;
pub use coverage::comparable;
pub use dataset::{Column, Dataset, Features, Samples};
pub use encoder::{Encoder, Encoding};
pub use error::{Error, Result};
pub use estimates::{Estimates, Real, Values};
pub use fusion::{Fuser, Fusion};
pub use ids::{IdIndex, Ids};
pub use learner::{Cancel, FitContext, Learner, LossHistory, Model, Progress, Silent, Takes};
pub use matrix::Matrix;
pub use metric::{Accumulator, Direction, Metric, Reads};
pub use outputs::{Outputs, Task};
pub use predictions::{Gives, Member, Missing, Predictions, PredictionsBuilder};
pub use present_rows::PresentRows;
pub use publish::{publish, sweep};
pub use score::Score;
pub use seed::{Seed, Stream};
pub use splitter::{Fold, RowInfo, Split, Splitter};
pub use stored_rows::StoredRows;
pub use target::{Target, Truth};
pub use truth_part::TruthPart;
pub use warning::Warning;
