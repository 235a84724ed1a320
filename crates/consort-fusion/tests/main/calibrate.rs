//! Calibration: scikit-learn's curves, closed forms, and laws.

use std::sync::Arc;

use consort_core::{Classes, Estimates, Fuser, Gives, Ids, Matrix, Metric, Outputs, Predictions, Seed, Target, Truth};
use consort_fusion::{
    calibrate::{Beta, Calibrated, Calibrator, Isotonic, Platt, Temperature, VectorScaling, VennAbers},
    stack::MetaInputs,
    weights::SimplexWeights,
};
use consort_metrics::LogLoss;
use proptest::prelude::*;

use crate::reference::{Case, assert_near, binary, json, multi, numbers};

/// One member on the even rows, its truth and weights there, and the same on the odd rows.
fn halves(case: &Case, member: &str) -> [(Matrix, Target, Vec<f64>); 2] {
    let rows = case.predictions.rows() as u32;
    let m = case.predictions.find(member).unwrap();
    [0, 1].map(|half| {
        let rows: Vec<u32> = (half..rows).step_by(2).collect();
        let weights = rows.iter().map(|&i| case.weights[i as usize]).collect();
        (case.predictions.take(&rows).to_matrix(m), case.target.take(&rows), weights)
    })
}

fn log_loss(p: &Matrix, target: &Target) -> f64 {
    LogLoss::default().score(&Estimates::matrix(p, Gives::Probabilities), &Truth::new(target)).unwrap().value().unwrap()
}

#[test]
fn platt_equals_scikit_learn() {
    let reference = json("calibration.json")["calibrators_fit_even_apply_odd"].clone();
    for member in ["m1", "m3"] {
        let [(p, target, _), (odd, odd_target, _)] = halves(&binary(), member);
        let expected = &reference[member]["platt_on_p: P=1/(1+exp(A*p+B)), Platt's smoothed targets"];
        let fitted = Platt::default().curves(&p, &Truth::new(&target)).unwrap();
        assert_near(&[-fitted.slope(0).unwrap()], &[expected["A"].as_f64().unwrap()], 1e-5);
        assert_near(&[-fitted.intercept(0).unwrap()], &[expected["B"].as_f64().unwrap()], 1e-5);
        let applied = consort_fusion::calibrate::Calibration::apply(&fitted, &odd).unwrap();
        assert_near(&[log_loss(&applied, &odd_target)], &[expected["odd_rows_log_loss"].as_f64().unwrap()], 1e-6);
    }
}

#[test]
fn isotonic_equals_scikit_learn_ties_and_weights_included() {
    let reference = json("calibration.json")["calibrators_fit_even_apply_odd"].clone();
    for member in ["m1", "m3"] {
        let [(p, target, weights), (odd, ..)] = halves(&binary(), member);
        let weighted = Truth::weighted(&target, &weights).unwrap();
        for (name, truth) in [("isotonic", Truth::new(&target)), ("isotonic_weighted", weighted)] {
            let expected = &reference[member][name];
            let fitted = Isotonic.curves(&p, &truth).unwrap();
            let curve = fitted.curve(0).unwrap();
            assert_near(curve.x(), &numbers(&expected["x"]), 1e-7);
            assert_near(curve.y(), &numbers(&expected["y"]), 1e-12);
            if name == "isotonic" {
                let applied = consort_fusion::calibrate::Calibration::apply(&fitted, &odd).unwrap();
                let first: Vec<f64> = (0..20).map(|i| f64::from(applied.at(i, 1))).collect();
                // The members are in single precision, and the curve is steep between its steps.
                assert_near(&first, &numbers(&expected["first20_odd"]), 2e-6);
            }
        }
    }
}

