use std::path::Path;

use consort::core::{Classes, Outputs};
use serde::{Deserialize, Serialize};

/// How pictures become rows: what a run of pictures keeps in the place of a schema.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pictures {
    pub(super) pictures: Kind,
    /// Channels, height, width.
    pub(super) shape: [usize; 3],
    pub(super) classes: Classes,
}

/// Where the pictures are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// In an IDX file, the labels in another.
    Idx,
    /// In files, in a folder for each class.
    Folder,
}

/// What the rows of pictures are called.
pub(crate) const CLASS: &str = "class";

/// Whether a path is one of pictures and not of a table: a folder, or an IDX file.
pub(crate) fn are_pictures(path: &Path) -> bool {
    path.is_dir() || is_idx(path)
}

/// Whether a file is called like one of those that MNIST came in.
pub(super) fn is_idx(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    name.ends_with("-ubyte") || name.ends_with(".idx") || name.contains("idx3") || name.contains("idx4")
}

impl Pictures {
    /// What is predicted.
    pub(crate) fn outputs(&self) -> Outputs {
        Outputs::Classes(self.classes.clone())
    }

    /// Their size, as `--size` takes it; those of an IDX file have but one.
    pub(crate) fn size(&self) -> Option<String> {
        let [_, height, width] = self.shape;
        (self.pictures == Kind::Folder).then(|| format!("{height}x{width}"))
    }
}
