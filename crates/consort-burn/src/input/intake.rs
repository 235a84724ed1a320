use std::{borrow::Cow, collections::HashMap};

use burn::tensor::{Device, Int, Tensor, TensorData};
use consort_core::{Column, Dataset, Error, Features, Ids, Result};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    Scale, TrainingRows,
    numbers::{BlockScaling, Numbers, read_finite},
};
use crate::{
    device::is_card,
    network::{InputShape, Inputs},
    threads::are_shared,
};

/// Scaled numbers are cut off here: a row far out of what was seen cannot overflow a net.
const LIMIT: f32 = 20.0;
/// How many rows are read at once where all are gone through.
const READ_AT_ONCE: usize = 64;

/// What was learnt of the features: their names, means, deviations and levels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Intake {
    features: Kind,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Kind {
    Columns(Vec<Feature>),
    Block { shape: Vec<usize>, scaling: BlockScaling },
}

/// One column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Feature {
    Number {
        name: String,
        mean: f64,
        factor: f64,
        /// What a hole becomes before it is scaled.
        fill: f64,
        /// Whether a second number says that the first is missing.
        has_indicator: bool,
        limit: f32,
    },
    /// The levels that the training rows have; number 0 is for all others.
    Category { name: String, levels: Vec<String> },
}

/// Rows that are ready for a network.
#[derive(Debug, Clone)]
pub(crate) struct Table<'a> {
    numbers: Numbers<'a>,
    width: usize,
    row: [usize; 3],
    /// `[row][category]`
    categories: Vec<i32>,
    category_count: usize,
    rows: usize,
}

impl Intake {
    /// Learns from the rows of a fit.
    ///
    /// # Errors
    /// [`Error::NotFinite`] naming row and column of an infinite number; [`Error::Parameter`] if a scale was given for
    /// another number of channels.
    pub(crate) fn fit(data: &Dataset, train: &TrainingRows, scale: &Scale) -> Result<Self> {
        scale.check()?;
        if let Some(stored) = data.stored() {
            let shape = stored.shape();
            expect_axes(shape)?;
            let scaling = fit_rows(train, shape, scale, |row, into| read_finite(&**stored, row, into))?;
            return Ok(Self { features: Kind::Block { shape: shape.to_vec(), scaling } });
        }
        let features = match data.features() {
            Features::Columns(columns) => Kind::Columns(
                columns.iter().map(|column| Feature::fit(column, data.ids(), train, scale)).collect::<Result<_>>()?,
            ),
            Features::Dense { values, shape } => {
                expect_axes(shape)?;
                let width: usize = shape.iter().product();
                expect_finite(values, width, data.ids(), &train.rows)?;
                let scaling = fit_rows(train, shape, scale, |row, into| {
                    into.copy_from_slice(&values[row * width..(row + 1) * width]);
                    Ok(())
                })?;
                Kind::Block { shape: shape.clone(), scaling }
            }
        };
        Ok(Self { features })
    }

    /// What a network will be given.
    pub(crate) fn shape(&self) -> InputShape {
        match &self.features {
            Kind::Columns(features) => {
                let numbers = features.iter().map(Feature::numbers).sum();
                let levels = features
                    .iter()
                    .filter_map(|feature| match feature {
                        Feature::Category { levels, .. } => Some(levels.len() + 1),
                        Feature::Number { .. } => None,
                    })
                    .collect();
                InputShape { numbers, row: [1, 1, numbers], levels }
            }
            Kind::Block { shape, .. } => {
                InputShape { numbers: shape.iter().product(), row: three_axes(shape), levels: Vec::new() }
            }
        }
    }

