use consort_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// How values are put into bins.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BinParams {
    /// The most bins of a feature, 2 to 255. A missing value has a bin of its own beside these.
    pub bins: usize,
    /// How many rows, evenly spaced, the bin edges are taken from.
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

/// The upper edges of the bins of some numbers: bin `b` holds the values above edge `b − 1` and up to edge `b`; the
/// last bin has no upper edge. NaN is skipped.
///
/// With few distinct values each has a bin. Else the bins have about equal weight: a value heavier than a fair
/// share closes its bin, and the rest is filled up in order, each bin to the mean of what is left.
pub(crate) fn edges(mut values: Vec<(f32, f64)>, bins: usize) -> Vec<f32> {
    values.retain(|(x, w)| !x.is_nan() && *w > 0.0);
    values.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    // Distinct values and their weights; −0 and 0 are one value.
    let mut distinct: Vec<(f32, f64)> = Vec::new();
    for (x, w) in values {
        match distinct.last_mut() {
            Some(last) if last.0 == x => last.1 += w,
            _ => distinct.push((x, w)),
        }
    }
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

    fn unit(values: &[f32]) -> Vec<(f32, f64)> {
        values.iter().map(|&x| (x, 1.0)).collect()
    }

    #[test]
    fn few_distinct_values_have_a_bin_each_with_the_edge_in_the_middle() {
        assert_eq!(edges(unit(&[3.0, 1.0, 1.0, f32::NAN, 2.0]), 255), [1.5, 2.5]);
        assert_eq!(edges(unit(&[-0.0, 0.0]), 255), Vec::<f32>::new());
        let near = f32::from_bits(1.0f32.to_bits() + 1);
        assert_eq!(edges(unit(&[1.0, near]), 255), [1.0]);
        assert_eq!(edges(unit(&[f32::NEG_INFINITY, 0.0, f32::INFINITY]), 255), [f32::NEG_INFINITY, 0.0]);
    }

    #[test]
    fn many_values_are_cut_at_equal_weight() {
        let values: Vec<f32> = (0..10_000).map(|i| i as f32).collect();
        let cut = edges(unit(&values), 10);
        assert_eq!(cut.len(), 9);
        for (b, edge) in cut.iter().enumerate() {
            assert!((edge - (1000 * (b + 1)) as f32).abs() < 20.0, "{cut:?}");
        }
        // Weight moves the cuts: the lower half weighs three times the upper.
        let weighted = values.iter().map(|&x| (x, if x < 5000.0 { 3.0 } else { 1.0 })).collect();
        let cut = edges(weighted, 10);
        assert_eq!(cut.iter().filter(|&&e| e < 5000.0).count(), 7);
    }

    #[test]
    fn a_heavy_value_closes_its_bin() {
        let mut values: Vec<f32> = (0..2000).map(|i| i as f32).collect();
        values.extend(std::iter::repeat_n(700.0, 3000));
        let cut = edges(unit(&values), 16);
        assert!(cut.contains(&700.5), "{cut:?}");
        let before = cut.iter().rev().find(|&&e| e < 700.0).copied().unwrap_or(0.0);
        assert!(before > 600.0, "{cut:?}");
        assert!(cut.len() <= 15);
    }
}
