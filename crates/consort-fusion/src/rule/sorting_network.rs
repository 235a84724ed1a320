//! Sorting of the members' numbers in many places at once.

/// How many places are sorted side by side: a few registers' worth.
pub(super) const LANES: usize = 32;

/// One number for each of the places that are sorted side by side.
pub(super) type Lane = [f32; LANES];

/// A fixed list of comparisons that sorts any `n` numbers (odd–even merge sort, Batcher 1968), without those that the
/// wanted ranks do not need. O(n log² n) comparisons, none of them a branch.
#[derive(Debug, Default)]
pub(super) struct SortingNetwork {
    inputs: usize,
    comparisons: Vec<(usize, usize)>,
}

impl SortingNetwork {
    /// A network after which the ranks that are `wanted` hold what they would after a sort.
    pub(super) fn new(inputs: usize, wanted: impl Fn(usize) -> bool) -> Self {
        let mut comparisons = Vec::new();
        let top = inputs.next_power_of_two() / 2;
        let mut p = top;
        while p > 0 {
            let (mut q, mut r, mut d) = (top, 0, p);
            loop {
                comparisons.extend((0..inputs.saturating_sub(d)).filter(|i| i & p == r).map(|i| (i, i + d)));
                if q == p {
                    break;
                }
                (d, q, r) = (q - p, q / 2, p);
            }
            p /= 2;
        }
        // From the end: a comparison is needed if one of its outputs is.
        let mut needed: Vec<bool> = (0..inputs).map(wanted).collect();
        let mut kept: Vec<(usize, usize)> = Vec::new();
        for &(a, b) in comparisons.iter().rev() {
            if needed[a] || needed[b] {
                (needed[a], needed[b]) = (true, true);
                kept.push((a, b));
            }
        }
        kept.reverse();
        Self { inputs, comparisons: kept }
    }

    /// How many numbers it sorts.
    pub(super) fn inputs(&self) -> usize {
        self.inputs
    }

    /// Sorts each place's numbers, `lanes[member][place]`, upwards along the members.
    pub(super) fn sort(&self, lanes: &mut [Lane]) {
        for &(a, b) in &self.comparisons {
            let (low, high) = lanes.split_at_mut(b);
            let (low, high) = (&mut low[a], &mut high[0]);
            // One choice a loop: with both in one, the compiler makes a branch of it that is never predicted.
            let (x, y) = (*low, *high);
            (0..LANES).for_each(|i| low[i] = if x[i] < y[i] { x[i] } else { y[i] });
            (0..LANES).for_each(|i| high[i] = if x[i] < y[i] { y[i] } else { x[i] });
        }
    }

    /// The same, and `who[rank][place]` says whose number stands there.
    pub(super) fn sort_with(&self, lanes: &mut [Lane], who: &mut [[u32; LANES]]) {
        for &(a, b) in &self.comparisons {
            let (low, high) = lanes.split_at_mut(b);
            let (low, high) = (&mut low[a], &mut high[0]);
            let (first, second) = who.split_at_mut(b);
            let (first, second) = (&mut first[a], &mut second[0]);
            let (x, y, m, n) = (*low, *high, *first, *second);
            // All bits set where the two stay as they are; numbers and places move by the same mask.
            let mut stay = [0u32; LANES];
            (0..LANES).for_each(|i| stay[i] = if x[i] <= y[i] { u32::MAX } else { 0 });
            (0..LANES).for_each(|i| low[i] = if x[i] < y[i] { x[i] } else { y[i] });
            (0..LANES).for_each(|i| high[i] = if x[i] < y[i] { y[i] } else { x[i] });
            (0..LANES).for_each(|i| first[i] = (m[i] & stay[i]) | (n[i] & !stay[i]));
            (0..LANES).for_each(|i| second[i] = (n[i] & stay[i]) | (m[i] & !stay[i]));
        }
    }
}

/// The sorted numbers of some places, side by side.
pub(super) struct Sorted<'a> {
    /// `[rank][place]`.
    pub(super) numbers: &'a [Lane],
    /// Whose they are, if that was asked for.
    pub(super) who: &'a [[u32; LANES]],
    /// Which places they are; the last lanes are idle if there are fewer than [`LANES`].
    pub(super) places: std::ops::Range<usize>,
}

