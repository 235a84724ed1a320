use std::collections::{HashMap, HashSet};

use consort_core::{Column, Dataset, Error, Features, Result, Samples};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{feature::Feature, training_part::TrainingPart};

/// What a feature holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Numbers,
    Levels,
}

impl Kind {
    fn of(column: &Column) -> Self {
        match column {
            Column::Numeric { .. } => Kind::Numbers,
            Column::Categorical { .. } => Kind::Levels,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Kind::Numbers => "numbers",
            Kind::Levels => "categories",
        }
    }
}

/// What is known of one feature, and makes the columns that it becomes.
pub(super) trait EncodedFeature: Send + Sync {
    /// The columns that the feature of this name becomes.
    fn columns(&self, name: &str, feature: Feature<'_>) -> Vec<Column>;
}

/// A fitted encoder that works feature by feature: it remembers which there were, by name and kind, and what becomes of
/// each.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PerFeature<T> {
    /// The shape of a row, if the features came as a dense block.
    shape: Option<Vec<usize>>,
    features: Vec<Known<T>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known<T> {
    name: String,
    kind: Kind,
    /// `None` for a feature that stays as it is.
    encoded: Option<T>,
}

/// The features that an encoder is asked to work on, of those of the right kind.
pub(super) struct Chosen<'a> {
    pub(super) by: &'static str,
    pub(super) kinds: &'static [Kind],
    /// `None` for all of these kinds.
    pub(super) names: Option<&'a [String]>,
}

impl Chosen<'_> {
    /// Refuses a name that is not there, or is of another kind.
    fn check<T>(&self, features: &[Known<T>]) -> Result<()> {
        for name in self.names.unwrap_or(&[]) {
            let Some(known) = features.iter().find(|feature| feature.name == *name) else {
                return Err(Error::UnknownName {
                    what: "column",
                    name: name.clone(),
                    known: format!("`{}` is asked to encode it, and the data set does not have it", self.by),
                });
            };
            if !self.kinds.contains(&known.kind) {
                return Err(Error::Unsupported {
                    by: format!("`{}`", self.by),
                    what: format!("column `{name}`, which holds {}", known.kind.word()),
                    hint: "take it off the list of its columns".into(),
                });
            }
        }
        Ok(())
    }

    fn has<T>(&self, known: &Known<T>) -> bool {
        self.kinds.contains(&known.kind) && self.names.is_none_or(|names| names.contains(&known.name))
    }
}

