use std::sync::Arc;

use consort_core::{Column, Dataset, Error, Features, Result, Seed};
use rayon::prelude::*;

use super::{BinParams, FeatureBins};
use crate::model::{Feature, by_name};

/// A data set in bins, shared by all trees, members, folds and repeats of a run.
///
/// The codes are kept twice: by groups of features, row after row, for histograms (the codes of a row lie side by
/// side, and the histograms of a group fit the first cache), and column after column for partitions.
/// Two bytes a value, against four of the data set.
#[derive(Debug)]
pub struct Binned {
    rows: usize,
    features: Vec<FeatureBins>,
    groups: Vec<Group>,
    columns: Vec<u8>,
    /// The features in the order of their names, and the place of each in that order.
    by_name: Vec<u32>,
    places: Vec<u32>,
}

/// Some features whose codes lie side by side: `[rows][width]`.
#[derive(Debug)]
pub struct Group {
    /// The first feature.
    pub start: usize,
    /// How many features.
    pub width: usize,
    /// The codes, row after row.
    pub codes: Vec<u8>,
}

/// The most features of a group: 16 histograms of 256 bins of 8 bytes are 32 KiB.
const WIDTH: usize = 16;

impl Binned {
    /// The bins of a data set's features, made of all its rows. It reads no target, so what is shared between
    /// folds tells nothing of it.
    ///
    /// # Errors
    /// As [`BinParams::check`].
    ///
    /// ```
    /// use consort_core::{Column, Dataset, Features};
    /// use consort_trees::bins::{BinParams, Binned};
    /// let x = Column::Numeric { name: "x".into(), values: vec![0.5, 2.0, f32::NAN, 0.5] };
    /// let data = Dataset::new(Features::Columns(vec![x]))?;
    /// let binned = Binned::new(&data, &BinParams::default())?;
    /// assert_eq!(binned.column(0), [0, 1, 2, 0]); // 2 is missing
    /// # Ok::<(), consort_core::Error>(())
    /// ```
    pub fn new(data: &Dataset, params: &BinParams) -> Result<Self> {
        Self::with(data, params, |_, column, weight, sample| Ok(FeatureBins::new(column, weight, sample, params)))
    }

    /// The bins of a data set, made when first asked for and kept with it: all folds, repeats, members and layers of
    /// a run that bin alike share them.
    ///
    /// # Errors
    /// As [`Binned::new`].
    pub fn shared(data: &Dataset, params: &BinParams) -> Result<Arc<Self>> {
        data.derived(&format!("{params:?}"), || Self::new(data, params))
    }

    /// The bins of a data set in which categories have the codes that a fitted model knows them by, so that its
    /// boosting can go on.
    ///
    /// # Errors
    /// As [`Binned::new`], and if the data set has other features than the model.
    pub fn known(data: &Dataset, params: &BinParams, features: &[Feature]) -> Result<Self> {
        let other = |what: String| Error::Unsupported {
            by: "a fitted model".into(),
            what,
            hint: "give the features that it was fitted with, in their order".into(),
        };
        let width = width(data);
        if width != features.len() {
            return Err(other(format!("a data set of {width} features instead of {}", features.len())));
        }
        Self::with(data, params, |f, column, weight, sample| {
            let named = column.name() == features[f].name() || matches!(data.features(), Features::Dense { .. });
            FeatureBins::known(&features[f], column, weight, sample, params)
                .filter(|_| named)
                .ok_or_else(|| other(format!("feature `{}` in the place of `{}`", column.name(), features[f].name())))
        })
    }

