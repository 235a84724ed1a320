use super::{
    Monotone, TreeParams,
    constraints::Bounds,
    gradients::steps,
    histogram::{BINS, Histogram},
};
use crate::bins::FeatureBins;

/// Which codes of a feature go left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cut {
    /// Those up to this one.
    UpTo(u8),
    /// Those in the set: one bit a code.
    Among([u64; 4]),
}

/// Steps of gradient and Hessian, as in the packed words, and what a step is worth.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    pub(super) gradient: f64,
    pub(super) hessian: f64,
}

/// The best split found of a node.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Candidate {
    pub(super) gain: f64,
    pub(super) feature: usize,
    pub(super) cut: Cut,
    pub(super) missing_left: bool,
    /// The packed sum of the rows that go left.
    pub(super) left: i64,
}

/// For every code of a feature, whether it goes right.
pub(super) type Rights = [bool; 256];

impl Candidate {
    pub(super) fn rights(&self, bins: &FeatureBins) -> Rights {
        let missing = bins.bins();
        std::array::from_fn(|code| {
            if code == missing {
                return !self.missing_left;
            }
            match &self.cut {
                Cut::UpTo(last) => code > *last as usize,
                Cut::Among(left) => left[code / 64] >> (code % 64) & 1 == 0,
            }
        })
    }
}

/// The better of two; of equal gain, that on the feature with the first place.
pub(super) fn better(places: &[u32], a: Option<Candidate>, b: Option<Candidate>) -> Option<Candidate> {
    match (a, b) {
        (Some(a), Some(b)) => {
            let is_first = b.gain > a.gain || (b.gain == a.gain && places[b.feature] < places[a.feature]);
            Some(if is_first { b } else { a })
        }
        (a, b) => a.or(b),
    }
}

/// Looks for the best split of one node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Search<'a> {
    word: i64,
    scale: Scale,
    params: &'a TreeParams,
    bounds: Bounds,
    /// What a split's sides must be better than: the node's own strength, and a little.
    parent: f64,
    floor: f64,
    /// The fewest steps of Hessian that a side may have.
    least: f64,
    /// As much smoothing of categories as 10 rows give.
    smooth: f64,
    /// The fewest steps of Hessian by which a level is judged by itself.
    least_level: f64,
}

impl<'a> Search<'a> {
    /// `word` is the packed sum over the node's rows.
    pub(super) fn new(word: i64, rows: usize, scale: Scale, bounds: Bounds, params: &'a TreeParams) -> Self {
        let (g, h) = steps(word);
        // Rows are judged by their share of the Hessian, as if each had the node's mean.
        let steps_per_row = (h as f64).max(1.0) / (rows as f64).max(1.0);
        let (g, h_real) = (g as f64 * scale.gradient, h as f64 * scale.hessian);
        let parent = if bounds.is_none() { params.strength(g, h_real) } else { strength_at(params, g, h_real, bounds) };
        Self {
            word,
            scale,
            params,
            bounds,
            parent,
            floor: params.min_gain.max(parent.abs() * 1e-12),
            // Each row's Hessian is off by half a step at most.
            least: (params.min_rows * (steps_per_row - 0.5)).max(params.min_hessian / scale.hessian).max(1.0),
            smooth: 10.0 * steps_per_row,
            least_level: params.min_level_rows * (steps_per_row - 0.5),
        }
    }

    /// The split of greatest gain of one feature; of equal gain, the first in order of its codes.
    pub(super) fn best(
        &self,
        feature: usize,
        bins: &FeatureBins,
        histogram: &Histogram,
        monotone: Option<Monotone>,
    ) -> Option<Candidate> {
        let count = bins.bins();
        let missing = histogram[count];
        if bins.is_categorical() {
            return self.categorical(feature, &histogram[..count], missing);
        }
        if self.params.l1 == 0.0 && self.bounds.is_none() && monotone.is_none() {
            return self.numeric(feature, histogram, count, missing);
        }
        self.constrained(feature, &histogram[..count], missing, monotone)
    }

