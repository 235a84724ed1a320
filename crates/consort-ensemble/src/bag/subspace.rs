use std::collections::HashMap;

use consort_core::{Column, Dataset, Error, Features, FitContext, Result, Samples, Seed};
use serde::{Deserialize, Serialize};

use crate::{encode::TrainingPart, gather};

/// The features that a member sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Subspace {
    /// All of them.
    All,
    /// Columns, by name.
    Columns(Vec<String>),
    /// Places in the rows of a dense block, ascending.
    Dense(Vec<u32>),
}

impl Subspace {
    /// A share of the features, drawn without replacement.
    pub(super) fn draw(share: f64, features: &Features, seed: Seed) -> Self {
        let width = match features {
            Features::Columns(columns) => columns.len(),
            Features::Dense { shape, .. } => shape.iter().product(),
        };
        let own = ((share * width as f64).round() as usize).clamp(1, width);
        if own == width {
            return Subspace::All;
        }
        let mut places: Vec<u32> = (0..width as u32).collect();
        seed.stream().shuffle(&mut places);
        places.truncate(own);
        places.sort_unstable();
        match features {
            Features::Columns(columns) => {
                Subspace::Columns(places.iter().map(|&f| columns[f as usize].name().to_owned()).collect())
            }
            Features::Dense { .. } => Subspace::Dense(places),
        }
    }

    /// The rows with these features alone, copied; `None` where they are all.
    ///
    /// # Errors
    /// [`Error::UnknownName`] naming a feature that is not there.
    pub(super) fn of(&self, rows: &Samples<'_>) -> Result<Option<Dataset>> {
        match (self, rows.dataset().features()) {
            (Subspace::All, _) => Ok(None),
            (Subspace::Columns(names), Features::Columns(columns)) => {
                let index: HashMap<&str, &Column> = columns.iter().map(|column| (column.name(), column)).collect();
                let pick = |name: &String| match index.get(name.as_str()) {
                    Some(column) => Ok(gather::column(column, rows)),
                    None => Err(missing(name.clone(), format!("there are {} columns", columns.len()))),
                };
                Dataset::new(Features::Columns(names.iter().map(pick).collect::<Result<_>>()?)).map(Some)
            }
            (Subspace::Dense(places), Features::Dense { values, shape }) => {
                let width: usize = shape.iter().product();
                if let Some(&place) = places.iter().find(|place| **place as usize >= width) {
                    return Err(missing(place.to_string(), format!("a row has {width} numbers")));
                }
                let own = |i: usize| places.iter().map(move |&f| values[rows.row(i) * width + f as usize]);
                let values = (0..rows.len()).flat_map(own).collect();
                Dataset::new(Features::Dense { values, shape: vec![places.len()] }).map(Some)
            }
            (_, other) => {
                let got = if matches!(other, Features::Columns(_)) { "columns" } else { "a dense block" };
                Err(Error::Unsupported {
                    by: "a bag".into(),
                    what: format!("features in {got}"),
                    hint: "give features of the kind that it was fitted on".into(),
                })
            }
        }
    }

    /// As [`of`](Self::of), with the target and all else that a fit reads.
    pub(super) fn to_learn(&self, rows: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Option<Dataset>> {
        match self.of(rows)? {
            None => Ok(None),
            Some(features) => TrainingPart::new(rows, ctx)?.rows.dress(features).map(Some),
        }
    }
}

fn missing(name: String, known: String) -> Error {
    Error::UnknownName { what: "feature", name, known }
}
