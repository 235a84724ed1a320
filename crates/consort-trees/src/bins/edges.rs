use consort_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// How values are put into bins.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BinParams {
    /// The most bins of a feature, 2 to 255. A missing value has a bin of its own beside these.
    pub bins: usize,
    /// From how many rows at most the edges of bins are taken: drawn at random, without replacement, the same for all
    /// features and all fits.
    pub sample: usize,
}

impl Default for BinParams {
    fn default() -> Self {
        Self { bins: 255, sample: 200_000 }
    }
}

impl BinParams {
    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check(&self) -> Result<()> {
        if !(2..=255).contains(&self.bins) {
            return Err(Error::parameter("bins", self.bins, "2 to 255"));
        }
        if self.sample < 2 {
            return Err(Error::parameter("sample", self.sample, "at least 2"));
        }
        Ok(())
    }
}

/// Numbers in ascending order, each once, with how often it occurs. NaN is skipped; −0 and 0 are one number.
pub(super) fn distinct(values: impl Iterator<Item = f32>) -> Vec<(f32, f64)> {
    // Sorted as whole numbers that ascend with them, which is twice as fast.
    let mut keys: Vec<u32> = values.filter(|x| !x.is_nan()).map(ascending).collect();
    keys.sort_unstable();
    let count = |run: &[u32]| (f32::from_bits(original(run[0])), run.len() as f64);
    keys.chunk_by(|a, b| a == b).map(count).collect()
}

/// The same, each number with the sum of its weights; those of weight 0 are absent.
pub(super) fn distinct_weighted(values: impl Iterator<Item = (f32, f64)>) -> Vec<(f32, f64)> {
    let mut values: Vec<(f32, f64)> = values.filter(|(x, w)| !x.is_nan() && *w > 0.0).collect();
    // By weight too, so that sums do not depend on the order of rows.
    values.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let sum = |run: &[(f32, f64)]| (run[0].0, run.iter().map(|(_, w)| w).sum());
    values.chunk_by(|a, b| a.0 == b.0).map(sum).collect()
}

/// The bits of a number, turned so that they ascend with it. −0 is as 0.
#[inline(always)]
pub(super) fn ascending(x: f32) -> u32 {
    let bits = (x + 0.0).to_bits();
    bits ^ (((bits as i32 >> 31) as u32) | 0x8000_0000)
}

fn original(key: u32) -> u32 {
    key ^ if key >> 31 == 1 { 0x8000_0000 } else { u32::MAX }
}

/// The upper edges of the bins of some distinct numbers with their weights: bin `b` holds the values above edge
/// `b − 1` and up to edge `b`; the last bin has no upper edge.
///
/// With few distinct values each has a bin. Else the bins have about equal weight: a value heavier than a fair
/// share closes its bin, and the rest is filled up in order, each bin to the mean of what is left.
pub(super) fn edges(distinct: &[(f32, f64)], bins: usize) -> Vec<f32> {
    if distinct.len() <= bins {
        return distinct.windows(2).map(|pair| between(pair[0].0, pair[1].0)).collect();
    }
    let fair = distinct.iter().map(|(_, w)| w).sum::<f64>() / bins as f64;
    let heavy = |w: f64| w >= fair;
    let mut bins_left = bins - distinct.iter().filter(|(_, w)| heavy(*w)).count().min(bins - 1);
    let mut weight_left: f64 = distinct.iter().filter(|(_, w)| !heavy(*w)).map(|(_, w)| w).sum();
    let mut edges = Vec::with_capacity(bins - 1);
    let mut filled = 0.0;
    for (i, pair) in distinct.windows(2).enumerate() {
        let (here, next) = (distinct[i].1, distinct[i + 1].1);
        filled += here;
        let share = weight_left / bins_left as f64;
        // A heavy value closes its own bin and the one before it.
        if heavy(here) || (heavy(next) && filled > 0.5 * share) || filled >= share {
            edges.push(between(pair[0].0, pair[1].0));
            if edges.len() == bins - 1 {
                break;
            }
            if !heavy(here) {
                weight_left -= filled;
                bins_left = (bins_left - 1).max(1);
            }
            filled = 0.0;
        }
    }
    edges
}

/// A number `t` with `a ≤ t < b`, in the middle where `f32` has one.
fn between(a: f32, b: f32) -> f32 {
    let middle = ((f64::from(a) + f64::from(b)) / 2.0) as f32;
    if middle.is_finite() && a <= middle && middle < b { middle } else { a }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cuts(values: &[f32], bins: usize) -> Vec<f32> {
        let found = distinct(values.iter().copied());
        assert_eq!(found, distinct_weighted(values.iter().map(|&x| (x, 1.0))));
        edges(&found, bins)
    }

    #[test]
    fn few_distinct_values_have_a_bin_each_with_the_edge_in_the_middle() {
        assert_eq!(cuts(&[3.0, 1.0, 1.0, f32::NAN, 2.0], 255), [1.5, 2.5]);
        assert_eq!(cuts(&[-0.0, 0.0], 255), Vec::<f32>::new());
        let near = f32::from_bits(1.0f32.to_bits() + 1);
        assert_eq!(cuts(&[1.0, near], 255), [1.0]);
        assert_eq!(cuts(&[f32::NEG_INFINITY, 0.0, f32::INFINITY], 255), [f32::NEG_INFINITY, 0.0]);
    }

    #[test]
    fn many_values_are_cut_at_equal_weight() {
        let values: Vec<f32> = (0..10_000).map(|i| i as f32).collect();
        let cut = cuts(&values, 10);
        assert_eq!(cut.len(), 9);
        for (b, edge) in cut.iter().enumerate() {
            assert!((edge - (1000 * (b + 1)) as f32).abs() < 20.0, "{cut:?}");
        }
        // Weight moves the cuts: the lower half weighs three times the upper.
        let weighted = values.iter().map(|&x| (x, if x < 5000.0 { 3.0 } else { 1.0 }));
        let cut = edges(&distinct_weighted(weighted), 10);
        assert_eq!(cut.iter().filter(|&&e| e < 5000.0).count(), 7);
    }

    #[test]
    fn a_heavy_value_closes_its_bin() {
        let mut values: Vec<f32> = (0..2000).map(|i| i as f32).collect();
        values.extend(std::iter::repeat_n(700.0, 3000));
        let cut = cuts(&values, 16);
        assert!(cut.contains(&700.5), "{cut:?}");
        let before = cut.iter().rev().find(|&&e| e < 700.0).copied().unwrap_or(0.0);
        assert!(before > 600.0, "{cut:?}");
        assert!(cut.len() <= 15);
    }
}
