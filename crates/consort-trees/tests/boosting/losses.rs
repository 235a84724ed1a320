//! Every loss against its own formula.

use std::sync::Arc;

use consort_core::{Classes, Target, Truth};
use consort_trees::boosting::{
    GradientBoosting, RowSampling,
    loss::{
        Absolute, Derivatives, Exponential, Gamma, Huber, LogLoss, Loss, Poisson, Quantile, Softmax, Squared, Tweedie,
    },
};

use crate::tables::{fit, small, table};

/// Gradients and Hessians, `[outputs]`, of one row of weight 2.
fn derivatives(loss: &dyn Loss, target: &Target, scores: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let truth = Truth::weighted(target, &[2.0]).unwrap();
    let (mut g, mut h) = (vec![0.0f32; scores.len()], vec![0.0f32; scores.len()]);
    let columns: Vec<[f64; 1]> = scores.iter().map(|&score| [score]).collect();
    let columns: Vec<&[f64]> = columns.iter().map(|column| &column[..]).collect();
    let mut out = Derivatives { gradients: g.chunks_mut(1).collect(), hessians: h.chunks_mut(1).collect() };
    loss.gradients(0..1, &columns, &truth, &mut out).unwrap();
    let half = |x: Vec<f32>| x.into_iter().map(|x| f64::from(x) / 2.0).collect();
    (half(g), half(h))
}

/// The gradient is the slope of the formula, and the Hessian is the slope of the gradient, times a factor that the loss
/// owns up to.
fn check(loss: &dyn Loss, target: &Target, scores: &[f64], formula: impl Fn(&[f64]) -> f64, factor: f64) {
    let (g, h) = derivatives(loss, target, scores);
    for k in 0..scores.len() {
        let moved = |by: f64| {
            let mut scores = scores.to_vec();
            scores[k] += by;
            scores
        };
        let slope = (formula(&moved(1e-5)) - formula(&moved(-1e-5))) / 2e-5;
        assert!((g[k] - slope).abs() < 1e-5 * (1.0 + slope.abs()), "{loss:?} at {scores:?}: {} is not {slope}", g[k]);
        let bend = |by: f64| derivatives(loss, target, &moved(by)).0[k];
        let bend = factor * (bend(1e-2) - bend(-1e-2)) / 2e-2;
        assert!((h[k] - bend).abs() < 2e-3 * (1.0 + bend.abs()), "{loss:?} at {scores:?}: {} is not {bend}", h[k]);
    }
}

#[test]
fn gradients_and_hessians_of_values_are_the_slopes_of_the_formula() {
    for y in [0.5, 1.0, 3.7] {
        let target = Target::from_values(vec![y], "y").unwrap();
        for s in [-2.0, -0.3, 0.2, 1.4] {
            let at = |f: fn(f64, f64) -> f64| move |scores: &[f64]| f(scores[0], y);
            check(&Squared, &target, &[s], at(|s, y| (s - y).powi(2) / 2.0), 1.0);
            check(&Poisson { max_step: 0.7 }, &target, &[s], at(|s, y| s.exp() - y * s), 0.7f64.exp());
            check(&Gamma, &target, &[s], at(|s, y| s + y * (-s).exp()), 1.0);
            let tweedie = at(|s, y| (0.7 * s).exp() / 0.7 - y * (-0.3 * s).exp() / -0.3);
            check(&Tweedie { power: 1.3 }, &target, &[s], tweedie, 1.0);
            let slope = |loss: &dyn Loss| derivatives(loss, &target, &[s]).0[0];
            assert_eq!(slope(&Absolute), (s - y).signum());
            assert!((slope(&Quantile { share: 0.9 }) - if s > y { 0.1 } else { -0.9 }).abs() < 1e-7);
            assert!((slope(&Huber { delta: Some(0.6) }) - (s - y).clamp(-0.6, 0.6)).abs() < 1e-6);
        }
    }
}

#[test]
fn gradients_and_hessians_of_classes_are_the_slopes_of_log_loss() {
    for true_class in 0..2 {
        let target = Target::Classes { codes: vec![true_class], classes: Classes::new(["a", "b"]).unwrap() };
        let sign = if true_class == 1 { 1.0 } else { -1.0 };
        for s in [-3.0, -0.1, 0.0, 2.0] {
            check(&LogLoss, &target, &[s], |scores| (-sign * scores[0]).exp().ln_1p(), 1.0);
            check(&Exponential, &target, &[s], |scores| (-sign * scores[0]).exp(), 1.0);
        }
    }
    for true_class in 0..3u32 {
        let target = Target::Classes { codes: vec![true_class], classes: Classes::new(["a", "b", "c"]).unwrap() };
        let formula = |s: &[f64]| s.iter().map(|s| s.exp()).sum::<f64>().ln() - s[true_class as usize];
        check(&Softmax, &target, &[0.3, -1.0, 1.2], formula, 1.5);
    }
}

