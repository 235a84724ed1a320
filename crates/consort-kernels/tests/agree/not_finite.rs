use consort_kernels::{Cube, LogPool, NotFinite, PowerMean, WeightedMean};
use half::f16;

use crate::cases::*;

#[test]
fn the_first_number_that_is_not_finite_is_found() {
    for shape in [[1, 1, 1], [3, 5, 3], [2, 1025, 1], [7, 513, 2], [5, 101, 10], [3, 700_001, 1]] {
        let [_, rows, columns] = shape;
        let mut numbers = probabilities(shape, Kind::Spread);
        assert_eq!(cube(shape, &numbers).first_not_finite().unwrap(), None, "{shape:?}");
        numbers[0] = f32::MAX;
        assert_eq!(cube(shape, &numbers).first_not_finite().unwrap(), None, "{shape:?}");
        let last = numbers.len() - 1;
        for (at, bad) in [(last, f32::INFINITY), (last / 2, f32::NAN), (last / 2, f32::NEG_INFINITY), (0, -f32::NAN)] {
            numbers[at] = bad;
            let NotFinite { member, row, column, value } = cube(shape, &numbers).first_not_finite().unwrap().unwrap();
            assert_eq!((member * rows + row) * columns + column, at, "{shape:?}");
            assert!(value == bad || value.is_nan() && bad.is_nan(), "{shape:?}: {value}, not {bad}");
        }
    }
    let halves = [0.5, f32::MAX, 0.25].map(f16::from_f32);
    if let Ok(cube) = Cube::of_half(&device(), &halves, 1, 3, 1) {
        // Too great for a half.
        let found = NotFinite { member: 0, row: 1, column: 0, value: f32::INFINITY };
        assert_eq!(cube.first_not_finite().unwrap(), Some(found));
    }
}

#[test]
fn a_nan_that_nobody_announced_stays_in_means_and_pools() {
    for shape in [[1, 3, 1], [3, 5, 3], [5, 101, 10], [4, 61, 17], [2, 11, 101]] {
        let [members, rows, columns] = shape;
        let mut numbers = probabilities(shape, Kind::Spread);
        let at = (rows - 1) * columns + columns / 2;
        numbers[(members - 1) * rows * columns + at] = f32::NAN;
        let cube = cube(shape, &numbers);
        let fused = [
            ("mean", WeightedMean::default().fuse(&cube)),
            ("logits", WeightedMean::of_logits().fuse(&cube)),
            ("geometric", LogPool::geometric().fuse(&cube)),
            ("floor", LogPool::geometric().with_floor(1e-15).fuse(&cube)),
            ("product", LogPool::product().fuse(&cube)),
            ("raw", LogPool::geometric().raw().fuse(&cube)),
        ];
        let powers = [-20.0f32, -2.0, -1.0, 1.0, 2.0, 3.0, 50.0].map(|p| ("power", PowerMean::new(p).fuse(&cube)));
        for (name, fused) in fused.into_iter().chain(powers) {
            let matrix = fused.unwrap().matrix().unwrap();
            assert!(matrix.values()[at].is_nan(), "{name}, {shape:?}");
            let before = (rows - 1) * columns;
            assert!(matrix.values()[..before].iter().all(|x| x.is_finite()), "{name}, {shape:?}: other rows");
        }
    }
}
