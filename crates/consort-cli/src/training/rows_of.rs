use std::path::Path;

use consort::{
    core::{Dataset, Outputs},
    data::table::{self, Schema},
};
use serde::{Deserialize, Serialize};

use super::pictures::Pictures;
use crate::{failure::Result, session::Session};

/// How a path becomes rows: what is learnt from the training rows, and kept with a run and its bundle.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum RowsOf {
    /// The columns of a table.
    Table(Box<Schema>),
    /// Pictures.
    Pictures(Pictures),
}

impl RowsOf {
    /// What is predicted.
    pub(crate) fn outputs(&self) -> Outputs {
        match self {
            RowsOf::Table(schema) => schema.outputs(),
            RowsOf::Pictures(pictures) => pictures.outputs(),
        }
    }

    /// The name of the column of ids.
    pub(crate) fn id(&self) -> &str {
        match self {
            RowsOf::Table(schema) => schema.roles().id.as_deref().unwrap_or("id"),
            RowsOf::Pictures(_) => "id",
        }
    }

    /// The size of pictures, as `--size` takes it; none where they have but one.
    pub(crate) fn size(&self) -> Option<String> {
        match self {
            RowsOf::Table(_) => None,
            RowsOf::Pictures(pictures) => pictures.size(),
        }
    }

    /// The rows that it was learnt from, and the labels of their folds where a column has them.
    pub(crate) fn again(&self, session: &mut Session, path: &Path) -> Result<(Dataset, Option<Vec<String>>)> {
        match self {
            RowsOf::Table(schema) => {
                let applied = schema.apply(&table::read(path)?, true)?;
                applied.warnings.iter().for_each(|warning| session.warn(warning.clone()));
                Ok((applied.dataset, applied.folds))
            }
            RowsOf::Pictures(pictures) => Ok((pictures.again(session, path)?, None)),
        }
    }

    /// New rows, like those that were learnt from.
    pub(crate) fn read(&self, session: &mut Session, path: &Path, with_target: bool) -> Result<Dataset> {
        match self {
            RowsOf::Table(schema) => {
                session.doing("reading the table");
                let applied = schema.apply(&table::read(path)?, with_target)?;
                applied.warnings.iter().for_each(|warning| session.warn(warning.clone()));
                Ok(applied.dataset)
            }
            RowsOf::Pictures(pictures) => {
                session.doing("reading the pictures");
                pictures.read(session, path, with_target)
            }
        }
    }
}
