use consort_core::Fusion;
use consort_fusion::rule;
use consort_kernels::{
    Borda, Cube, DeviceRule, Error, GreedySelection, LogPool, Loss, OrderStatistic, PowerMean, Truth, Uncertainty,
    Vote, WeightSearch, WeightedMean,
};
use half::{bf16, f16};

use crate::cases::*;

/// The kernels on halves, beside the CPU on the numbers that the halves are, and beside themselves on the same numbers in
/// single precision.
fn check(shape: Shape, halves: &Cube, numbers: &[f32], what: &str) {
    // Rows of halves do not sum to 1 to four digits, so the host is told that they are values.
    let host = values(shape, numbers);
    let fused = WeightedMean::default().with_weights(weights(shape)).fuse(halves).unwrap();
    same(&fused, &rule::Mean::new().with_weights(weights(shape)).fuse(&host).unwrap(), 1e-6, what);
    let fused = LogPool::geometric().raw().fuse(halves).unwrap();
    same(&fused, &rule::Geometric::new().fuse(&host).unwrap(), 2e-6, what);
    let fused = PowerMean::new(-3.0).raw().fuse(halves).unwrap();
    same(&fused, &rule::Power::new(-3.0).fuse(&host).unwrap(), 3e-6, what);
    let fused = OrderStatistic::median().raw().fuse(halves).unwrap();
    same(&fused, &rule::Median::new().fuse(&host).unwrap(), 1e-6, what);

    let wide = cube(shape, numbers);
    let rules: [&dyn DeviceRule; 4] = [
        &Vote::default(),
        &Vote { share: true, by_mean: true, positive: Some(1), ..Vote::default() },
        &Borda::default(),
        &PowerMean::new(7.0),
    ];
    for rule in rules {
        let (fused, expected) = (rule.fuse(halves).unwrap(), rule.fuse(&wide).unwrap());
        assert_eq!(fused.matrix().unwrap(), expected.matrix().unwrap(), "{rule:?}, {what}");
    }
    let (fused, expected) = (Vote::default().fuse(halves).unwrap(), Vote::default().fuse(&wide).unwrap());
    assert_eq!(fused.labels().unwrap(), expected.labels().unwrap(), "{what}");
    let (found, expected) = (Uncertainty::of(halves).unwrap(), Uncertainty::of(&wide).unwrap());
    assert_eq!(found.read().unwrap(), expected.read().unwrap(), "{what}");

    let codes = codes(shape, Kind::Spread);
    let truth = Truth::Classes(&codes);
    for loss in [Loss::log(), Loss::Brier, Loss::ZeroOne] {
        let selection = GreedySelection::new(4, loss);
        let (path, expected) = (selection.select(halves, truth).unwrap(), selection.select(&wide, truth).unwrap());
        assert_eq!(path, expected, "{loss:?}, {what}");
    }
    let vector = weights(shape);
    let by_log = |cube: &Cube| WeightSearch::log_loss(cube, &codes, 1e-6).unwrap().losses(&[&vector]).unwrap();
    assert_eq!(by_log(halves), by_log(&wide), "log loss of weights, {what}");
    let of_class = |cube: &Cube| WeightSearch::of_class(cube, &codes, 1, 1e-6).unwrap().losses(&[&vector]).unwrap();
    assert_eq!(of_class(halves), of_class(&wide), "log loss of weights of a class, {what}");
    let by_square = |cube: &Cube| WeightSearch::squared(cube, truth).unwrap().losses(&[&vector]).unwrap();
    assert_eq!(by_square(halves), by_square(&wide), "squares of weights, {what}");
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
