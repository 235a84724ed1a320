//! The data of charts against what scikit-learn and numpy say of the same rows (`tests/data/make_charts.py`).

use std::fs;

use consort_core::{Classes, Gives, Ids, Matrix, Metric, Outputs, Predictions, Target, Truth};
use consort_metrics::{Brier, ranking::RankedScores};
use consort_plot::{
    Figure,
    chart::{ErrorSplit, KappaError, LiftModel, Likeness, LikenessMeasure, Threshold, VoteMargins},
    overview::{Subject, from_predictions},
};
use serde_json::Value;

pub(crate) const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/");

fn figures() -> Value {
    serde_json::from_str(&fs::read_to_string(format!("{DATA}charts.json")).unwrap()).unwrap()
}

fn column(file: &str, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_path(format!("{DATA}{file}.csv")).unwrap();
    let place = reader.headers().unwrap().iter().position(|head| head == name).unwrap();
    reader.records().map(|record| record.unwrap()[place].to_owned()).collect()
}

fn numbers(file: &str, name: &str) -> Vec<f64> {
    column(file, name).iter().map(|text| text.parse().unwrap()).collect()
}

fn near(got: f64, expected: &Value) {
    let expected = expected.as_f64().unwrap();
    assert!((got - expected).abs() < 1e-6 * expected.abs().max(1.0), "{got} is not {expected}");
}

const MEMBERS: [&str; 5] = ["m1", "m2", "m3", "m4", "m5"];

pub(crate) fn binary() -> (Predictions, Target) {
    let classes = Classes::new(["0", "1"]).unwrap();
    let rows = column("binary", "id").len();
    let mut builder = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(rows));
    for member in MEMBERS {
        let values: Vec<f32> = numbers("binary", member).iter().flat_map(|&p| [(1.0 - p) as f32, p as f32]).collect();
        builder = builder.member(member, Gives::Probabilities, &values).unwrap();
    }
    (builder.build().unwrap(), Target::from_labels(column("binary", "y"), &classes, "y").unwrap())
}

pub(crate) fn multi() -> (Predictions, Target) {
    let classes = Classes::new(["a", "b", "c", "d"]).unwrap();
    let truth = column("multi_truth", "y");
    let mut builder = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(truth.len()));
    for member in &MEMBERS[..4] {
        let columns: Vec<Vec<f64>> =
            classes.names().iter().map(|class| numbers(&format!("multi_{member}"), &format!("p_{class}"))).collect();
        let values: Vec<f32> =
            (0..truth.len()).flat_map(|i| columns.iter().map(move |column| column[i] as f32)).collect();
        builder = builder.member(*member, Gives::Probabilities, &values).unwrap();
    }
    (builder.build().unwrap(), Target::from_labels(truth, &classes, "y").unwrap())
}

pub(crate) fn regression() -> (Predictions, Target) {
    let y = numbers("regression", "y");
    let mut builder = Predictions::builder(Outputs::target("y"), Ids::positions(y.len()));
    for member in MEMBERS {
        let values: Vec<f32> = numbers("regression", member).iter().map(|&x| x as f32).collect();
        builder = builder.member(member, Gives::Values, &values).unwrap();
    }
    (builder.build().unwrap(), Target::from_values(y, "y").unwrap())
}

#[test]
fn kappa_and_error_of_pairs_are_those_of_scikit_learn() {
    let (predictions, target) = binary();
    let chart = KappaError::of(&predictions, &Truth::new(&target)).unwrap();
    let figures = figures();
    let expected = figures["kappa_error"].as_array().unwrap();
    assert_eq!(chart.pairs.len(), expected.len());
    for (pair, expected) in chart.pairs.iter().zip(expected) {
        assert_eq!(expected[0], chart.names[pair.first]);
        assert_eq!(expected[1], chart.names[pair.second]);
        near(pair.kappa, &expected[2]);
        near(pair.error, &expected[3]);
    }
}

#[test]
fn margins_of_plain_and_weighted_votes_are_those_of_numpy() {
    let (predictions, target) = multi();
    let figures = figures();
    for (name, weights) in [("votes", None), ("weighted_votes", Some([1.0, 2.0, 3.0, 4.0]))] {
        let weights = weights.as_ref().map(|w: &[f64; 4]| w.as_slice());
        let chart = VoteMargins::of(&predictions, &Truth::new(&target), weights).unwrap();
        assert_eq!(chart.classes.len(), 4);
        for class in &chart.classes {
            let expected = &figures[name][&class.class];
            near(class.rows, &expected[0]);
            near(class.lost, &expected[1]);
            near(class.mean, &expected[2]);
            assert_eq!(class.counts.iter().sum::<f64>(), class.rows);
        }
    }
}

