//! Fitted weights: reference values, conditions of optimality, and laws.

use consort_core::{
    Classes, Fuser, Gives, Ids, Missing, Outputs, Predictions, Seed, Target, Task, Truth,
    check::{self, FusionCase},
};
use consort_fusion::stack::{LinearStack, LogisticStack, MetaInputs};
use consort_fusion::weights::{NonNegativeLeastSquares, PerClassWeights, SimplexWeights, WeightLoss};
use proptest::prelude::*;

use crate::reference::{Case, assert_near, binary, json, multi, numbers, regression};

fn weights_of(fuser: &dyn Fuser, case: &Case) -> Vec<f64> {
    fuser.fit(&case.predictions, &Truth::new(&case.target), Seed::new(0)).unwrap().weights().unwrap()
}

#[test]
fn simplex_weights_equal_those_of_slsqp() {
    let reference = json("fusion.json")["simplex_blend"].clone();
    let cases = [
        ("brier", WeightLoss::Squared, binary()),
        ("log_loss", WeightLoss::Log, binary()),
        ("regression_mse", WeightLoss::Squared, regression()),
    ];
    for (name, loss, case) in cases {
        let fitted =
            SimplexWeights::default().loss(loss).optimise(&case.predictions, &Truth::new(&case.target)).unwrap();
        let expected = reference[name]["value"].as_f64().unwrap();
        let certificate = fitted.certificate();
        assert!((certificate.loss - expected).abs() < 1e-6, "{name}: {certificate:?} {expected}");
        assert!(certificate.gap <= 1e-8 * expected.max(1.0) * 10.0, "{name}: {certificate:?}");
        assert_near(&weights_of(&SimplexWeights::default().loss(loss), &case), &numbers(&reference[name]["w"]), 2e-3);
    }
}

#[test]
fn non_negative_least_squares_equal_those_of_scipy() {
    let reference = json("fusion.json")["nnls_regression"].clone();
    let case = regression();
    let fitted =
        NonNegativeLeastSquares::default().least_squares(&case.predictions, &Truth::new(&case.target)).unwrap();
    let weights: Vec<f64> = fitted.members().iter().map(|name| fitted.weight(name).unwrap()).collect();
    assert_near(&weights, &numbers(&reference["w"]), 1e-6);
}

/// Random members of `rows` rows: probabilities of `classes` classes, drawn near the truth.
fn random(seed: u64, members: usize, rows: usize, classes: usize) -> Case {
    let mut stream = Seed::new(seed).stream();
    let names = Classes::new((0..classes).map(|k| k.to_string())).unwrap();
    let codes: Vec<u32> = (0..rows).map(|_| stream.below(classes as u64) as u32).collect();
    let mut builder = Predictions::builder(Outputs::Classes(names.clone()), Ids::positions(rows));
    for m in 0..members {
        let skill = 0.3 + 2.0 * stream.unit();
        let values: Vec<f32> = codes
            .iter()
            .flat_map(|&y| {
                let mut row: Vec<f64> =
                    (0..classes).map(|k| (stream.normal() + if k == y as usize { skill } else { 0.0 }).exp()).collect();
                let sum: f64 = row.iter().sum();
                row.iter_mut().for_each(|x| *x /= sum);
                row
            })
            .map(|x| x as f32)
            .collect();
        builder = builder.member(format!("m{m}"), Gives::Probabilities, &values).unwrap();
    }
    let weights = (0..rows).map(|_| stream.below(4) as f64).collect();
    Case { predictions: builder.build().unwrap(), target: Target::Classes { codes, classes: names }, weights }
}

