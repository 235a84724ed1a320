//! Encoders: features made fit for a learner, fitted on the rows of one fit alone.
//!
//! Columns are known by name: at predict time their order may be another and there may be more of them; one that is
//! missing, or of another kind, is an error that names it.

mod chain;
mod encoded;
mod feature;
mod impute;
mod level_weights;
mod one_hot;
mod ordinal;
mod per_feature;
mod quantile;
mod scale;
mod suited;
mod table_encoder;
mod target_encoding;
mod training_part;

pub use chain::Chain;
pub use encoded::Encoded;
pub use impute::{Fill, Impute};
pub use one_hot::{MissingLevel, OneHot, Unseen};
pub use ordinal::{LevelOrder, Ordinal};
pub(crate) use per_feature::make_unique;
pub use scale::{Scale, ScaleTo};
pub use suited::suited;
pub use table_encoder::TableEncoder;
pub(crate) use table_encoder::has_categories;
pub use target_encoding::TargetEncoding;
pub(crate) use training_part::TrainingPart;