#[test]
fn the_split_of_the_error_is_that_of_numpy_and_adds_up() {
    let figures = figures();
    let (predictions, target) = multi();
    let split = ErrorSplit::of(&predictions, &Truth::new(&target)).unwrap();
    near(split.ensemble_error.value, &figures["brier_split"][0]);
    near(split.member_error.value, &figures["brier_split"][1]);
    near(split.ambiguity.value, &figures["brier_split"][2]);
    let (predictions, target) = binary();
    let split = ErrorSplit::of(&predictions, &Truth::new(&target)).unwrap();
    let mean = |of: &dyn Fn(usize) -> f64| (0..MEMBERS.len()).map(of).sum::<f64>() / MEMBERS.len() as f64;
    let score = |m| Brier::default().score(&predictions.estimates(m), &Truth::new(&target)).unwrap().value().unwrap();
    assert!((split.member_error.value - mean(&score)).abs() < 1e-9);
    let (predictions, target) = regression();
    let split = ErrorSplit::of(&predictions, &Truth::new(&target)).unwrap();
    let (expected, spread) = (&figures["squared_split"], split.spread.unwrap());
    for (got, name) in [
        (split.ensemble_error.value, "ensemble"),
        (split.member_error.value, "member"),
        (split.ambiguity.value, "ambiguity"),
        (spread.squared_bias, "squared_bias"),
        (spread.variance, "variance"),
        (spread.covariance, "covariance"),
    ] {
        near(got, &expected[name]);
    }
    let (low, high) = split.ensemble_error.interval.unwrap();
    assert!(low < split.ensemble_error.value && split.ensemble_error.value < high);
}

#[test]
fn thresholds_gain_and_lift_are_those_of_scikit_learn() {
    let figures = figures();
    let scores = numbers("binary", "m1");
    let positive: Vec<bool> = column("binary", "y").iter().map(|y| y == "1").collect();
    let ranked = RankedScores::new(&scores, &positive, None).unwrap();
    let chart = Threshold::of("m1", "class 1", &ranked).unwrap();
    for expected in figures["threshold"].as_array().unwrap() {
        let at = expected[0].as_f64().unwrap();
        let point = chart.points.iter().find(|point| (point.threshold - at).abs() < 1e-9).unwrap();
        near(point.precision.unwrap(), &expected[1]);
        near(point.recall, &expected[2]);
        near(point.f1, &expected[3]);
        near(point.flagged, &expected[4]);
    }
    let (at, f1) = chart.best.unwrap();
    near(at, &figures["best_f1"][0]);
    near(f1, &figures["best_f1"][1]);
    let model = LiftModel::of("m1", &ranked, false).unwrap().unwrap();
    for expected in figures["lift"].as_array().unwrap() {
        let share = expected[0].as_f64().unwrap();
        let lift = model.lifts.iter().find(|lift| lift.share == share).unwrap();
        near(lift.lift, &expected[1]);
        let (low, high) = lift.interval.unwrap();
        assert!(low <= lift.lift && lift.lift <= high);
    }
    near(model.gain.area.unwrap(), &figures["gain_area"]);
}

#[test]
fn a_report_of_several_classes_tells_the_share_of_each_and_whose_members_are_looked_at() {
    let (predictions, target) = multi();
    // Not the mean of the members: the greatest of their numbers, scaled to 1.
    let mut most = Matrix::zeros(predictions.rows(), 4);
    for i in 0..predictions.rows() {
        for k in 0..4 {
            most.row_mut(i)[k] = (0..4).map(|m| predictions.at(m, i, k)).fold(0.0, f32::max);
        }
        let sum: f32 = most.row(i).iter().sum();
        most.row_mut(i).iter_mut().for_each(|x| *x /= sum);
    }
    let subject = Subject::new("several", &predictions).truth(Truth::new(&target));
    let report = from_predictions(&subject.ensemble("maximum", &most, Gives::Probabilities)).unwrap();
    let said = |name: &str| {
        let chart = report.charts().iter().find(|chart| chart.name() == name).unwrap();
        (chart.title().to_owned(), chart.svg().description().to_owned())
    };
    // 94, 68, 54 and 24 of 240 rows.
    let (_, text) = said("precision-recall");
    assert!(text.ends_with("Of the rows: a 39.2 %, b 28.3 %, c 22.5 %, d 10 %."), "{text}");
    let (title, text) = said("contributions");
    assert_eq!(title, "What each member adds to the plain mean");
    assert!(text.starts_with("Of the plain mean, not of the ensemble: "), "{text}");
    let chart = Likeness::new(LikenessMeasure::ErrorCorrelation, &["a".into(), "b".into()], |_, _| None);
    assert!(chart.description().starts_with("The error correlation of no two members is defined"));
}
