//! Selection: reference values, the fast roads against the slow one, and the laws.

use std::collections::BTreeMap;
use std::sync::Arc;

use consort_core::{
    Direction, Estimates, Fuser, Fusion, Gives, Ids, Metric, Outputs, Predictions, Reads, Result, Score, Seed, Target,
    Task, Truth,
    check::{self, FusionCase},
};
use consort_fusion::select::{
    Bags, GreedySelection, KappaPruning, Keep, MarginDistance, ReduceError, SelectBest, SelectTop, Selection, Tie,
};
use consort_fusion::weights::{ByScore, Scheme};
use consort_metrics::regression::{MeanAbsoluteError, MeanSquaredError, RootMeanSquaredError};
use consort_metrics::{Accuracy, Brier, LogLoss, RocAuc, ZeroOneLoss};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::reference::{Case, assert_near, binary, binary_of, columns, json, multi, numbers, regression};

/// A metric of a user's own around another one, which selection cannot know and so scores the slow way.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Own(Arc<dyn Metric>);

#[typetag::serde]
impl Metric for Own {
    fn name(&self) -> String {
        format!("own_{}", self.0.name())
    }
    fn direction(&self) -> Direction {
        self.0.direction()
    }
    fn reads(&self) -> Reads {
        self.0.reads()
    }
    fn suits(&self, task: Task) -> bool {
        self.0.suits(task)
    }
    fn score(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<Score> {
        self.0.score(estimates, truth)
    }
}

/// Root mean squared error, a user's own.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct OwnRmse;

#[typetag::serde]
impl Metric for OwnRmse {
    fn name(&self) -> String {
        "own_rmse".into()
    }
    fn direction(&self) -> Direction {
        Direction::Lower
    }
    fn reads(&self) -> Reads {
        Reads::Value
    }
    fn suits(&self, task: Task) -> bool {
        task == Task::Regression
    }
    fn score(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<Score> {
        let (values, _) = truth.values("own_rmse")?;
        let error = |i: usize| truth.weight(i) * (estimates.at(i, 0) - values[i]).powi(2);
        Ok(Score::from(((0..truth.rows()).map(error).sum::<f64>() / truth.total_weight()).sqrt()))
    }
}

fn select(greedy: &GreedySelection, case: &Case) -> Selection {
    greedy.select(&case.predictions, &Truth::new(&case.target), Seed::new(0)).unwrap()
}

/// From a score to the loss of the reference.
type Turn = fn(f64) -> f64;
/// Name in the reference, metric, rounds, sorted start, and the way to the reference's loss.
type Scenario = (&'static str, Arc<dyn Metric>, usize, usize, Turn);

fn assert_reference(name: &str, greedy: GreedySelection, case: &Case, as_loss: Turn) {
    let expected = &json("caruana.json")[name];
    let indices = |value: &Value| numbers(value).iter().map(|&x| x as usize).collect::<Vec<usize>>();
    let selection = select(&greedy, case);
    let run = &selection.runs()[0];
    assert_eq!(run.picks, indices(&expected["picks(0-based)"]), "{name}");
    assert_eq!(run.best_round as u64, expected["best_round(1-based, first)"].as_u64().unwrap(), "{name}");
    assert_near(selection.member_weights(), &numbers(&expected["weights_best"]), 1e-15);
    // The reference adds doubles of 5 or 6 decimals; predictions here are kept in single precision.
    let path: Vec<Option<f64>> = expected["loss_path"].as_array().unwrap().iter().map(Value::as_f64).collect();
    assert_eq!(run.path.len(), path.len());
    for (got, expected) in run.path.iter().zip(path) {
        match (got, expected) {
            (None, None) => {}
            (got, expected) => assert_near(&[as_loss(got.unwrap())], &[expected.unwrap()], 1e-6),
        }
    }
    let single: Vec<f64> = selection.single_scores().iter().map(|score| as_loss(score.unwrap())).collect();
    assert_near(&single, &numbers(&expected["single_losses"]), 1e-6);
    let last = select(&greedy.keep(Keep::Last), case);
    assert_near(last.member_weights(), &numbers(&expected["weights_last"]), 1e-15);
    assert_eq!(last.member_weights().iter().sum::<f64>(), 1.0);
}

#[test]
fn picks_path_and_weights_equal_the_reference() {
    let scenarios: [Scenario; 4] = [
        ("binary_log_loss_20", Arc::new(LogLoss::default()), 20, 0, |x| x),
        ("binary_error_20", Arc::new(Accuracy), 20, 0, |x| 1.0 - x),
        ("binary_1-auc_20", Arc::new(RocAuc::default()), 20, 0, |x| 1.0 - x),
        ("binary_brier_20_init2", Arc::new(Brier::default()), 20, 2, |x| x),
    ];
    for (name, metric, rounds, start, as_loss) in scenarios {
        let own: Arc<dyn Metric> = Arc::new(Own(metric.clone()));
        for metric in [metric, own] {
            let greedy = GreedySelection::new(metric).rounds(rounds).start(start);
            assert_reference(name, greedy, &binary(), as_loss);
        }
    }
    let (predictions, target) = binary_of(&columns("binary.csv"), &["m1", "m2", "m3", "m5"]);
    let without = Case { predictions, target, weights: Vec::new() };
    let greedy = GreedySelection::default().rounds(20);
    assert_reference("binary_log_loss_20_without_m4(indices into m1,m2,m3,m5)", greedy, &without, |x| x);
    assert_reference("multi_log_loss_25", GreedySelection::default().rounds(25), &multi(), |x| x);
    assert_reference("multi_error_25", GreedySelection::new(Arc::new(ZeroOneLoss)).rounds(25), &multi(), |x| x);
    assert_reference("regression_rmse_20", GreedySelection::new(Arc::new(OwnRmse)).rounds(20), &regression(), |x| x);
}

#[test]
fn greedy_keeps_the_best_prefix_and_the_first_on_ties() {
    let (predictions, target) = binary_of(&columns("d18_oof.csv"), &["m1", "m2", "m3", "m4"]);
    let case = Case { predictions, target, weights: Vec::new() };
    let selection = select(&GreedySelection::new(Arc::new(Accuracy)).rounds(6), &case);
    let run = &selection.runs()[0];
    assert_eq!(selection.single_scores(), [Some(0.8125), Some(0.75), Some(0.625), Some(0.625)]);
    assert_eq!(run.picks, [0, 0, 0, 3, 1, 0]);
    assert_eq!(run.path, [0.8125, 0.8125, 0.8125, 0.875, 0.875, 0.8125].map(Some));
    assert_eq!((run.best_round, run.score), (4, Some(0.875)));
    assert_eq!(selection.member_weights(), [0.75, 0.0, 0.0, 0.25]);
    let one = select(&GreedySelection::new(Arc::new(Accuracy)).rounds(1), &case);
    assert_eq!(one.member_weights(), [1.0, 0.0, 0.0, 0.0]);
}

/// Random members of several sizes and qualities, by seed.
fn random(rows: usize, classes: usize, members: usize, seed: u64) -> Case {
    let classes = consort_core::Classes::new((0..classes).map(|k| k.to_string())).unwrap();
    let mut stream = Seed::new(seed).stream();
    let labels: Vec<String> = (0..rows).map(|_| stream.below(classes.len() as u64).to_string()).collect();
    let target = Target::from_labels(&labels, &classes, "y").unwrap();
    let mut builder = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(rows));
    for m in 0..members {
        let skill = 0.2 + 0.8 * stream.unit();
        let values: Vec<f32> = labels
            .iter()
            .flat_map(|label| {
                let truth = classes.index(label).unwrap();
                let raw: Vec<f64> = (0..classes.len())
                    .map(|k| (if k == truth { skill } else { 0.0 } + 1.5 * stream.normal()).exp())
                    .collect();
                let sum: f64 = raw.iter().sum();
                raw.into_iter().map(move |x| (x / sum) as f32)
            })
            .collect();
        builder = builder.member(format!("m{m}"), Gives::Probabilities, &values).unwrap();
    }
    let weights = (0..rows).map(|_| stream.below(4) as f64 * 0.5).collect();
    Case { predictions: builder.build().unwrap(), target, weights }
}

/// Members that predict a number with errors of their own size and lean, by seed.
fn random_numbers(rows: usize, members: usize, seed: u64) -> Case {
    let mut stream = Seed::new(seed).stream();
    let truth: Vec<f64> = (0..rows).map(|_| 10.0 * stream.normal()).collect();
    let mut builder = Predictions::builder(Outputs::target("y"), Ids::positions(rows));
    for m in 0..members {
        let (spread, lean) = (1.0 + 3.0 * stream.unit(), stream.normal());
        let values: Vec<f32> = truth.iter().map(|y| (y + lean + spread * stream.normal()) as f32).collect();
        builder = builder.member(format!("m{m}"), Gives::Values, &values).unwrap();
    }
    let weights = (0..rows).map(|_| stream.below(4) as f64 * 0.5).collect();
    Case { predictions: builder.build().unwrap(), target: Target::from_values(truth, "y").unwrap(), weights }
}

#[test]
fn fast_roads_for_numbers_pick_as_the_slow_one() {
    let case = random_numbers(6000, 7, 3);
    let metrics: [Arc<dyn Metric>; 3] =
        [Arc::new(MeanSquaredError), Arc::new(RootMeanSquaredError), Arc::new(MeanAbsoluteError)];
    for metric in metrics {
        let own: Arc<dyn Metric> = Arc::new(Own(metric.clone()));
        for truth in [Truth::new(&case.target), Truth::weighted(&case.target, &case.weights).unwrap()] {
            let run = |metric: &Arc<dyn Metric>| {
                let greedy = GreedySelection::new(metric.clone()).rounds(8).removal(true).keep(Keep::Last);
                greedy.select(&case.predictions, &truth, Seed::new(0)).unwrap()
            };
            let (fast, slow) = (run(&metric), run(&own));
            assert_eq!(fast.runs()[0].picks, slow.runs()[0].picks, "{}", metric.name());
            assert_eq!(fast.runs()[0].removed, slow.runs()[0].removed, "{}", metric.name());
            let scores = |selection: &Selection| -> Vec<f64> {
                selection.runs()[0].path.iter().map(|score| score.unwrap()).collect()
            };
            // The slow road rounds each mean to single precision, as the fused prediction is.
            assert_near(&scores(&fast), &scores(&slow), 1e-7);
        }
    }
}

#[test]
fn fast_roads_pick_as_the_slow_one_with_and_without_weights_and_removal() {
    for (classes, seed) in [(2, 1), (3, 2)] {
        let case = random(6000, classes, 7, seed);
        let metrics: [Arc<dyn Metric>; 5] = [
            Arc::new(LogLoss::default()),
            Arc::new(Brier::default()),
            Arc::new(Accuracy),
            Arc::new(ZeroOneLoss),
            Arc::new(RocAuc::default()),
        ];
        for metric in metrics {
            let own: Arc<dyn Metric> = Arc::new(Own(metric.clone()));
            for weights in [None, Some(&case.weights[..])] {
                let truth = match weights {
                    None => Truth::new(&case.target),
                    Some(weights) => Truth::weighted(&case.target, weights).unwrap(),
                };
                let run = |metric: &Arc<dyn Metric>| {
                    let greedy = GreedySelection::new(metric.clone()).rounds(8).removal(true).keep(Keep::Last);
                    greedy.select(&case.predictions, &truth, Seed::new(0)).unwrap()
                };
                let (fast, slow) = (run(&metric), run(&own));
                assert_eq!(fast.runs()[0].picks, slow.runs()[0].picks, "{}", metric.name());
                assert_eq!(fast.runs()[0].removed, slow.runs()[0].removed, "{}", metric.name());
                let scores = |selection: &Selection| -> Vec<f64> {
                    selection.runs()[0].path.iter().map(|score| score.unwrap()).collect()
                };
                assert_near(&scores(&fast), &scores(&slow), 1e-8);

                // What is reported is the score of what the fusion gives.
                let fused = fast.fuse(&case.predictions).unwrap();
                let score = metric.score(&Estimates::matrix(&fused, Gives::Probabilities), &truth).unwrap();
                assert_near(&[fast.runs()[0].score.unwrap()], &[score.value().unwrap()], 1e-7);
            }
        }
    }
}

#[test]
fn greedy_and_its_kin_keep_the_contracts_of_a_fuser() {
    let case = |task| FusionCase {
        weighted: false,
        halves: false,
        missing: true,
        ..FusionCase::new(task, if task == Task::Regression { Gives::Values } else { Gives::Probabilities })
    };
    for task in [Task::Binary, Task::Multiclass] {
        let metrics: [Arc<dyn Metric>; 4] =
            [Arc::new(LogLoss::default()), Arc::new(Brier::default()), Arc::new(Accuracy), Arc::new(RocAuc::default())];
        for metric in metrics {
            check::fuser(&GreedySelection::new(metric).rounds(12), &case(task)).unwrap();
        }
        let bagged = GreedySelection::default().rounds(5).start(2).bags(Bags::new(3, 0.7)).removal(true);
        let fusers: [Box<dyn Fuser>; 7] = [
            Box::new(bagged),
            Box::new(SelectBest::default()),
            Box::new(SelectTop::default().members(2)),
            Box::new(ReduceError::default().members(2)),
            Box::new(KappaPruning::default().members(2)),
            Box::new(MarginDistance::default().members(2)),
            Box::new(ByScore::default()),
        ];
        for fuser in fusers {
            check::fuser(&*fuser, &case(task)).unwrap();
        }
        for scheme in
            [Scheme::Proportional { floor: 0.1 }, Scheme::LogOdds, Scheme::Rank, Scheme::InverseError { power: 2.0 }]
        {
            check::fuser(&ByScore::new(Arc::new(Accuracy), scheme), &case(task)).unwrap();
        }
        for scheme in [Scheme::Softmax { temperature: 0.1 }, Scheme::Exponential { rate: None }, Scheme::Rank] {
            check::fuser(&ByScore::default().scheme(scheme), &case(task)).unwrap();
        }
    }
    check::fuser(&GreedySelection::new(Arc::new(OwnRmse)).rounds(8), &case(Task::Regression)).unwrap();
}

#[test]
fn without_replacement_no_member_comes_twice() {
    let case = random(500, 2, 6, 3);
    let run = select(&GreedySelection::default().replacement(false).keep(Keep::Last), &case).runs()[0].clone();
    assert_eq!(run.picks.len(), 6);
    assert!(run.counts.iter().all(|&count| count == 1));
}

#[test]
fn no_more_members_than_asked_for_are_in() {
    let case = random(2000, 3, 9, 4);
    let run = select(&GreedySelection::default().max_members(2).keep(Keep::Last), &case).runs()[0].clone();
    assert_eq!(run.picks.len(), 50);
    assert_eq!(run.counts.iter().filter(|&&count| count > 0).count(), 2);
}

#[test]
fn patience_stops_after_rounds_without_a_gain() {
    let case = binary();
    // m4 alone is the best there is, so that no round after the first gains anything.
    let run = select(&GreedySelection::default().patience(3, 0.0), &case).runs()[0].clone();
    assert_eq!(run.picks, [3; 4]);
    let run = select(&GreedySelection::new(Arc::new(Brier::default())).patience(2, 0.01), &case).runs()[0].clone();
    assert!(run.picks.len() < 10, "{run:?}");
}

#[test]
fn a_dear_member_stays_out_and_a_cheap_one_wins_a_tie() {
    let case = random(2000, 3, 4, 5);
    let free = select(&GreedySelection::default(), &case);
    let dear =
        free.member_weights().iter().position(|&w| w == free.member_weights().iter().copied().fold(0.0, f64::max));
    let costs: BTreeMap<String, f64> =
        (0..4).map(|m| (format!("m{m}"), if Some(m) == dear { 1.0 } else { 0.0 })).collect();
    let priced = select(&GreedySelection::default().costs(costs.clone(), 10.0), &case);
    assert_eq!(priced.member_weights()[dear.unwrap()], 0.0);

    let twins = case.predictions.subset(&[0, 1]);
    let mut builder = Predictions::builder(twins.outputs().clone(), Ids::positions(twins.rows()));
    for name in ["dear", "cheap"] {
        builder = builder.member(name, Gives::Probabilities, twins.member(0)).unwrap();
    }
    let twins = Case { predictions: builder.build().unwrap(), target: case.target.clone(), weights: Vec::new() };
    let costs = BTreeMap::from([("dear".to_owned(), 2.0), ("cheap".to_owned(), 1.0)]);
    // A penalty too small to be seen by the score, so that the tie rule is asked.
    let greedy = GreedySelection::default().costs(costs, 1e-14);
    assert_eq!(select(&greedy.clone(), &twins).member_weights(), [1.0, 0.0]);
    assert_eq!(select(&greedy.tie(Tie::Cheaper), &twins).member_weights(), [0.0, 1.0]);
}

#[test]
fn removal_never_makes_the_score_worse_and_drops_a_useless_start() {
    let case = binary();
    let with = select(&GreedySelection::default().start(5).rounds(6).keep(Keep::Last), &case);
    let without = select(&GreedySelection::default().start(5).rounds(6).keep(Keep::Last).removal(true), &case);
    assert!(without.runs()[0].score < with.runs()[0].score);
    assert!(!without.runs()[0].removed.is_empty());
    assert_eq!(without.member_weights(), [0.0, 0.0, 0.0, 1.0, 0.0]);
}

#[test]
fn a_score_that_is_undefined_and_costs_that_lack_a_member_are_refused() {
    let case = random(50, 2, 3, 6);
    let one_class: Vec<u32> = vec![1; 50];
    let Outputs::Classes(classes) = case.predictions.outputs().clone() else { panic!("classes") };
    let target = Target::Classes { codes: one_class, classes };
    let greedy = GreedySelection::new(Arc::new(RocAuc::default()));
    let error = greedy.select(&case.predictions, &Truth::new(&target), Seed::new(0)).unwrap_err();
    assert!(error.to_string().contains("roc_auc"), "{error}");
    let greedy = GreedySelection::default().costs(BTreeMap::from([("m0".to_owned(), 1.0)]), 1.0);
    assert!(greedy.select(&case.predictions, &Truth::new(&case.target), Seed::new(0)).is_err());
    for bad in [
        GreedySelection::default().rounds(0),
        GreedySelection::default().tolerance(f64::NAN),
        GreedySelection::default().bags(Bags::new(0, 0.5)),
        GreedySelection::default().rounds(3).start(4),
        GreedySelection::default().max_members(0),
    ] {
        assert!(bad.check().is_err(), "{bad:?}");
    }
}

#[test]
fn weights_by_score_follow_their_formulas() {
    let case = binary();
    let weights = |metric: Arc<dyn Metric>, scheme| {
        let fitted = ByScore::new(metric, scheme).weigh(&case.predictions, &Truth::new(&case.target)).unwrap();
        (fitted.member_weights().to_vec(), fitted.single_scores().iter().map(|s| s.unwrap()).collect::<Vec<f64>>())
    };
    let scaled = |raw: Vec<f64>| raw.iter().map(|x| x / raw.iter().sum::<f64>()).collect::<Vec<f64>>();
    let (got, scores) = weights(Arc::new(LogLoss::default()), Scheme::InverseError { power: 2.0 });
    assert_near(&got, &scaled(scores.iter().map(|s| s.powi(-2)).collect()), 1e-12);
    let (got, scores) = weights(Arc::new(LogLoss::default()), Scheme::Softmax { temperature: 0.3 });
    assert_near(&got, &scaled(scores.iter().map(|s| (-s / 0.3).exp()).collect()), 1e-12);
    let (got, scores) = weights(Arc::new(LogLoss::default()), Scheme::Exponential { rate: Some(0.01) });
    assert_near(&got, &scaled(scores.iter().map(|s| (-0.01 * 200.0 * s).exp()).collect()), 1e-12);
    let (got, scores) = weights(Arc::new(Accuracy), Scheme::LogOdds);
    assert_near(&got, &scaled(scores.iter().map(|s| (s / (1.0 - s)).ln()).collect()), 1e-12);
    let (got, scores) = weights(Arc::new(Accuracy), Scheme::Proportional { floor: 0.5 });
    assert_near(&got, &scaled(scores.iter().map(|s| s - 0.5).collect()), 1e-12);
    let (got, _) = weights(Arc::new(Accuracy), Scheme::Rank);
    assert_near(&got, &scaled(vec![4.0, 2.0, 1.0, 5.0, 3.0]), 1e-12);
}

#[test]
fn the_unit_of_the_target_changes_no_pick() {
    let rows = 200;
    let mut stream = Seed::new(4).stream();
    let truth: Vec<f64> = (0..rows).map(|_| stream.unit()).collect();
    let members: Vec<Vec<f64>> =
        (1..=4).map(|m| truth.iter().map(|y| y + 0.1 * f64::from(5 - m) * stream.normal()).collect()).collect();
    let picks = |unit: f64| {
        let mut builder = Predictions::builder(Outputs::target("y"), Ids::positions(rows));
        for (m, values) in members.iter().enumerate() {
            let values: Vec<f32> = values.iter().map(|x| (x * unit) as f32).collect();
            builder = builder.member(format!("m{m}"), Gives::Values, &values).unwrap();
        }
        let target = Target::from_values(truth.iter().map(|y| y * unit).collect(), "y").unwrap();
        let greedy = GreedySelection::new(Arc::new(MeanSquaredError)).rounds(10);
        let selection = greedy.select(&builder.build().unwrap(), &Truth::new(&target), Seed::new(0)).unwrap();
        selection.runs()[0].picks.clone()
    };
    // Powers of 2 leave every digit as it is. The mean squared error of the last is near 1e-14.
    let expected = picks(1.0);
    assert_eq!(expected[0], 3, "the last member is the best");
    for exponent in [-60, -23, 23, 40] {
        assert_eq!(picks(2f64.powi(exponent)), expected, "unit 2^{exponent}");
    }
}
