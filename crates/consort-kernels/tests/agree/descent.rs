use consort_kernels::{Truth, WeightSearch};

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
fn close(got: &consort_kernels::Slope, loss: f64, gradient: &[f64], sizes: &[f64], what: &str) {
    assert!((got.loss - loss).abs() <= (1e-5 * loss.abs()).max(3e-7), "{what}: loss {} {loss}", got.loss);
    for ((got, slope), size) in got.gradient.iter().zip(gradient).zip(sizes) {
        assert!((got - slope).abs() <= 1e-5 * size.abs(), "{what}: slope {got} {slope}, of terms {size}");
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