/// The loss of a weighted mean, by its definition.
fn loss(case: &Case, truth: &Truth<'_>, w: &[f64], kind: WeightLoss) -> f64 {
    let (codes, classes) = truth.classes("test").unwrap();
    let mut sum = 0.0;
    for (i, &code) in codes.iter().enumerate() {
        let fused =
            |k: usize| -> f64 { w.iter().enumerate().map(|(m, w)| w * f64::from(case.predictions.at(m, i, k))).sum() };
        sum += truth.weight(i)
            * match kind {
                WeightLoss::Log => -fused(code as usize).ln(),
                WeightLoss::Squared => {
                    let scale = if classes.len() == 2 { 0.5 } else { 1.0 };
                    scale
                        * (0..classes.len())
                            .map(|k| (fused(k) - f64::from(u8::from(k == code as usize))).powi(2))
                            .sum::<f64>()
                }
            };
    }
    sum / truth.total_weight()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_point_of_the_simplex_beats_the_certificate(seed in 0u64..1000, members in 1usize..24, classes in 2usize..5) {
        let case = random(seed, members, 60, classes);
        let truth = Truth::weighted(&case.target, &case.weights).unwrap();
        for kind in [WeightLoss::Log, WeightLoss::Squared] {
            let fitted = SimplexWeights::default().loss(kind).optimise(&case.predictions, &truth).unwrap();
            let w: Vec<f64> = fitted.members().iter().map(|name| fitted.weight(name).unwrap()).collect();
            prop_assert!(w.iter().all(|w| *w >= 0.0) && (w.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            let certificate = fitted.certificate();
            prop_assert!((loss(&case, &truth, &w, kind) - certificate.loss).abs() < 1e-9);
            let mut stream = Seed::new(seed).child("rivals").stream();
            for rival in 0..40 {
                let mut v: Vec<f64> = (0..members).map(|_| -(1.0 - stream.unit()).ln()).collect();
                if rival < members {
                    v = (0..members).map(|m| f64::from(u8::from(m == rival))).collect();
                }
                let sum: f64 = v.iter().sum();
                // Between the optimum and the rival, since it is near the optimum that a wrong one is caught.
                for near in [1.0, 0.1, 0.001] {
                    let mixed: Vec<f64> = v.iter().zip(&w).map(|(v, w)| near * v / sum + (1.0 - near) * w).collect();
                    prop_assert!(loss(&case, &truth, &mixed, kind) >= certificate.least_loss() - 1e-12);
                }
            }
        }
    }

    #[test]
    fn permuting_members_permutes_the_weights_to_the_bit(seed in 0u64..1000) {
        let case = random(seed, 6, 50, 3);
        let order = [3, 0, 5, 1, 4, 2];
        let permuted = Case { predictions: case.predictions.subset(&order), ..random(seed, 1, 50, 3) };
        let fusers: [&dyn Fuser; 4] = [
            &SimplexWeights::default(),
            &SimplexWeights::default().loss(WeightLoss::Squared),
            &NonNegativeLeastSquares::default(),
            &PerClassWeights::default(),
        ];
        for fuser in fusers {
            let truth = Truth::weighted(&case.target, &case.weights).unwrap();
            let a = fuser.fit(&case.predictions, &truth, Seed::new(0)).unwrap();
            let b = fuser.fit(&permuted.predictions, &truth, Seed::new(0)).unwrap();
            let (wa, wb) = (a.weights().unwrap(), b.weights().unwrap());
            prop_assert_eq!(order.iter().map(|&m| wa[m]).collect::<Vec<_>>(), wb);
            prop_assert_eq!(a.fuse(&case.predictions).unwrap(), b.fuse(&permuted.predictions).unwrap());
        }
    }

    #[test]
    fn a_search_never_stalls_before_its_tolerance(seed in 0u64..1000) {
        let case = random(seed, 4, 40, 3);
        let truth = Truth::weighted(&case.target, &case.weights).unwrap();
        prop_assert!(SimplexWeights::default().tolerance(1e-11).optimise(&case.predictions, &truth).is_ok());
    }

    #[test]
    fn a_weight_counts_a_row_so_often(seed in 0u64..1000) {
        let case = random(seed, 4, 40, 3);
        let rows: Vec<u32> =
            (0..40).flat_map(|i| std::iter::repeat_n(i, case.weights[i as usize] as usize)).collect();
        let copies = Case { predictions: case.predictions.take(&rows), target: case.target.take(&rows), weights: vec![] };
        let fusers: [&dyn Fuser; 4] = [
            &SimplexWeights::default(),
            &SimplexWeights::default().loss(WeightLoss::Squared),
            &NonNegativeLeastSquares::default(),
            &PerClassWeights::default(),
        ];
        for fuser in fusers {
            let truth = Truth::weighted(&case.target, &case.weights).unwrap();
            let weighted = fuser.fit(&case.predictions, &truth, Seed::new(0)).unwrap().weights().unwrap();
            let copied = weights_of(fuser, &copies);
            for (a, b) in weighted.iter().zip(copied) {
                prop_assert!((a - b).abs() < 1e-5, "{} {a} {b}", fuser.name());
            }
        }
    }
}

#[test]
fn a_perfect_member_gets_all_the_weight() {
    let case = random(3, 4, 30, 3);
    let (codes, _) = Truth::new(&case.target).classes("test").unwrap();
    let perfect: Vec<f32> = codes.iter().flat_map(|&y| (0..3).map(move |k| f32::from(u8::from(k == y)))).collect();
    let mut builder = Predictions::builder(case.predictions.outputs().clone(), Ids::positions(30));
    for m in 0..4 {
        builder = builder.member(format!("m{m}"), Gives::Probabilities, case.predictions.member(m)).unwrap();
    }
    let predictions = builder.member("a_perfect", Gives::Probabilities, &perfect).unwrap().build().unwrap();
    for loss in [WeightLoss::Log, WeightLoss::Squared] {
        let fitted = SimplexWeights::default().loss(loss).optimise(&predictions, &Truth::new(&case.target)).unwrap();
        assert!((fitted.weight("a_perfect").unwrap() - 1.0).abs() < 1e-7, "{loss:?} {fitted:?}");
        assert!(fitted.certificate().loss < 1e-8);
    }
}

/// Members that give exact zeros and are wrong with them: each row then needs some member, however bad it is elsewhere.
fn sure_and_wrong(seed: u64) -> Case {
    let mut stream = Seed::new(seed).child("sure").stream();
    let (rows, classes) = (700, 4);
    let names = Classes::new((0..classes).map(|k| k.to_string())).unwrap();
    let codes: Vec<u32> = (0..rows).map(|_| stream.below(classes) as u32).collect();
    let mut builder = Predictions::builder(Outputs::Classes(names.clone()), Ids::positions(rows));
    for m in 0..8 {
        let votes = 1 + 3 * m;
        let values: Vec<f32> = codes
            .iter()
            .flat_map(|&y| {
                // The share of some votes, most of them right: zeros are frequent, and with one vote the rule.
                let mut row = vec![0.0f32; classes as usize];
                for _ in 0..votes {
                    let right = stream.unit() < 0.55 + 0.04 * f64::from(m);
                    let k = if right { y as usize } else { stream.below(classes) as usize };
                    row[k] += 1.0 / votes as f32;
                }
                row
            })
            .collect();
        builder = builder.member(format!("m{m}"), Gives::Probabilities, &values).unwrap();
    }
    let target = Target::Classes { codes, classes: names };
    Case { predictions: builder.build().unwrap(), target, weights: vec![1.0; rows] }
}

#[test]
fn sure_and_wrong_members_converge() {
    for seed in 0..12 {
        let case = sure_and_wrong(seed);
        let truth = Truth::new(&case.target);
        let fitted = SimplexWeights::default().tolerance(1e-11).optimise(&case.predictions, &truth).unwrap();
        assert!(fitted.certificate().steps < 60, "{:?}", fitted.certificate());
        PerClassWeights::default().optimise(&case.predictions, &truth).unwrap();
        let stack = LogisticStack::default().inputs(MetaInputs::LogOdds);
        assert!(stack.regress(&case.predictions, &truth).unwrap().steps() < 200);
    }
}

#[test]
fn equal_members_share_one_solution() {
    let case = random(8, 2, 30, 2);
    let mut builder = Predictions::builder(case.predictions.outputs().clone(), Ids::positions(30));
    for (name, m) in [("b", 0), ("a", 0), ("c", 1), ("d", 1)] {
        builder = builder.member(name, Gives::Probabilities, case.predictions.member(m)).unwrap();
    }
    let doubled = Case { predictions: builder.build().unwrap(), target: case.target.clone(), weights: vec![] };
    for loss in [WeightLoss::Log, WeightLoss::Squared] {
        let fuser = SimplexWeights::default().loss(loss);
        let (single, double) = (weights_of(&fuser, &case), weights_of(&fuser, &doubled));
        assert_near(&[double[0] + double[1], double[2] + double[3]], &single, 1e-6);
    }
    let nnls = NonNegativeLeastSquares::default();
    let (single, double) = (weights_of(&nnls, &case), weights_of(&nnls, &doubled));
    assert_near(&[double[0] + double[1], double[2] + double[3]], &single, 1e-9);
}

#[test]
fn an_event_that_every_member_calls_impossible_is_left_out_and_paid_for() {
    let classes = Classes::new(["0", "1"]).unwrap();
    let predictions = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(3))
        .member("a", Gives::Probabilities, &[1.0, 0.0, 0.25, 0.75, 0.5, 0.5])
        .unwrap()
        .member("b", Gives::Probabilities, &[1.0, 0.0, 0.75, 0.25, 0.5, 0.5])
        .unwrap()
        .build()
        .unwrap();
    let target = Target::Classes { codes: vec![1, 1, 0], classes };
    let fitted = SimplexWeights::default().optimise(&predictions, &Truth::new(&target)).unwrap();
    assert!((fitted.weight("a").unwrap() - 1.0).abs() < 1e-12);
    let expected = (-f64::EPSILON.ln() - 0.75f64.ln() - 0.5f64.ln()) / 3.0;
    assert!((fitted.certificate().loss - expected).abs() < 1e-12);
}

#[test]
fn a_member_needed_by_one_row_alone_keeps_weight() {
    // Member `b` is worse everywhere, but only it gives the first row's class a chance.
    let rows = 50;
    let classes = Classes::new(["0", "1"]).unwrap();
    let a: Vec<f32> = (0..rows).flat_map(|i| if i == 0 { [1.0, 0.0] } else { [0.1, 0.9] }).collect();
    let b: Vec<f32> = (0..rows).flat_map(|_| [0.5f32, 0.5]).collect();
    let predictions = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(rows))
        .member("a", Gives::Probabilities, &a)
        .unwrap()
        .member("b", Gives::Probabilities, &b)
        .unwrap()
        .build()
        .unwrap();
    let target = Target::Classes { codes: vec![1; rows], classes };
    let fitted = SimplexWeights::default().optimise(&predictions, &Truth::new(&target)).unwrap();
    // d/dw [ln(w/2) + 49 ln(0.9 − 0.4 w)] = 0 gives w = 0.9 / (0.4 · 50).
    assert!((fitted.weight("b").unwrap() - 0.045).abs() < 1e-6, "{fitted:?}");
}

