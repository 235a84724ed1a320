//! Boosting of any learner.

use std::sync::Arc;

use consort_core::{Column, Dataset, Error, Features, FitContext, Learner, Model, Samples, Seed, Target};
use consort_ensemble::{
    boost::{AdaBoost, BoostedModel, Boosting, EarlyStopping, Step, loss},
    encode::{Encoded, TableEncoder},
};
use consort_linfa::{KNearest, LinearRegression, LogisticRegression};
use consort_trees::{boosting::GradientBoosting, decision_tree::DecisionTree};

use crate::tables::table;

fn context() -> FitContext<'static> {
    FitContext::new(Seed::new(6))
}

/// The numbers of the table alone.
fn numbers(rows: usize, classes: usize) -> Dataset {
    let data = table(rows, classes);
    let Features::Columns(columns) = data.features() else { unreachable!() };
    let columns = columns.iter().filter(|c| matches!(c, Column::Numeric { .. })).cloned().collect();
    Dataset::new(Features::Columns(columns)).unwrap().with_target(data.target().unwrap().clone()).unwrap()
}

fn values(data: &Dataset) -> &[f64] {
    let Some(Target::Values { values, .. }) = data.target() else { unreachable!() };
    values
}

fn boosted(boosting: &Boosting, data: &Dataset) -> BoostedModel {
    boosting.fit_boosted(&Samples::all(data), &context()).unwrap()
}

#[test]
fn squared_error_with_a_linear_learner_is_the_closed_form() {
    let data = numbers(200, 0);
    let all = Samples::all(&data);
    let line = LinearRegression::default().fit(&all, &context()).unwrap().predict(&all).unwrap();
    let mean = values(&data).iter().sum::<f64>() / 200.0;
    for (rate, rounds, step) in [(0.1, 20, Step::LineSearch), (0.3, 5, Step::Whole), (1.0, 1, Step::LineSearch)] {
        let boosting = Boosting::new(LinearRegression::default()).learning_rate(rate).rounds(rounds).step(step);
        let predicted = boosted(&boosting, &data).predict(&all).unwrap();
        // Each round takes the share `rate` of what is left of the least squares.
        let share = 1.0 - (1.0f64 - rate).powi(rounds as i32);
        for (&got, &line) in predicted.values().iter().zip(line.values()) {
            let want = mean + share * (f64::from(line) - mean);
            assert!((f64::from(got) - want).abs() < 1e-4, "{rate} {rounds}: {got} {want}");
        }
    }
}

#[test]
fn one_round_is_the_best_constant_of_the_loss_and_one_fit_to_its_gradient() {
    let data = numbers(150, 0);
    let all = Samples::all(&data);
    let y = values(&data);
    let mut sorted = y.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    type Pull = Box<dyn Fn(f64, f64) -> f64>;
    let cases: Vec<(Arc<dyn loss::Loss>, f64, Pull)> = vec![
        (Arc::new(loss::Squared), y.iter().sum::<f64>() / 150.0, Box::new(|y, f| y - f)),
        (
            Arc::new(loss::Absolute),
            sorted[74],
            Box::new(|y: f64, f: f64| {
                if y > f {
                    1.0
                } else if y < f {
                    -1.0
                } else {
                    0.0
                }
            }),
        ),
        (
            Arc::new(loss::Quantile { share: 0.8 }),
            sorted[119],
            Box::new(|y, f| {
                if y > f {
                    0.8
                } else if y < f {
                    -0.2
                } else {
                    0.0
                }
            }),
        ),
        (Arc::new(loss::Huber { delta: Some(0.5) }), sorted[74], Box::new(|y, f| (y - f).clamp(-0.5, 0.5))),
    ];
    for (loss, base, pull) in cases {
        let boosting = Boosting { loss: Some(Arc::clone(&loss)), ..Boosting::new(DecisionTree::default().depth(2)) };
        let boosting = boosting.rounds(1).learning_rate(1.0).step(Step::Whole);
        let model = boosted(&boosting, &data);
        assert!((model.base()[0] - base).abs() < 1e-12, "{loss:?}");
        let residuals = Target::from_values(y.iter().map(|&y| pull(y, base)).collect(), "residual").unwrap();
        let other = data.clone().with_target(residuals).unwrap();
        let tree = DecisionTree::default().depth(2).fit(&Samples::all(&other), &context()).unwrap();
        let (got, tree) = (model.predict(&all).unwrap(), tree.predict(&all).unwrap());
        for (&got, &along) in got.values().iter().zip(tree.values()) {
            assert!((f64::from(got) - base - f64::from(along)).abs() < 1e-5, "{loss:?}");
        }
        // With a line search, no other step has a smaller loss.
        let searched = boosted(&boosting.clone().step(Step::LineSearch), &data);
        let step = searched.steps().next().unwrap();
        let metric = loss.metric();
        let truth = consort_core::Truth::new(data.target().unwrap());
        let cost = |step: f64| {
            let values: Vec<f64> = tree.values().iter().map(|&along| base + step * f64::from(along)).collect();
            let estimates = consort_core::Estimates::f64(&values, 1, consort_core::Gives::Values).unwrap();
            metric.score(&estimates, &truth).unwrap().value().unwrap()
        };
        for other in [0.0, 0.5 * step, 0.9 * step, 1.1 * step, 2.0 * step] {
            assert!(cost(step) <= cost(other) + 1e-9, "{loss:?}: {step} {other}");
        }
    }
}

