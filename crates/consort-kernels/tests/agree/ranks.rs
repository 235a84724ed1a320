use consort_core::{Fusion, Missing};
use consort_fusion::rule::{self, RankScale};
use consort_kernels::RankAverage;

use crate::cases::*;

#[test]
fn rank_averages_agree() {
    for shape in [
        [1, 1, 2],
        [3, 5, 3],
        [2, 511, 2],
        [2, 512, 1],
        [3, 513, 2],
        [2, 2047, 3],
        [17, 1025, 2],
        [2, 2049, 2],
        [1, 9000, 2],
        [2, 40_000, 1],
    ] {
        for kind in KINDS {
            let numbers = probabilities(shape, kind);
            let (cube, host) = (cube(shape, &numbers), predictions(shape, &numbers, Missing::Error));
            for min_max in [false, true] {
                let scale = if min_max { RankScale::MinMax } else { RankScale::OverN };
                let fused = RankAverage { weights: Some(weights(shape)), min_max }.fuse(&cube).unwrap();
                let expected =
                    rule::RankAverage::new().with_scale(scale).with_weights(weights(shape)).fuse(&host).unwrap();
                same(&fused, &expected, 1e-6, &format!("rank, {shape:?}, {kind:?}, {min_max}"));
            }
        }
    }
}

#[test]
fn numbers_of_both_signs_are_ranked() {
    let numbers = [0.0f32, -0.0, -3.0, 5.0, -1e-40, 1e30, f32::INFINITY, f32::NEG_INFINITY];
    let fused = RankAverage::default().fuse(&cube([1, 8, 1], &numbers)).unwrap();
    // The zeros share the ranks 4 and 5.
    let expected = [4.5, 4.5, 2.0, 6.0, 3.0, 7.0, 8.0, 1.0].map(|rank| rank / 8.0);
    // A device may take a subnormal number for 0; then three numbers share the ranks 3 to 5.
    let flushed = [4.0, 4.0, 2.0, 6.0, 4.0, 7.0, 8.0, 1.0].map(|rank| rank / 8.0);
    let found = fused.matrix().unwrap();
    assert!(found.values() == expected || found.values() == flushed, "{:?}", found.values());
}
