//! Runs: every fit a file of its own, so that what was stopped goes on where it was; and bundles, which predict.

mod bundle;
mod change;
mod data_hash;
mod fit_note;
mod folder;
mod parts;
mod roll;
mod sealed;

pub use bundle::Bundle;
pub use change::RunChange;
pub use data_hash::data_hash;
pub use fit_note::{FitNote, NotedRun};
pub use folder::RunFolder;
pub use roll::{Origin, Roll, RollEntry, file_checksum};
pub use sealed::{read_sealed, write_sealed};
