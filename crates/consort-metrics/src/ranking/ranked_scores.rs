use consort_core::{Error, Real, Result};

use crate::rows::{check_weights, parallel};

/// Scores of a yes-or-no question, sorted once, from which every measure of their order is one linear pass.
///
/// Equal scores form one group: a threshold takes all of them or none (0 and −0 are equal). Rows of weight 0
/// are left out. The sort is by radix where all scores are exact in `f32`, O(rows); else O(rows·log rows).
///
/// ```
/// use consort_metrics::ranking::{RankedScores, average_precision_of, roc_auc_of};
/// let scores = [0.9f32, 0.8, 0.5, 0.5, 0.2];
/// let positive = [true, true, true, false, false];
/// let ranked = RankedScores::new(&scores, &positive, None)?;
/// assert_eq!(ranked.positives(), 3.0);
/// assert_eq!(roc_auc_of(&ranked).value(), Some(5.5 / 6.0));
/// assert_eq!(average_precision_of(&ranked).value(), Some(1.0 / 3.0 + 1.0 / 3.0 + 1.0 / 3.0 * 0.75));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct RankedScores<'a> {
    sorted: Sorted,
    weights: Weights<'a>,
    positives: f64,
    negatives: f64,
}

/// The weights of the rows that were ranked.
#[derive(Debug, Clone, Copy)]
struct Weights<'a> {
    of: Option<&'a [f64]>,
    /// How many entries share a weight: 1, or the number of columns where a row has several entries.
    share: usize,
}

impl Weights<'_> {
    #[inline]
    fn at(&self, entry: u32) -> f64 {
        match self.of {
            None => 1.0,
            Some(weights) if self.share == 1 => weights[entry as usize],
            Some(weights) => weights[entry as usize / self.share],
        }
    }
}

/// Entries in falling order of score, and in row order where scores are equal. The highest bit of the low word says
/// whether the entry is positive, the others which it is.
#[derive(Debug, Clone)]
enum Sorted {
    /// The score's order in the high word.
    Single(Vec<u64>),
    Double(Vec<(u64, u32)>),
    /// Where nobody asks which entry is which, and each counts 1: the order of a score from 0 on in the upper 31 bits, and
    /// whether the entry is positive in the lowest.
    Kinds(Vec<u32>),
}

/// A threshold, and what it lets through that the one before does not: a group of equal scores.
///
/// ```
/// use consort_metrics::ranking::{Group, RankedScores};
/// let ranked = RankedScores::new(&[0.5, 0.9, 0.5], &[true, true, false], None)?;
/// let mut groups = Vec::new();
/// ranked.for_each_group(|group| groups.push(group));
/// assert_eq!(groups[1], Group { score: 0.5, positive: 1.0, negative: 1.0 });
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Group {
    /// The score.
    pub score: f64,
    /// The weight of the positive rows with this score.
    pub positive: f64,
    /// The weight of the negative rows with this score.
    pub negative: f64,
}

const POSITIVE: u32 = 1 << 31;
/// So many keys of 32 bits are a megabyte.
const IN_CACHE: usize = 1 << 18;
/// Of fewer keys a comparison sort is faster than filling the tables of a radix sort.
const SMALL: usize = 2048;

impl<'a> RankedScores<'a> {
    /// Sorts the scores; greater ones speak for `positive`.
    ///
    /// # Errors
    /// If lengths differ, a weight is negative or not finite, a score of a weighted row is NaN (the row is named), or
    /// there are 2³¹ rows or more.
    pub fn new<T: Real>(scores: &[T], positive: &[bool], weights: Option<&'a [f64]>) -> Result<Self> {
        parallel("the scores", scores.len(), positive.len(), "rows")?;
        check_weights(weights, scores.len())?;
        Self::of(scores.len(), 1, |i| scores[i].f64(), |i| positive[i], weights)
    }

