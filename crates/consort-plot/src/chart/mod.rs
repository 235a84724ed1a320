//! The charts: one file each, with the data that it shows and how it is drawn.

mod cloud;
mod clustering;
mod confusion;
mod curve;
mod ensemble_size;
mod likeness;
mod member_scores;
mod precision_recall;
mod reliability;
mod roc;
mod score_path;
mod verdict;
mod weight_path;
mod weights;
mod who_is_right;

pub use cloud::{Cloud, PredictedTrue, Residuals, TrendBin};
pub use clustering::cluster_order;
pub use confusion::Confusion;
pub use curve::{Curve, thin};
pub use ensemble_size::{EnsembleSize, SizeScore};
pub use likeness::{Likeness, LikenessMeasure};
pub use member_scores::{MemberScores, NamedScore};
pub use precision_recall::{PrecisionRecall, steps};
pub use reliability::{Reliability, ReliabilityBin, ReliabilityCurve};
pub use roc::Roc;
pub use score_path::{ScorePath, ScoreRound};
pub use verdict::{Gain, Gains};
pub use weight_path::WeightPath;
pub use weights::{MemberWeight, Weights};
pub use who_is_right::{RightSet, WhoIsRight};