    /// Some rows, ready for a network.
    ///
    /// # Errors
    /// [`Error::UnknownName`] for a column that is not there, [`Error::Unsupported`] for one of another kind,
    /// [`Error::Length`] for a block of another shape, [`Error::NotFinite`] for an infinite number.
    pub(crate) fn table<'a>(&'a self, by: &str, data: &'a Dataset, rows: &TrainingRows) -> Result<Table<'a>> {
        let shape = self.shape();
        if let Some(stored) = data.stored() {
            let Kind::Block { shape: known, scaling } = &self.features else { return Err(self.other_kind(by)) };
            if known != stored.shape() {
                return Err(other_shape(&format!("{by} was fitted with"), known, stored.shape()));
            }
            return Ok(Table {
                numbers: Numbers::Stored { stored: &**stored, rows: Cow::Owned(rows.rows.clone()), scaling },
                width: shape.numbers,
                row: shape.row,
                categories: Vec::new(),
                category_count: 0,
                rows: rows.len(),
            });
        }
        match (&self.features, data.features()) {
            (Kind::Columns(features), Features::Columns(columns)) => {
                let known: HashMap<&str, &Column> = columns.iter().map(|column| (column.name(), column)).collect();
                let mut found = Vec::with_capacity(features.len());
                for feature in features {
                    let column = known.get(feature.name()).ok_or_else(|| Error::UnknownName {
                        what: "feature",
                        name: feature.name().into(),
                        known: format!("{by} was fitted with it, and the data set lacks it"),
                    })?;
                    found.push((feature, *column));
                }
                let mut numbers = vec![0.0f32; rows.len() * shape.numbers];
                let mut categories = vec![0i32; rows.len() * shape.levels.len()];
                let (mut next_number, mut next_category) = (0, 0);
                for (feature, column) in found {
                    match (feature, column) {
                        (Feature::Number { .. }, Column::Numeric { values, .. }) => {
                            feature.numbers_of(
                                values,
                                data.ids(),
                                &rows.rows,
                                &mut numbers,
                                shape.numbers,
                                next_number,
                            )?;
                            next_number += feature.numbers();
                        }
                        (Feature::Category { levels: known, .. }, Column::Categorical { codes, levels, .. }) => {
                            let place: HashMap<&str, i32> =
                                (1..).zip(known).map(|(k, level)| (level.as_str(), k)).collect();
                            let place: Vec<i32> =
                                levels.iter().map(|level| place.get(level.as_str()).copied().unwrap_or(0)).collect();
                            for (i, &row) in rows.rows.iter().enumerate() {
                                let code = codes[row as usize];
                                let level = place.get(code as usize).copied().unwrap_or(0);
                                categories[i * shape.levels.len() + next_category] = level;
                            }
                            next_category += 1;
                        }
                        (feature, _) => {
                            let (was, is) = match feature {
                                Feature::Number { .. } => ("numbers", "categories"),
                                Feature::Category { .. } => ("categories", "numbers"),
                            };
                            return Err(Error::Unsupported {
                                by: by.into(),
                                what: format!("{is} in column `{}`", feature.name()),
                                hint: format!("it was fitted with {was} there"),
                            });
                        }
                    }
                }
                Ok(Table {
                    numbers: Numbers::Kept(numbers),
                    width: shape.numbers,
                    row: shape.row,
                    categories,
                    category_count: shape.levels.len(),
                    rows: rows.len(),
                })
            }
            (Kind::Block { shape: known, scaling }, Features::Dense { values, shape: found }) => {
                if known != found {
                    return Err(other_shape(&format!("{by} was fitted with"), known, found));
                }
                expect_finite(values, shape.numbers, data.ids(), &rows.rows)?;
                Ok(Table {
                    numbers: Numbers::Block { values, rows: Cow::Owned(rows.rows.clone()), scaling },
                    width: shape.numbers,
                    row: shape.row,
                    categories: Vec::new(),
                    category_count: 0,
                    rows: rows.len(),
                })
            }
            _ => Err(self.other_kind(by)),
        }
    }

    fn other_kind(&self, by: &str) -> Error {
        Error::Unsupported {
            by: by.into(),
            what: "features of another kind".into(),
            hint: match &self.features {
                Kind::Columns(_) => "it was fitted with the columns of a table".into(),
                Kind::Block { shape, .. } => format!("it was fitted with a dense block of shape {shape:?}"),
            },
        }
    }
}