impl<T: EncodedFeature> PerFeature<T> {
    /// Learns each chosen feature of the training part, and gives the part encoded. `learn` gives what is known of a
    /// feature, and the columns that it becomes in training; `None` for those that [`EncodedFeature::columns`] gives.
    pub(super) fn fit(
        chosen: &Chosen<'_>,
        train: &TrainingPart<'_>,
        learn: impl Fn(&str, &Feature<'_>) -> Result<(T, Option<Vec<Column>>)> + Sync,
    ) -> Result<(Self, Dataset)> {
        let mut fitted = Self::unfitted(train.rows.dataset());
        chosen.check(&fitted.features)?;
        let source = Source::new(&fitted, &train.rows)?;
        let made: Vec<(Option<T>, Vec<Column>)> = fitted
            .features
            .par_iter()
            .enumerate()
            .map(|(place, known)| {
                let feature = source.feature(place);
                if !chosen.has(known) {
                    return Ok((None, vec![feature.into_column(&known.name)]));
                }
                let (encoded, columns) = learn(&known.name, &feature)?;
                let columns = columns.unwrap_or_else(|| encoded.columns(&known.name, feature));
                Ok((Some(encoded), columns))
            })
            .collect::<Result<_>>()?;
        let mut columns = Vec::with_capacity(made.len());
        for (known, (encoded, made)) in fitted.features.iter_mut().zip(made) {
            known.encoded = encoded;
            columns.extend(made);
        }
        let encoded = fitted.assemble(columns, &train.rows)?;
        Ok((fitted, train.rows.dress(encoded)?))
    }

    fn unfitted(dataset: &Dataset) -> Self {
        match dataset.features() {
            Features::Columns(columns) => {
                let known = |c: &Column| Known { name: c.name().into(), kind: Kind::of(c), encoded: None };
                Self { shape: None, features: columns.iter().map(known).collect() }
            }
            Features::Dense { shape, .. } => {
                let known = |place: usize| Known { name: place.to_string(), kind: Kind::Numbers, encoded: None };
                Self { shape: Some(shape.clone()), features: (0..shape.iter().product()).map(known).collect() }
            }
        }
    }

    /// Some rows, encoded.
    pub(super) fn apply(&self, rows: &Samples<'_>) -> Result<Dataset> {
        let source = Source::new(self, rows)?;
        let made: Vec<Vec<Column>> = self
            .features
            .par_iter()
            .enumerate()
            .map(|(place, known)| match &known.encoded {
                None => vec![source.feature(place).into_column(&known.name)],
                Some(encoded) => encoded.columns(&known.name, source.feature(place)),
            })
            .collect();
        self.assemble(made.into_iter().flatten().collect(), rows)
    }

    /// The columns as a data set with the ids of the rows: a block where a block came, unless there are categories now.
    fn assemble(&self, mut columns: Vec<Column>, rows: &Samples<'_>) -> Result<Dataset> {
        let features = match &self.shape {
            Some(shape) => block(&columns, shape, rows.len()),
            None => {
                make_unique(&mut columns);
                Features::Columns(columns)
            }
        };
        rows.with_features(features)
    }
}

/// The columns side by side, of one row after another.
fn block(columns: &[Column], shape: &[usize], rows: usize) -> Features {
    let width = columns.len();
    let mut values = vec![0.0f32; rows * width];
    // A hundred rows at a time stay in the cache while each column adds to them.
    values.par_chunks_mut(128 * width.max(1)).enumerate().for_each(|(part, out)| {
        for (place, column) in columns.iter().enumerate() {
            if let Column::Numeric { values, .. } = column {
                out.iter_mut().skip(place).step_by(width).zip(&values[part * 128..]).for_each(|(to, &x)| *to = x);
            }
        }
    });
    Features::Dense { values, shape: shape.to_vec() }
}

/// Numbers the later ones of columns that share a name, as when a feature is already called as one that was made.
pub(crate) fn make_unique(columns: &mut [Column]) {
    let mut taken: HashSet<String> = HashSet::with_capacity(columns.len());
    for column in columns {
        let (Column::Numeric { name, .. } | Column::Categorical { name, .. }) = column;
        if taken.contains(name.as_str()) {
            let free = (2u64..).map(|number| format!("{name} ({number})")).find(|name| !taken.contains(name));
            *name = free.unwrap_or_default();
        }
        taken.insert(name.clone());
    }
}

/// Where the features that an encoder knows are found in some rows.
struct Source<'a> {
    rows: Samples<'a>,
    places: Vec<&'a Column>,
    block: Option<(&'a [f32], usize)>,
}

impl<'a> Source<'a> {
    fn new<T>(fitted: &PerFeature<T>, rows: &Samples<'a>) -> Result<Self> {
        let other_kind = |name: &str| Error::Unsupported {
            by: "the encoder".into(),
            what: format!("the kind of {name}"),
            hint: "it was a number when the encoder was fitted, and is a category now, or the reverse".into(),
        };
        match (rows.dataset().features(), &fitted.shape) {
            (Features::Columns(columns), None) => {
                let by_name: HashMap<&str, &Column> = columns.iter().map(|column| (column.name(), column)).collect();
                let place = |known: &Known<T>| match by_name.get(known.name.as_str()) {
                    Some(column) if Kind::of(column) == known.kind => Ok(*column),
                    Some(_) => Err(other_kind(&format!("column `{}`", known.name))),
                    None => Err(Error::UnknownName {
                        what: "column",
                        name: known.name.clone(),
                        known: "the encoder was fitted with it, and the data set does not have it".into(),
                    }),
                };
                let places = fitted.features.iter().map(place).collect::<Result<_>>()?;
                Ok(Self { rows: *rows, places, block: None })
            }
            (Features::Dense { values, shape }, Some(known)) if shape == known => {
                Ok(Self { rows: *rows, places: Vec::new(), block: Some((values, shape.iter().product())) })
            }
            (Features::Dense { shape, .. }, Some(known)) => Err(Error::Length {
                what: format!("a row of shape {shape:?}"),
                got: shape.iter().product(),
                expected: fitted.features.len(),
                unit: "features",
                hint: format!("the encoder was fitted with rows of shape {known:?}"),
            }),
            _ => Err(Error::Unsupported {
                by: "the encoder".into(),
                what: "another kind of features".into(),
                hint: "it was fitted with columns and gets a dense block, or the reverse".into(),
            }),
        }
    }

    fn feature(&self, place: usize) -> Feature<'a> {
        match self.block {
            Some((values, width)) => Feature::of_block(values, width, place, &self.rows),
            None => Feature::of_column(self.places[place], &self.rows),
        }
    }
}