    /// The gain of a split with this packed sum on the left, or `None` if a side is too small or the values would
    /// move the wrong way.
    fn gain(&self, left: i64, monotone: Option<Monotone>) -> Option<f64> {
        let (gl, hl) = steps(left);
        let (gr, hr) = steps(self.word.wrapping_sub(left));
        if (hl as f64) < self.least || (hr as f64) < self.least {
            return None;
        }
        let (gl, gr) = (gl as f64 * self.scale.gradient, gr as f64 * self.scale.gradient);
        let (hl, hr) = (hl as f64 * self.scale.hessian, hr as f64 * self.scale.hessian);
        if self.bounds.is_none() && monotone.is_none() {
            return Some(self.params.strength(gl, hl) + self.params.strength(gr, hr) - self.parent);
        }
        let left = self.bounds.clamp(self.params.value(gl, hl));
        let right = self.bounds.clamp(self.params.value(gr, hr));
        let is_wrong = match monotone {
            Some(Monotone::Increasing) => left > right,
            Some(Monotone::Decreasing) => left < right,
            None => false,
        };
        if is_wrong {
            return None;
        }
        let sides = strength_at(self.params, gl, hl, self.bounds) + strength_at(self.params, gr, hr, self.bounds);
        Some(sides - self.parent)
    }

    /// Whether missing values go left, of which the node has some if their packed sum is not 0; if it has none, they go with
    /// most of its Hessian. `left` is the packed sum on the left.
    fn missing_side(&self, missing: i64, missing_left: bool, left: i64) -> bool {
        if missing != 0 { missing_left } else { self.is_heavier(left) }
    }

    /// Whether a side has most of the node's Hessian.
    fn is_heavier(&self, side: i64) -> bool {
        2 * steps(side).1 > steps(self.word).1
    }

    fn numeric(&self, feature: usize, histogram: &Histogram, count: usize, missing: i64) -> Option<Candidate> {
        let mut lefts = [0i64; BINS];
        let mut left = 0i64;
        for (sum, bin) in lefts.iter_mut().zip(&histogram[..count]) {
            left = left.wrapping_add(*bin);
            *sum = left;
        }
        let mut best: Option<(f64, usize, bool)> = None;
        let mut take = |found: Option<(f64, usize)>, missing_left: bool| {
            if let Some((gain, code)) = found
                && best.is_none_or(|(most, ..)| gain > most)
            {
                best = Some((gain, code, missing_left));
            }
        };
        // The last bin has no edge above it; it can part values from missing ones alone.
        take(self.greatest(&lefts[..if missing == 0 { count - 1 } else { count }], 0), false);
        if missing != 0 {
            take(self.greatest(&lefts[..count - 1], missing), true);
        }
        best.map(|(gain, code, missing_left)| Candidate {
            gain,
            feature,
            cut: Cut::UpTo(code as u8),
            missing_left: self.missing_side(missing, missing_left, lefts[code]),
            left: lefts[code].wrapping_add(if missing_left { missing } else { 0 }),
        })
    }

    /// The greatest gain of splits with these sums (and `missing`) on the left, if it passes the floor.
    fn greatest(&self, lefts: &[i64], missing: i64) -> Option<(f64, usize)> {
        let mut sides = [f64::NEG_INFINITY; BINS];
        let (g, h) = steps(self.word);
        let sides = &mut sides[..lefts.len()];
        let (Scale { gradient, hessian }, l2) = (self.scale, self.params.l2);
        let (g, h) = (g as f64, h as f64);
        pulp::Arch::new().dispatch(Sides {
            lefts,
            missing,
            g,
            h,
            gradient,
            hessian,
            l2,
            least: self.least,
            out: sides,
        });
        let (mut most, mut at) = (self.parent + self.floor, None);
        for (code, &both) in sides.iter().enumerate() {
            if both > most {
                (most, at) = (both, Some(code));
            }
        }
        at.map(|code| (most - self.parent, code))
    }

    /// As [`numeric`](Self::numeric), with an absolute penalty, bounds or a direction.
    fn constrained(
        &self,
        feature: usize,
        histogram: &[i64],
        missing: i64,
        monotone: Option<Monotone>,
    ) -> Option<Candidate> {
        let mut best: Option<Candidate> = None;
        for missing_left in [false, true] {
            if missing_left && missing == 0 {
                break;
            }
            let mut left = if missing_left { missing } else { 0 };
            let last = if missing == 0 || missing_left { histogram.len() - 1 } else { histogram.len() };
            for (code, &bin) in histogram[..last].iter().enumerate() {
                left = left.wrapping_add(bin);
                if let Some(gain) = self.gain(left, monotone)
                    && gain > best.as_ref().map_or(self.floor, |best| best.gain)
                {
                    let missing_left = self.missing_side(missing, missing_left, left);
                    best = Some(Candidate { gain, feature, cut: Cut::UpTo(code as u8), missing_left, left });
                }
            }
        }
        best
    }