/// Room for sorting.
#[derive(Debug, Default)]
pub(super) struct Sorter {
    lanes: Vec<Lane>,
    who: Vec<[u32; LANES]>,
    /// The network for rows that some member lacks.
    fewer: SortingNetwork,
}

impl Sorter {
    /// Sorts the members' numbers in every place and gives them to `finish`, with the room for the
    /// answers; `ranked` asks whose they are.
    ///
    /// `network` is for all members; where there are fewer, another is made for the ranks that are `wanted` of n.
    pub(super) fn each(
        &mut self,
        values: &[&[f32]],
        network: &SortingNetwork,
        wanted: impl Fn(usize, usize) -> bool,
        ranked: bool,
        out: &mut [f32],
        finish: impl Fn(&Sorted<'_>, &mut Lane),
    ) {
        let n = values.len();
        if n != network.inputs() && n != self.fewer.inputs() {
            self.fewer = SortingNetwork::new(n, |rank| wanted(rank, n));
        }
        let network = if n == network.inputs() { network } else { &self.fewer };
        self.lanes.resize(n, [0.0; LANES]);
        self.who.resize(if ranked { n } else { 0 }, [0; LANES]);
        let mut answers = [0.0; LANES];
        for (part, out) in out.chunks_mut(LANES).enumerate() {
            let (start, len) = (part * LANES, out.len());
            for (lane, values) in self.lanes.iter_mut().zip(values) {
                match values[start..start + len].as_array::<LANES>() {
                    Some(whole) => *lane = *whole,
                    None => lane[..len].copy_from_slice(&values[start..start + len]),
                }
            }
            if ranked {
                self.who.iter_mut().enumerate().for_each(|(m, who)| who.fill(m as u32));
                network.sort_with(&mut self.lanes, &mut self.who);
            } else {
                network.sort(&mut self.lanes);
            }
            let sorted = Sorted { numbers: &self.lanes, who: &self.who, places: start..start + len };
            finish(&sorted, &mut answers);
            out.copy_from_slice(&answers[..len]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A network that sorts all sequences of 0 and 1 sorts everything (Knuth, volume 3, theorem Z).
    #[test]
    fn networks_of_up_to_16_inputs_sort_all_zeros_and_ones() {
        for n in 1..=16usize {
            let network = SortingNetwork::new(n, |_| true);
            for start in (0..1usize << n).step_by(LANES) {
                let mut lanes = vec![[0.0; LANES]; n];
                for (m, lane) in lanes.iter_mut().enumerate() {
                    (0..LANES).for_each(|i| lane[i] = f32::from(((start + i) >> m) & 1 == 1));
                }
                network.sort(&mut lanes);
                for pair in lanes.windows(2) {
                    assert!((0..LANES).all(|i| pair[0][i] <= pair[1][i]), "{n} inputs");
                }
            }
        }
    }

    #[test]
    fn a_pruned_network_puts_the_wanted_ranks_right_and_says_whose_they_are() {
        for n in [1usize, 2, 3, 5, 20, 33, 200] {
            let wanted = |rank: usize| rank == (n - 1) / 2 || rank == n / 2;
            let network = SortingNetwork::new(n, wanted);
            let number = |m: usize, i: usize| ((m * 7919 + i * 104_729) % 1009) as f32;
            let mut lanes: Vec<Lane> = (0..n).map(|m| std::array::from_fn(|i| number(m, i))).collect();
            let mut ranked = lanes.clone();
            let mut who: Vec<[u32; LANES]> = (0..n).map(|m| [m as u32; LANES]).collect();
            network.sort(&mut lanes);
            network.sort_with(&mut ranked, &mut who);
            for i in 0..LANES {
                let mut sorted: Vec<f32> = (0..n).map(|m| number(m, i)).collect();
                sorted.sort_by(f32::total_cmp);
                for rank in (0..n).filter(|&rank| wanted(rank)) {
                    assert_eq!((lanes[rank][i], ranked[rank][i]), (sorted[rank], sorted[rank]));
                    assert_eq!(number(who[rank][i] as usize, i), sorted[rank]);
                }
            }
        }
    }
}