/// The package venn-abers 1.5.4 (`VennAbers().fit(p_cal, y_cal)`, `predict_proba`), with ties.
#[test]
fn venn_abers_equals_the_package_of_its_authors() {
    let y = [0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1, 0, 1, 0, 1];
    let p: Vec<f32> = (0..30).map(|i| ((i * 11) % 23) as f32 / 32.0 + 1.0 / 64.0).flat_map(|p| [1.0 - p, p]).collect();
    let target = Target::Classes { codes: y.to_vec(), classes: Classes::new(["0", "1"]).unwrap() };
    let fitted = VennAbers.curves(&Matrix::new(30, 2, p).unwrap(), &Truth::new(&target)).unwrap();
    let curve = fitted.curve(0).unwrap();
    for (p, p0, p1, merged) in [
        (0.0, 0.0, 0.2, 0.16666666666666669),
        (0.1, 0.0, 0.36363636363636365, 0.26666666666666666),
        (0.328125, 0.2727272727272727, 0.375, 0.3402061855670103),
        (0.3, 0.2727272727272727, 0.375, 0.3402061855670103),
        (0.578125, 0.5, 0.7142857142857143, 0.588235294117647),
        (0.5, 0.42857142857142855, 0.7142857142857143, 0.5555555555555556),
        (0.625, 0.5714285714285714, 0.75, 0.6363636363636364),
        (0.7, 0.6666666666666666, 1.0, 0.7499999999999999),
        (0.71, 0.8, 1.0, 0.8333333333333334),
        (1.0, 0.8, 1.0, 0.8333333333333334),
    ] {
        let (got0, got1) = curve.pair(p);
        assert_near(&[got0, got1, curve.at(p)], &[p0, p1, merged], 1e-12);
    }
}

/// Isotonic regression by its definition: at each point the greatest, over beginnings, of the least mean over ends.
fn isotonic_at(rows: &[(f32, bool, f64)], at: f32) -> f64 {
    let mut x: Vec<f32> = rows.iter().map(|row| row.0).collect();
    x.sort_by(f32::total_cmp);
    x.dedup();
    let mean = |a: f32, b: f32| {
        let inside = rows.iter().filter(|row| (a..=b).contains(&row.0));
        let (hit, all) =
            inside.fold((0.0, 0.0), |(hit, all), row| (hit + if row.1 { row.2 } else { 0.0 }, all + row.2));
        hit / all
    };
    let least = |a: f32| x.iter().filter(|&&b| b >= at).map(|&b| mean(a, b)).fold(f64::INFINITY, f64::min);
    x.iter().filter(|&&a| a <= at).map(|&a| least(a)).fold(f64::NEG_INFINITY, f64::max)
}

#[test]
fn temperature_equals_the_bounded_search_of_scipy() {
    let expected =
        json("calibration.json")["calibrators_fit_even_apply_odd"]["temperature_multi_m3(logits = log(clip(p,1e-12)))"]
            .clone();
    let [(p, target, _), (odd, odd_target, _)] = halves(&multi(), "m3");
    let fitted = Temperature.scale(&p, &Truth::new(&target)).unwrap();
    assert_near(&[fitted.temperature()], &[expected["T"].as_f64().unwrap()], 1e-5);
    for (name, p, target) in [("even", &p, &target), ("odd", &odd, &odd_target)] {
        let applied = consort_fusion::calibrate::Calibration::apply(&fitted, p).unwrap();
        let after = expected[format!("{name}_log_loss_after")].as_f64().unwrap();
        assert_near(&[log_loss(&applied, target)], &[after], 1e-6);
    }
}

/// Every calibrator of a probability matrix.
fn all() -> Vec<Box<dyn Calibrator>> {
    vec![
        Box::new(Platt::default()),
        Box::new(Platt::default().inputs(MetaInputs::LogOdds)),
        Box::new(Isotonic),
        Box::new(Temperature),
        Box::new(VectorScaling::default()),
        Box::new(Beta),
        Box::new(VennAbers),
    ]
}

