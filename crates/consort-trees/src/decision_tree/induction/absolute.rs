use super::{
    objective::{Measure, Objective},
    target_sums::TargetItem,
};
use crate::tree::single;

/// Rows around their median.
///
/// The sum of absolute errors of every part of a scan is kept in a tree of sums over the targets in order (Fenwick
/// 1994), so that a feature costs O(n log n).
pub(crate) struct MedianRows<'a> {
    values: &'a [f64],
}

impl<'a> MedianRows<'a> {
    pub(crate) fn new(values: &'a [f64]) -> Self {
        Self { values }
    }
}

impl Objective for MedianRows<'_> {
    type Item = TargetItem;

    const BY_ROWS: bool = true;

    fn width(&self) -> usize {
        2
    }

    fn outputs(&self) -> usize {
        1
    }

    fn item(&self, row: usize, weight: f64) -> TargetItem {
        TargetItem { weight, value: self.values[row] }
    }

    fn add(&self, item: TargetItem, sums: &mut [f64]) {
        sums[0] += item.weight;
        sums[1] += item.weight * item.value;
    }

    fn weight(&self, sums: &[f64]) -> f64 {
        sums[0]
    }

    fn purity(&self, _: &[f64]) -> f64 {
        0.0
    }

    fn measure(&self, items: &[TargetItem], sums: &[f64], _: f64, value: &mut [f32]) -> Measure {
        let mut sorted: Vec<(f64, f64)> = items.iter().map(|item| (item.value, item.weight)).collect();
        sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let median = median(&sorted);
        value[0] = single(median);
        let impurity = items.iter().map(|item| item.weight * (item.value - median).abs()).sum::<f64>();
        let is_pure = sorted.first().map(|first| first.0) == sorted.last().map(|last| last.0);
        Measure { weight: sums[0], purity: -impurity, impurity, is_pure }
    }

    fn responses(&self) -> usize {
        1
    }

    /// The mean orders categories here too: a median has too many ties.
    fn response(&self, sums: &[f64], out: &mut [f64]) {
        out[0] = sums[1] / sums[0];
    }

    fn purities(&self, items: &[TargetItem], ends: &[usize], out: &mut Vec<f64>) {
        let mut values: Vec<f64> = items.iter().map(|item| item.value).collect();
        values.sort_unstable_by(f64::total_cmp);
        values.dedup();
        let ranks: Vec<usize> = items.iter().map(|item| values.partition_point(|v| *v < item.value)).collect();
        let mut sums = Fenwick::new(&values);
        out.clear();
        let mut start = 0;
        for &end in ends {
            (start..end).for_each(|i| sums.add(ranks[i], items[i]));
            out.push(-sums.error());
            start = end;
        }
        sums.clear();
        for (g, &start) in ends.iter().enumerate().rev() {
            let end = ends.get(g + 1).copied().unwrap_or(start);
            (start..end).for_each(|i| sums.add(ranks[i], items[i]));
            out[g] -= sums.error();
        }
    }
}

/// The weighted median of sorted numbers: the mean of both where exactly half of the weight is on each side.
fn median(sorted: &[(f64, f64)]) -> f64 {
    let half = sorted.iter().map(|(_, weight)| weight).sum::<f64>() / 2.0;
    let mut below = 0.0;
    for (i, &(value, weight)) in sorted.iter().enumerate() {
        below += weight;
        if below > half {
            return value;
        }
        if below == half {
            return sorted.get(i + 1).map_or(value, |next| value / 2.0 + next.0 / 2.0);
        }
    }
    sorted.last().map_or(0.0, |last| last.0)
}

/// Weights, and weights times targets, summed over targets up to any one.
struct Fenwick<'a> {
    values: &'a [f64],
    tree: Vec<[f64; 2]>,
    total: [f64; 2],
}

impl<'a> Fenwick<'a> {
    fn new(values: &'a [f64]) -> Self {
        Self { values, tree: vec![[0.0; 2]; values.len() + 1], total: [0.0; 2] }
    }

    fn clear(&mut self) {
        self.tree.fill([0.0; 2]);
        self.total = [0.0; 2];
    }

    fn add(&mut self, rank: usize, item: TargetItem) {
        let sums = [item.weight, item.weight * item.value];
        let mut place = rank + 1;
        while place < self.tree.len() {
            self.tree[place][0] += sums[0];
            self.tree[place][1] += sums[1];
            place += place & place.wrapping_neg();
        }
        self.total[0] += sums[0];
        self.total[1] += sums[1];
    }

    /// The sum of weighted distances from the median.
    fn error(&self) -> f64 {
        let half = self.total[0] / 2.0;
        let (mut place, mut below) = (0, [0.0; 2]);
        let mut step = self.tree.len().next_power_of_two() / 2;
        // The greatest place whose sum stays below half; the median is the next target.
        while step > 0 {
            let next = place + step;
            if next < self.tree.len() && below[0] + self.tree[next][0] < half {
                place = next;
                below[0] += self.tree[next][0];
                below[1] += self.tree[next][1];
            }
            step /= 2;
        }
        let Some(median) = self.values.get(place) else { return 0.0 };
        // Targets equal to the median may count on either side: they add nothing.
        let error = median * below[0] - below[1] + (self.total[1] - below[1]) - median * (self.total[0] - below[0]);
        error.max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purities_of_all_cuts_are_the_errors_around_both_medians() {
        let items: Vec<TargetItem> = (0..50u32)
            .map(|i| TargetItem { weight: f64::from(1 + i % 3), value: f64::from(i * 37 % 23) - 7.5 })
            .collect();
        let ends: Vec<usize> = vec![3, 4, 11, 30, 49, 50];
        let error = |items: &[TargetItem]| {
            let at = |m: f64| items.iter().map(|item| item.weight * (item.value - m).abs()).sum::<f64>();
            items.iter().map(|item| at(item.value)).fold(f64::INFINITY, f64::min).min(if items.is_empty() {
                0.0
            } else {
                f64::INFINITY
            })
        };
        let mut got = Vec::new();
        MedianRows::new(&[]).purities(&items, &ends, &mut got);
        for (purity, &end) in got.iter().zip(&ends) {
            let want = -(error(&items[..end]) + error(&items[end..]));
            assert!((purity - want).abs() < 1e-9, "{end}: {purity} {want}");
        }
    }

    #[test]
    fn a_median_with_half_of_the_weight_on_each_side_is_between_two_numbers() {
        assert_eq!(median(&[(1.0, 1.0), (2.0, 1.0), (5.0, 2.0)]), 3.5);
        assert_eq!(median(&[(1.0, 1.0), (2.0, 2.0), (5.0, 1.0)]), 2.0);
    }
}
