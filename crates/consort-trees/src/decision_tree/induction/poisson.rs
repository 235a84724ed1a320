use super::{
    objective::{Measure, Objective},
    target_sums::TargetItem,
};
use crate::tree::single;

/// The weight and the sum of a target that is never below 0.
pub(crate) struct PoissonSum<'a> {
    values: &'a [f64],
}

impl<'a> PoissonSum<'a> {
    pub(crate) fn new(values: &'a [f64]) -> Self {
        Self { values }
    }
}

impl Objective for PoissonSum<'_> {
    type Item = TargetItem;

    #[inline(always)]
    fn width(&self) -> usize {
        2
    }

    fn outputs(&self) -> usize {
        1
    }

    #[inline(always)]
    fn item(&self, row: usize, weight: f64) -> TargetItem {
        TargetItem { weight, value: self.values[row] }
    }

    #[inline(always)]
    fn add(&self, item: TargetItem, sums: &mut [f64]) {
        sums[0] += item.weight;
        sums[1] += item.weight * item.value;
    }

    #[inline(always)]
    fn weight(&self, sums: &[f64]) -> f64 {
        sums[0]
    }

    #[inline(always)]
    fn purity(&self, sums: &[f64]) -> f64 {
        if sums[1] > 0.0 { sums[1] * (sums[1] / sums[0]).ln() } else { 0.0 }
    }

    /// A leaf that predicts 0 would have an infinite deviance on the first row that is above 0.
    #[inline(always)]
    fn is_side(&self, sums: &[f64]) -> bool {
        // What rounding leaves of a sum of zeros is no sum.
        sums[1] > 1e-12 * sums[0]
    }

    fn measure(&self, items: &[TargetItem], sums: &[f64], _: f64, value: &mut [f32]) -> Measure {
        let mean = sums[1] / sums[0];
        value[0] = single(mean);
        let first = items.first().map_or(0.0, |item| item.value);
        let (mut impurity, mut is_pure) = (0.0, true);
        for item in items {
            if item.value > 0.0 {
                impurity += item.weight * item.value * (item.value / mean).ln();
            }
            is_pure &= item.value == first;
        }
        Measure { weight: sums[0], purity: self.purity(sums), impurity: impurity.max(0.0), is_pure }
    }

    fn responses(&self) -> usize {
        1
    }

    fn response(&self, sums: &[f64], out: &mut [f64]) {
        out[0] = sums[1] / sums[0];
    }
}