#[test]
fn every_loss_learns_what_it_is_for() {
    let data = numbers(600, 0);
    let all = Samples::all(&data);
    let tree = || DecisionTree::default().depth(3);
    let y = values(&data);
    for share in [0.1, 0.9] {
        let model = boosted(&Boosting::new(tree()).loss(loss::Quantile { share }), &data);
        let predicted = model.predict(&all).unwrap();
        let below = (0..600).filter(|&i| y[i] <= f64::from(predicted.at(i, 0))).count() as f64 / 600.0;
        assert!((below - share).abs() < 0.06, "{share} {below}");
    }
    let counts: Vec<f64> = y.iter().map(|y| (y / 2.0).exp().round()).collect();
    let counted = data.clone().with_target(Target::from_values(counts.clone(), "y").unwrap()).unwrap();
    let model = boosted(&Boosting::new(tree()).loss(loss::Poisson::default()), &counted);
    let predicted = model.predict(&all).unwrap();
    let mean = |of: &dyn Fn(usize) -> f64| (0..600).map(of).sum::<f64>() / 600.0;
    let (got, want) = (mean(&|i| f64::from(predicted.at(i, 0))), mean(&|i| counts[i]));
    assert!((got / want - 1.0).abs() < 0.02, "{got} {want}");
    assert!(predicted.values().iter().all(|&x| x > 0.0));
    for (classes, loss) in [
        (2, Arc::new(loss::LogLoss) as Arc<dyn loss::Loss>),
        (2, Arc::new(loss::Exponential)),
        (3, Arc::new(loss::Softmax)),
    ] {
        let data = numbers(600, classes);
        let boosting = Boosting { loss: Some(loss), ..Boosting::new(tree()).rounds(40) };
        let predicted = boosted(&boosting, &data).predict(&Samples::all(&data)).unwrap();
        let Some(Target::Classes { codes, .. }) = data.target() else { unreachable!() };
        let right = (0..600).filter(|&i| predicted.argmax(i) == Some(codes[i] as usize)).count();
        assert!(right > 520, "{boosting:?}: {right}");
        assert!(predicted.values().chunks_exact(classes).all(|row| (row.iter().sum::<f32>() - 1.0).abs() < 1e-5));
    }
    let three = numbers(60, 3);
    let error = Boosting::new(tree()).loss(loss::Exponential).fit(&Samples::all(&three), &context()).unwrap_err();
    assert!(error.to_string().contains("softmax"), "{error}");
}