    /// Sorts scores of which only the groups will be asked for. Those from 0 on that are exact in `f32` and count 1 each, as
    /// probabilities do, take half the memory and time.
    pub(crate) fn groups_of(
        entries: usize,
        share: usize,
        score: impl Fn(usize) -> f64,
        positive: impl Fn(usize) -> bool,
        weights: Option<&'a [f64]>,
    ) -> Result<Self> {
        let mut keys = Vec::new();
        if weights.is_none() && entries < POSITIVE as usize {
            let (mut plain, mut positives) = (true, 0u32);
            keys.reserve_exact(entries);
            keys.extend((0..entries).map(|i| {
                let (x, yes) = (score(i) + 0.0, u32::from(positive(i)));
                plain &= x >= 0.0 && f64::from(x as f32) == x;
                positives += yes;
                falling32(x as f32) << 1 | yes
            }));
            if plain {
                let (positives, negatives) = (f64::from(positives), (entries - positives as usize) as f64);
                // What fits into the cache twice is sorted faster with a second buffer.
                let sorted = if keys.len() <= IN_CACHE {
                    Sorted::Kinds(radix_sort(keys, |key| key))
                } else {
                    sort_in_place(&mut keys, 0);
                    Sorted::Kinds(keys)
                };
                return Ok(Self { sorted, weights: Weights { of: None, share }, positives, negatives });
            }
        }
        drop(keys);
        Self::of(entries, share, score, positive, weights)
    }

    /// Sorts `entries` scores that are computed, `share` of which share a row's weight.
    pub(crate) fn of(
        entries: usize,
        share: usize,
        score: impl Fn(usize) -> f64,
        positive: impl Fn(usize) -> bool,
        weights: Option<&'a [f64]>,
    ) -> Result<Self> {
        if entries >= POSITIVE as usize {
            return Err(Error::Unsupported {
                by: "ranking".into(),
                what: format!("{entries} scores"),
                hint: format!("rank fewer than {POSITIVE} at once, for instance a sample of the rows"),
            });
        }
        let weights = Weights { of: weights, share };
        let (mut positives, mut negatives) = (0.0, 0.0);
        let mut single = true;
        let mut keys: Vec<u64> = Vec::with_capacity(entries);
        for i in 0..entries {
            let w = weights.at(i as u32);
            if w == 0.0 {
                continue;
            }
            let x = score(i) + 0.0; // makes −0 a 0
            if x.is_nan() {
                return Err(Error::NotFinite {
                    place: "ranking".into(),
                    row: i / share + 1,
                    id: String::new(),
                    what: "the score".into(),
                    value: x,
                });
            }
            let yes = positive(i);
            *(if yes { &mut positives } else { &mut negatives }) += w;
            single &= f64::from(x as f32) == x;
            let mark = if yes { i as u32 | POSITIVE } else { i as u32 };
            keys.push(u64::from(falling32(x as f32)) << 32 | u64::from(mark));
        }
        let sorted = if single {
            Sorted::Single(radix_sort(keys, |key| (key >> 32) as u32))
        } else {
            let mut pairs: Vec<(u64, u32)> = keys
                .iter()
                .map(|&key| (falling64(score((key as u32 & !POSITIVE) as usize) + 0.0), key as u32))
                .collect();
            // By score, then by row; the mark of the positive ones must not decide.
            pairs.sort_unstable_by_key(|&(key, mark)| (key, mark & !POSITIVE));
            Sorted::Double(pairs)
        };
        Ok(Self { sorted, weights, positives, negatives })
    }

    /// The weight of the positive rows.
    pub fn positives(&self) -> f64 {
        self.positives
    }

    /// The weight of the negative rows.
    pub fn negatives(&self) -> f64 {
        self.negatives
    }

    /// Whether both kinds of rows are there.
    pub(crate) fn has_both(&self) -> bool {
        self.positives > 0.0 && self.negatives > 0.0
    }

    /// Goes through the groups of equal scores, from the greatest score down.
    pub fn for_each_group(&self, mut visit: impl FnMut(Group)) {
        self.fold_groups(
            |group: &mut Group, _, w, yes| *(if yes { &mut group.positive } else { &mut group.negative }) += w,
            |score| Group { score, positive: 0.0, negative: 0.0 },
            &mut visit,
        );
    }

