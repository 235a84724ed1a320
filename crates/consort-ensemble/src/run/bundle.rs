use std::path::Path;

use consort_core::{Matrix, Outputs, Result, Samples};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{read_sealed, write_sealed};
use crate::stack::StackedModel;
use consort_core::Model;

/// All that prediction needs, in one file: the fitted ensemble, what it predicts, and what must be known to read a table
/// (`schema`, which this crate does not look into).
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// What is predicted.
    pub outputs: Outputs,
    /// How a table becomes a data set.
    pub schema: serde_json::Value,
    /// What predicts.
    pub model: StackedModel,
}

impl Bundle {
    /// Writes it, with a checksum and the number of its format.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        write_sealed(path, "bundle", self)
    }

    /// Reads it.
    ///
    /// # Errors
    /// If it is damaged, of a newer format, or no bundle.
    pub fn load(path: &Path) -> Result<Self> {
        read_sealed(path, "bundle")
    }

    /// How a table becomes a data set, as its own type.
    ///
    /// # Errors
    /// If it is of another type.
    pub fn schema<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_value(self.schema.clone()).map_err(consort_core::Error::custom)
    }

    /// The ensemble's predictions, `[samples][outputs]`.
    ///
    /// # Errors
    /// Those of the models.
    pub fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        self.model.predict(rows)
    }
}
