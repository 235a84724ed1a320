//! Rows as bits: 64 rows a word, counted by population counts, or weighed by a table for each byte.

use std::ops::Range;

use consort_core::{Predictions, Result, Truth, blocks};
use rayon::prelude::*;

use super::symmetric::upper;

/// The rows that count, and what each weighs. Rows of weight 0 and rows that some member lacks are not among them.
#[derive(Debug, Clone)]
pub(super) struct BitRows {
    /// The rows of the predictions that were kept, in order; `None` for all.
    kept: Option<Vec<u32>>,
    rows: usize,
    weights: Option<Vec<f64>>,
    left_out: usize,
}

impl BitRows {
    pub(super) fn new(predictions: &Predictions, truth: &Truth<'_>) -> Self {
        let members = predictions.members().len();
        let lacks = |i: usize| predictions.has_missing() && (0..members).any(|m| predictions.is_missing(m, i));
        if truth.weights().is_none() && !predictions.has_missing() {
            return Self { kept: None, rows: truth.rows(), weights: None, left_out: 0 };
        }
        let (mut kept, mut left_out) = (Vec::new(), 0);
        for i in (0..truth.rows()).filter(|&i| truth.weight(i) > 0.0) {
            if lacks(i) {
                left_out += 1;
            } else {
                kept.push(i as u32);
            }
        }
        let weights = truth.weights().map(|w| kept.iter().map(|&i| w[i as usize]).collect::<Vec<f64>>());
        // Weights that are all 1 say nothing, and counts are faster than sums.
        let weights = weights.filter(|w| w.iter().any(|&w| w != 1.0));
        Self { rows: kept.len(), kept: Some(kept), weights, left_out }
    }

    /// Rows that all count 1.
    pub(super) fn plain(rows: usize) -> Self {
        Self { kept: None, rows, weights: None, left_out: 0 }
    }