    /// Categories in the order of their gradient over their Hessian, cut as if they were numbers (Fisher 1958).
    ///
    /// Levels of too few rows to be judged are one level together: each by itself would go where its noise pulls. A smoothing of
    /// 10 rows' Hessian keeps small ones from the ends.
    fn categorical(&self, feature: usize, histogram: &[i64], missing: i64) -> Option<Candidate> {
        let levels = self.levels(histogram);
        let mut best: Option<(f64, usize, bool, i64)> = None;
        for missing_left in [false, true] {
            if missing_left && missing == 0 {
                break;
            }
            let mut left = if missing_left { missing } else { 0 };
            let last = if missing == 0 || missing_left { levels.len().saturating_sub(1) } else { levels.len() };
            for (taken, level) in levels[..last].iter().enumerate() {
                left = left.wrapping_add(level.word);
                if let Some(gain) = self.gain(left, None)
                    && gain > best.map_or(self.floor, |(gain, ..)| gain)
                {
                    best = Some((gain, taken + 1, missing_left, left));
                }
            }
        }
        best.map(|(gain, taken, missing_left, left)| {
            // Categories that the node lacks go with most of its Hessian: at an end of the order they would pull it there.
            let mut set = [if self.is_heavier(left) { u64::MAX } else { 0 }; 4];
            for (place, level) in levels.iter().enumerate() {
                for (word, codes) in set.iter_mut().zip(level.codes) {
                    *word = if place < taken { *word | codes } else { *word & !codes };
                }
            }
            let missing_left = self.missing_side(missing, missing_left, left);
            Candidate { gain, feature, cut: Cut::Among(set), missing_left, left }
        })
    }

    /// The levels of a node in the order in which they are cut; of equal order, the first code.
    fn levels(&self, histogram: &[i64]) -> Vec<Level> {
        let key = |word: i64| {
            let (g, h) = steps(word);
            g as f64 / (h as f64 + self.smooth)
        };
        // Two can be parted in one way only.
        let present = histogram.iter().filter(|word| **word != 0).count();
        let least = if present > 2 { self.least_level } else { 0.0 };
        let mut levels: Vec<Level> = Vec::with_capacity(present);
        let (mut few, mut codes) = (0i64, [0u64; 4]);
        for (code, &word) in histogram.iter().enumerate().filter(|(_, word)| **word != 0) {
            let bit = 1u64 << (code % 64);
            if (steps(word).1 as f64) < least {
                few = few.wrapping_add(word);
                codes[code / 64] |= bit;
            } else {
                let mut codes = [0; 4];
                codes[code / 64] = bit;
                levels.push(Level { key: key(word), word, codes });
            }
        }
        if codes != [0; 4] {
            levels.push(Level { key: key(few), word: few, codes });
        }
        levels.sort_by(|a, b| a.key.total_cmp(&b.key));
        levels
    }
}

/// A level of a node, or several that count as one.
#[derive(Debug, Clone, Copy)]
struct Level {
    /// Its place in the order.
    key: f64,
    /// Its packed sum.
    word: i64,
    /// One bit a code.
    codes: [u64; 4],
}

/// Twice what a leaf takes off the loss if its value must keep to bounds.
fn strength_at(params: &TreeParams, g: f64, h: f64, bounds: Bounds) -> f64 {
    let value = bounds.clamp(params.value(g, h));
    -(2.0 * g * value + (h + params.l2) * value * value) - 2.0 * params.l1 * value.abs()
}

/// The strengths of both sides of each cut, `G²/(H + λ)` left and right, with one division for both, in a form that
/// compiles to wide instructions; −∞ where a side is too small.
struct Sides<'a> {
    lefts: &'a [i64],
    missing: i64,
    g: f64,
    h: f64,
    gradient: f64,
    hessian: f64,
    l2: f64,
    least: f64,
    out: &'a mut [f64],
}

impl pulp::NullaryFnOnce for Sides<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (out, &left) in self.out.iter_mut().zip(self.lefts) {
            let left = left.wrapping_add(self.missing);
            // A Hessian has 31 bits, so both halves of the word are whole numbers of 32 bits with a sign.
            let (gl, hl) = (f64::from((left >> 32) as i32), f64::from(left as i32));
            let (gr, hr) = (self.g - gl, self.h - hl);
            let (a, b) = (gl * self.gradient, gr * self.gradient);
            let (p, q) = (hl * self.hessian + self.l2, hr * self.hessian + self.l2);
            let sides = (a * a * q + b * b * p) / (p * q);
            *out = if (hl >= self.least) & (hr >= self.least) { sides } else { f64::NEG_INFINITY };
        }
    }
}