#[test]
fn trees_boosted_one_by_one_are_about_as_good_as_boosted_trees() {
    let data = numbers(1500, 0);
    let train: Vec<u32> = (0..1000).collect();
    let train = Samples::rows(&data, &train).unwrap();
    let y = values(&data);
    let error = |learner: &dyn Learner| {
        let predicted = learner.fit(&train, &context()).unwrap().predict(&Samples::all(&data)).unwrap();
        (1000..1500).map(|i| (f64::from(predicted.at(i, 0)) - y[i]).powi(2)).sum::<f64>().sqrt()
    };
    let mut ours = GradientBoosting::default();
    ours.tree.leaves = 8;
    let (any, trees) = (error(&Boosting::new(DecisionTree::default().depth(3))), error(&ours));
    assert!(any < 1.1 * trees, "{any} {trees}");
}

#[test]
fn threads_a_round_trip_and_who_draws_change_no_bit() {
    for classes in [0, 2, 3] {
        let data = table(300, classes);
        let all = Samples::all(&data);
        let boosting = Boosting::new(DecisionTree::default().depth(3)).rounds(12).rows(0.6);
        let with = |threads| boosting.fit_boosted(&all, &FitContext { threads, ..context() }).unwrap();
        let one = with(1);
        let values = one.predict(&all).unwrap().into_values();
        for threads in [2, 3, 8] {
            assert_eq!(with(threads).predict(&all).unwrap().values(), values);
        }
        let back: BoostedModel = serde_json::from_str(&serde_json::to_string(&one).unwrap()).unwrap();
        assert_eq!(back.predict(&all).unwrap().values(), values);
        let other = boosting.fit(&all, &FitContext::new(Seed::new(7))).unwrap();
        assert_ne!(other.predict(&all).unwrap().values(), values);
    }
}

#[test]
fn stages_and_snapshots_are_the_models_of_fewer_rounds() {
    let data = table(200, 2);
    let all = Samples::all(&data);
    let boosting = Boosting::new(DecisionTree::default().depth(2)).rounds(10);
    let model = boosted(&boosting, &data);
    let mut rounds = Vec::new();
    model
        .staged(&all, 4, |round, stage| {
            let fewer = boosted(&boosting.clone().rounds(round), &data);
            assert_eq!(stage.values(), fewer.predict(&all).unwrap().values());
            rounds.push(round);
            Ok(())
        })
        .unwrap();
    assert_eq!(rounds, [4, 8, 10]);
    let path = model.snapshots(&all, &[2, 10]).unwrap();
    assert_eq!(path.names().collect::<Vec<_>>(), ["round 2", "round 10"]);
    assert_eq!(path.member(1), model.predict(&all).unwrap().values());
    assert!(model.snapshots(&all, &[11]).unwrap_err().to_string().contains("1 to 10"));
}