    /// The same rows with `width` cells each, as the labels of a multilabel problem are.
    pub(super) fn repeat(&self, width: usize) -> Self {
        let cells = |i: u32| (0..width as u32).map(move |k| i * width as u32 + k);
        Self {
            kept: self.kept.as_ref().map(|kept| kept.iter().flat_map(|&i| cells(i)).collect()),
            rows: self.rows * width,
            weights: self.weights.as_ref().map(|w| w.iter().flat_map(|&w| std::iter::repeat_n(w, width)).collect()),
            left_out: self.left_out,
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn left_out(&self) -> usize {
        self.left_out
    }

    pub(super) fn words(&self) -> usize {
        self.rows.div_ceil(64)
    }

    /// The row of the predictions that kept row `i` is.
    pub(super) fn source(&self, i: usize) -> usize {
        self.kept.as_ref().map_or(i, |kept| kept[i] as usize)
    }

    pub(super) fn is_weighted(&self) -> bool {
        self.weights.is_some()
    }

    pub(super) fn weight(&self, i: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[i])
    }

    pub(super) fn total(&self) -> f64 {
        match &self.weights {
            None => self.rows as f64,
            Some(weights) => blocks::sum(weights.len(), |rows| [weights[rows].iter().sum()])[0],
        }
    }

    /// Packs `bit(i)`, for each kept row, into words.
    pub(super) fn pack(&self, bit: impl Fn(usize) -> Result<bool> + Sync) -> Result<Vec<u64>> {
        let mut words = vec![0u64; self.words()];
        blocks::fill(&mut words, 1, |range, part| {
            for (w, word) in range.zip(part) {
                for i in w * 64..((w + 1) * 64).min(self.rows) {
                    *word |= u64::from(bit(self.source(i))?) << (i % 64);
                }
            }
            Ok(())
        })?;
        Ok(words)
    }

    /// The weight of the rows whose bit is set.
    pub(super) fn weigh(&self, words: &[u64]) -> f64 {
        match &self.weights {
            None => words.iter().map(|word| f64::from(word.count_ones())).sum(),
            Some(weights) => blocks::sum(self.rows, |rows| {
                [rows.map(|i| if words[i / 64] >> (i % 64) & 1 == 1 { weights[i] } else { 0.0 }).sum()]
            })[0],
        }
    }

    /// For each pair `i ≤ j` of members, the weight of the rows that `word` sets: the upper triangle by rows.
    ///
    /// Counts are population counts. With weights, a table for each 8 rows holds the weight of every pattern of
    /// bits, and is used for all pairs while it is warm: one look-up for 8 rows of a pair.
    pub(super) fn weigh_pairs(&self, members: usize, word: impl Fn(usize, usize, usize) -> u64 + Sync) -> Vec<f64> {
        let pairs = members * (members + 1) / 2;
        let words = self.words();
        let Some(weights) = &self.weights else {
            return (0..members)
                .into_par_iter()
                .flat_map_iter(|i| {
                    let word = &word;
                    (i..members).map(move |j| {
                        let set: u64 = (0..words).map(|w| u64::from(word(i, j, w).count_ones())).sum();
                        set as f64
                    })
                })
                .collect();
        };
        // The parts depend on the rows alone, so that the sums do not depend on the threads.
        let part = words.div_ceil(PARTS).max(1);
        let parts: Vec<Vec<f64>> = (0..words.div_ceil(part))
            .into_par_iter()
            .map(|p| {
                let mut sums = vec![0.0; pairs];
                for w in p * part..((p + 1) * part).min(words) {
                    weigh_word(weights, w, members, &word, &mut sums);
                }
                sums
            })
            .collect();
        let mut total = vec![0.0; pairs];
        for part in parts {
            for (total, part) in total.iter_mut().zip(part) {
                *total += part;
            }
        }
        total
    }

    /// How many of the members have their bit set in each row, and the weight of the rows of each such number.
    pub(super) fn weigh_counts(&self, members: &[Vec<u64>]) -> Vec<f64> {
        let parts = blocks::map(self.words(), |range| self.counts_of(range, members));
        let mut total = vec![0.0; members.len() + 1];
        for part in parts {
            for (total, part) in total.iter_mut().zip(part) {
                *total += part;
            }
        }
        total
    }

    fn counts_of(&self, range: Range<usize>, members: &[Vec<u64>]) -> Vec<f64> {
        let mut total = vec![0.0; members.len() + 1];
        // Plane b holds bit b of 64 counters that stand side by side.
        let planes = (usize::BITS - members.len().leading_zeros()) as usize;
        let mut counter = vec![0u64; planes];
        for w in range {
            counter.fill(0);
            for member in members {
                let mut carry = member[w];
                for plane in &mut counter {
                    (*plane, carry) = (*plane ^ carry, *plane & carry);
                }
            }
            for i in w * 64..((w + 1) * 64).min(self.rows) {
                let bit = i % 64;
                let count: usize =
                    counter.iter().enumerate().map(|(b, plane)| ((plane >> bit & 1) as usize) << b).sum();
                total[count] += self.weight(i);
            }
        }
        total
    }
}

/// In how many parts weighted rows are summed; each needs a number a pair.
const PARTS: usize = 16;

fn weigh_word(
    weights: &[f64],
    w: usize,
    members: usize,
    word: &(impl Fn(usize, usize, usize) -> u64 + Sync),
    sums: &mut [f64],
) {
    let mut tables = [[0.0f64; 256]; 8];
    for (byte, table) in tables.iter_mut().enumerate() {
        for pattern in 1..256usize {
            let low = pattern.trailing_zeros() as usize;
            let weight = weights.get(w * 64 + byte * 8 + low).copied().unwrap_or(0.0);
            table[pattern] = table[pattern & (pattern - 1)] + weight;
        }
    }
    for i in 0..members {
        for (j, sum) in (i..members).zip(&mut sums[upper(members, i, i)..]) {
            let bytes = word(i, j, w).to_le_bytes();
            *sum += bytes.iter().zip(&tables).map(|(&byte, table)| table[byte as usize]).sum::<f64>();
        }
    }
}
