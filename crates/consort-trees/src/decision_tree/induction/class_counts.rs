use std::marker::PhantomData;

use super::objective::{Measure, Objective, one_if, two_sums_up_to};

/// A function of the counts of the classes of a node.
pub(crate) trait ClassImpurity: Send + Sync {
    /// Minus the weight times the impurity, but for a number that the weight alone decides.
    fn purity(counts: &[f64], weight: f64) -> f64;
    /// The weight times the impurity.
    fn impurity(counts: &[f64], weight: f64) -> f64;
}

/// `1 − Σ pₖ²`.
pub(crate) struct Gini;

impl ClassImpurity for Gini {
    #[inline(always)]
    fn purity(counts: &[f64], weight: f64) -> f64 {
        counts.iter().map(|c| c * c).sum::<f64>() / weight
    }

    fn impurity(counts: &[f64], weight: f64) -> f64 {
        (weight - Self::purity(counts, weight)).max(0.0)
    }
}

/// `−Σ pₖ log₂ pₖ`.
pub(crate) struct Entropy;

impl ClassImpurity for Entropy {
    #[inline(always)]
    fn purity(counts: &[f64], weight: f64) -> f64 {
        counts.iter().map(|&c| x_log_x(c)).sum::<f64>() - x_log_x(weight)
    }

    fn impurity(counts: &[f64], weight: f64) -> f64 {
        (-Self::purity(counts, weight)).max(0.0)
    }
}

#[inline(always)]
fn x_log_x(x: f64) -> f64 {
    // Rounding can leave a count a little below 0.
    if x > 0.0 { x * x.log2() } else { 0.0 }
}

/// The weight of each class in a node. `N` is the number of classes where the compiler should know it, else 0.
pub(crate) struct ClassCounts<'a, I, const N: usize> {
    codes: &'a [u32],
    classes: usize,
    impurity: PhantomData<I>,
}

impl<'a, I, const N: usize> ClassCounts<'a, I, N> {
    pub(crate) fn new(codes: &'a [u32], classes: usize) -> Self {
        Self { codes, classes, impurity: PhantomData }
    }
}

/// A row's class and weight.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ClassItem {
    weight: f64,
    class: u32,
}

impl<I: ClassImpurity, const N: usize> Objective for ClassCounts<'_, I, N> {
    type Item = ClassItem;

    #[inline(always)]
    fn width(&self) -> usize {
        if N == 0 { self.classes } else { N }
    }

    fn outputs(&self) -> usize {
        self.classes
    }

    #[inline(always)]
    fn item(&self, row: usize, weight: f64) -> ClassItem {
        ClassItem { weight, class: self.codes[row] }
    }

    #[inline(always)]
    fn add(&self, item: ClassItem, sums: &mut [f64]) {
        sums[item.class as usize] += item.weight;
    }

    #[inline]
    fn add_all(&self, items: &[ClassItem], sums: &mut [f64]) {
        if N != 2 {
            return items.iter().for_each(|&item| self.add(item, sums));
        }
        // Two numbers that stay in registers.
        let (mut first, mut second) = (0.0, 0.0);
        for item in items {
            first += item.weight * one_if(item.class == 0);
            second += item.weight * one_if(item.class != 0);
        }
        sums[0] += first;
        sums[1] += second;
    }

    #[inline]
    fn add_up_to<K: Copy + Into<u32>>(&self, items: &[ClassItem], codes: &[K], last: u32, sums: &mut [f64]) -> usize {
        if N != 2 {
            let mut rows = 0;
            for (&item, &code) in items.iter().zip(codes) {
                let is_left = code.into() <= last;
                sums[item.class as usize] += item.weight * one_if(is_left);
                rows += usize::from(is_left);
            }
            return rows;
        }
        let ([weight, second], rows) = two_sums_up_to(items, codes, last, |item, is_left| {
            let own = item.weight * one_if(is_left);
            [own, own * one_if(item.class != 0)]
        });
        sums[0] += weight - second;
        sums[1] += second;
        rows
    }

    #[inline(always)]
    fn weight(&self, sums: &[f64]) -> f64 {
        sums.iter().sum()
    }

    #[inline(always)]
    fn purity(&self, sums: &[f64]) -> f64 {
        I::purity(sums, self.weight(sums))
    }

    fn measure(&self, _: &[ClassItem], sums: &[f64], _: f64, value: &mut [f32]) -> Measure {
        let weight = self.weight(sums);
        for (share, count) in value.iter_mut().zip(sums) {
            *share = (count / weight) as f32;
        }
        let is_pure = sums.iter().filter(|count| **count > 0.0).count() <= 1;
        Measure { weight, purity: I::purity(sums, weight), impurity: I::impurity(sums, weight), is_pure }
    }

    fn responses(&self) -> usize {
        // Of two classes, the share of one tells that of the other.
        if self.classes == 2 { 1 } else { self.classes }
    }

    fn response(&self, sums: &[f64], out: &mut [f64]) {
        let weight = self.weight(sums);
        for (share, count) in out.iter_mut().zip(&sums[sums.len() - self.responses()..]) {
            *share = count / weight;
        }
    }
}
