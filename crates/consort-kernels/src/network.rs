//! Sorting networks: which places to compare, in order, whatever the numbers are.

/// Batcher's odd-even merge sort of `n` numbers, without the comparisons that only serve ranks that nobody wants.
///
/// After the comparisons (a, b), each of which puts the lesser number at a, the wanted ranks are in their places.
///
/// Source: Batcher 1968; Knuth, The Art of Computer Programming 3, 5.2.2.
pub(crate) fn network(n: usize, wanted: impl Fn(usize) -> bool) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let mut p = 1;
    while p < n {
        let mut k = p;
        while k >= 1 {
            let mut j = k % p;
            while j + k < n {
                for i in j..(j + k).min(n - k) {
                    if i / (2 * p) == (i + k) / (2 * p) {
                        pairs.push((i, i + k));
                    }
                }
                j += 2 * k;
            }
            k /= 2;
        }
        p *= 2;
    }
    let mut needed: Vec<bool> = (0..n).map(wanted).collect();
    let mut kept: Vec<(usize, usize)> = Vec::new();
    for &(a, b) in pairs.iter().rev() {
        if needed[a] || needed[b] {
            needed[a] = true;
            needed[b] = true;
            kept.push((a, b));
        }
    }
    kept.reverse();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_zeros_and_ones_is_sorted_and_so_is_every_row() {
        // The zero-one principle: what sorts all of these sorts everything.
        for n in 1..15 {
            let pairs = network(n, |_| true);
            for bits in 0..1u32 << n {
                let mut x: Vec<u32> = (0..n).map(|i| (bits >> i) & 1).collect();
                pairs.iter().for_each(|&(a, b)| (x[a], x[b]) = (x[a].min(x[b]), x[a].max(x[b])));
                assert!(x.is_sorted(), "{n} {bits:b}");
            }
        }
    }

    #[test]
    fn the_wanted_rank_is_in_its_place_though_fewer_are_compared() {
        let mut stream = consort_core::Seed::new(3).stream();
        for n in [5, 16, 31, 64] {
            let pairs = network(n, |rank| rank == n / 2);
            assert!(pairs.len() < network(n, |_| true).len());
            let numbers: Vec<u64> = (0..n).map(|_| stream.below(20)).collect();
            let (mut x, mut sorted) = (numbers.clone(), numbers);
            sorted.sort_unstable();
            pairs.iter().for_each(|&(a, b)| (x[a], x[b]) = (x[a].min(x[b]), x[a].max(x[b])));
            assert_eq!(x[n / 2], sorted[n / 2]);
        }
    }
}
