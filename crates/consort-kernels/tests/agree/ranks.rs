use consort_core::{Fusion, Missing};
use consort_fusion::rule::{self, RankScale};
use consort_kernels::{Cube, Error, RankAverage};
use half::{bf16, f16};

use crate::cases::*;

/// Sizes just under, at and over a tile of the sort (3,840 keys), more than one of them, and blocks of 2,048 numbers that
/// are 1 to 32 columns wide.
const SIZES: &[Shape] = &[
    [1, 1, 2],
    [3, 5, 3],
    [2, 3839, 2],
    [1, 3840, 1],
    [2, 3841, 2],
    [1, 7681, 3],
    [17, 1025, 2],
    [3, 129, 33],
    [2, 40_000, 1],
];

#[test]
fn rank_averages_agree() {
    for &shape in SIZES {
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
fn many_rows_are_ranked_by_all_of_their_bits_the_same_each_time() {
    let shape = [1, 300_000, 1];
    let mut stream = stream(shape, Kind::Spread, "bits");
    // Normal numbers of both signs and of all sizes, each tenth one a few times.
    let mut numbers: Vec<f32> = (0..shape[1])
        .map(|_| {
            let sign = (stream.below(2) as u32) << 31;
            f32::from_bits(sign | (0x0080_0000 + stream.below(0x7f00_0000) as u32))
        })
        .collect();
    for i in (0..shape[1]).step_by(10) {
        numbers[i] = numbers[stream.below(shape[1] as u64) as usize];
    }
    let cube = cube(shape, &numbers);
    let fused = RankAverage::default().fuse(&cube).unwrap();
    near(fused.matrix().unwrap().values(), &shares(&numbers), 1e-6, "rank of many rows");
    let again = RankAverage::default().fuse(&cube).unwrap();
    assert_eq!(fused.matrix().unwrap().values(), again.matrix().unwrap().values());
}

#[test]
fn equal_numbers_share_their_ranks() {
    for rows in [1, 255, 3840, 9001] {
        // A column of one number, one of hard labels, one of the two ends of all numbers.
        let numbers: Vec<f32> = (0..rows)
            .flat_map(|i| [-0.25, f32::from(u8::from(i % 3 == 0)), [f32::NEG_INFINITY, f32::INFINITY][i * i % 7 % 2]])
            .collect();
        let fused = RankAverage::default().fuse(&cube([1, rows, 3], &numbers)).unwrap();
        for column in 0..3 {
            let column_of = |all: &[f32]| all.iter().skip(column).step_by(3).copied().collect::<Vec<f32>>();
            let found = column_of(fused.matrix().unwrap().values());
            near(&found, &shares(&column_of(&numbers)), 1e-6, &format!("column {column} of {rows} rows"));
        }
    }
}

/// The average rank of each number, over how many there are: for numbers that `consort-fusion` takes for no probabilities.
fn shares(numbers: &[f32]) -> Vec<f32> {
    let mut order: Vec<usize> = (0..numbers.len()).collect();
    order.sort_by(|&a, &b| numbers[a].partial_cmp(&numbers[b]).unwrap());
    let mut out = vec![0.0; numbers.len()];
    let mut first = 0;
    for equal in order.chunk_by(|&a, &b| numbers[a] == numbers[b]) {
        let rank = first as f64 + (equal.len() + 1) as f64 / 2.0;
        equal.iter().for_each(|&i| out[i] = (rank / numbers.len() as f64) as f32);
        first += equal.len();
    }
    out
}

#[test]
fn a_member_of_weight_0_is_not_ranked() {
    let shape = [3, 4000, 2];
    let mut numbers = probabilities(shape, Kind::Spread);
    let of_two: Vec<f32> = [&numbers[..8000], &numbers[16_000..]].concat();
    numbers[8000..16_000].fill(f32::NAN);
    let fused = RankAverage::default().with_weights(vec![1.0, 0.0, 3.0]).fuse(&cube(shape, &numbers)).unwrap();
    let expected = RankAverage::default().with_weights(vec![1.0, 3.0]).fuse(&cube([2, 4000, 2], &of_two)).unwrap();
    assert_eq!(fused.matrix().unwrap().values(), expected.matrix().unwrap().values());
}

#[test]
fn halves_are_ranked_in_fewer_passes() {
    let shape = [2, 5000, 2];
    let [m, n, c] = shape;
    let signed: Vec<f32> = probabilities(shape, Kind::Spread)
        .iter()
        .enumerate()
        .map(|(i, x)| if i % 3 == 0 { -x * 1e-3 } else { *x })
        .collect();
    let halves: Vec<f16> = signed.iter().map(|&x| f16::from_f32(x)).collect();
    let brains: Vec<bf16> = signed.iter().map(|&x| bf16::from_f32(x)).collect();
    for (kept, wide) in [
        (Cube::of_half(&device(), &halves, m, n, c), halves.iter().map(|x| x.to_f32()).collect::<Vec<_>>()),
        (Cube::of_brain(&device(), &brains, m, n, c), brains.iter().map(|x| x.to_f32()).collect()),
    ] {
        match kept {
            Ok(kept) => {
                let fused = RankAverage::default().fuse(&kept).unwrap();
                let expected = RankAverage::default().fuse(&cube(shape, &wide)).unwrap();
                assert_eq!(fused.matrix().unwrap().values(), expected.matrix().unwrap().values());
            }
            Err(Error::Unsupported { .. }) => eprintln!("{} has no such numbers", device().name()),
            Err(other) => panic!("{other}"),
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

#[test]
fn more_rows_than_have_exact_ranks_are_refused() {
    let rows = (1 << 23) + 1;
    let error = RankAverage::default().fuse(&cube([1, rows, 1], &vec![0.5; rows])).unwrap_err();
    assert!(matches!(error, Error::Unsupported { .. }), "{error}");
    assert!(error.to_string().contains("8388609"), "{error}");
}
