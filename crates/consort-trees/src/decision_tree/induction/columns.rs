use std::sync::Arc;

use consort_core::{Column, Dataset, Features, Result};
use rayon::prelude::*;

use crate::{
    bins::{BinParams, Binned},
    decision_tree::Ranks,
    model::Feature,
};

/// Features as codes, one column each. Codes of numbers ascend with them; the code after the last is a missing value.
pub(crate) trait Columns: Send + Sync {
    /// How a code is kept.
    type Code: Copy + Default + Ord + Send + Sync + Into<u32> + 'static;

    /// A code as it is kept.
    fn kept(code: u32) -> Self::Code;

    /// What fitted trees must know of the features.
    fn features(&self) -> Vec<Feature>;

    /// The codes of a feature, row after row.
    fn column(&self, feature: usize) -> &[Self::Code];

    /// The code of a missing value.
    fn missing(&self, feature: usize) -> u32;

    /// Whether codes have no order.
    fn is_categorical(&self, feature: usize) -> bool;

    /// A number between those of two codes.
    fn threshold(&self, feature: usize, left: u32, right: u32) -> f32;

    /// The least and the greatest number of a code.
    fn range(&self, feature: usize, code: u32) -> [f32; 2];

    /// A number in the middle of each code, ascending.
    fn middles(&self, feature: usize) -> &[f32];
}

/// Features in bins, and the least and greatest number of each bin.
pub(crate) struct BinnedColumns {
    binned: Arc<Binned>,
    ranges: Arc<Ranges>,
}

/// For each feature and bin, its least and its greatest number, and the middle of both.
struct Ranges {
    ends: Vec<Vec<[f32; 2]>>,
    middles: Vec<Vec<f32>>,
}

impl BinnedColumns {
    pub(crate) fn new(data: &Dataset, params: &BinParams) -> Result<Self> {
        let binned = Binned::shared(data, params)?;
        let ranges = data.derived(&format!("{params:?}"), || Ok(Ranges::new(data, &binned)))?;
        Ok(Self { binned, ranges })
    }
}

impl Ranges {
    fn new(data: &Dataset, binned: &Binned) -> Self {
        let of = |feature: usize, values: &mut dyn Iterator<Item = f32>| {
            let mut ranges = vec![[f32::INFINITY, f32::NEG_INFINITY]; 256];
            for ((row, &code), x) in binned.column(feature).iter().enumerate().zip(values) {
                // Rows that weigh nothing tell nothing, as when bins are made.
                if data.weights().is_none_or(|weights| weights[row] > 0.0) {
                    let [least, greatest] = &mut ranges[code as usize];
                    *least = least.min(x);
                    *greatest = greatest.max(x);
                }
            }
            ranges
        };
        let ranges = (0..binned.features().len()).into_par_iter().map(|f| match data.features() {
            Features::Columns(columns) => match &columns[f] {
                Column::Numeric { values, .. } => of(f, &mut values.iter().copied()),
                Column::Categorical { .. } => Vec::new(),
            },
            Features::Dense { values, shape } => {
                of(f, &mut values.iter().skip(f).step_by(shape.iter().product::<usize>().max(1)).copied())
            }
        });
        let ends: Vec<Vec<[f32; 2]>> = ranges.collect();
        let middles = ends.iter().map(|ends| middles(ends)).collect();
        Self { ends, middles }
    }
}

/// A bin that no value fell into has the middle of the one before it: no cut is drawn between the two.
fn middles(ends: &[[f32; 2]]) -> Vec<f32> {
    let bound = |x: f32| f64::from(x.clamp(f32::MIN, f32::MAX));
    let middle = |[least, greatest]: [f32; 2]| ((bound(least) + bound(greatest)) / 2.0) as f32;
    let mut last = f32::MIN;
    ends.iter()
        .map(|&ends| {
            last = if ends[0] <= ends[1] { middle(ends).max(last) } else { last };
            last
        })
        .collect()
}

impl Columns for BinnedColumns {
    type Code = u8;

    #[inline]
    fn kept(code: u32) -> u8 {
        code as u8
    }

    fn features(&self) -> Vec<Feature> {
        self.binned.features().iter().map(|bins| bins.feature().clone()).collect()
    }

    #[inline]
    fn column(&self, feature: usize) -> &[u8] {
        self.binned.column(feature)
    }

    #[inline]
    fn missing(&self, feature: usize) -> u32 {
        self.binned.features()[feature].bins() as u32
    }

    #[inline]
    fn is_categorical(&self, feature: usize) -> bool {
        self.binned.features()[feature].is_categorical()
    }

    /// In the middle of the gap between the two bins: every edge between them parts the rows alike.
    fn threshold(&self, feature: usize, left: u32, right: u32) -> f32 {
        let bins = &self.binned.features()[feature];
        let (low, high) = (bins.upper_edge(left as u8), bins.upper_edge(right.saturating_sub(1).max(left) as u8));
        let middle = low / 2.0 + high / 2.0;
        if middle.is_finite() && low <= middle && middle <= high { middle } else { low }
    }

    fn range(&self, feature: usize, code: u32) -> [f32; 2] {
        self.ranges.ends[feature].get(code as usize).copied().unwrap_or_default()
    }

    #[inline]
    fn middles(&self, feature: usize) -> &[f32] {
        &self.ranges.middles[feature]
    }
}

impl Columns for Arc<Ranks> {
    type Code = u32;

    #[inline]
    fn kept(code: u32) -> u32 {
        code
    }

    fn features(&self) -> Vec<Feature> {
        Ranks::features(self).to_vec()
    }

    #[inline]
    fn column(&self, feature: usize) -> &[u32] {
        Ranks::column(self, feature)
    }

    #[inline]
    fn missing(&self, feature: usize) -> u32 {
        self.codes(feature)
    }

    #[inline]
    fn is_categorical(&self, feature: usize) -> bool {
        matches!(Ranks::features(self)[feature], Feature::Categorical { .. })
    }

    fn threshold(&self, feature: usize, left: u32, right: u32) -> f32 {
        let value = |code: u32| self.value(feature, code).unwrap_or(f32::INFINITY);
        let (low, high) = (value(left), value(right));
        let exact = (f64::from(low) + f64::from(high)) / 2.0;
        // Rounded down, it parts all numbers of 32 bits as the middle itself does.
        let near = exact as f32;
        let middle = if f64::from(near) > exact { near.next_down() } else { near };
        if middle.is_finite() && low <= middle && middle < high { middle } else { low }
    }

    fn range(&self, feature: usize, code: u32) -> [f32; 2] {
        [self.value(feature, code).unwrap_or_default(); 2]
    }

    #[inline]
    fn middles(&self, feature: usize) -> &[f32] {
        self.values(feature)
    }
}
