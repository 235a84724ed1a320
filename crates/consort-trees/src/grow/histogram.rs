use rayon::prelude::*;

use crate::bins::{Binned, Group};

/// As many as a code of one byte has values; codes index a histogram without a bound to check.
pub(super) const BINS: usize = 256;

/// The packed sums of each bin of one feature.
pub(super) type Histogram = [i64; BINS];

/// Rows of a node: a list that ascends, or all.
#[derive(Clone, Copy)]
pub(super) enum NodeRows<'a> {
    All(usize),
    Some(&'a [u32]),
}

impl<'a> NodeRows<'a> {
    pub(super) fn len(&self) -> usize {
        match self {
            NodeRows::All(rows) => *rows,
            NodeRows::Some(rows) => rows.len(),
        }
    }
}

/// Below this many additions, a node is worked on by one thread.
pub(super) const PARALLEL: usize = 1 << 15;

/// The histograms of a group of features over some rows: `out` has one a feature. `asked` lists the features of the
/// group that matter; `None` for all.
///
/// Sums of whole numbers do not depend on their order: where there are fewer groups than threads, the rows are parted
/// as well.
pub(super) fn accumulate(
    group: &Group,
    asked: Option<&[usize]>,
    words: &[i64],
    rows: NodeRows<'_>,
    parts: usize,
    out: &mut [Histogram],
) {
    if parts <= 1 || rows.len() * group.width < PARALLEL {
        out.iter_mut().for_each(|histogram| histogram.fill(0));
        return add_rows(group, asked, words, rows, 0, out);
    }
    let chunk = rows.len().div_ceil(parts);
    let sums: Vec<Vec<Histogram>> = (0..parts)
        .into_par_iter()
        .map(|part| {
            let (start, end) = ((part * chunk).min(rows.len()), ((part + 1) * chunk).min(rows.len()));
            let mut sums = vec![[0; BINS]; group.width];
            match rows {
                NodeRows::All(_) => add_rows(group, asked, words, NodeRows::All(end - start), start, &mut sums),
                NodeRows::Some(rows) => {
                    add_rows(group, asked, words, NodeRows::Some(&rows[start..end]), 0, &mut sums);
                }
            }
            sums
        })
        .collect();
    for (f, histogram) in out.iter_mut().enumerate() {
        *histogram = sums[0][f];
        for sum in &sums[1..] {
            histogram.iter_mut().zip(&sum[f]).for_each(|(a, b)| *a = a.wrapping_add(*b));
        }
    }
}

fn add_rows(
    group: &Group,
    asked: Option<&[usize]>,
    words: &[i64],
    rows: NodeRows<'_>,
    start: usize,
    out: &mut [Histogram],
) {
    let width = group.width;
    if let Some(asked) = asked {
        let mut add = |row: usize| {
            let codes = &group.codes[row * width..(row + 1) * width];
            for &f in asked {
                let bin = &mut out[f][codes[f] as usize];
                *bin = bin.wrapping_add(words[row]);
            }
        };
        return match rows {
            NodeRows::All(rows) => (start..start + rows).for_each(add),
            NodeRows::Some(rows) => rows.iter().for_each(|&row| add(row as usize)),
        };
    }
    // Known widths let the loop over the features of a row be laid out flat.
    macro_rules! of_width {
        ($($width:literal)*) => {
            match width {
                $($width => add_fixed::<$width>(group, words, rows, start, out),)*
                _ => add_any(group, words, rows, start, out),
            }
        };
    }
    of_width!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16)
}

fn add_fixed<const WIDTH: usize>(
    group: &Group,
    words: &[i64],
    rows: NodeRows<'_>,
    start: usize,
    out: &mut [Histogram],
) {
    let (Some(out), (codes, _)) = (out.first_chunk_mut::<WIDTH>(), group.codes.as_chunks::<WIDTH>()) else { return };
    #[inline(always)]
    fn add<const WIDTH: usize>(codes: &[u8; WIDTH], word: i64, out: &mut [Histogram; WIDTH]) {
        for f in 0..WIDTH {
            let bin = &mut out[f][codes[f] as usize];
            *bin = bin.wrapping_add(word);
        }
    }
    match rows {
        NodeRows::All(rows) => {
            for (codes, &word) in codes[start..start + rows].iter().zip(&words[start..start + rows]) {
                add(codes, word, out);
            }
        }
        NodeRows::Some(rows) => {
            for (i, &row) in rows.iter().enumerate() {
                if let Some(&ahead) = rows.get(i + AHEAD) {
                    prefetch(&codes[ahead as usize]);
                    prefetch(&words[ahead as usize]);
                }
                add(&codes[row as usize], words[row as usize], out);
            }
        }
    }
}

/// How many rows ahead memory is asked for.
const AHEAD: usize = 16;

/// Asks for memory that will be read soon. The rows of a node lie apart, and the processor does not foresee them.
#[inline(always)]
#[allow(unused_variables, unsafe_code)]
fn prefetch<T>(place: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch reads nothing and cannot fault, whatever the address; this one is that of a reference.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(place).cast()) }
    }
}

fn add_any(group: &Group, words: &[i64], rows: NodeRows<'_>, start: usize, out: &mut [Histogram]) {
    let mut add = |row: usize| {
        for (histogram, &code) in out.iter_mut().zip(&group.codes[row * group.width..(row + 1) * group.width]) {
            let bin = &mut histogram[code as usize];
            *bin = bin.wrapping_add(words[row]);
        }
    };
    match rows {
        NodeRows::All(rows) => (start..start + rows).for_each(add),
        NodeRows::Some(rows) => rows.iter().for_each(|&row| add(row as usize)),
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

/// The parts of a list of histograms that belong to each group.
pub(super) fn by_group<'a>(binned: &'a Binned, mut rest: &'a mut [Histogram]) -> Vec<(&'a Group, &'a mut [Histogram])> {
    let mut parts = Vec::with_capacity(binned.groups().len());
    for group in binned.groups() {
        let (part, after) = rest.split_at_mut(group.width);
        parts.push((group, part));
        rest = after;
    }
    parts
}
