use std::collections::HashMap;

use consort_core::{Column, Dataset, Error, Features, Result};
use serde::{Deserialize, Serialize};

/// The features that a model was fitted on, by name and in its order.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Schema {
    names: Vec<String>,
}

/// Where the numbers of some features are.
#[derive(Debug, Clone)]
pub(crate) enum Source<'a> {
    /// Column after column.
    Columns(Vec<&'a [f32]>),
    /// Row after row.
    Block { values: &'a [f32], width: usize },
}

impl Source<'_> {
    pub(crate) fn width(&self) -> usize {
        match self {
            Source::Columns(columns) => columns.len(),
            Source::Block { width, .. } => *width,
        }
    }
}

impl Schema {
    /// The features of a data set; those of a dense block are named by their place, from 0.
    pub(crate) fn of(dataset: &Dataset) -> Self {
        let names = match dataset.features() {
            Features::Columns(columns) => columns.iter().map(|column| column.name().to_owned()).collect(),
            Features::Dense { shape, .. } => (0..shape.iter().product()).map(|f: usize| f.to_string()).collect(),
        };
        Self { names }
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// Where a data set has these features, in their order. Columns are looked up by name; others are not read.
    ///
    /// # Errors
    /// [`Error::UnknownName`] for a column that is not there, [`Error::Unsupported`] for one that holds categories,
    /// [`Error::Length`] for a block of another width. `by` is the model that asks.
    pub(crate) fn find<'a>(&self, by: &str, dataset: &'a Dataset) -> Result<Source<'a>> {
        match dataset.features() {
            Features::Columns(columns) => {
                let mut places: Option<HashMap<&str, usize>> = None;
                let mut found = Vec::with_capacity(self.len());
                for (f, name) in self.names.iter().enumerate() {
                    // The same place is the usual case.
                    let place = if columns.get(f).is_some_and(|column| column.name() == name) {
                        Some(f)
                    } else {
                        let places = places
                            .get_or_insert_with(|| columns.iter().enumerate().map(|(i, c)| (c.name(), i)).collect());
                        places.get(name.as_str()).copied()
                    };
                    match place.map(|place| &columns[place]) {
                        Some(Column::Numeric { values, .. }) => found.push(values.as_slice()),
                        Some(Column::Categorical { name, .. }) => {
                            return Err(Error::Unsupported {
                                by: by.into(),
                                what: format!("categories, which column `{name}` holds"),
                                hint: "encode them as numbers first, such as one-hot".into(),
                            });
                        }
                        None => {
                            return Err(Error::UnknownName {
                                what: "feature",
                                name: name.clone(),
                                known: "the model was fitted with it, and the data set does not have it".into(),
                            });
                        }
                    }
                }
                Ok(Source::Columns(found))
            }
            Features::Dense { values, shape } => {
                if self.names.is_empty() {
                    return Ok(Source::Columns(Vec::new()));
                }
                let width: usize = shape.iter().product();
                if width == self.len() {
                    return Ok(Source::Block { values, width });
                }
                Err(Error::Length {
                    what: "the data set".into(),
                    got: width,
                    expected: self.len(),
                    unit: "features",
                    hint: "give the features that the model was fitted with".into(),
                })
            }
        }
    }
}