    /// Goes through the groups likewise, with the sum of the squared weights of each: w² / Σw² rows of equal weight would say
    /// as much as rows of weight w together (Kish 1965), whatever the unit of the weights.
    ///
    /// ```
    /// use consort_metrics::ranking::RankedScores;
    /// let ranked = RankedScores::new(&[0.5, 0.9, 0.5], &[true, true, false], Some(&[2.0, 1.0, 3.0]))?;
    /// let mut squares = Vec::new();
    /// ranked.for_each_group_squared(|_, sum| squares.push(sum));
    /// assert_eq!(squares, [1.0, 13.0]);
    /// # Ok::<(), consort_core::Error>(())
    /// ```
    pub fn for_each_group_squared(&self, mut visit: impl FnMut(Group, f64)) {
        self.fold_groups(
            |(group, squares): &mut (Group, f64), _, w, yes| {
                *(if yes { &mut group.positive } else { &mut group.negative }) += w;
                *squares += w * w;
            },
            |score| (Group { score, positive: 0.0, negative: 0.0 }, 0.0),
            &mut |(group, squares)| visit(group, squares),
        );
    }

    /// Goes through the rows, from the greatest score down and in row order where scores are equal: weight and kind.
    pub(crate) fn for_each_row(&self, mut visit: impl FnMut(f64, bool)) {
        let mut row = |mark: u32| visit(self.weights.at(mark & !POSITIVE), mark & POSITIVE != 0);
        match &self.sorted {
            Sorted::Single(keys) => keys.iter().for_each(|&key| row(key as u32)),
            Sorted::Double(pairs) => pairs.iter().for_each(|&(_, mark)| row(mark)),
            Sorted::Kinds(keys) => keys.iter().for_each(|&key| row(kind(key))),
        }
    }

    /// Goes through the entries and closes each group: `add` gets the group, the entry, its weight and its kind.
    pub(crate) fn fold_groups<G>(
        &self,
        add: impl Fn(&mut G, u32, f64, bool),
        open: impl Fn(f64) -> G,
        visit: &mut impl FnMut(G),
    ) {
        match &self.sorted {
            Sorted::Single(keys) => groups(
                keys.iter().map(|&key| ((key >> 32) as u32, key as u32)),
                |key| f64::from(rising32(key)),
                self.weights,
                add,
                open,
                visit,
            ),
            Sorted::Double(pairs) => groups(pairs.iter().copied(), rising64, self.weights, add, open, visit),
            Sorted::Kinds(keys) => groups(
                keys.iter().map(|&key| (key >> 1, kind(key))),
                |key| f64::from(rising32(key)),
                self.weights,
                add,
                open,
                visit,
            ),
        }
    }
}

/// The mark of an entry of which only the kind is known.
fn kind(key: u32) -> u32 {
    (key & 1) << 31
}

fn groups<K: Copy + PartialEq, G>(
    mut entries: impl Iterator<Item = (K, u32)>,
    score: impl Fn(K) -> f64,
    weights: Weights<'_>,
    add: impl Fn(&mut G, u32, f64, bool),
    open: impl Fn(f64) -> G,
    visit: &mut impl FnMut(G),
) {
    let Some((first, mark)) = entries.next() else { return };
    let take = |group: &mut G, mark: u32| {
        let entry = mark & !POSITIVE;
        add(group, entry, weights.at(entry), mark & POSITIVE != 0);
    };
    let mut last = first;
    let mut group = open(score(first));
    take(&mut group, mark);
    for (key, mark) in entries {
        if key != last {
            visit(std::mem::replace(&mut group, open(score(key))));
            last = key;
        }
        take(&mut group, mark);
    }
    visit(group);
}

/// A number that is smaller the greater the score is.
fn falling32(x: f32) -> u32 {
    let bits = x.to_bits();
    // Negative floats order backwards as integers; flipping all but their sign mends it.
    !(if bits >> 31 == 1 { !bits } else { bits | 1 << 31 })
}

