use super::objective::{Measure, Objective, one_if, two_sums_up_to};
use crate::tree::single;

/// The weight and the sum of one target, from its mean in each node, so that neither squares of far-off numbers nor one
/// number far off in another node swallow differences.
pub(crate) struct TargetSum<'a> {
    values: &'a [f64],
}

impl<'a> TargetSum<'a> {
    pub(crate) fn new(values: &'a [f64]) -> Self {
        Self { values }
    }
}

/// The middle one of one output of some rows in order: that of nearly all rows, where a mean would follow one far-off row.
fn middle(values: &[f64], rows: &[u32], output: usize, outputs: usize) -> f64 {
    let mut own: Vec<f64> = rows.iter().map(|&row| values[row as usize * outputs + output]).collect();
    let half = own.len() / 2;
    if own.is_empty() { 0.0 } else { *own.select_nth_unstable_by(half, f64::total_cmp).1 }
}

/// A row's weight and its target, which a node takes from its own mean.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TargetItem {
    pub(super) weight: f64,
    pub(super) value: f64,
}

impl Objective for TargetSum<'_> {
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

    #[inline]
    fn add_all(&self, items: &[TargetItem], sums: &mut [f64]) {
        // Two numbers that stay in registers.
        let (mut weight, mut sum) = (0.0, 0.0);
        for item in items {
            weight += item.weight;
            sum += item.weight * item.value;
        }
        sums[0] += weight;
        sums[1] += sum;
    }

    #[inline]
    fn add_up_to<K: Copy + Into<u32>>(&self, items: &[TargetItem], codes: &[K], last: u32, sums: &mut [f64]) -> usize {
        let ([weight, sum], rows) = two_sums_up_to(items, codes, last, |item, is_left| {
            let own = item.weight * one_if(is_left);
            [own, own * item.value]
        });
        sums[0] += weight;
        sums[1] += sum;
        rows
    }

    #[inline(always)]
    fn weight(&self, sums: &[f64]) -> f64 {
        sums[0]
    }

    #[inline(always)]
    fn purity(&self, sums: &[f64]) -> f64 {
        sums[1] * sums[1] / sums[0]
    }

    fn centre(&self, items: &mut [TargetItem]) -> f64 {
        let (mut weight, mut sum) = (0.0, 0.0);
        for item in &*items {
            weight += item.weight;
            sum += item.weight * item.value;
        }
        let centre = sum / weight;
        items.iter_mut().for_each(|item| item.value -= centre);
        centre
    }

    fn measure(&self, items: &[TargetItem], sums: &[f64], centre: f64, value: &mut [f32]) -> Measure {
        let mean = sums[1] / sums[0];
        value[0] = single(centre + mean);
        let first = items.first().map_or(0.0, |item| item.value);
        let (mut impurity, mut is_pure) = (0.0, true);
        for item in items {
            let off = item.value - mean;
            impurity += item.weight * off * off;
            is_pure &= item.value == first;
        }
        Measure { weight: sums[0], purity: self.purity(sums), impurity, is_pure }
    }

    fn responses(&self) -> usize {
        1
    }

    fn response(&self, sums: &[f64], out: &mut [f64]) {
        out[0] = sums[1] / sums[0];
    }
}

/// The weight and the sums of several targets, each from its median over all rows, or of yes-or-no labels as 0 and 1.
///
/// For labels, the mean of the squared errors is half the mean of the Gini impurities: `factor` is 2.
pub(crate) struct TargetSums {
    /// From the centres, `[rows][outputs]`.
    values: Vec<f64>,
    centres: Vec<f64>,
    factor: f64,
}

impl TargetSums {
    pub(crate) fn new(mut values: Vec<f64>, rows: &[u32], outputs: usize) -> Self {
        let centres: Vec<f64> = (0..outputs).map(|output| middle(&values, rows, output, outputs)).collect();
        for row in values.chunks_exact_mut(outputs) {
            row.iter_mut().zip(&centres).for_each(|(value, centre)| *value -= centre);
        }
        Self { values, centres, factor: 1.0 }
    }

    /// Of labels, which need no centre: so a label that no row of a leaf has gets 0, not what rounding leaves of it.
    pub(crate) fn of_labels(labels: &[bool], outputs: usize) -> Self {
        let values = labels.iter().map(|&yes| f64::from(u8::from(yes))).collect();
        Self { values, centres: vec![0.0; outputs], factor: 2.0 }
    }

    fn row(&self, item: RowItem) -> &[f64] {
        let outputs = self.centres.len();
        &self.values[item.row as usize * outputs..(item.row as usize + 1) * outputs]
    }

    fn scale(&self) -> f64 {
        self.factor / self.centres.len() as f64
    }
}

/// A row's number and weight.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RowItem {
    weight: f64,
    row: u32,
}

impl Objective for TargetSums {
    type Item = RowItem;

    fn width(&self) -> usize {
        self.centres.len() + 1
    }

    fn outputs(&self) -> usize {
        self.centres.len()
    }

    fn item(&self, row: usize, weight: f64) -> RowItem {
        RowItem { weight, row: row as u32 }
    }

    fn add(&self, item: RowItem, sums: &mut [f64]) {
        sums[0] += item.weight;
        for (sum, value) in sums[1..].iter_mut().zip(self.row(item)) {
            *sum += item.weight * value;
        }
    }

    fn weight(&self, sums: &[f64]) -> f64 {
        sums[0]
    }

    fn purity(&self, sums: &[f64]) -> f64 {
        sums[1..].iter().map(|sum| sum * sum).sum::<f64>() / sums[0] * self.scale()
    }

    fn measure(&self, items: &[RowItem], sums: &[f64], _: f64, value: &mut [f32]) -> Measure {
        let weight = sums[0];
        for ((value, centre), sum) in value.iter_mut().zip(&self.centres).zip(&sums[1..]) {
            *value = single(centre + sum / weight);
        }
        let (mut impurity, mut is_pure) = (0.0, true);
        for &item in items {
            let row = self.row(item);
            let off: f64 = row.iter().zip(&sums[1..]).map(|(value, sum)| (value - sum / weight).powi(2)).sum();
            impurity += item.weight * off;
            is_pure &= row == self.row(items[0]);
        }
        Measure { weight, purity: self.purity(sums), impurity: impurity * self.scale(), is_pure }
    }

    fn responses(&self) -> usize {
        self.centres.len()
    }

    fn response(&self, sums: &[f64], out: &mut [f64]) {
        out.iter_mut().zip(&sums[1..]).for_each(|(mean, sum)| *mean = sum / sums[0]);
    }
}
