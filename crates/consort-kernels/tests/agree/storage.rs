use consort_core::Fusion;
use consort_fusion::rule;
use consort_kernels::{Cube, Error, LogPool, OrderStatistic, Uncertainty, Vote, WeightedMean};
use half::{bf16, f16};

use crate::cases::*;

/// The kernels on halves, beside the CPU on the numbers that the halves are.
fn check(shape: Shape, cube: &Cube, numbers: &[f32], what: &str) {
    // Rows of halves do not sum to 1 to four digits, so the host is told that they are values.
    let host = values(shape, numbers);
    let fused = WeightedMean::default().with_weights(weights(shape)).fuse(cube).unwrap();
    same(&fused, &rule::Mean::new().with_weights(weights(shape)).fuse(&host).unwrap(), 1e-6, what);
    let fused = LogPool::geometric().raw().fuse(cube).unwrap();
    same(&fused, &rule::Geometric::new().fuse(&host).unwrap(), 2e-6, what);
    let fused = OrderStatistic::median().raw().fuse(cube).unwrap();
    same(&fused, &rule::Median::new().fuse(&host).unwrap(), 1e-6, what);
    assert_eq!(Vote::default().fuse(cube).unwrap().labels().unwrap().len(), shape[1]);
    assert_eq!(Uncertainty::of(cube).unwrap().read().unwrap().margin.len(), shape[1]);
}

#[test]
fn halves_are_read_as_they_are() {
    let shapes = [[3, 5, 3], [5, 101, 10], [8, 513, 2], [4, 61, 17]];
    for shape in shapes {
        let [m, n, c] = shape;
        let numbers = probabilities(shape, Kind::Spread);
        let halves: Vec<f16> = numbers.iter().map(|&x| f16::from_f32(x)).collect();
        match Cube::of_half(&device(), &halves, m, n, c) {
            Ok(cube) => {
                let wide: Vec<f32> = halves.iter().map(|x| x.to_f32()).collect();
                check(shape, &cube, &wide, &format!("f16, {shape:?}"));
            }
            Err(Error::Unsupported { .. }) => eprintln!("{} has no f16", device().name()),
            Err(other) => panic!("{other}"),
        }
        let brains: Vec<bf16> = numbers.iter().map(|&x| bf16::from_f32(x)).collect();
        match Cube::of_brain(&device(), &brains, m, n, c) {
            Ok(cube) => {
                let wide: Vec<f32> = brains.iter().map(|x| x.to_f32()).collect();
                check(shape, &cube, &wide, &format!("bf16, {shape:?}"));
            }
            Err(Error::Unsupported { .. }) => eprintln!("{} has no bf16", device().name()),
            Err(other) => panic!("{other}"),
        }
    }
}