impl Table<'_> {
    /// Adds its numbers and categories to a checksum.
    ///
    /// # Errors
    /// If a stored row cannot be read.
    pub(crate) fn sum(&self, to: &mut blake3::Hasher) -> Result<()> {
        self.categories.iter().for_each(|level| {
            to.update(&level.to_le_bytes());
        });
        if let Numbers::Stored { stored, rows, scaling } = &self.numbers {
            to.update(stored.mark().as_bytes()).update(format!("{scaling:?}").as_bytes());
            rows.iter().for_each(|row| {
                to.update(&row.to_le_bytes());
            });
            return Ok(());
        }
        let mut bytes = Vec::new();
        self.each_row(|row| {
            bytes.clear();
            bytes.extend(row.iter().flat_map(|x| x.to_le_bytes()));
            to.update(&bytes);
        })
    }

    /// Whether rows are read when they are asked for.
    pub(crate) fn is_stored(&self) -> bool {
        self.numbers.are_stored()
    }

    /// Goes through the numbers of all rows.
    fn each_row(&self, mut see: impl FnMut(&[f32])) -> Result<()> {
        let mut some = Vec::new();
        for first in (0..self.rows).step_by(READ_AT_ONCE) {
            some.clear();
            self.numbers.gather(first..(first + READ_AT_ONCE).min(self.rows), self.width, &mut some)?;
            some.chunks_exact(self.width.max(1)).for_each(&mut see);
        }
        Ok(())
    }

    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    /// How many rows go through a network at once where it does not learn: few large images, many rows of a table, more of
    /// both on a card, which is idle while one batch is read and the next sent. It depends on their size and the device alone.
    pub(crate) fn rows_at_once(&self, device: &Device) -> usize {
        if is_card(device) {
            return (1_048_576 / self.width.max(1)).clamp(16, 4096);
        }
        (65_536 / self.width.max(1)).clamp(4, 256)
    }

    /// Some of the rows on a device. Rows are filled up with copies of the last one to `at_least`.
    ///
    /// # Errors
    /// If a stored row cannot be read.
    pub(crate) fn inputs(&self, rows: &[usize], at_least: usize, device: &Device) -> Result<Inputs> {
        self.changed(rows, at_least, device, |_, _| {})
    }

    /// The same, the numbers of each row changed before they go to the device.
    pub(crate) fn changed(
        &self,
        rows: &[usize],
        at_least: usize,
        device: &Device,
        mut change: impl FnMut(&mut [f32], [usize; 3]),
    ) -> Result<Inputs> {
        let count = rows.len().max(at_least);
        let mut numbers = Vec::with_capacity(count * self.width);
        self.numbers.gather(rows.iter().copied(), self.width, &mut numbers)?;
        numbers.chunks_exact_mut(self.width.max(1)).for_each(|row| change(row, self.row));
        let last = numbers.len() - if rows.is_empty() { 0 } else { self.width };
        while numbers.len() < count * self.width && !rows.is_empty() {
            numbers.extend_from_within(last..last + self.width);
        }
        let padded = rows.iter().chain(std::iter::repeat(rows.last().unwrap_or(&0))).take(count);
        let mut categories = Vec::with_capacity(count * self.category_count);
        for &i in padded {
            categories.extend_from_slice(&self.categories[i * self.category_count..(i + 1) * self.category_count]);
        }
        let categories = (self.category_count > 0)
            .then(|| Tensor::<2, Int>::from_data(TensorData::new(categories, [count, self.category_count]), device));
        let numbers = Tensor::from_data(TensorData::new(numbers, [count, self.width]), device);
        Ok(Inputs { numbers, categories, row: self.row })
    }

    /// How far apart the least and the greatest of each number are.
    ///
    /// # Errors
    /// If a stored row cannot be read.
    pub(crate) fn ranges(&self) -> Result<Vec<f32>> {
        let mut bounds = vec![(f32::INFINITY, f32::NEG_INFINITY); self.width];
        self.each_row(|row| {
            for (bound, &x) in bounds.iter_mut().zip(row) {
                *bound = (bound.0.min(x), bound.1.max(x));
            }
        })?;
        Ok(bounds.into_iter().map(|(low, high)| if high > low { high - low } else { 0.0 }).collect())
    }
}

impl Feature {
    fn name(&self) -> &str {
        match self {
            Feature::Number { name, .. } | Feature::Category { name, .. } => name,
        }
    }