fn rising32(key: u32) -> f32 {
    let key = !key;
    f32::from_bits(if key >> 31 == 1 { key & !(1 << 31) } else { !key })
}

fn falling64(x: f64) -> u64 {
    let bits = x.to_bits();
    !(if bits >> 63 == 1 { !bits } else { bits | 1 << 63 })
}

fn rising64(key: u64) -> f64 {
    let key = !key;
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}

/// Sorts by a word of the keys, stable: three passes of 11 bits, the last of 10.
fn radix_sort<K: Copy + Default>(mut keys: Vec<K>, word: impl Fn(K) -> u32) -> Vec<K> {
    const BITS: u32 = 11;
    const WIDTH: usize = 1 << BITS;
    if keys.len() < SMALL {
        keys.sort_by_key(|&key| word(key));
        return keys;
    }
    let digit = |key: K, pass: u32| (word(key) >> (pass * BITS)) as usize & (WIDTH - 1);
    let mut counts = vec![[0u32; WIDTH]; 3];
    for &key in &keys {
        for (pass, counts) in (0..).zip(&mut counts) {
            counts[digit(key, pass)] += 1;
        }
    }
    let mut other = vec![K::default(); keys.len()];
    for (pass, counts) in (0..).zip(&mut counts) {
        if counts.iter().any(|&count| count as usize == keys.len()) {
            continue; // one digit for all
        }
        let mut place = 0;
        for count in counts.iter_mut() {
            place += std::mem::replace(count, place);
        }
        for &key in &keys {
            let place = &mut counts[digit(key, pass)];
            other[*place as usize] = key;
            *place += 1;
        }
        std::mem::swap(&mut keys, &mut other);
    }
    keys
}