#[test]
fn rows_that_a_member_lacks_are_left_out_and_its_weight_is_shared_when_fusing() {
    let build = |hole: f32| {
        Predictions::builder(Outputs::target("y"), Ids::positions(3))
            .missing(Missing::Available)
            .member("a", Gives::Values, &[2.0, 4.0, hole])
            .unwrap()
            .member("b", Gives::Values, &[0.0, 0.0, 7.0])
            .unwrap()
            .build()
            .unwrap()
    };
    let target = Target::from_values(vec![1.0, 2.0, 100.0], "y").unwrap();
    let holes = build(f32::NAN);
    let fitted = SimplexWeights::default().optimise(&holes, &Truth::new(&target)).unwrap();
    assert_near(&[fitted.weight("a").unwrap(), fitted.weight("b").unwrap()], &[0.5, 0.5], 1e-12);
    let fused = consort_core::Fusion::fuse(&fitted, &holes).unwrap();
    assert_eq!(fused.values(), [1.0, 2.0, 7.0]);
    let sum = NonNegativeLeastSquares::default().least_squares(&holes, &Truth::new(&target)).unwrap();
    assert!(consort_core::Fusion::fuse(&sum, &holes).is_err() || (sum.weight("a").unwrap() - 1.0).abs() < 1e-9);
}

