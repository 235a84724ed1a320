use consort_core::Stream;

use super::columns::Columns;

/// A cut of one feature at a number drawn evenly between the least of one code and the greatest of another. Each code
/// stays together, on the side of its middle; the first and the last code stay on their sides.
#[derive(Debug, Clone, Copy)]
pub(super) struct RandomCut {
    pub(super) feature: usize,
    pub(super) least: u32,
    pub(super) greatest: u32,
    drawn: f64,
}

fn bound(x: f32) -> f64 {
    f64::from(x.clamp(f32::MIN, f32::MAX))
}

impl RandomCut {
    pub(super) fn new<C: Columns>(columns: &C, feature: usize, [least, greatest]: [u32; 2], unit: f64) -> Self {
        let low = bound(columns.range(feature, least)[0]);
        let high = bound(columns.range(feature, greatest)[1]);
        Self { feature, least, greatest, drawn: low + unit * (high - low) }
    }

    /// The last of all codes that goes left.
    fn last_of_all(&self, middles: &[f32]) -> u32 {
        // Those between the ends whose middle is at most what was drawn; no branch, since none could be foretold.
        let mut rest = &middles[self.least as usize + 1..self.greatest as usize];
        let mut from = self.least;
        while !rest.is_empty() {
            let half = rest.len() / 2;
            let below = bound(rest[half]) <= self.drawn;
            from += if below { half as u32 + 1 } else { 0 };
            rest = if below { &rest[half + 1..] } else { &rest[..half] };
        }
        from
    }

    /// A code that parts the codes of a node as the cut does: those up to it go left. A missing value's may be among
    /// them.
    #[inline]
    pub(super) fn last<C: Columns>(&self, columns: &C, codes: &[C::Code]) -> u32 {
        let middles = columns.middles(self.feature);
        // Few rows are asked one by one: no load waits for another.
        if codes.len() > FEW {
            return self.last_of_all(middles);
        }
        let drawn = self.drawn;
        codes.iter().fold(self.least, |last, &code| {
            let code: u32 = code.into();
            // No branch: it would go wrong every other time.
            let middle = middles.get(code as usize).copied().unwrap_or(f32::INFINITY);
            let is_left = (code < self.greatest) & (f64::from(middle) <= drawn);
            last.max(code * u32::from(is_left))
        })
    }

    /// A number that parts the codes as the cut does; `last` is the greatest code on the left and `next` the least on
    /// the right.
    pub(super) fn threshold<C: Columns>(&self, columns: &C, last: u32, next: u32) -> f32 {
        let (end, start) = (columns.range(self.feature, last)[1], columns.range(self.feature, next)[0]);
        let drawn = self.drawn as f32;
        if end <= drawn && drawn < start { drawn } else { columns.threshold(self.feature, last, next) }
    }
}

/// Up to so many rows, asking each is faster than a binary search through all codes: with 255 codes 4 ns against 27 at
/// 4 rows, 14 against 24 at 16, 31 against 22 at 32.
const FEW: usize = 24;

/// The groups in two parts, and how many are in the first: each group has an even chance, and no part is empty if
/// there are two groups.
pub(super) fn random_part(groups: usize, stream: &mut Stream) -> (Vec<usize>, usize) {
    loop {
        let (mut left, right): (Vec<usize>, Vec<usize>) = (0..groups).partition(|_| stream.next_u64() & 1 == 0);
        if groups < 2 || !(left.is_empty() || right.is_empty()) {
            let lefts = if groups < 2 { groups } else { left.len() };
            left.extend(right);
            return (left, lefts);
        }
    }
}

#[cfg(test)]
mod tests {
    use consort_core::{Column, Dataset, Features, Seed};

    use super::*;
    use crate::decision_tree::Ranks;

    #[test]
    fn a_cut_falls_into_a_gap_as_often_as_the_gap_is_wide() {
        let x = Column::Numeric { name: "x".into(), values: vec![0.0, 1.0, 10.0] };
        let ranks = Ranks::shared(&Dataset::new(Features::Columns(vec![x])).unwrap()).unwrap();
        let mut stream = Seed::new(1).stream();
        let mut wide = 0;
        for _ in 0..10_000 {
            let cut = RandomCut::new(&ranks, 0, [0, 2], stream.unit());
            let last = cut.last_of_all(ranks.values(0));
            let threshold = cut.threshold(&ranks, last, last + 1);
            assert_eq!(last, u32::from(threshold >= 1.0));
            assert_eq!(cut.last(&ranks, &[2, 1, 0]), last);
            // Without rows of the code between, the cut is the same and its code the first.
            assert_eq!(cut.last(&ranks, &[0, 2, 2]), 0);
            assert!((0.0..10.0).contains(&cut.threshold(&ranks, 0, 2)));
            wide += last;
        }
        assert!((8800..9200).contains(&wide), "{wide}");
    }

    #[test]
    fn random_parts_are_proper() {
        let mut stream = Seed::new(1).stream();
        for groups in 2..6 {
            for _ in 0..50 {
                let (mut order, lefts) = random_part(groups, &mut stream);
                assert!((1..groups).contains(&lefts));
                order.sort_unstable();
                assert_eq!(order, (0..groups).collect::<Vec<_>>());
            }
        }
    }
}
