use consort_core::Stream;

use super::columns::Columns;

/// The last code that goes left of a number drawn evenly between the least of one code and the greatest of another,
/// and a number that parts alike. Each code stays together, on the side of its middle.
pub(super) fn random_cut<C: Columns>(columns: &C, feature: usize, least: u32, greatest: u32, unit: f64) -> (u32, f32) {
    let bound = |x: f32| f64::from(x.clamp(f32::MIN, f32::MAX));
    let low = bound(columns.range(feature, least)[0]);
    let high = bound(columns.range(feature, greatest)[1]);
    let drawn = low + unit * (high - low);
    // Those between the ends whose middle is at most what was drawn; no branch, since none could be foretold.
    let mut rest = &columns.middles(feature)[least as usize + 1..greatest as usize];
    let mut from = least;
    while !rest.is_empty() {
        let half = rest.len() / 2;
        let below = bound(rest[half]) <= drawn;
        from += if below { half as u32 + 1 } else { 0 };
        rest = if below { &rest[half + 1..] } else { &rest[..half] };
    }
    let (end, start) = (columns.range(feature, from)[1], columns.range(feature, from + 1)[0]);
    let drawn = drawn as f32;
    let threshold = if end <= drawn && drawn < start { drawn } else { columns.threshold(feature, from, from + 1) };
    (from, threshold)
}

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
            let (cut, threshold) = random_cut(&ranks, 0, 0, 2, stream.unit());
            assert_eq!(cut, u32::from(threshold >= 1.0));
            wide += cut;
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
