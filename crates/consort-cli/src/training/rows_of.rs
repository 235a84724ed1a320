use std::path::Path;

use consort::{
    core::{Dataset, Outputs},
    data::{
        files::Source,
        table::{self, Schema, Table},
    },
};
use serde::{Deserialize, Serialize};

use super::pictures::Pictures;
use crate::{
    failure::{Failure, Result},
    session::Session,
};

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
    pub(crate) fn again(&self, session: &mut Session, path: &Path) -> Result<Prepared> {
        match self {
            RowsOf::Table(schema) => Prepared::of_table(session, schema, &table_like(schema, path)?, true),
            RowsOf::Pictures(pictures) => Ok(Prepared { data: pictures.again(session, path)?, labels: None }),
        }
    }

    /// New rows, like those that were learnt from.
    pub(crate) fn read(&self, session: &mut Session, path: &Path, with_target: bool) -> Result<Dataset> {
        match self {
            RowsOf::Table(schema) => {
                session.doing("reading the table");
                Ok(Prepared::of_table(session, schema, &table_like(schema, path)?, with_target)?.data)
            }
            RowsOf::Pictures(pictures) => {
                session.doing("reading the pictures");
                pictures.read(session, path, with_target)
            }
        }
    }
}

/// A table, in which that is missing which was so in the training table.
fn table_like(schema: &Schema, path: &Path) -> Result<Table> {
    Ok(table::read_with(&Source::stem(path), schema.missing_values())?)
}

/// A data set, and the labels of its folds where a column has them.
pub(crate) struct Prepared {
    pub(crate) data: Dataset,
    pub(crate) labels: Option<Vec<String>>,
}

impl Prepared {
    /// Of a table; what a person should know is said.
    pub(crate) fn of_table(session: &mut Session, schema: &Schema, table: &Table, with_target: bool) -> Result<Self> {
        let applied = schema.apply(table, with_target)?;
        applied.warnings.into_iter().for_each(|warning| session.warn(warning));
        if let Some(name) = &schema.roles().weight
            && let Some(weights) = applied.dataset.weights()
            && weights.iter().all(|weight| *weight == 0.0)
        {
            return Err(Failure::usage(format!(
                "{}: every weight in column `{name}` is 0, so that no row counts: mend it, or leave --weight out",
                table.file()
            )));
        }
        Ok(Self { data: applied.dataset, labels: applied.folds })
    }
}