#[test]
fn boosting_stops_at_the_best_round_of_the_validation_rows_by_any_metric() {
    let data = table(600, 0);
    let (train, valid): (Vec<u32>, Vec<u32>) = ((0..150).collect(), (150..600).collect());
    let (train, valid) = (Samples::rows(&data, &train).unwrap(), Samples::rows(&data, &valid).unwrap());
    let mae = consort_metrics::registry::by_name("mae").unwrap();
    let stopping = EarlyStopping { rounds: 8, metric: Some(Arc::clone(&mae)), ..EarlyStopping::default() };
    let boosting = Boosting::new(DecisionTree::default()).rounds(300).learning_rate(0.3);
    let with_valid = FitContext { validation: Some(valid), ..context() };
    let stopped = boosting.clone().early_stopping(stopping.clone()).fit_boosted(&train, &with_valid).unwrap();
    assert!(stopped.rounds() < 250);
    let target = valid.target("test").unwrap();
    let mut best = (f64::INFINITY, 0);
    let whole = boosting.clone().rounds(stopped.rounds() + 8).fit_boosted(&train, &context()).unwrap();
    whole
        .staged(&valid, 1, |round, stage| {
            let estimates = consort_core::Estimates::matrix(&stage, consort_core::Gives::Values);
            let score = mae.score(&estimates, &consort_core::Truth::new(&target))?.value().unwrap();
            if score < best.0 {
                best = (score, round);
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(best.1, stopped.rounds());
    // Without such rows some are held out.
    assert!(boosting.early_stopping(stopping).fit(&train, &context()).is_ok());
}

#[test]
fn what_makes_no_sense_is_refused_and_what_is_constant_stays_so() {
    let data = numbers(80, 0);
    let all = Samples::all(&data);
    let refused = |boosting: Boosting| boosting.fit(&all, &context()).unwrap_err().to_string();
    let line = || Boosting::new(LinearRegression::default());
    assert!(refused(line().rounds(0)).contains("rounds"));
    assert!(refused(line().learning_rate(f64::NAN)).contains("learning_rate"));
    assert!(refused(line().rows(0.0)).contains("rows"));
    assert!(refused(line().loss(loss::LogLoss)).contains("class"));
    assert!(refused(Boosting::new(LogisticRegression::default())).contains("logistic"));
    let mut wrong = values(&data).to_vec();
    wrong[7] = f64::NAN;
    let spoilt = data.clone().with_target(Target::Values { values: wrong, names: vec!["y".into()] }).unwrap();
    assert!(matches!(line().fit(&Samples::all(&spoilt), &context()), Err(Error::NotFinite { row: 8, .. })));
    let flat = data.clone().with_target(Target::from_values(vec![3.5; 80], "y").unwrap()).unwrap();
    let model = boosted(&line(), &flat);
    assert_eq!((model.rounds(), model.predict(&Samples::all(&flat)).unwrap().values()), (0, &[3.5f32; 80][..]));
}

#[test]
fn adaptive_boosting_of_a_learner_without_weights_draws_rows_and_says_so() {
    use crate::tables::Unweighted;
    let data = table(400, 2);
    let all = Samples::all(&data);
    let plain = DecisionTree::default().depth(1);
    let boost = AdaBoost::default().rounds(30).base(Unweighted(Arc::new(plain.clone())));
    assert!(boost.takes().weights);
    let drawn = boost.fit_members(&all, &context()).unwrap();
    let weighted = AdaBoost::default().rounds(30).base(plain.clone()).fit_members(&all, &context()).unwrap();
    assert!(drawn.is_resampled() && !weighted.is_resampled());
    assert!(drawn.warnings()[0].to_string().contains("drawn in proportion"));
    let Some(Target::Classes { codes, .. }) = data.target() else { unreachable!() };
    let right = |model: &dyn Model| {
        let predicted = model.predict(&all).unwrap();
        (0..400).filter(|&i| predicted.argmax(i) == Some(codes[i] as usize)).count()
    };
    let stump = plain.fit(&all, &context()).unwrap();
    assert!(right(&drawn) > right(&*stump), "{} {}", right(&drawn), right(&*stump));
    let again = boost.fit_members(&all, &FitContext { threads: 2, ..context() }).unwrap();
    assert_eq!(again.predict(&all).unwrap(), drawn.predict(&all).unwrap());
    let back: Box<dyn Model> = serde_json::from_str(&serde_json::to_string(&drawn as &dyn Model).unwrap()).unwrap();
    assert_eq!(back.predict(&all).unwrap(), drawn.predict(&all).unwrap());
    let forced = boost.clone().reweight(consort_ensemble::boost::Reweight::Weights).fit(&all, &context()).unwrap_err();
    assert!(forced.to_string().contains("resampling"), "{forced}");
    // A bag-like ensemble of numbers by R2, over nearest neighbours behind an encoder.
    let data = table(300, 0);
    let near = Encoded::new(Arc::new(TableEncoder::default()), Arc::new(KNearest::default()));
    let model = AdaBoost::default().rounds(5).base(near).fit(&Samples::all(&data), &context()).unwrap();
    assert!(model.predict(&Samples::all(&data)).unwrap().values().iter().all(|x| x.is_finite()));
}