#[test]
fn exponential_loss_has_its_best_constant_and_the_probabilities_that_belong_to_it() {
    let target = Target::Classes { codes: vec![1, 1, 0, 1, 0], classes: Classes::new(["a", "b"]).unwrap() };
    let weights = [1.0, 2.0, 1.0, 0.0, 0.5];
    let truth = Truth::weighted(&target, &weights).unwrap();
    let base = Exponential.base(&truth).unwrap();
    assert!((base[0] - 0.5 * 2f64.ln()).abs() < 1e-12);
    let mut p = [0.0; 2];
    Exponential.predict(&base, &mut p);
    assert!((p[1] - 2.0 / 3.0).abs() < 1e-6 && (p[0] + p[1] - 1.0).abs() < 1e-6);
}

/// The constant of each loss is what minimises it, as a sweep around it shows.
#[test]
fn the_base_score_is_the_best_constant() {
    let values = vec![0.4, 3.0, 1.0, 0.2, 8.0, 0.9, 2.0];
    let weights = [1.0, 2.0, 0.0, 1.0, 0.5, 3.0, 1.0];
    let target = Target::from_values(values.clone(), "y").unwrap();
    let truth = Truth::weighted(&target, &weights).unwrap();
    type Formula = fn(f64, f64) -> f64;
    let losses: [(Arc<dyn Loss>, Formula); 6] = [
        (Arc::new(Squared), |s, y| (s - y).powi(2)),
        (Arc::new(Absolute), |s, y| (s - y).abs()),
        (Arc::new(Quantile { share: 0.8 }), |s, y| if y > s { 0.8 * (y - s) } else { 0.2 * (s - y) }),
        (Arc::new(Poisson::default()), |s, y| s.exp() - y * s),
        (Arc::new(Gamma), |s, y| s + y * (-s).exp()),
        (Arc::new(Tweedie { power: 1.5 }), |s, y| (0.5 * s).exp() / 0.5 + y * (-0.5 * s).exp() / 0.5),
    ];
    for (loss, formula) in losses {
        let base = loss.base(&truth).unwrap()[0];
        let total = |s: f64| values.iter().zip(weights).map(|(&y, w)| w * formula(s, y)).sum::<f64>();
        for step in [-0.1, -0.001, 0.001, 0.1] {
            assert!(total(base) <= total(base + step) + 1e-12, "{loss:?}: {base}");
        }
    }
}

#[test]
fn robust_losses_and_quantiles_reach_what_they_promise() {
    let data = table(3000, 0);
    let Some(Target::Values { values, .. }) = data.target() else { unreachable!() };
    for share in [0.1, 0.5, 0.9] {
        let mut params = small(100);
        params.loss = Some(Arc::new(Quantile { share }));
        let below = fit(&params, &data).iter().zip(values).filter(|(p, y)| **y <= f64::from(**p)).count();
        assert!((below as f64 / 3000.0 - share).abs() < 0.05, "{share}: {below} of 3000 below");
    }
    // One row in twenty is far off: the median does not move, the mean does.
    let spoilt: Vec<f64> = values.iter().enumerate().map(|(i, y)| if i % 20 == 0 { y + 1000.0 } else { *y }).collect();
    let spoilt = data.clone().with_target(Target::from_values(spoilt, "y").unwrap()).unwrap();
    let error = |loss: Arc<dyn Loss>| {
        let mut params = small(100);
        params.loss = Some(loss);
        fit(&params, &spoilt).iter().zip(values).map(|(p, y)| (f64::from(*p) - y).abs()).sum::<f64>() / 3000.0
    };
    let (absolute, huber, squared) =
        (error(Arc::new(Absolute)), error(Arc::new(Huber { delta: Some(1.0) })), error(Arc::new(Squared)));
    assert!(absolute < 0.5 && huber < 0.6 && squared > 5.0, "{absolute} {huber} {squared}");
}

