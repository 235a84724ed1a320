//! Sorting networks: which places to compare, in order, whatever the numbers are.

/// What is wanted of a place of the sorted numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Nothing.
    No,
    /// That it is one of those wanted together, in whatever order: they will be added up.
    Together,
    /// The number of this rank.
    Itself,
}

/// Batcher's odd-even merge sort of `n` numbers, without the comparisons that change nothing that is wanted.
///
/// After the comparisons (a, b), each of which puts the lesser number at a, what is wanted is in its place. Of numbers wanted
/// together, the last comparisons among themselves are left out.
///
/// Source: Batcher 1968; Knuth, The Art of Computer Programming 3, 5.2.2.
pub(crate) fn network(n: usize, wanted: impl Fn(usize) -> Wanted) -> Vec<(usize, usize)> {
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
    let mut wanted: Vec<Wanted> = (0..n).map(wanted).collect();
    let mut kept: Vec<(usize, usize)> = Vec::new();
    for &(a, b) in pairs.iter().rev() {
        let idle = wanted[a] == wanted[b] && wanted[a] != Wanted::Itself;
        if !idle {
            wanted[a] = Wanted::Itself;
            wanted[b] = Wanted::Itself;
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
            let pairs = network(n, |_| Wanted::Itself);
            for bits in 0..1u32 << n {
                let mut x: Vec<u32> = (0..n).map(|i| (bits >> i) & 1).collect();
                pairs.iter().for_each(|&(a, b)| (x[a], x[b]) = (x[a].min(x[b]), x[a].max(x[b])));
                assert!(x.is_sorted(), "{n} {bits:b}");
            }
        }
    }

    #[test]
    fn what_is_wanted_is_in_its_place_though_fewer_are_compared() {
        let mut stream = consort_core::Seed::new(3).stream();
        for n in [16, 31, 64] {
            let (first, last) = (n / 4, n - 1 - n / 4);
            let rank = |rank| if rank == n / 2 { Wanted::Itself } else { Wanted::No };
            let middle = |rank: usize| if (first..=last).contains(&rank) { Wanted::Together } else { Wanted::No };
            let ends = |rank| if rank == first || rank == last { Wanted::Itself } else { middle(rank) };
            let numbers: Vec<u64> = (0..n).map(|_| stream.below(20)).collect();
            let mut sorted = numbers.clone();
            sorted.sort_unstable();
            let after = |pairs: &[(usize, usize)]| {
                assert!(pairs.len() < network(n, |_| Wanted::Itself).len());
                let mut x = numbers.clone();
                pairs.iter().for_each(|&(a, b)| (x[a], x[b]) = (x[a].min(x[b]), x[a].max(x[b])));
                x
            };
            assert_eq!(after(&network(n, rank))[n / 2], sorted[n / 2]);
            let sum = |x: &[u64]| x[first..=last].iter().sum::<u64>();
            assert_eq!(sum(&after(&network(n, middle))), sum(&sorted));
            let x = after(&network(n, ends));
            assert_eq!((x[first], x[last], sum(&x)), (sorted[first], sorted[last], sum(&sorted)));
        }
    }
}