/// Sorts keys that say all, so that equal ones need not keep their order: by the digit at `level` (11 bits, 11, then 10), each key
/// put where its digit goes, then what has one digit by the next. Nothing is copied out (McIlroy, Bostic, McIlroy 1993).
fn sort_in_place(keys: &mut [u32], level: u32) {
    const LEVELS: [(u32, u32); 3] = [(21, 11), (10, 11), (0, 10)];
    let Some(&(shift, bits)) = LEVELS.get(level as usize).filter(|_| keys.len() >= SMALL) else {
        // Past the last level all are equal.
        return keys.sort_unstable();
    };
    let width = 1usize << bits;
    let digit = |key: u32| (key >> shift) as usize & (width - 1);
    let mut ends = vec![0u32; width];
    keys.iter().for_each(|&key| ends[digit(key)] += 1);
    let (mut next, mut sum) = (vec![0u32; width], 0);
    for (next, end) in next.iter_mut().zip(&mut ends) {
        *next = sum;
        sum += *end;
        *end = sum;
    }
    let mut start = 0;
    for own in 0..width {
        while next[own] < ends[own] {
            let mut key = keys[next[own] as usize];
            // From one place that is taken to the next, until a key comes that belongs here.
            loop {
                let place = &mut next[digit(key)];
                let at = *place as usize;
                *place += 1;
                if digit(key) == own {
                    keys[at] = key;
                    break;
                }
                std::mem::swap(&mut keys[at], &mut key);
            }
        }
        let end = ends[own] as usize;
        if end - start > 1 {
            sort_in_place(&mut keys[start..end], level + 1);
        }
        start = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores_in_order(ranked: &RankedScores<'_>) -> Vec<f64> {
        let mut scores = Vec::new();
        ranked.for_each_group(|group| scores.push(group.score));
        scores
    }

    #[test]
    fn keys_keep_the_order_of_floats_and_give_them_back() {
        let xs = [f32::NEG_INFINITY, f32::MIN, -1.0, -1e-45, 0.0, 1e-45, 0.1, 1.0, f32::MAX, f32::INFINITY];
        for pair in xs.windows(2) {
            assert!(falling32(pair[0]) > falling32(pair[1]));
            assert!(falling64(pair[0].into()) > falling64(pair[1].into()));
        }
        for x in xs {
            assert_eq!(rising32(falling32(x)), x);
            assert_eq!(rising64(falling64(x.into())), f64::from(x));
        }
    }

    #[test]
    fn the_sort_in_place_is_the_sort() {
        let mut stream = consort_core::Seed::new(5).stream();
        let words: Vec<u32> = (0..25_000).map(|_| stream.next_u64() as u32).collect();
        for mask in [u32::MAX, 0, 1, 0x7ff, 0xffe0_0000, 0x001f_fc00, 0xf000_000f] {
            for size in [0, 1, 2, 2047, 2048, 2049, 25_000] {
                let mut keys: Vec<u32> = words[..size].iter().map(|word| word & mask).collect();
                let mut expected = keys.clone();
                expected.sort_unstable();
                sort_in_place(&mut keys, 0);
                assert!(keys == expected, "{size}");
            }
        }
    }

    #[test]
    fn the_radix_sort_is_the_stable_sort() {
        let mut stream = consort_core::Seed::new(3).stream();
        let keys: Vec<u64> = (0..10_000u64)
            .map(|row| u64::from(falling32((stream.normal() * 8.0).round() as f32 / 4.0)) << 32 | row)
            .collect();
        let mut expected = keys.clone();
        expected.sort_by_key(|key| key >> 32);
        assert_eq!(radix_sort(keys, |key| (key >> 32) as u32), expected);
    }

    #[test]
    fn where_only_groups_are_asked_for_they_are_those_of_the_rows() {
        let mut stream = consort_core::Seed::new(5).stream();
        let probabilities: Vec<f64> = (0..5000).map(|_| f64::from((stream.below(900) as f32) / 900.0)).collect();
        let positive: Vec<bool> = (0..5000).map(|_| stream.below(3) == 0).collect();
        let weights: Vec<f64> = (0..5000).map(|i| f64::from(i % 3)).collect();
        let signed: Vec<f64> = probabilities.iter().map(|x| x - 0.5).collect();
        let doubles: Vec<f64> = probabilities.iter().map(|x| x * 0.1).collect();
        let minus_zero: Vec<f64> = probabilities.iter().map(|x| if *x < 0.2 { -0.0 } else { *x }).collect();
        for scores in [&probabilities, &signed, &doubles, &minus_zero] {
            for weights in [None, Some(&weights[..])] {
                let all = RankedScores::of(5000, 1, |i| scores[i], |i| positive[i], weights).unwrap();
                let groups = RankedScores::groups_of(5000, 1, |i| scores[i], |i| positive[i], weights).unwrap();
                let list = |ranked: &RankedScores<'_>| {
                    let mut list = Vec::new();
                    ranked.for_each_group(|group| list.push(group));
                    (list, ranked.positives(), ranked.negatives())
                };
                assert_eq!(list(&all), list(&groups));
            }
        }
        let lean = RankedScores::groups_of(5000, 1, |i| probabilities[i], |i| positive[i], None).unwrap();
        assert!(matches!(lean.sorted, Sorted::Kinds(_)));
        let error = RankedScores::groups_of(2, 1, |i| [0.5, f64::NAN][i], |_| true, None).unwrap_err();
        assert!(error.to_string().contains("row 2"), "{error}");
    }

    #[test]
    fn minus_zero_and_zero_are_one_group_and_doubles_too_close_for_singles_are_two() {
        let ranked = RankedScores::new(&[0.0, -0.0], &[true, false], None).unwrap();
        assert_eq!(scores_in_order(&ranked), [0.0]);
        let close = [0.1, 0.1 + 1e-12];
        let ranked = RankedScores::new(&close, &[true, false], None).unwrap();
        assert_eq!(scores_in_order(&ranked), [close[1], close[0]]);
    }

    #[test]
    fn a_row_of_weight_zero_may_be_nan_and_any_other_is_named() {
        let weights = [1.0, 0.0];
        assert!(RankedScores::new(&[0.5, f64::NAN], &[true, false], Some(&weights)).is_ok());
        let error = RankedScores::new(&[0.5, f64::NAN], &[true, false], None).unwrap_err();
        assert!(error.to_string().contains("row 2"), "{error}");
    }
}
