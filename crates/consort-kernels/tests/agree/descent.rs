use consort_core::{Missing, Outputs, Target, Truth as Known};
use consort_fusion::weights::PerClassWeights;
use consort_kernels::{Slope, Truth, WeightSearch};

use crate::cases::*;

#[test]
fn losses_and_gradients_agree() {
    let all = [[3, 5, 3], [5, 101, 10], [300, 33, 3], [1, 1, 2], [9, 513, 2], [2, 2000, 1], [17, 40, 101]];
    for shape in shapes(&all, &all[..3]) {
        for kind in KINDS {
            let [members, rows, columns] = shape;
            let (numbers, codes) = (probabilities(shape, kind), codes(shape, kind));
            let y: Vec<f32> = (0..rows * columns).map(|i| (i % 7) as f32 / 7.0).collect();
            let mut stream = stream(shape, kind, "vectors");
            let vectors: Vec<Vec<f64>> = (0..11).map(|_| (0..members).map(|_| 0.1 + stream.unit()).collect()).collect();
            let lent: Vec<&[f64]> = vectors.iter().map(Vec::as_slice).collect();
            let cube = cube(shape, &numbers);
            let eps = 1e-6f32;
            let by_log = WeightSearch::log_loss(&cube, &codes, eps).unwrap().losses(&lent).unwrap();
            let by_square = WeightSearch::squared(&cube, Truth::Values(&y)).unwrap().losses(&lent).unwrap();
            for (v, weights) in vectors.iter().enumerate() {
                let at = |m: usize, i: usize, k: usize| f64::from(numbers[(m * rows + i) * columns + k]);
                let (mut loss, mut gradient) = (0.0, vec![0.0; members]);
                // The terms of a logarithm's slopes have one sign.
                for (i, &code) in codes.iter().enumerate() {
                    let pool: f64 = (0..members).map(|m| weights[m] * at(m, i, code as usize)).sum();
                    let eps = f64::from(eps);
                    loss -= pool.max(eps).ln() / rows as f64;
                    if pool > eps {
                        for (m, slope) in gradient.iter_mut().enumerate() {
                            *slope -= at(m, i, code as usize) / pool / rows as f64;
                        }
                    }
                }
                close(&by_log[v], loss, &gradient, &gradient, &format!("log loss, {shape:?}, {kind:?}"));
                let (mut loss, mut gradient, n) = (0.0, vec![0.0; members], (rows * columns) as f64);
                let mut sizes = vec![0.0; members];
                for i in 0..rows {
                    for k in 0..columns {
                        let pool: f64 = (0..members).map(|m| weights[m] * at(m, i, k)).sum();
                        let error = pool - f64::from(y[i * columns + k]);
                        loss += error * error / n;
                        for (m, slope) in gradient.iter_mut().enumerate() {
                            *slope += 2.0 * error * at(m, i, k) / n;
                            sizes[m] += (2.0 * error * at(m, i, k) / n).abs();
                        }
                    }
                }
                close(&by_square[v], loss, &gradient, &sizes, &format!("squared, {shape:?}, {kind:?}"));
            }
        }
    }
}

/// `sizes` are the sums of the sizes of the terms of each slope.
#[track_caller]
fn close(got: &Slope, loss: f64, gradient: &[f64], sizes: &[f64], what: &str) {
    assert!((got.loss - loss).abs() <= (1e-5 * loss.abs()).max(3e-7), "{what}: loss {} {loss}", got.loss);
    for ((got, slope), size) in got.gradient.iter().zip(gradient).zip(sizes) {
        assert!((got - slope).abs() <= 1e-5 * size.abs(), "{what}: slope {got} {slope}, of terms {size}");
    }
}