#[test]
fn a_fusion_finds_its_members_by_name_and_needs_only_those_with_weight() {
    let case = multi();
    let fitted = SimplexWeights::default().optimise(&case.predictions, &Truth::new(&case.target)).unwrap();
    let all = consort_core::Fusion::fuse(&fitted, &case.predictions).unwrap();
    let used: Vec<usize> =
        (0..4).rev().filter(|&m| fitted.weight(&case.predictions.members()[m].name).unwrap() > 0.0).collect();
    assert_eq!(consort_core::Fusion::fuse(&fitted, &case.predictions.subset(&used)).unwrap(), all);
    let error = consort_core::Fusion::fuse(&fitted, &case.predictions.subset(&used[1..])).unwrap_err();
    assert!(error.to_string().contains("unknown member"), "{error}");
}

#[test]
fn what_is_not_supported_is_refused_with_a_hint() {
    let case = regression();
    let error = SimplexWeights::default()
        .loss(WeightLoss::Log)
        .optimise(&case.predictions, &Truth::new(&case.target))
        .unwrap_err();
    assert!(error.to_string().contains("use the squared loss"), "{error}");
    let error = SimplexWeights::default().tolerance(0.0).check().unwrap_err();
    assert!(error.to_string().contains("parameter `tolerance` is 0"), "{error}");
    let one_step = random(2, 20, 300, 3);
    let error =
        SimplexWeights::default().steps(1).optimise(&one_step.predictions, &Truth::new(&one_step.target)).unwrap_err();
    assert!(error.to_string().contains("did not converge"), "{error}");
}

