use super::{TreeParams, gradients::steps, histogram::Histogram};
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

impl Candidate {
    /// For every code of the feature, whether it goes right.
    pub(super) fn rights(&self, bins: &FeatureBins) -> [bool; 256] {
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

/// The sums of a node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sums {
    pub(super) word: i64,
    pub(super) rows: usize,
}

/// The split of greatest gain of one feature; of equal gain, the first in order of its codes.
pub(super) fn best(
    feature: usize,
    bins: &FeatureBins,
    histogram: &Histogram,
    node: Sums,
    scale: Scale,
    params: &TreeParams,
) -> Option<Candidate> {
    let search = Search::new(node, scale, params);
    let count = bins.bins();
    let missing = histogram[count];
    if bins.is_categorical() {
        search.categorical(feature, &histogram[..count], missing)
    } else {
        search.numeric(feature, &histogram[..count], missing)
    }
}

struct Search<'a> {
    node: Sums,
    scale: Scale,
    params: &'a TreeParams,
    /// The node's own strength: a split must beat it.
    parent: f64,
    /// Rows a step of Hessian, as if each row had the node's mean.
    rows_per_step: f64,
}

impl<'a> Search<'a> {
    fn new(node: Sums, scale: Scale, params: &'a TreeParams) -> Self {
        let (g, h) = steps(node.word);
        let parent = params.strength(g as f64 * scale.gradient, h as f64 * scale.hessian);
        Self { node, scale, params, parent, rows_per_step: node.rows as f64 / (h as f64).max(1.0) }
    }

    /// The gain of a split with this packed sum on the left, or `None` if a side is too small.
    #[inline(always)]
    fn gain(&self, left: i64) -> Option<f64> {
        let (gl, hl) = steps(left);
        let (gr, hr) = steps(self.node.word.wrapping_sub(left));
        let fewest = hl.min(hr) as f64;
        if fewest * self.rows_per_step < self.params.min_rows
            || fewest * self.scale.hessian < self.params.min_hessian
            || fewest <= 0.0
        {
            return None;
        }
        let (gl, gr) = (gl as f64 * self.scale.gradient, gr as f64 * self.scale.gradient);
        let (hl, hr) = (hl as f64 * self.scale.hessian, hr as f64 * self.scale.hessian);
        let both = if self.params.l1 == 0.0 {
            // One division for both sides.
            let (hl, hr) = (hl + self.params.l2, hr + self.params.l2);
            (gl * gl * hr + gr * gr * hl) / (hl * hr)
        } else {
            self.params.strength(gl, hl) + self.params.strength(gr, hr)
        };
        Some(both - self.parent)
    }

    fn numeric(&self, feature: usize, histogram: &[i64], missing: i64) -> Option<Candidate> {
        let mut best: Option<(f64, usize, bool, i64)> = None;
        let floor = self.params.min_gain.max(self.parent * 1e-12);
        let mut scan = |start: i64, missing_left: bool| {
            let mut left = start;
            // The last bin has no edge above it; it can part values from missing ones alone.
            let last = if missing == 0 || missing_left { histogram.len() - 1 } else { histogram.len() };
            for (code, &bin) in histogram[..last].iter().enumerate() {
                left = left.wrapping_add(bin);
                if bin == 0 && code > 0 {
                    continue;
                }
                if let Some(gain) = self.gain(left)
                    && gain > best.map_or(floor, |(gain, ..)| gain)
                {
                    best = Some((gain, code, missing_left, left));
                }
            }
        };
        scan(0, false);
        if missing != 0 {
            scan(missing, true);
        }
        best.map(|(gain, code, missing_left, left)| Candidate {
            gain,
            feature,
            cut: Cut::UpTo(code as u8),
            missing_left,
            left,
        })
    }

    /// Categories in the order of their gradient over their Hessian, cut as if they were numbers (Fisher 1958);
    /// a smoothing of 10 rows' Hessian keeps rare ones from the ends.
    fn categorical(&self, feature: usize, histogram: &[i64], missing: i64) -> Option<Candidate> {
        let smooth = 10.0 / self.rows_per_step.max(1e-300);
        let mut present: Vec<(f64, usize)> = histogram
            .iter()
            .enumerate()
            .filter(|(_, word)| **word != 0)
            .map(|(code, &word)| {
                let (g, h) = steps(word);
                (g as f64 / (h as f64 + smooth), code)
            })
            .collect();
        present.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let floor = self.params.min_gain.max(self.parent * 1e-12);
        let mut best: Option<(f64, usize, bool, i64)> = None;
        for missing_left in [false, true] {
            if missing_left && missing == 0 {
                break;
            }
            let mut left = if missing_left { missing } else { 0 };
            let last = if missing == 0 || missing_left { present.len().saturating_sub(1) } else { present.len() };
            for (taken, &(_, code)) in present[..last].iter().enumerate() {
                left = left.wrapping_add(histogram[code]);
                if let Some(gain) = self.gain(left)
                    && gain > best.map_or(floor, |(gain, ..)| gain)
                {
                    best = Some((gain, taken + 1, missing_left, left));
                }
            }
        }
        best.map(|(gain, taken, missing_left, left)| {
            let mut set = [0u64; 4];
            for &(_, code) in &present[..taken] {
                set[code / 64] |= 1 << (code % 64);
            }
            Candidate { gain, feature, cut: Cut::Among(set), missing_left, left }
        })
    }
}
