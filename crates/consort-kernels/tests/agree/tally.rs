use consort_kernels::{Bootstrap, Holes, Uncertainty, Vote, WeightedMean, binned_auc};

use crate::cases::*;

#[test]
fn resamples_draw_the_same_rows_as_on_the_host() {
    for rows in [1, 3, 4, 5, 1023, 1024, 4001, 9999] {
        let mut stream = stream([1, rows, 1], Kind::Spread, "bootstrap");
        let a: Vec<f32> = (0..rows).map(|_| stream.unit() as f32).collect();
        let b: Vec<f32> = (0..rows).map(|_| stream.normal() as f32).collect();
        let bootstrap = Bootstrap { resamples: 70, seed: 0x1234_5678_9abc_def0 ^ rows as u64 };
        let (host, there) = (bootstrap.on_host(&[&a, &b]).unwrap(), bootstrap.on(&device(), &[&a, &b]).unwrap());
        assert_eq!(host.drawn, there.drawn, "{rows} rows");
        for (host, there) in host.means.iter().zip(&there.means) {
            for (host, there) in host.iter().zip(there) {
                assert!(host.is_nan() && there.is_nan() || (host - there).abs() <= 1e-5, "{rows}: {host} {there}");
            }
        }
        assert_eq!(there.differences().len(), 70);
    }
}

#[test]
fn means_of_many_like_rows_stay_exact() {
    let rows = 1_500_000;
    let bootstrap = Bootstrap { resamples: 2, seed: 11 };
    let found = bootstrap.on(&device(), &[&vec![0.3; rows]]).unwrap();
    assert!(found.means[0].iter().all(|mean| (mean - f64::from(0.3f32)).abs() < 2e-6 * 0.3), "{:?}", found.means);
}

#[test]
fn confusions_and_calibration_agree() {
    for shape in [[2, 5, 2], [3, 3999, 3], [3, 4001, 10], [2, 8192, 4], [2, 300, 64]] {
        for kind in KINDS {
            let what = format!("{shape:?}, {kind:?}");
            let (numbers, codes) = (probabilities(shape, kind), codes(shape, kind));
            let fused = WeightedMean::default().fuse(&cube(shape, &numbers)).unwrap();
            let (labels, tops) = (fused.labels().unwrap(), fused.surety().unwrap().top);
            let mut expected = vec![0u32; shape[2] * shape[2]];
            labels.iter().zip(&codes).for_each(|(&l, &c)| expected[c as usize * shape[2] + l as usize] += 1);
            assert_eq!(fused.confusion(&codes).unwrap().counts, expected, "{what}");
            for bins in [1, 10, 15] {
                let found = fused.calibration(&codes, bins).unwrap();
                let (mut counts, mut hits, mut sums) = (vec![0u64; bins], vec![0.0; bins], vec![0.0; bins]);
                for ((&top, label), code) in tops.iter().zip(&labels).zip(&codes) {
                    let bin = ((top * bins as f32).ceil() as usize).clamp(1, bins) - 1;
                    counts[bin] += 1;
                    hits[bin] += f64::from(u8::from(label == code));
                    sums[bin] += f64::from(top);
                }
                assert_eq!(found.counts, counts, "{what}, {bins} bins");
                for b in (0..bins).filter(|&b| counts[b] > 0) {
                    let n = counts[b] as f64;
                    assert!((found.accuracy[b] - hits[b] / n).abs() < 1e-12, "{what}");
                    assert!((found.confidence[b] - sums[b] / n).abs() < 1e-6, "{what}");
                }
                assert!((0.0..=1.0).contains(&found.error()), "{what}");
            }
        }
    }
}

#[test]
fn the_binned_area_holds_the_exact_one() {
    for (rows, bins) in [(2, 10), (4001, 1000), (9000, 1024), (5000, 4096)] {
        let mut stream = stream([1, rows, 1], Kind::Spread, "auc");
        let positive: Vec<bool> = (0..rows).map(|i| i == 0 || (i > 1 && stream.unit() < 0.3)).collect();
        let scores: Vec<f32> =
            positive.iter().map(|&p| (stream.unit() * 0.8 + 0.2 * f64::from(u8::from(p))) as f32).collect();
        let found = binned_auc(&device(), &scores, &positive, bins).unwrap();
        let mut order: Vec<usize> = (0..rows).collect();
        order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
        let (mut below, mut pairs) = (0.0, 0.0);
        for &i in &order {
            if positive[i] { pairs += below } else { below += 1.0 }
        }
        let exact = pairs / (below * (rows as f64 - below));
        assert!((found.area - exact).abs() <= found.within + 1e-9, "{rows}: {found:?} {exact}");
        assert!(found.within < 0.02 || rows == 2, "{rows}: {found:?}");
    }
}

#[test]
fn a_fusion_without_labels_has_no_table() {
    let cube = cube([1, 2, 2], &[0.5, 0.5, 1.0, 0.0]);
    let fused = WeightedMean::default().numbers_only().fuse(&cube).unwrap();
    assert!(fused.confusion(&[0, 1]).unwrap_err().to_string().contains("labels of this fusion"));
    assert!(Uncertainty::of(&cube).is_ok());
}

#[test]
fn rows_without_a_label_are_refused_by_name() {
    for shape in [[4, 4101, 3], [4, 4101, 64]] {
        let (mut numbers, codes) = (probabilities(shape, Kind::Spread), codes(shape, Kind::Spread));
        // All members lack two rows.
        for (m, row) in (0..shape[0]).flat_map(|m| [(m, 4050), (m, 77)]) {
            numbers[(m * shape[1] + row) * shape[2]..][..shape[2]].fill(f32::NAN);
        }
        for holes in [Holes::LeaveOut, Holes::Spread] {
            let fused = WeightedMean::default().fuse(&cube(shape, &numbers).with_holes(holes)).unwrap();
            for error in [fused.confusion(&codes).unwrap_err(), fused.calibration(&codes, 10).unwrap_err()] {
                assert!(error.to_string().contains("row 78: the label is NaN"), "{shape:?}, {holes:?}: {error}");
            }
        }
        let vote = Vote { majority: true, ..Vote::default() };
        let fused = vote.fuse(&cube(shape, &probabilities(shape, Kind::Spread))).unwrap();
        let undecided = fused.labels().unwrap().iter().position(|&label| label == u32::MAX).unwrap();
        let error = fused.confusion(&codes).unwrap_err().to_string();
        assert!(error.contains(&format!("row {}: the label is NaN", undecided + 1)), "{shape:?}: {error}");
    }
    let error = binned_auc(&device(), &[0.5, f32::NAN, 0.25], &[true, false, false], 10).unwrap_err().to_string();
    assert!(error.contains("row 2: the score is NaN"), "{error}");
}
