use consort_core::{Result, Score};
use rayon::prelude::*;

use super::{Change, Running};
use crate::select::Labelled;

/// ROC AUC of two classes, every row of weight 1.
///
/// The area is a count of pairs: of each positive row, the negative rows below it, and half of those equal. So no
/// full sort is needed: the negative rows are put into fine buckets by value (one counting sort), and each positive
/// row looks into one bucket. Counts are whole numbers, so the result is exact and the order of work irrelevant.
/// O(candidates × rows) a round; candidates are worked on in parallel.
pub(super) struct RunningAuc {
    negatives: usize,
    rows: usize,
    /// `[members][rows]`: the positive class's column, negative rows first.
    values: Vec<f32>,
    sum: Vec<f64>,
    size: usize,
}

impl RunningAuc {
    /// `None` unless both classes occur, in at most 2³¹ rows.
    pub(super) fn new(data: &Labelled<'_>, codes: &[u32], positive: usize) -> Option<Self> {
        let rows = codes.len();
        let kind = |yes: bool| (0..rows).filter(move |&i| (codes[i] as usize == positive) == yes);
        let order: Vec<usize> = kind(false).chain(kind(true)).collect();
        let negatives = kind(false).count();
        if negatives == 0 || negatives == rows || i32::try_from(rows).is_err() {
            return None;
        }
        let predictions = data.all();
        let columns = predictions.columns();
        let mut values = vec![0.0f32; predictions.members().len() * rows];
        values.par_chunks_exact_mut(rows).enumerate().for_each(|(m, out)| {
            let from = predictions.member(m);
            for (out, &i) in out.iter_mut().zip(&order) {
                *out = from[data.place(i) * columns + positive];
            }
        });
        Some(Self { negatives, rows, values, sum: vec![0.0; rows], size: 0 })
    }

    fn member(&self, m: usize) -> &[f32] {
        &self.values[m * self.rows..(m + 1) * self.rows]
    }
}

impl Running for RunningAuc {
    fn scores(&mut self, change: Change, candidates: &[usize]) -> Result<Vec<Score>> {
        let (sign, share) = (change.sign(), 1.0 / change.size(self.size));
        let area = |counter: &mut PairCounter, &m: &usize| {
            let range = pulp::Arch::new().dispatch(|| mean(&self.sum, self.member(m), sign, share, &mut counter.means));
            Score::from(counter.area(self.negatives, range))
        };
        Ok(candidates.par_iter().map_init(|| PairCounter::new(self.rows, self.negatives), area).collect())
    }

    fn apply(&mut self, change: Change, member: usize) {
        let sign = change.sign();
        let p = &self.values[member * self.rows..(member + 1) * self.rows];
        for (sum, &p) in self.sum.iter_mut().zip(p) {
            *sum += sign * f64::from(p);
        }
        self.size = change.size(self.size) as usize;
    }

    fn clear(&mut self) {
        self.sum.fill(0.0);
        self.size = 0;
    }
}

/// Writes the mean of the changed ensemble and gives its least and greatest number.
#[inline(always)]
fn mean(sum: &[f64], p: &[f32], sign: f64, share: f64, out: &mut [f32]) -> [f32; 2] {
    const LANES: usize = 16;
    let (mut least, mut greatest) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
    let mut write = |l: usize, s: f64, p: f32, out: &mut f32| {
        let x = ((s + sign * f64::from(p)) * share) as f32;
        *out = x;
        least[l] = if x < least[l] { x } else { least[l] };
        greatest[l] = if x > greatest[l] { x } else { greatest[l] };
    };
    let (mut outs, sums, ps) = (out.chunks_exact_mut(LANES), sum.chunks_exact(LANES), p.chunks_exact(LANES));
    let rest = (sums.remainder(), ps.remainder());
    for ((out, s), p) in outs.by_ref().zip(sums).zip(ps) {
        for l in 0..LANES {
            write(l, s[l], p[l], &mut out[l]);
        }
    }
    for ((out, &s), &p) in outs.into_remainder().iter_mut().zip(rest.0).zip(rest.1) {
        write(0, s, p, out);
    }
    [least.into_iter().fold(f32::INFINITY, f32::min), greatest.into_iter().fold(f32::NEG_INFINITY, f32::max)]
}

