use rayon::prelude::*;

use crate::bins::{Binned, Group};

/// The packed sums of each bin of one feature; codes index it without a bound to check.
pub(super) type Histogram = [i64; 256];

/// Rows of a node: a list that ascends, or all.
#[derive(Clone, Copy)]
pub(super) enum NodeRows<'a> {
    All(usize),
    Some(&'a [u32]),
}

impl NodeRows<'_> {
    fn len(&self) -> usize {
        match self {
            NodeRows::All(rows) => *rows,
            NodeRows::Some(rows) => rows.len(),
        }
    }
}

/// Below this many additions, a node is summed by one thread.
const PARALLEL: usize = 1 << 16;

/// The histograms of all features over some rows: `out` has one a feature.
pub(super) fn build(binned: &Binned, words: &[i64], rows: NodeRows<'_>, out: &mut [Histogram]) {
    let groups = binned.groups();
    // Groups share no histogram, so they can be summed side by side with nothing to add up afterwards.
    let mut parts: Vec<(&Group, &mut [Histogram])> = Vec::with_capacity(groups.len());
    let mut rest = out;
    for group in groups {
        let (part, after) = rest.split_at_mut(group.width);
        parts.push((group, part));
        rest = after;
    }
    if rows.len() * binned.features().len() < PARALLEL || groups.len() == 1 {
        parts.into_iter().for_each(|(group, part)| accumulate(group, words, rows, part));
    } else {
        parts.into_par_iter().for_each(|(group, part)| accumulate(group, words, rows, part));
    }
}

fn accumulate(group: &Group, words: &[i64], rows: NodeRows<'_>, out: &mut [Histogram]) {
    for histogram in out.iter_mut() {
        histogram.fill(0);
    }
    match rows {
        NodeRows::All(rows) => {
            for (codes, &word) in group.codes.chunks_exact(group.width).zip(&words[..rows]) {
                add(codes, word, out);
            }
        }
        NodeRows::Some(rows) => {
            for &row in rows {
                let start = row as usize * group.width;
                add(&group.codes[start..start + group.width], words[row as usize], out);
            }
        }
    }
}

#[inline(always)]
fn add(codes: &[u8], word: i64, out: &mut [Histogram]) {
    for (histogram, &code) in out.iter_mut().zip(codes) {
        let bin = &mut histogram[code as usize];
        *bin = bin.wrapping_add(word);
    }
}

/// Takes one child's histograms from its parent's, which leaves the other child's.
pub(super) fn subtract(parent: &mut [Histogram], child: &[Histogram]) {
    for (parent, child) in parent.iter_mut().zip(child) {
        for (a, b) in parent.iter_mut().zip(child) {
            *a = a.wrapping_sub(*b);
        }
    }
}
