//! From samples to what a network is given: scaled numbers, filled holes, level numbers, scaled targets.

mod answers;
mod augment;
mod intake;
mod lesson;
mod numbers;
mod scale;
mod training_rows;

pub(crate) use answers::Head;
pub use augment::Augment;
#[cfg(feature = "onnx")]
pub(crate) use intake::other_shape;
pub(crate) use intake::{Intake, Table};
pub(crate) use lesson::{Answers, Batch, Lesson};
pub use scale::Scale;
pub(crate) use training_rows::TrainingRows;