#[test]
fn a_quantile_of_rows_drawn_by_their_gradients_is_that_of_all_rows() {
    let data = table(3000, 0);
    let Some(Target::Values { values, .. }) = data.target() else { unreachable!() };
    for share in [0.1, 0.9] {
        let mut params = small(100);
        params.loss = Some(Arc::new(Quantile { share }));
        params.rows = RowSampling::Goss { top: 0.2, other: 0.1 };
        let below = fit(&params, &data).iter().zip(values).filter(|(p, y)| **y <= f64::from(**p)).count();
        assert!((below as f64 / 3000.0 - share).abs() < 0.05, "{share}: {below} of 3000 below");
    }
}

#[test]
fn huber_without_a_delta_takes_one_of_the_targets_unit() {
    let data = table(1000, 0);
    let Some(Target::Values { values, .. }) = data.target().cloned() else { unreachable!() };
    let said = |unit: f64| {
        let target = Target::from_values(values.iter().map(|y| y * unit).collect(), "y").unwrap();
        let params = GradientBoosting { loss: Some(Arc::new(Huber::default())), ..small(60) };
        fit(&params, &data.clone().with_target(target).unwrap())
    };
    let (usual, other) = (said(1.0), said(1024.0));
    let error = usual.iter().zip(&values).map(|(p, y)| (f64::from(*p) - y).abs()).sum::<f64>() / 1000.0;
    assert!(error < 0.35, "{error}");
    assert!(usual.iter().zip(&other).all(|(p, q)| (p * 1024.0 - q).abs() < 1024.0 * 1e-3));
    // A model keeps what it took, in place of nothing.
    let target = Target::from_values(values, "y").unwrap();
    let settled = Huber::default().settled(&Truth::new(&target)).unwrap().unwrap();
    assert!(settled.settled(&Truth::new(&target)).unwrap().is_none());
    let equal = Target::from_values(vec![2.0; 5], "y").unwrap();
    assert!(format!("{:?}", Huber::default().settled(&Truth::new(&equal)).unwrap()).contains("Some(1.0)"));
}

#[test]
fn a_class_without_a_row_gets_exactly_0() {
    for (classes, loss) in [(2, None), (4, None), (2, Some(Arc::new(Exponential) as Arc<dyn Loss>))] {
        for absent in 0..classes as u32 {
            let data = table(400, classes);
            let Some(Target::Classes { codes, classes: names }) = data.target().cloned() else { unreachable!() };
            let codes = codes.into_iter().map(|code| if code == absent { (absent + 1) % classes as u32 } else { code });
            let target = Target::Classes { codes: codes.collect(), classes: names };
            let said = fit(&GradientBoosting { loss: loss.clone(), ..small(20) }, &data.with_target(target).unwrap());
            for row in said.chunks_exact(classes) {
                assert_eq!(row[absent as usize], 0.0);
                assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            }
        }
    }
}

#[test]
fn a_loss_refuses_targets_and_parameters_that_it_is_not_for() {
    let negative = Target::from_values(vec![1.0, -1.0], "y").unwrap();
    let truth = Truth::new(&negative);
    let refused = |loss: &dyn Loss| loss.outputs(&truth).unwrap_err().to_string();
    assert!(refused(&Poisson::default()).contains("row 2"), "{}", refused(&Poisson::default()));
    assert!(refused(&Gamma).contains("row 2"));
    assert!(refused(&Tweedie::default()).contains("row 2"));
    assert!(refused(&Tweedie { power: 2.5 }).contains("power"));
    assert!(refused(&Quantile { share: 1.0 }).contains("share"));
    assert!(refused(&Huber { delta: Some(0.0) }).contains("delta"));
    assert!(refused(&LogLoss).contains("class"));
    assert!(refused(&Exponential).contains("class"));
}

#[test]
fn small_probabilities_of_either_class_keep_their_digits() {
    let ratios: [(Box<dyn Loss>, f64); 2] = [(Box::new(LogLoss), 1.0), (Box::new(Exponential), 2.0)];
    for (loss, factor) in ratios {
        for score in [5.0, 20.0, 40.0] {
            let (mut above, mut below) = ([0.0f32; 2], [0.0f32; 2]);
            loss.predict(&[score], &mut above);
            loss.predict(&[-score], &mut below);
            let want = 1.0 / (1.0 + f64::exp(factor * score));
            assert!((f64::from(above[0]) / want - 1.0).abs() < 1e-6, "{score}: {above:?}, not {want}");
            assert_eq!(above, [below[1], below[0]]);
        }
    }
}