/// Over-confident probabilities and what came true: rows, target, weights 0 to 3.
fn random(seed: u64, rows: usize, classes: usize) -> (Matrix, Target, Vec<f64>) {
    let mut stream = Seed::new(seed).stream();
    let mut p = Matrix::zeros(rows, classes);
    let mut codes = Vec::new();
    for i in 0..rows {
        let y = stream.below(classes as u64) as usize;
        let logits: Vec<f64> = (0..classes).map(|k| 3.0 * (stream.normal() + if k == y { 1.0 } else { 0.0 })).collect();
        let sum: f64 = logits.iter().map(|z| z.exp()).sum();
        logits.iter().enumerate().for_each(|(k, z)| p.row_mut(i)[k] = (z.exp() / sum) as f32);
        codes.push(y as u32);
    }
    let weights = (0..rows).map(|_| stream.below(4) as f64).collect();
    let names = Classes::new((0..classes).map(|k| k.to_string())).unwrap();
    (p, Target::Classes { codes, classes: names }, weights)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn venn_abers_is_isotonic_regression_with_one_row_more(seed in 0u64..1000, coarse in 1u32..30) {
        let mut stream = Seed::new(seed).stream();
        // Coarse, so that many are tied; every fifth of weight 2, every seventh of weight 0.
        let rows: Vec<(f32, bool, f64)> = (0..40)
            .map(|i| {
                let p = (stream.unit() * f64::from(coarse)).round() / f64::from(coarse);
                let weight = if i % 7 == 0 { 0.0 } else if i % 5 == 0 { 2.0 } else { 1.0 };
                (p as f32, stream.unit() < p, weight)
            })
            .collect();
        let p = Matrix::new(40, 2, rows.iter().flat_map(|row| [1.0 - row.0, row.0]).collect()).unwrap();
        let codes = rows.iter().map(|row| u32::from(row.1)).collect();
        let target = Target::Classes { codes, classes: Classes::new(["0", "1"]).unwrap() };
        let weights: Vec<f64> = rows.iter().map(|row| row.2).collect();
        let fitted = VennAbers.curves(&p, &Truth::weighted(&target, &weights).unwrap()).unwrap();
        let curve = fitted.curve(0).unwrap();
        let counted: Vec<(f32, bool, f64)> = rows.iter().copied().filter(|row| row.2 > 0.0).collect();
        let mut before = (0.0, 0.0);
        for step in 0..=60 {
            let at = if step % 2 == 0 { step as f32 / 60.0 } else { counted[step % counted.len()].0 };
            let with = |hit: bool| isotonic_at(&[&counted[..], &[(at, hit, 1.0)]].concat(), at);
            let (p0, p1) = curve.pair(f64::from(at));
            prop_assert!((p0 - with(false)).abs() < 1e-12 && (p1 - with(true)).abs() < 1e-12, "{at}: {p0} {p1}");
            prop_assert!(p0 < p1 && p0 <= curve.at(f64::from(at)) && curve.at(f64::from(at)) <= p1);
            if step % 2 == 0 {
                prop_assert!(before.0 <= p0 && before.1 <= p1);
                before = (p0, p1);
            }
        }
    }

    #[test]
    fn calibrated_rows_sum_to_one_and_calibration_lowers_the_log_loss(seed in 0u64..1000, classes in 2usize..5) {
        let (p, target, weights) = random(seed, 300, classes);
        let truth = Truth::weighted(&target, &weights).unwrap();
        for calibrator in all() {
            let fitted = calibrator.fit(&p, &truth).unwrap();
            let applied = fitted.apply(&p).unwrap();
            for i in 0..300 {
                prop_assert!((applied.row(i).iter().sum::<f32>() - 1.0).abs() < 1e-5);
                prop_assert!(applied.row(i).iter().all(|x| (0.0..=1.0).contains(x)));
            }
            let score = |p: &Matrix| {
                LogLoss::default().score(&Estimates::matrix(p, Gives::Probabilities), &truth).unwrap().value().unwrap()
            };
            prop_assert!(score(&applied) < score(&p), "{}", calibrator.name());
            let text = serde_json::to_string(&fitted).unwrap();
            let again: Box<dyn consort_fusion::calibrate::Calibration> = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(again.apply(&p).unwrap(), applied);
        }
    }

    #[test]
    fn a_weight_counts_a_row_so_often_and_weight_0_is_not_read(seed in 0u64..1000, classes in 2usize..4) {
        let (mut p, target, weights) = random(seed, 80, classes);
        let rows: Vec<u32> = (0..80).flat_map(|i| std::iter::repeat_n(i, weights[i as usize] as usize)).collect();
        let copies: Vec<f32> = rows.iter().flat_map(|&i| p.row(i as usize).to_vec()).collect();
        let copies = Matrix::new(rows.len(), classes, copies).unwrap();
        let clean = p.clone();
        (0..80).filter(|&i| weights[i] == 0.0).for_each(|i| p.row_mut(i).fill(f32::NAN));
        for calibrator in all() {
            let weighted = calibrator.fit(&p, &Truth::weighted(&target, &weights).unwrap()).unwrap();
            let copied = calibrator.fit(&copies, &Truth::new(&target.take(&rows))).unwrap();
            let (a, b) = (weighted.apply(&clean).unwrap(), copied.apply(&clean).unwrap());
            for (x, y) in a.values().iter().zip(b.values()) {
                prop_assert!((x - y).abs() < 1e-4, "{} {x} {y}", calibrator.name());
            }
        }
    }
}

