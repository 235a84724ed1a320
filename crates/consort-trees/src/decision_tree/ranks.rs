use std::sync::Arc;

use consort_core::{Column, Dataset, Error, Features, Result};
use rayon::prelude::*;

use crate::model::Feature;

/// A data set in ranks: each number is the place of its value among the distinct values of its feature, so that
/// trees can part any two values. Four bytes a value, and as much for the distinct values.
///
/// ```
/// use consort_core::{Column, Dataset, Features};
/// use consort_trees::decision_tree::Ranks;
/// let x = Column::Numeric { name: "x".into(), values: vec![0.5, -2.0, f32::NAN, 0.5] };
/// let data = Dataset::new(Features::Columns(vec![x]))?;
/// let ranks = Ranks::shared(&data)?;
/// assert_eq!(ranks.column(0), [1, 0, 2, 1]); // 2 is missing
/// assert_eq!(ranks.value(0, 1), Some(0.5));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Ranks {
    rows: usize,
    features: Vec<Feature>,
    /// The distinct values of each feature, ascending; none for categories.
    values: Vec<Vec<f32>>,
    ranks: Vec<u32>,
}

impl Ranks {
    /// The ranks of a data set, made when first asked for and kept with it. They tell nothing of a target.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for 2³² rows or more.
    pub fn shared(data: &Dataset) -> Result<Arc<Self>> {
        data.derived("ranks", || Self::new(data))
    }

    fn new(data: &Dataset) -> Result<Self> {
        let rows = data.rows();
        if rows >= u32::MAX as usize {
            return Err(Error::Unsupported {
                by: "trees".into(),
                what: format!("{rows} rows"),
                hint: "a data set has at most 2³² − 2 rows: sample it".into(),
            });
        }
        let width = match data.features() {
            Features::Columns(columns) => columns.len(),
            Features::Dense { shape, .. } => shape.iter().product(),
        };
        let mut ranks = vec![0u32; rows * width];
        let (features, values) = ranks
            .par_chunks_mut(rows.max(1))
            .enumerate()
            .map(|(f, ranks)| match data.features() {
                Features::Columns(columns) => match &columns[f] {
                    Column::Numeric { name, values } => {
                        (Feature::Numeric { name: name.clone() }, rank(values.iter().copied(), ranks))
                    }
                    Column::Categorical { name, codes, levels } => {
                        for (rank, &code) in ranks.iter_mut().zip(codes) {
                            *rank = code.min(levels.len() as u32);
                        }
                        let feature =
                            Feature::Categorical { name: name.clone(), levels: levels.clone(), others: false };
                        (feature, Vec::new())
                    }
                },
                Features::Dense { values, .. } => (
                    Feature::Numeric { name: f.to_string() },
                    rank(values.iter().skip(f).step_by(width).copied(), ranks),
                ),
            })
            .unzip();
        Ok(Self { rows, features, values, ranks })
    }

    /// What fitted trees must know of the features.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// The ranks of one feature, row after row.
    pub fn column(&self, feature: usize) -> &[u32] {
        &self.ranks[feature * self.rows..(feature + 1) * self.rows]
    }

    /// How many ranks values have; the rank of a missing value.
    pub fn codes(&self, feature: usize) -> u32 {
        match &self.features[feature] {
            Feature::Numeric { .. } | Feature::Sparse { .. } => self.values[feature].len() as u32,
            Feature::Categorical { levels, .. } => levels.len() as u32,
        }
    }

    /// The distinct numbers of a feature, ascending; none for categories.
    pub fn values(&self, feature: usize) -> &[f32] {
        &self.values[feature]
    }

    /// The number of a rank.
    pub fn value(&self, feature: usize, rank: u32) -> Option<f32> {
        self.values[feature].get(rank as usize).copied()
    }
}

/// Writes the ranks of some numbers and gives the distinct ones. −0 and 0 are one value.
fn rank(values: impl Iterator<Item = f32> + Clone, ranks: &mut [u32]) -> Vec<f32> {
    let mut distinct: Vec<f32> = values.clone().filter(|x| !x.is_nan()).map(|x| x + 0.0).collect();
    distinct.sort_unstable_by(f32::total_cmp);
    distinct.dedup();
    for (rank, x) in ranks.iter_mut().zip(values) {
        *rank = if x.is_nan() { distinct.len() } else { distinct.partition_point(|v| *v < x) } as u32;
    }
    distinct
}
