use std::collections::HashMap;

use consort_core::{Column, Error, Features, Result, Samples};

use super::Feature;

/// One feature of the rows to be predicted, as trees ask for it.
pub(crate) struct View<'a> {
    source: Source<'a>,
    zero_is_missing: bool,
    /// For each row of the data set, the row whose value it takes; `None` for its own.
    from: Option<&'a [u32]>,
}

enum Source<'a> {
    Numbers(&'a [f32]),
    Dense {
        values: &'a [f32],
        width: usize,
        feature: usize,
    },
    /// The code that trees know each level of the column by, as a number.
    Levels {
        codes: &'a [u32],
        known: Vec<f32>,
    },
}

/// The columns of a data set that a model asks for, in its order.
pub(crate) fn views<'a>(features: &[Feature], rows: &Samples<'a>) -> Result<Vec<View<'a>>> {
    match rows.dataset().features() {
        Features::Columns(columns) => {
            // The same place is the usual case; else names are looked up.
            let mut places: Option<HashMap<&str, usize>> = None;
            let mut find = |f: usize, name: &str| {
                if columns.get(f).is_some_and(|column| column.name() == name) {
                    return Some(f);
                }
                let places =
                    places.get_or_insert_with(|| columns.iter().enumerate().map(|(i, c)| (c.name(), i)).collect());
                places.get(name).copied()
            };
            features
                .iter()
                .enumerate()
                .map(|(f, feature)| {
                    let place = find(f, feature.name()).ok_or_else(|| Error::UnknownName {
                        what: "feature",
                        name: feature.name().into(),
                        known: "the model was fitted with it, and the data set does not have it".into(),
                    })?;
                    View::new(&columns[place], feature)
                })
                .collect()
        }
        Features::Dense { values, shape } => {
            let width: usize = shape.iter().product();
            if width != features.len() {
                return Err(Error::Length {
                    what: "the data set".into(),
                    got: width,
                    expected: features.len(),
                    unit: "features",
                    hint: "give the features that the model was fitted with".into(),
                });
            }
            if let Some(feature) = features.iter().find(|feature| matches!(feature, Feature::Categorical { .. })) {
                return Err(other_kind(feature.name()));
            }
            Ok(features
                .iter()
                .enumerate()
                .map(|(f, feature)| View::of(Source::Dense { values, width, feature: f }, feature))
                .collect())
        }
    }
}

fn other_kind(name: &str) -> Error {
    Error::Unsupported {
        by: "the model".into(),
        what: format!("the kind of column `{name}`"),
        hint: "it was a number when the model was fitted, and is a category now, or the reverse".into(),
    }
}

/// Up to here a number is 0 to a feature whose zeros are missing, as in LightGBM.
const ZERO: f32 = 1e-35;

impl<'a> View<'a> {
    fn of(source: Source<'a>, feature: &Feature) -> Self {
        Self { source, zero_is_missing: matches!(feature, Feature::Sparse { .. }), from: None }
    }

    /// The same with the values moved: row `i` of the data set takes the value of row `from[i]`.
    pub(crate) fn moved(mut self, from: &'a [u32]) -> Self {
        self.from = Some(from);
        self
    }

    /// The value of a row of the data set.
    fn at(&self, row: usize) -> f32 {
        match &self.source {
            Source::Numbers(values) => values[row],
            Source::Dense { values, width, feature } => values[row * width + feature],
            Source::Levels { codes, known } => known.get(codes[row] as usize).copied().unwrap_or(f32::NAN),
        }
    }

    fn new(column: &'a Column, feature: &Feature) -> Result<Self> {
        match (column, feature) {
            (Column::Numeric { values, .. }, Feature::Numeric { .. } | Feature::Sparse { .. }) => {
                Ok(Self::of(Source::Numbers(values), feature))
            }
            (Column::Categorical { codes, levels, .. }, Feature::Categorical { levels: known, others, .. }) => {
                let places: HashMap<&str, usize> =
                    known.iter().enumerate().map(|(code, level)| (level.as_str(), code)).collect();
                let other = if *others { known.len() as f32 } else { f32::NAN };
                let known =
                    levels.iter().map(|level| places.get(level.as_str()).map_or(other, |&code| code as f32)).collect();
                Ok(Self::of(Source::Levels { codes, known }, feature))
            }
            (column, _) => Err(other_kind(column.name())),
        }
    }

    /// The values of the samples from `start` on, as many as `out` has room for.
    pub(crate) fn gather(&self, rows: &Samples<'_>, start: usize, out: &mut [f32]) {
        match (&self.source, rows.row_numbers(), self.from) {
            (_, _, Some(from)) => {
                out.iter_mut().enumerate().for_each(|(i, to)| *to = self.at(from[rows.row(start + i)] as usize));
            }
            (Source::Numbers(values), None, None) => out.copy_from_slice(&values[start..start + out.len()]),
            (Source::Numbers(values), Some(numbers), None) => {
                out.iter_mut().zip(&numbers[start..]).for_each(|(to, &row)| *to = values[row as usize]);
            }
            _ => out.iter_mut().enumerate().for_each(|(i, to)| *to = self.at(rows.row(start + i))),
        }
        if self.zero_is_missing {
            out.iter_mut().filter(|x| x.abs() <= ZERO).for_each(|x| *x = f32::NAN);
        }
    }
}