#[test]
fn losses_and_gradients_of_a_class_agree() {
    let all = [[3, 5, 3], [5, 101, 10], [300, 33, 3], [1, 1, 2], [1, 3, 1], [9, 513, 2], [17, 40, 101]];
    for shape in shapes(&all, &all[..3]) {
        for kind in KINDS {
            let [members, rows, columns] = shape;
            let (numbers, codes) = (probabilities(shape, kind), codes(shape, kind));
            let mut stream = stream(shape, kind, "vectors of a class");
            let mut vectors: Vec<Vec<f64>> = (0..10).map(|_| (0..members).map(|_| stream.unit()).collect()).collect();
            for vector in &mut vectors {
                let sum: f64 = vector.iter().sum();
                vector.iter_mut().for_each(|w| *w /= sum);
            }
            // The corner of a member, where z is 0 and 1 in a saturated cube; and weights that do not sum to 1.
            vectors.push((0..members).map(|m| if m == 0 { 1.0 } else { 0.0 }).collect());
            vectors.push(vec![0.8 / members as f64; members]);
            let lent: Vec<&[f64]> = vectors.iter().map(Vec::as_slice).collect();
            let cube = cube(shape, &numbers);
            let eps = 1e-6f32;
            for class in [0, columns - 1] {
                let found = WeightSearch::of_class(&cube, &codes, class, eps).unwrap().losses(&lent).unwrap();
                for (got, weights) in found.iter().zip(&vectors) {
                    let (mut loss, mut gradient, mut sizes) = (0.0, vec![0.0; members], vec![0.0; members]);
                    for (i, &code) in codes.iter().enumerate() {
                        let at = |m: usize| f64::from(numbers[(m * rows + i) * columns + class]);
                        let z: f64 = (0..members).map(|m| weights[m] * at(m)).sum();
                        let (came, sign) = if code as usize == class { (z, -1.0) } else { (1.0 - z, 1.0) };
                        let eps = f64::from(eps);
                        loss -= came.max(eps).ln() / rows as f64;
                        if came > eps {
                            for (m, (slope, size)) in gradient.iter_mut().zip(&mut sizes).enumerate() {
                                *slope += sign * at(m) / came / rows as f64;
                                *size += at(m) / came / rows as f64;
                            }
                        }
                    }
                    close(got, loss, &gradient, &sizes, &format!("class {class}, {shape:?}, {kind:?}"));
                }
            }
        }
    }
}

#[test]
fn slopes_of_a_class_are_right_at_both_ends() {
    // One member and one row: what it says, whether it came true, and the loss and its slope.
    let (eps, near, tiny) = (1e-6f32, 1.0 - 2.0f32.powi(-16), 2.0f32.powi(-16));
    let cut = -f64::from(eps).ln();
    let (far, steep) = (16.0 * 2f64.ln(), 2f64.powi(16));
    for (x, came, loss, slope) in [
        (0.0, true, cut, 0.0),
        (1e-7, true, cut, 0.0),
        (tiny, true, far, -1.0),
        (near, true, 2f64.powi(-16), -1.0),
        (1.0, true, 0.0, -1.0),
        (0.0, false, 0.0, 0.0),
        (tiny, false, 2f64.powi(-16), 2f64.powi(-16)),
        (near, false, far, steep - 1.0),
        (1.0 - 2.0f32.powi(-23), false, cut, 0.0),
        (1.0, false, cut, 0.0),
    ] {
        let cube = cube([1, 1, 2], &[x, 1.0 - x]);
        let found = WeightSearch::of_class(&cube, &[u32::from(!came)], 0, eps).unwrap().losses(&[&[1.0]]).unwrap();
        assert!((found[0].loss - loss).abs() <= (1e-5 * loss).max(3e-7), "{x} {came}: loss {} {loss}", found[0].loss);
        let got = found[0].gradient[0];
        assert!((got - slope).abs() <= (1e-5 * slope.abs()).max(1e-9), "{x} {came}: slope {got} {slope}");
    }
    // z is 1 but for a part that single precision has three digits of; 1 − z has all of its own.
    let (weights, parts) = ([0.3, 0.5, 0.2], [1.0, 2.0, 3.0]);
    let numbers: Vec<f32> = parts.iter().flat_map(|part| [1.0 - part * tiny, part * tiny]).collect();
    let found = WeightSearch::of_class(&cube([3, 1, 2], &numbers), &[1], 0, eps).unwrap().losses(&[&weights]).unwrap();
    let rest: f64 = 1.9 / steep;
    assert!((found[0].loss + rest.ln()).abs() <= -1e-6 * rest.ln(), "{} {}", found[0].loss, -rest.ln());
    for (got, part) in found[0].gradient.iter().zip(parts) {
        let slope = (1.0 - f64::from(part * tiny)) / rest;
        assert!((got - slope).abs() <= 1e-6 * slope, "{got} {slope}");
    }
}