#[test]
fn fitted_weights_keep_the_contracts_of_fusers() {
    let probabilities = [Task::Binary, Task::Multiclass, Task::Multilabel].map(|task| (task, Gives::Probabilities));
    let others = [(Task::Regression, Gives::Values), (Task::Multiclass, Gives::Logits)];
    for (task, gives) in probabilities.into_iter().chain(others) {
        let case = FusionCase { tolerance: 1e-5, ..FusionCase::new(task, gives) };
        check::fuser(&SimplexWeights::default(), &case).unwrap();
        check::fuser(&PerClassWeights::default(), &case).unwrap();
        let squared = WeightLoss::Squared;
        check::fuser(&SimplexWeights::default().loss(squared), &case).unwrap();
        check::fuser(&PerClassWeights::default().loss(squared), &case).unwrap();
        // A sum that is no mean cannot leave a member out.
        let case = FusionCase { missing: task != Task::Regression, ..case };
        check::fuser(&NonNegativeLeastSquares::default(), &case).unwrap();
    }
    let case = FusionCase { missing: false, tolerance: 1e-5, ..FusionCase::new(Task::Regression, Gives::Values) };
    check::fuser(&NonNegativeLeastSquares::default().intercept(true), &case).unwrap();
}

#[test]
fn a_truth_that_no_prediction_can_be_is_refused_and_not_searched_for_ever() {
    let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(4))
        .member("a", Gives::Values, &[1.0, 2.0, 3.0, 5.0])
        .unwrap()
        .member("b", Gives::Values, &[2.0, 1.0, 4.0, 3.0])
        .unwrap()
        .build()
        .unwrap();
    let target = Target::from_values(vec![1e200, -1e200, 2e200, 3e200], "y").unwrap();
    let truth = Truth::new(&target);
    let fusers: [(&str, Box<dyn Fuser>); 5] = [
        ("simplex", Box::new(SimplexWeights::default())),
        ("nnls", Box::new(NonNegativeLeastSquares::default())),
        ("nnls with intercept", Box::new(NonNegativeLeastSquares::default().intercept(true))),
        ("linear", Box::new(LinearStack::default())),
        ("linear, non-negative", Box::new(LinearStack::default().non_negative(true))),
    ];
    for (name, fuser) in fusers {
        let error = fuser.fit(&predictions, &truth, Seed::new(0)).unwrap_err().to_string();
        assert!(error.contains("1e200 in row 1") && error.contains("single precision"), "{name}: {error}");
    }
}