#[test]
fn beta_and_vector_scaling_find_the_map_that_made_the_data() {
    // True probabilities on a grid, each as often right as it says; then distorted by a known map.
    let (mut p, mut codes, mut weights) = (Vec::new(), Vec::new(), Vec::new());
    for i in 1..100 {
        let q = f64::from(i) / 100.0;
        // logit q = 2 ln p − 0.5 · (−…): solve for p in a ln p − b ln(1 − p) + c by bisection.
        let (mut low, mut high) = (1e-9f64, 1.0 - 1e-9);
        for _ in 0..200 {
            let middle = (low + high) / 2.0;
            let z = 1.5 * middle.ln() - 0.7 * (1.0 - middle).ln() + 0.2;
            if z < (q / (1.0 - q)).ln() { low = middle } else { high = middle }
        }
        for (code, weight) in [(1, q), (0, 1.0 - q)] {
            p.extend([(1.0 - low) as f32, low as f32]);
            codes.push(code);
            weights.push(weight);
        }
    }
    let p = Matrix::new(198, 2, p).unwrap();
    let target = Target::Classes { codes, classes: Classes::new(["0", "1"]).unwrap() };
    let truth = Truth::weighted(&target, &weights).unwrap();
    assert_near(&Beta.curves(&p, &truth).unwrap().parameters(0).unwrap(), &[1.5, 0.7, 0.2], 1e-4);
    let scale = VectorScaling::default().penalty(1e-9).scale(&p, &truth).unwrap();
    // softmax(a_k ln p_k + b_k) of two classes is the beta map.
    assert_near(&[scale.scale()[1], scale.scale()[0], scale.shift()[1] - scale.shift()[0]], &[1.5, 0.7, 0.2], 1e-3);
}

#[test]
fn perfect_separation_stays_finite() {
    let p = Matrix::new(4, 2, vec![1.0, 0.0, 0.9, 0.1, 0.1, 0.9, 0.0, 1.0]).unwrap();
    let target = Target::Classes { codes: vec![0, 0, 1, 1], classes: Classes::new(["0", "1"]).unwrap() };
    let only = Target::Classes { codes: vec![1; 4], classes: Classes::new(["0", "1"]).unwrap() };
    for calibrator in all() {
        for target in [&target, &only] {
            let applied = calibrator.fit(&p, &Truth::new(target)).unwrap().apply(&p).unwrap();
            assert!(applied.values().iter().all(|x| x.is_finite()), "{} {applied:?}", calibrator.name());
        }
    }
}

#[test]
fn what_calibrators_cannot_read_is_refused_by_row() {
    let classes = Classes::new(["0", "1"]).unwrap();
    let target = Target::Classes { codes: vec![0, 1], classes };
    let p = Matrix::new(2, 2, vec![0.5, 0.5, f32::NAN, f32::NAN]).unwrap();
    for calibrator in all() {
        let error = calibrator.fit(&p, &Truth::new(&target)).unwrap_err();
        assert!(error.to_string().contains("row 2"), "{error}");
        let values = Target::from_values(vec![1.0, 2.0], "y").unwrap();
        assert!(calibrator.fit(&p, &Truth::new(&values)).is_err());
        let good = Matrix::new(2, 2, vec![0.5, 0.5, 0.4, 0.6]).unwrap();
        let fitted = calibrator.fit(&good, &Truth::new(&target)).unwrap();
        assert!(fitted.apply(&Matrix::zeros(2, 3)).is_err());
        assert!(fitted.apply(&p).unwrap().row(1).iter().all(|x| x.is_nan()));
    }
}

#[test]
fn a_calibrated_fusion_round_trips_and_lowers_the_loss_of_sure_members() {
    let (p, target, _) = random(4, 600, 3);
    let (q, ..) = random(5, 600, 3);
    let classes = Truth::new(&target).classes("test").unwrap().1.clone();
    let predictions = Predictions::builder(Outputs::Classes(classes), Ids::positions(600))
        .member("a", Gives::Probabilities, p.values())
        .unwrap()
        .member("b", Gives::Probabilities, q.values())
        .unwrap()
        .build()
        .unwrap();
    let truth = Truth::new(&target);
    let plain = SimplexWeights::default().optimise(&predictions, &truth).unwrap();
    let fuser = Calibrated::new(Arc::new(SimplexWeights::default()), Arc::new(Temperature));
    let text = serde_json::to_string(&fuser as &dyn Fuser).unwrap();
    let again: Box<dyn Fuser> = serde_json::from_str(&text).unwrap();
    let fused = again.fit(&predictions, &truth, Seed::new(1)).unwrap().fuse(&predictions).unwrap();
    assert_eq!(fused, fuser.fit(&predictions, &truth, Seed::new(1)).unwrap().fuse(&predictions).unwrap());
    let before = log_loss(&consort_core::Fusion::fuse(&plain, &predictions).unwrap(), &target);
    assert!(log_loss(&fused, &target) < before);
}
