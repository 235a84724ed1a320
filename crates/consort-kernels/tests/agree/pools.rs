use consort_core::{Fusion, Missing};
use consort_fusion::rule;
use consort_kernels::{Holes, LogPool, PowerMean, WeightedMean};

use crate::cases::*;

#[test]
fn means_agree() {
    for shape in shapes(SHAPES, TELLING) {
        for kind in KINDS {
            let what = format!("mean, {shape:?}, {kind:?}");
            let numbers = probabilities(shape, kind);
            let (cube, host) = (cube(shape, &numbers), predictions(shape, &numbers, Missing::Error));
            let fused = WeightedMean::default().fuse(&cube).unwrap();
            same(&fused, &rule::Mean::new().fuse(&host).unwrap(), 1e-6, &what);
            surety_of_its_numbers(&fused, &what);
            let weights = weights(shape);
            let fused = WeightedMean::default().with_weights(weights.clone()).numbers_only().fuse(&cube).unwrap();
            same(&fused, &rule::Mean::new().with_weights(weights).fuse(&host).unwrap(), 1e-6, &what);
        }
    }
}

#[test]
fn the_softmax_of_mean_logits_agrees() {
    for shape in shapes(SHAPES, TELLING) {
        let mut stream = stream(shape, Kind::Spread, "logits");
        let [members, rows, columns] = shape;
        let logits: Vec<f32> = (0..members * rows * columns).map(|_| (10.0 * stream.normal()) as f32).collect();
        let weights = weights(shape);
        let total: f64 = weights.iter().sum();
        let mut expected = Vec::new();
        for i in 0..rows {
            let mean = |k: usize| -> f64 {
                let at = |m: usize| f64::from(logits[(m * rows + i) * columns + k]);
                (0..members).map(|m| weights[m] / total * at(m)).sum()
            };
            let means: Vec<f64> = (0..columns).map(mean).collect();
            let top = means.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = means.iter().map(|x| (x - top).exp()).sum();
            expected.extend(means.iter().map(|x| ((x - top).exp() / sum) as f32));
        }
        let what = format!("logits, {shape:?}");
        let fused = WeightedMean::of_logits().with_weights(weights).fuse(&cube(shape, &logits)).unwrap();
        near(fused.matrix().unwrap().values(), &expected, 4e-6, &what);
        surety_of_its_numbers(&fused, &what);
    }
}

#[test]
fn log_pools_agree() {
    for shape in shapes(SHAPES, TELLING) {
        for kind in KINDS {
            let what = format!("log pool, {shape:?}, {kind:?}");
            let numbers = probabilities(shape, kind);
            let (cube, host) = (cube(shape, &numbers), predictions(shape, &numbers, Missing::Error));
            let weights = weights(shape);
            let fused = LogPool::geometric().with_weights(weights.clone()).fuse(&cube).unwrap();
            let expected = rule::Geometric::new().with_weights(weights.clone()).fuse(&host).unwrap();
            same(&fused, &expected, 2e-6, &what);
            surety_of_its_numbers(&fused, &what);
            let total: f64 = weights.iter().sum();
            let fused = LogPool::product().with_weights(weights.clone()).fuse(&cube).unwrap();
            let expected = rule::Product::new().with_weights(weights.clone()).fuse(&host).unwrap();
            same(&fused, &expected, 2e-6 * (1.0 + total as f32), &format!("product, {what}"));
            let fused = LogPool::geometric().with_floor(1e-15).with_weights(weights.clone()).fuse(&cube).unwrap();
            let expected = rule::LogitMean::new().with_weights(weights).fuse(&host).unwrap();
            same(&fused, &expected, 4e-6, &format!("floor, {what}"));
        }
    }
}

#[test]
fn power_means_agree() {
    for shape in shapes(SHAPES, TELLING) {
        for kind in KINDS {
            let numbers = probabilities(shape, kind);
            let (cube, host) = (cube(shape, &numbers), predictions(shape, &numbers, Missing::Error));
            for p in [-1.0f32, 1.0, 2.0, 3.0, -2.0] {
                let what = format!("power {p}, {shape:?}, {kind:?}");
                let fused = PowerMean::new(p).with_weights(weights(shape)).fuse(&cube).unwrap();
                let expected = rule::Power::new(f64::from(p)).with_weights(weights(shape)).fuse(&host).unwrap();
                same(&fused, &expected, 3e-6, &what);
            }
        }
    }
}

