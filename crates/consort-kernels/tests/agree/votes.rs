use consort_core::{Fusion, Missing};
use consort_fusion::rule::{self, Ballot, Quorum, TieBreak};
use consort_kernels::{Borda, Holes, Vote};

use crate::cases::*;

#[test]
fn votes_agree() {
    for shape in shapes(SHAPES, TELLING).into_iter().filter(|shape| shape[2] > 1) {
        for kind in KINDS {
            let numbers = probabilities(shape, kind);
            let (cube, host) = (cube(shape, &numbers), predictions(shape, &numbers, Missing::Error));
            for (share, by_mean) in [(true, false), (false, false), (false, true)] {
                let what = format!("vote, share {share}, by mean {by_mean}, {shape:?}, {kind:?}");
                let fused = Vote { share, by_mean, positive: Some(1), ..Vote::default() }.fuse(&cube).unwrap();
                let ballot = if share { Ballot::Share } else { Ballot::Winner };
                let tie_break = if by_mean { TieBreak::Mean } else { TieBreak::First };
                let cpu = rule::Vote::new().with_ballot(ballot).with_tie_break(tie_break);
                let expected = cpu.fuse(&host).unwrap();
                // Means that are equal but for their rounding may be ordered otherwise.
                if !(by_mean && kind != Kind::Spread) {
                    same(&fused, &expected, 1e-6, &what);
                }
                let labels = fused.labels().unwrap();
                let of_numbers = |i: usize| expected.argmax(i).unwrap() as u32;
                if kind == Kind::Spread || !by_mean {
                    assert!((0..shape[1]).all(|i| labels[i] == of_numbers(i)), "{what}");
                }
                let counted = fused.winner_shares().unwrap();
                assert!(counted.iter().all(|&s| s > 0.0 && s <= 1.0), "{what}");
            }
            let weights = weights(shape);
            let fused = Vote { share: true, ..Vote::default() }.with_weights(weights.clone());
            let expected = rule::Vote::new().with_ballot(Ballot::Share).with_weights(weights);
            let positive_first = Vote { positive: Some(1), ..fused };
            same(&positive_first.fuse(&cube).unwrap(), &expected.fuse(&host).unwrap(), 2e-6, "weighted shares");
        }
    }
}

#[test]
fn a_row_without_a_majority_is_missing() {
    for &shape in &[[3, 103, 10], [4, 511, 2], [5, 61, 17]] {
        let numbers = probabilities(shape, Kind::Spread);
        let (cube, host) = (cube(shape, &numbers), predictions(shape, &numbers, Missing::Error));
        let fused = Vote { majority: true, positive: Some(1), ..Vote::default() }.fuse(&cube).unwrap();
        let expected = rule::Vote::new().with_quorum(Quorum::Majority).fuse(&host).unwrap();
        assert!(expected.values().iter().any(|x| x.is_nan()));
        same(&fused, &expected, 0.0, "majority");
    }
}

#[test]
fn votes_of_rows_that_members_lack_agree() {
    for &shape in &[[3, 5, 3], [5, 101, 10], [8, 513, 2], [4, 61, 17]] {
        let mut numbers = probabilities(shape, Kind::Spread);
        holes(shape, &mut numbers);
        for (policy, missing) in [(Holes::LeaveOut, Missing::Available), (Holes::Spread, Missing::Propagate)] {
            let (cube, host) = (cube(shape, &numbers).with_holes(policy), predictions(shape, &numbers, missing));
            let what = format!("{policy:?}, {shape:?}");
            let fused = Vote { share: true, positive: Some(1), ..Vote::default() }.fuse(&cube).unwrap();
            let expected = rule::Vote::new().with_ballot(Ballot::Share).fuse(&host).unwrap();
            same(&fused, &expected, 1e-6, &format!("vote, {what}"));
            // Numbers without ties, whose means differ by more than rounding.
            let fused = Vote { by_mean: true, positive: Some(1), ..Vote::default() }.fuse(&cube).unwrap();
            let expected = rule::Vote::new().with_tie_break(TieBreak::Mean).fuse(&host).unwrap();
            same(&fused, &expected, 1e-6, &format!("vote by mean, {what}"));
            let fused = Vote { majority: true, positive: Some(1), ..Vote::default() }.fuse(&cube).unwrap();
            let expected = rule::Vote::new().with_quorum(Quorum::Majority).fuse(&host).unwrap();
            same(&fused, &expected, 0.0, &format!("majority, {what}"));
            let labels = fused.labels().unwrap();
            assert!((0..shape[1]).all(|i| (labels[i] == u32::MAX) == expected.row(i)[0].is_nan()), "{what}");
            let fused = Borda::default().fuse(&cube).unwrap();
            same(&fused, &rule::Borda::new().fuse(&host).unwrap(), 1e-6, &format!("borda, {what}"));
        }
    }
}

#[test]
fn borda_counts_agree() {
    for shape in shapes(SHAPES, TELLING).into_iter().filter(|shape| shape[2] > 1 && shape[2] < 700) {
        for kind in KINDS {
            let numbers = probabilities(shape, kind);
            let (cube, host) = (cube(shape, &numbers), predictions(shape, &numbers, Missing::Error));
            let fused = Borda::default().with_weights(weights(shape)).fuse(&cube).unwrap();
            let expected = rule::Borda::new().with_weights(weights(shape)).fuse(&host).unwrap();
            same(&fused, &expected, 1e-6, &format!("borda, {shape:?}, {kind:?}"));
        }
    }
}