/// Counts the pairs of a negative and a positive row that are in order. Reused from candidate to candidate.
struct PairCounter {
    /// `[rows]`, negative rows first.
    means: Vec<f32>,
    /// The bucket of each row.
    places: Vec<u32>,
    /// Where each bucket ends in `sorted`.
    ends: Vec<u32>,
    /// The negative rows' means, bucket after bucket.
    sorted: Vec<f32>,
}

/// A bucket of more than this is sorted, so that many equal or crowded numbers cost no more than a sort.
const CROWDED: u32 = 16;

impl PairCounter {
    fn new(rows: usize, negatives: usize) -> Self {
        let buckets = negatives.next_power_of_two().clamp(64, 1 << 16);
        Self { means: vec![0.0; rows], places: vec![0; rows], ends: vec![0; buckets + 1], sorted: vec![0.0; negatives] }
    }

    fn area(&mut self, negatives: usize, [least, greatest]: [f32; 2]) -> f64 {
        let last = self.ends.len() - 2;
        // Monotone in the mean, since subtraction and multiplication round monotonically.
        let scale = if greatest > least { last as f32 / (greatest - least) } else { 0.0 };
        let (means, places) = (&self.means, &mut self.places);
        pulp::Arch::new().dispatch(|| {
            for (place, &x) in places.iter_mut().zip(means) {
                *place = (((x - least) * scale) as i32 as u32).min(last as u32);
            }
        });
        let (negative, positive) = self.means.split_at(negatives);
        let (negative_places, positive_places) = self.places.split_at(negatives);

        // A counting sort of the negative rows: afterwards `ends[b]` is where bucket b starts, `ends[b + 1]` its end.
        self.ends.fill(0);
        for &place in negative_places {
            self.ends[place as usize] += 1;
        }
        let mut end = 0;
        let mut crowded = false;
        for count in &mut self.ends {
            crowded |= *count > CROWDED;
            end += *count;
            *count = end;
        }
        for (&place, &x) in negative_places.iter().zip(negative) {
            let slot = &mut self.ends[place as usize];
            *slot -= 1;
            self.sorted[*slot as usize] = x;
        }
        if crowded {
            for bucket in self.ends.windows(2).filter(|ends| ends[1] - ends[0] > CROWDED) {
                self.sorted[bucket[0] as usize..bucket[1] as usize].sort_unstable_by(f32::total_cmp);
            }
        }

        // Twice the pairs in order, so that half a pair is whole.
        let mut pairs = 0u64;
        for (&place, &x) in positive_places.iter().zip(positive) {
            let (start, end) = (self.ends[place as usize], self.ends[place as usize + 1]);
            let bucket = &self.sorted[start as usize..end as usize];
            let (mut below, mut equal) = (0u64, 0u64);
            if end - start > CROWDED {
                below = bucket.partition_point(|&y| y < x) as u64;
                equal = bucket[below as usize..].partition_point(|&y| y == x) as u64;
            } else {
                for &y in bucket {
                    below += u64::from(y < x);
                    equal += u64::from(y == x);
                }
            }
            pairs += 2 * (u64::from(start) + below) + equal;
        }
        pairs as f64 / (2.0 * negatives as f64 * positive.len() as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_counted_as_one_by_one() {
        let mut stream = consort_core::Seed::new(5).stream();
        for (rows, negatives, levels) in
            [(2, 1, 3), (50, 20, 4), (300, 299, 1000), (5000, 2500, 7), (5000, 40, 100_000)]
        {
            let mut counter = PairCounter::new(rows, negatives);
            let drawn: Vec<f32> = (0..rows).map(|_| stream.below(levels) as f32 / levels as f32).collect();
            // One far outlier crowds all others into one bucket.
            for outlier in [0.5, 1e9] {
                counter.means.copy_from_slice(&drawn);
                counter.means[0] = outlier;
                let (negative, positive) = counter.means.split_at(negatives);
                let mut expected = 0.0;
                for x in positive {
                    for y in negative {
                        expected += if x > y {
                            1.0
                        } else if x == y {
                            0.5
                        } else {
                            0.0
                        };
                    }
                }
                expected /= negative.len() as f64 * positive.len() as f64;
                let least = counter.means.iter().copied().fold(f32::INFINITY, f32::min);
                let greatest = counter.means.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                assert_eq!(counter.area(negatives, [least, greatest]), expected);
            }
        }
    }
}