#[test]
fn power_means_of_large_and_small_exponents_agree() {
    let all = [[1, 5, 3], [2, 1025, 2], [5, 101, 10], [7, 65, 3], [4, 61, 17], [300, 7, 3], [3, 11, 101]];
    for shape in shapes(&all, &all[..5]) {
        for kind in KINDS {
            let numbers = probabilities(shape, kind);
            let (cube, host) = (cube(shape, &numbers), predictions(shape, &numbers, Missing::Error));
            for p in [5.0f32, -5.0, 20.0, -20.0, 50.0, -50.0, 0.1, -0.1] {
                let fused = PowerMean::new(p).with_weights(weights(shape)).fuse(&cube).unwrap();
                let expected = rule::Power::new(f64::from(p)).with_weights(weights(shape)).fuse(&host).unwrap();
                let tolerance = 3e-6 / p.abs().min(1.0);
                same(&fused, &expected, tolerance, &format!("power {p}, {shape:?}, {kind:?}"));
            }
        }
    }
}

#[test]
fn power_means_of_members_that_contradict_each_other_agree() {
    // Each is all but sure of another class; the third class has next to nothing.
    for tiny in [1e-7f32, 1e-12, 1e-30] {
        let numbers = [1.0, tiny, 3.0 * tiny, 2.0 * tiny, 1.0, tiny];
        let (cube, host) = (cube([2, 1, 3], &numbers), predictions([2, 1, 3], &numbers, Missing::Error));
        for p in [-1.0f32, -2.0, -5.0, -20.0, -50.0, 3.0, 5.0, 20.0, 50.0] {
            let fused = PowerMean::new(p).fuse(&cube).unwrap();
            let expected = rule::Power::new(f64::from(p)).fuse(&host).unwrap();
            same(&fused, &expected, 3e-6, &format!("power {p} of {tiny}"));
        }
    }
}

#[test]
fn rows_that_members_lack_are_left_out_or_spread() {
    let all = [[3, 5, 3], [5, 101, 10], [8, 513, 2], [4, 61, 17], [3, 11, 101], [65, 40, 5]];
    for shape in shapes(&all, &all[..4]) {
        let mut numbers = probabilities(shape, Kind::Spread);
        holes(shape, &mut numbers);
        for (policy, missing) in [(Holes::LeaveOut, Missing::Available), (Holes::Spread, Missing::Propagate)] {
            let what = format!("{policy:?}, {shape:?}");
            let (cube, host) = (cube(shape, &numbers).with_holes(policy), predictions(shape, &numbers, missing));
            let weights = weights(shape);
            let fused = WeightedMean::default().with_weights(weights.clone()).fuse(&cube).unwrap();
            let expected = rule::Mean::new().with_weights(weights.clone()).fuse(&host).unwrap();
            same(&fused, &expected, 1e-6, &format!("mean, {what}"));
            surety_of_its_numbers(&fused, &what);
            let fused = LogPool::geometric().with_weights(weights.clone()).fuse(&cube).unwrap();
            let expected = rule::Geometric::new().with_weights(weights.clone()).fuse(&host).unwrap();
            same(&fused, &expected, 2e-6, &format!("geometric, {what}"));
            let fused = LogPool::product().with_weights(weights.clone()).fuse(&cube).unwrap();
            let expected = rule::Product::new().with_weights(weights.clone()).fuse(&host).unwrap();
            same(&fused, &expected, 1e-4, &format!("product, {what}"));
            for p in [2.0f32, 7.0, -1.0, -7.0] {
                let fused = PowerMean::new(p).with_weights(weights.clone()).fuse(&cube).unwrap();
                let expected = rule::Power::new(f64::from(p)).with_weights(weights.clone()).fuse(&host).unwrap();
                same(&fused, &expected, 3e-6, &format!("power {p}, {what}"));
            }
        }
    }
}

#[test]
fn raw_pools_of_values_agree() {
    let shape = [6, 333, 1];
    let numbers: Vec<f32> = probabilities([6, 111, 3], Kind::Spread).iter().map(|x| 3.0 * x).collect();
    let (cube, host) = (cube(shape, &numbers), values(shape, &numbers));
    let fused = LogPool::geometric().raw().fuse(&cube).unwrap();
    same(&fused, &rule::Geometric::new().fuse(&host).unwrap(), 4e-6, "geometric mean of values");
    for p in [2.0f32, -1.0, 1.5, -9.0, 40.0] {
        let fused = PowerMean::new(p).raw().fuse(&cube).unwrap();
        same(&fused, &rule::Power::new(f64::from(p)).fuse(&host).unwrap(), 4e-6, "power mean of values");
    }
}