#[test]
fn slopes_of_a_class_are_those_of_finite_differences() {
    let (shape, step) = ([4, 900, 3], 0.02);
    let [members, rows, columns] = shape;
    let mut stream = stream(shape, Kind::Spread, "moderate");
    let numbers: Vec<f32> = (0..members * rows * columns).map(|_| 0.3 + 0.4 * stream.unit() as f32).collect();
    let search = WeightSearch::of_class(&cube(shape, &numbers), &codes(shape, Kind::Spread), 1, 1e-9).unwrap();
    let weights = [0.4, 0.3, 0.2, 0.1];
    let gradient = search.losses(&[&weights]).unwrap().remove(0).gradient;
    for m in 0..members {
        let moved = |by: f64| {
            let mut weights = weights;
            weights[m] += by;
            search.losses(&[&weights]).unwrap()[0].loss
        };
        let slope = (moved(step) - moved(-step)) / (2.0 * step);
        assert!((gradient[m] - slope).abs() < 5e-4, "member {m}: {} {slope}", gradient[m]);
    }
}

#[test]
fn weights_per_class_of_the_cpu_are_where_no_slope_leads_on() {
    let shape = [5, 2000, 3];
    let (numbers, codes) = skilled(shape);
    let host = predictions(shape, &numbers, Missing::Error);
    let Outputs::Classes(classes) = host.outputs() else { unreachable!() };
    let target = Target::Classes { codes: codes.clone(), classes: classes.clone() };
    let fitted = PerClassWeights::default().optimise(&host, &Known::new(&target)).unwrap();
    for class in 0..3 {
        let weights: Vec<f64> = fitted.members().iter().map(|name| fitted.of_member(name).unwrap()[class]).collect();
        let search = WeightSearch::of_class(&cube(shape, &numbers), &codes, class, 1e-15).unwrap();
        let Slope { loss, gradient } = search.losses(&[&weights]).unwrap().remove(0);
        let expected = fitted.certificates()[class].loss;
        assert!((loss - expected).abs() <= 1e-5 * expected, "class {class}: {loss} {expected}");
        // What the steepest member would gain, were its weight 1: nothing.
        let here: f64 = weights.iter().zip(&gradient).map(|(w, slope)| w * slope).sum();
        let least = gradient.iter().fold(f64::INFINITY, |least, &slope| least.min(slope));
        assert!(here - least < 1e-4, "class {class}: {here} {gradient:?}");
    }
}

#[test]
fn sums_of_many_like_terms_stay_exact() {
    // 3,000,000 terms of one size, in 512 chunks of 23 tiles: each addition to a great sum loses on the same side.
    let (many, few) = (3_000_000, 5);
    let of = |rows: usize| {
        let cube = cube([1, rows, 1], &vec![0.3; rows]);
        let by_log = WeightSearch::log_loss(&cube, &vec![0; rows], 1e-9).unwrap().losses(&[&[1.1]]).unwrap();
        let y = vec![0.1f32; rows];
        let by_square = WeightSearch::squared(&cube, Truth::Values(&y)).unwrap().losses(&[&[1.1]]).unwrap();
        [by_log[0].loss, by_log[0].gradient[0], by_square[0].loss, by_square[0].gradient[0]]
    };
    for (many, few) in of(many).into_iter().zip(of(few)) {
        assert!((many - few).abs() <= 3e-6 * few.abs(), "{many} {few}");
    }
    assert!((of(few)[1] + 1.0 / 1.1).abs() < 1e-6);
}