    fn numbers(&self) -> usize {
        match self {
            Feature::Number { has_indicator, .. } => 1 + usize::from(*has_indicator),
            Feature::Category { .. } => 0,
        }
    }

    fn fit(column: &Column, ids: &Ids, train: &TrainingRows, scale: &Scale) -> Result<Self> {
        match column {
            Column::Categorical { name, codes, levels } => {
                let mut is_seen = vec![false; levels.len()];
                let codes = train.rows.iter().map(|&row| codes[row as usize] as usize);
                codes.for_each(|code| is_seen.get_mut(code).into_iter().for_each(|seen| *seen = true));
                let mut seen: Vec<String> =
                    levels.iter().zip(is_seen).filter(|(_, seen)| *seen).map(|(level, _)| level.clone()).collect();
                // The order in which levels are listed means nothing.
                seen.sort_unstable();
                Ok(Feature::Category { name: name.clone(), levels: seen })
            }
            Column::Numeric { name, values } => {
                let mut moments = Moments::default();
                for (i, &row) in train.rows.iter().enumerate() {
                    let value = values[row as usize];
                    if value.is_infinite() {
                        return Err(infinite(ids, row as usize, name, value));
                    }
                    moments.add(value, train.weight(i));
                }
                let (mean, deviation) = moments.mean_and_deviation();
                let (shift, factor, limit) = match scale {
                    Scale::Standard => (mean, 1.0 / deviation, LIMIT),
                    Scale::None => (0.0, 1.0, f32::MAX),
                    Scale::Given { means, deviations } => {
                        if means.len() != 1 {
                            let value = format!("{} means", means.len());
                            return Err(Error::parameter("scale", value, "one for all columns of a table"));
                        }
                        (f64::from(means[0]), 1.0 / f64::from(deviations[0]), f32::MAX)
                    }
                };
                let has_indicator = moments.missing > 0;
                Ok(Feature::Number { name: name.clone(), mean: shift, factor, fill: mean, has_indicator, limit })
            }
        }
    }

    /// Writes the numbers of this feature into the rows of `out`, from column `at` on.
    fn numbers_of(
        &self,
        values: &[f32],
        ids: &Ids,
        rows: &[u32],
        out: &mut [f32],
        width: usize,
        at: usize,
    ) -> Result<()> {
        let Feature::Number { name, mean, factor, fill, has_indicator, limit } = self else { return Ok(()) };
        for (out, &row) in out.chunks_exact_mut(width.max(1)).zip(rows) {
            let value = values[row as usize];
            if value.is_infinite() {
                return Err(infinite(ids, row as usize, name, value));
            }
            let filled = if value.is_nan() { *fill } else { f64::from(value) };
            out[at] = (((filled - mean) * factor) as f32).clamp(-limit, *limit);
            if *has_indicator {
                out[at + 1] = f32::from(u8::from(value.is_nan()));
            }
        }
        Ok(())
    }
}

/// Sums about the first number, so that equal numbers have no deviation.
#[derive(Default)]
struct Moments {
    first: Option<f64>,
    weight: f64,
    sum: f64,
    squares: f64,
    missing: usize,
}

impl Moments {
    fn add(&mut self, value: f32, weight: f64) {
        if value.is_nan() {
            self.missing += 1;
            return;
        }
        let difference = f64::from(value) - *self.first.get_or_insert(f64::from(value));
        self.weight += weight;
        self.sum += weight * difference;
        self.squares += weight * difference * difference;
    }

    /// Of no number 0 and 1; of equal numbers their value and 1.
    fn mean_and_deviation(&self) -> (f64, f64) {
        let Some(first) = self.first else { return (0.0, 1.0) };
        let mean = self.sum / self.weight;
        let variance = (self.squares / self.weight - mean * mean).max(0.0);
        let deviation = if variance > 0.0 { variance.sqrt() } else { 1.0 };
        (first + mean, deviation)
    }
}