    fn with(
        data: &Dataset,
        params: &BinParams,
        bins_of: impl Fn(usize, &Column, Option<&[f64]>, Option<&[u32]>) -> Result<FeatureBins> + Sync,
    ) -> Result<Self> {
        params.check()?;
        let rows = data.rows();
        if rows > u32::MAX as usize {
            return Err(Error::Unsupported {
                by: "trees".into(),
                what: format!("{rows} rows"),
                hint: "a data set has at most 2³² − 1 rows: sample it".into(),
            });
        }
        let sample = sample(rows, params.sample);
        let encode = |f: usize, column: &Column, codes: &mut [u8]| {
            let bins = bins_of(f, column, data.weights(), sample.as_deref())?;
            bins.encode(column, codes);
            Ok(bins)
        };
        let width = width(data);
        let mut columns = vec![0u8; rows * width];
        let features = columns
            .par_chunks_mut(rows.max(1))
            .enumerate()
            .map(|(f, codes)| match data.features() {
                Features::Columns(columns) => encode(f, &columns[f], codes),
                Features::Dense { values, .. } => {
                    let values = values.iter().skip(f).step_by(width).copied().collect();
                    encode(f, &Column::Numeric { name: f.to_string(), values }, codes)
                }
            })
            .collect::<Result<Vec<_>>>()?;
        let by_name = by_name(features.iter().map(FeatureBins::feature));
        let mut places = vec![0; width];
        (0..).zip(&by_name).for_each(|(place, &f)| places[f as usize] = place);
        Ok(Self { rows, features, groups: group(&columns, rows, width), columns, by_name, places })
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The bins of each feature.
    pub fn features(&self) -> &[FeatureBins] {
        &self.features
    }

    /// The features in the order of their names, which is that of draws.
    pub(crate) fn by_name(&self) -> &[u32] {
        &self.by_name
    }

    /// The place of each feature in the order of their names: of equal splits, the first in it wins.
    pub(crate) fn places(&self) -> &[u32] {
        &self.places
    }

    /// The features in groups.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The codes of one feature, row after row.
    pub fn column(&self, feature: usize) -> &[u8] {
        &self.columns[feature * self.rows..(feature + 1) * self.rows]
    }
}

/// Rows drawn without replacement, ascending; `None` for all. Rows at even distances would miss what rows in turn have.
fn sample(rows: usize, wanted: usize) -> Option<Vec<u32>> {
    if rows <= wanted {
        return None;
    }
    let mut stream = Seed::new(0).child("sample of bins").stream();
    let mut drawn = Vec::with_capacity(wanted);
    // One pass that keeps the order (selection sampling; Fan, Muller and Rezucha 1962).
    for row in 0..rows {
        if stream.below((rows - row) as u64) < (wanted - drawn.len()) as u64 {
            drawn.push(row as u32);
        }
    }
    Some(drawn)
}

fn width(data: &Dataset) -> usize {
    match data.features() {
        Features::Columns(columns) => columns.len(),
        Features::Dense { shape, .. } => shape.iter().product(),
    }
}

fn group(columns: &[u8], rows: usize, width: usize) -> Vec<Group> {
    let groups = width.div_ceil(WIDTH);
    (0..groups)
        .into_par_iter()
        .map(|g| {
            // As equal as can be: 20 features are 10 and 10, not 16 and 4.
            let (start, end) = (g * width / groups, (g + 1) * width / groups);
            let width = end - start;
            let mut codes = vec![0u8; rows * width];
            for (block, part) in codes.chunks_mut(4096 * width).enumerate() {
                for f in 0..width {
                    let from = (start + f) * rows + block * 4096;
                    for (row, &code) in part.chunks_exact_mut(width).zip(&columns[from..]) {
                        row[f] = code;
                    }
                }
            }
            Group { start, width, codes }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_take_turns_are_all_in_the_sample() {
        // Every other row is 0: a sample at even distances of half of the rows would hold nothing else.
        let values: Vec<f32> = (0..4000).map(|i| if i % 2 == 0 { 0.0 } else { i as f32 }).collect();
        let data = Dataset::new(Features::Columns(vec![Column::Numeric { name: "x".into(), values }])).unwrap();
        let binned = Binned::new(&data, &BinParams { sample: 2000, ..BinParams::default() }).unwrap();
        assert!(binned.features()[0].bins() > 200, "{}", binned.features()[0].bins());
    }

    #[test]
    fn a_sample_has_its_size_each_row_once_and_none_is_left_out_for_its_place() {
        let rows = sample(10_000, 2_500).unwrap();
        assert_eq!(rows.len(), 2_500);
        assert!(rows.windows(2).all(|pair| pair[0] < pair[1]));
        for turn in 2..6u32 {
            for at in 0..turn {
                let share = rows.iter().filter(|&&row| row % turn == at).count() as f64 / 2_500.0;
                assert!((share * f64::from(turn) - 1.0).abs() < 0.15, "{at} of {turn}: {share}");
            }
        }
        assert!(sample(100, 100).is_none());
    }
}
