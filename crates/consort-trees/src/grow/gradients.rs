use consort_core::blocks;
use pulp::{Arch, NullaryFnOnce};
use rayon::prelude::*;

/// A gradient and a Hessian a row, as whole numbers packed in one word: `gradient · 2³² + hessian`.
///
/// Whole numbers add up to the same sum in any order, so a histogram does not depend on threads; and one addition
/// of 8 bytes does the work of two. The scales are chosen so that no sum over the rows can leave its 32 bits: with
/// a million rows a mean gradient is about 2,000 steps, far below the noise of any data.
#[derive(Debug)]
pub struct Gradients {
    packed: Vec<i64>,
    total: i64,
    /// What one step of a gradient is worth.
    pub gradient_step: f64,
    /// What one step of a Hessian is worth.
    pub hessian_step: f64,
}

/// The sum of the steps of all rows stays below this, and so does that of any part of them.
const LIMIT: f64 = (1u64 << 31) as f64 - 1.0;

impl Gradients {
    /// Room for this many rows.
    pub fn new(rows: usize) -> Self {
        Self { packed: vec![0; rows], total: 0, gradient_step: 1.0, hessian_step: 1.0 }
    }

    /// Packs gradients and Hessians, one a row. A Hessian below 0 counts as 0; what is not finite counts as 0.
    pub fn pack(&mut self, gradients: &[f32], hessians: &[f32]) {
        let rows = gradients.len();
        self.packed.resize(rows, 0);
        let [gradient, hessian, present] = blocks::sum(rows, |rows| {
            Arch::new().dispatch(Sizes { gradients: &gradients[rows.clone()], hessians: &hessians[rows] })
        });
        // Rounding moves each row by half a step at most. Rows of weight 0 have nothing to round: they are as absent here.
        let room = (LIMIT - present).max(1.0);
        let step = |sum: f64| if sum > 0.0 && sum.is_finite() { sum / room } else { 1.0 };
        self.gradient_step = step(gradient);
        self.hessian_step = step(hessian);
        let (per_gradient, per_hessian) = (1.0 / self.gradient_step, 1.0 / self.hessian_step);
        self.total = self
            .packed
            .par_chunks_mut(blocks::ROWS)
            .zip(gradients.par_chunks(blocks::ROWS).zip(hessians.par_chunks(blocks::ROWS)))
            .map(|(words, (gradients, hessians))| {
                Arch::new().dispatch(Packing { gradients, hessians, per_gradient, per_hessian, words })
            })
            .reduce(|| 0, i64::wrapping_add);
    }

    /// Makes each step worth so many times as much: where derivatives were packed in another unit of weight.
    pub fn scale(&mut self, factor: f64) {
        self.gradient_step *= factor;
        self.hessian_step *= factor;
    }

    /// The sum of all words.
    pub fn total(&self) -> i64 {
        self.total
    }

    /// The packed words, one a row.
    pub fn words(&self) -> &[i64] {
        &self.packed
    }

    /// The sums that a packed word stands for.
    pub fn unpack(&self, word: i64) -> (f64, f64) {
        let (g, h) = steps(word);
        (g as f64 * self.gradient_step, h as f64 * self.hessian_step)
    }
}

/// The steps of gradient and Hessian in a word; the Hessian is never negative.
pub(super) fn steps(word: i64) -> (i64, i64) {
    let hessian = word & 0xffff_ffff;
    ((word - hessian) >> 32, hessian)
}

/// The sums of the sizes of gradients and Hessians and the count of rows that have any, in eight lanes that are added in
/// order at the end.
struct Sizes<'a> {
    gradients: &'a [f32],
    hessians: &'a [f32],
}

impl NullaryFnOnce for Sizes<'_> {
    type Output = [f64; 3];

    #[inline(always)]
    fn call(self) -> [f64; 3] {
        const LANES: usize = 8;
        let (mut g, mut h, mut present) = ([0.0f64; LANES], [0.0f64; LANES], [0.0f64; LANES]);
        let mut add = |gradients: &[f32], hessians: &[f32]| {
            for (i, (&a, &b)) in gradients.iter().zip(hessians).enumerate() {
                let (a, b) = (gradient(a).abs(), hessian(b));
                g[i] += f64::from(a);
                h[i] += f64::from(b);
                present[i] += if a > 0.0 || b > 0.0 { 1.0 } else { 0.0 };
            }
        };
        let (gs, hs) = (self.gradients.chunks_exact(LANES), self.hessians.chunks_exact(LANES));
        let rest = (gs.remainder(), hs.remainder());
        gs.zip(hs).for_each(|(gradients, hessians)| add(gradients, hessians));
        add(rest.0, rest.1);
        [g.iter().sum(), h.iter().sum(), present.iter().sum()]
    }
}

#[inline(always)]
fn gradient(g: f32) -> f32 {
    if g.abs() < f32::INFINITY { g } else { 0.0 }
}

#[inline(always)]
fn hessian(h: f32) -> f32 {
    if h > 0.0 && h < f32::INFINITY { h } else { 0.0 }
}

struct Packing<'a> {
    gradients: &'a [f32],
    hessians: &'a [f32],
    per_gradient: f64,
    per_hessian: f64,
    words: &'a mut [i64],
}

impl NullaryFnOnce for Packing<'_> {
    type Output = i64;

    #[inline(always)]
    fn call(self) -> i64 {
        let mut total = 0i64;
        for ((word, &g), &h) in self.words.iter_mut().zip(self.gradients).zip(self.hessians) {
            let g = round(f64::from(gradient(g)) * self.per_gradient);
            let h = round(f64::from(hessian(h)) * self.per_hessian);
            *word = (g << 32).wrapping_add(h);
            total = total.wrapping_add(*word);
        }
        total
    }
}

/// To the nearest whole number, by adding what leaves no room for a fraction: the last bits are then the number. It
/// compiles to wide adds.
#[inline(always)]
fn round(x: f64) -> i64 {
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    ((x + SHIFT).to_bits() as i64).wrapping_sub(SHIFT.to_bits() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_words_are_the_sums_of_their_parts() {
        let gradients: Vec<f32> = (0..1000).map(|i| ((i * 37 % 101) as f32 - 50.0) / 7.0).collect();
        let hessians: Vec<f32> = (0..1000).map(|i| (i % 13) as f32 / 3.0).collect();
        let mut packed = Gradients::new(1000);
        packed.pack(&gradients, &hessians);
        let word = packed.words().iter().fold(0i64, |a, &b| a.wrapping_add(b));
        let (g, h) = packed.unpack(word);
        let (want_g, want_h): (f64, f64) =
            (gradients.iter().map(|&x| f64::from(x)).sum(), hessians.iter().map(|&x| f64::from(x)).sum());
        assert!((g - want_g).abs() < 1e-3 && (h - want_h).abs() < 1e-3, "{g} {want_g} {h} {want_h}");
    }

    #[test]
    fn constant_hessians_stay_equal_and_bad_numbers_count_nothing() {
        let mut packed = Gradients::new(3);
        packed.pack(&[f32::NAN, f32::INFINITY, -1.0], &[1.0, 1.0, -5.0]);
        let parts: Vec<_> = packed.words().iter().map(|&w| steps(w)).collect();
        assert_eq!((parts[0].0, parts[1].0), (0, 0));
        assert_eq!(parts[0].1, parts[1].1);
        assert_eq!(parts[2].1, 0);
        assert!((packed.unpack(packed.words()[2]).0 + 1.0).abs() < 1e-6);
    }
}