/// Channels of images are scaled whole, positions of other blocks each by itself. `read` writes a row of the data set.
fn fit_rows(
    train: &TrainingRows,
    shape: &[usize],
    scale: &Scale,
    read: impl Fn(usize, &mut [f32]) -> Result<()> + Sync,
) -> Result<BlockScaling> {
    let width: usize = shape.iter().product();
    let run = if shape.len() >= 2 { width / if shape.len() == 3 { shape[0] } else { 1 } } else { 1 };
    let runs = width / run.max(1);
    let mut moments: Vec<Moments> = (0..runs).map(|_| Moments::default()).collect();
    // Read side by side, summed in order.
    let mut some = vec![0.0; READ_AT_ONCE * width];
    for (part, rows) in train.rows.chunks(READ_AT_ONCE).enumerate() {
        let read = |(into, &row): (&mut [f32], &u32)| read(row as usize, into);
        if are_shared() {
            some.par_chunks_mut(width.max(1)).zip(rows).try_for_each(read)?;
        } else {
            some.chunks_mut(width.max(1)).zip(rows).try_for_each(read)?;
        }
        for (k, row) in some.chunks_exact(width.max(1)).take(rows.len()).enumerate() {
            let weight = train.weight(part * READ_AT_ONCE + k);
            for (moments, run) in moments.iter_mut().zip(row.chunks(run.max(1))) {
                run.iter().for_each(|&x| moments.add(x, weight));
            }
        }
    }
    let learnt: Vec<(f64, f64)> = moments.iter().map(Moments::mean_and_deviation).collect();
    let scaled = |means: Vec<f32>, factors: Vec<f32>, limit: f32| {
        let fills = learnt.iter().zip(&means).zip(&factors);
        let fills = fills.map(|(((mean, _), shift), factor)| (*mean as f32 - shift) * factor).collect();
        BlockScaling { means, factors, fills, run: run.max(1), limit }
    };
    match scale {
        Scale::Standard => {
            let means = learnt.iter().map(|(mean, _)| *mean as f32).collect();
            let factors = learnt.iter().map(|(_, deviation)| (1.0 / deviation) as f32).collect();
            Ok(scaled(means, factors, LIMIT))
        }
        Scale::None => Ok(scaled(vec![0.0; runs], vec![1.0; runs], f32::MAX)),
        Scale::Given { means, deviations } => {
            if means.len() != 1 && means.len() != runs {
                let expected = format!("one, or {runs} for rows of shape {shape:?}");
                return Err(Error::parameter("scale", format!("{} means", means.len()), expected));
            }
            let at = |list: &[f32], k: usize| list[if list.len() == 1 { 0 } else { k }];
            let shifts = (0..runs).map(|k| at(means, k)).collect();
            Ok(scaled(shifts, (0..runs).map(|k| 1.0 / at(deviations, k)).collect(), f32::MAX))
        }
    }
}

fn expect_axes(shape: &[usize]) -> Result<()> {
    if shape.len() <= 3 {
        return Ok(());
    }
    Err(Error::Unsupported {
        by: "a net".into(),
        what: format!("rows with {} axes", shape.len()),
        hint: "give rows of at most three axes: channels, height, width".into(),
    })
}

/// That rows have one shape, and what `reads` rows knows another.
pub(crate) fn other_shape(reads: &str, known: &[usize], found: &[usize]) -> Error {
    Error::Length {
        what: format!("a row of shape {found:?}"),
        got: found.iter().product(),
        expected: known.iter().product(),
        unit: "numbers",
        hint: format!("{reads} rows of shape {known:?}: resize them"),
    }
}

fn expect_finite(values: &[f32], width: usize, ids: &Ids, rows: &[u32]) -> Result<()> {
    for &row in rows {
        let row = row as usize;
        if let Some(k) = values[row * width..(row + 1) * width].iter().position(|x| x.is_infinite()) {
            return Err(infinite(ids, row, &k.to_string(), values[row * width + k]));
        }
    }
    Ok(())
}

fn infinite(ids: &Ids, row: usize, feature: &str, value: f32) -> Error {
    Error::NotFinite {
        place: "the features of a net".into(),
        row: row + 1,
        id: ids.label(row),
        what: format!("feature `{feature}`"),
        value: f64::from(value),
    }
}

fn three_axes(shape: &[usize]) -> [usize; 3] {
    let mut row = [1; 3];
    row[3 - shape.len().min(3)..].copy_from_slice(&shape[..shape.len().min(3)]);
    row
}
