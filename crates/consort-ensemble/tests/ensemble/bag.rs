//! Bagging of any learner.

use consort_core::{
    Column, Dataset, Error, Features, FitContext, Learner, Matrix, Missing, Model, Result, Samples, Seed, Takes, Target,
};
use consort_ensemble::bag::{BaggedModel, Bagging, Draw};
use consort_fusion::rule;
use consort_linfa::neighbours::KNearest;
use consort_split::Drawer;
use consort_trees::decision_tree::DecisionTree;
use serde::{Deserialize, Serialize};

use crate::tables::{Memory, table};

fn context() -> FitContext<'static> {
    FitContext::new(Seed::new(5))
}

fn bag(bagging: &Bagging, data: &Dataset) -> BaggedModel {
    bagging.fit_bag(&Samples::all(data), &context()).unwrap()
}

/// What a fit was given: it predicts how much weight each row had, takes no weights, and says which features it saw.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Witness;

#[derive(Debug, Serialize, Deserialize)]
struct Testimony {
    times: Vec<f32>,
    features: usize,
}

#[typetag::serde(name = "test_witness")]
impl Learner for Witness {
    fn name(&self) -> String {
        "witness".into()
    }

    fn takes(&self) -> Takes {
        Takes { categories: true, missing: true, weights: false }
    }

    fn fit(&self, train: &Samples<'_>, _: &FitContext<'_>) -> Result<Box<dyn Model>> {
        if train.is_weighted() {
            return Err(Error::custom("the witness takes no weights"));
        }
        let mut times = vec![0.0; train.dataset().rows()];
        (0..train.len()).for_each(|i| times[train.row(i)] += 1.0);
        Ok(Box::new(Testimony { times, features: width(train.dataset().features()) }))
    }
}

fn width(features: &Features) -> usize {
    match features {
        Features::Columns(columns) => columns.len(),
        Features::Dense { shape, .. } => shape.iter().product(),
    }
}

#[typetag::serde(name = "test_testimony")]
impl Model for Testimony {
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        if width(rows.dataset().features()) != self.features {
            return Err(Error::custom("other features than at the fit"));
        }
        let values = (0..rows.len()).map(|i| self.times.get(rows.row(i)).copied().unwrap_or(0.0)).collect();
        Matrix::new(rows.len(), 1, values)
    }
}

#[test]
fn threads_and_a_round_trip_change_no_bit_and_members_do_not_depend_on_their_number() {
    for classes in [0, 3] {
        let data = table(300, classes);
        let all = Samples::all(&data);
        for bagging in [
            Bagging::new(DecisionTree::default()),
            Bagging::patches(DecisionTree::default(), 0.5, 0.5),
            Bagging::subspaces(DecisionTree::default(), 0.5),
        ] {
            let bagging = bagging.members(7);
            let with = |threads: usize| bagging.fit_bag(&all, &FitContext { threads, ..context() }).unwrap();
            let one = with(1);
            let values = one.predict(&all).unwrap().into_values();
            for threads in [2, 5, 16] {
                assert_eq!(with(threads).predict(&all).unwrap().values(), values, "{bagging:?}");
            }
            let back: BaggedModel = serde_json::from_str(&serde_json::to_string(&one).unwrap()).unwrap();
            assert_eq!(back.predict(&all).unwrap().values(), values);
            let fewer = bag(&bagging.clone().members(3), &data).member_predictions(&all).unwrap();
            let more = one.member_predictions(&all).unwrap();
            (0..3).for_each(|m| assert_eq!(fewer.member(m), more.member(m)));
        }
    }
}

#[test]
fn a_member_is_the_learner_fitted_on_the_rows_that_its_seed_draws() {
    let data = table(200, 2);
    let all = Samples::all(&data);
    let model = bag(&Bagging::new(DecisionTree::default()).members(3), &data);
    let drawer = Drawer::new(Draw::default(), (0..200).collect(), vec![1.0; 200], data.target().unwrap()).unwrap();
    let said = model.member_predictions(&all).unwrap();
    let mut mean = vec![0.0f64; 400];
    for m in 0..3 {
        let seed = Seed::new(5).nth("member", m);
        let (rows, times) = drawer.draw(seed.child("rows"));
        let copies: Vec<u32> =
            rows.iter().zip(&times).flat_map(|(&row, &times)| std::iter::repeat_n(row, times as usize)).collect();
        let context = FitContext::new(seed.child("fit"));
        let tree = DecisionTree::default().fit(&Samples::rows(&data, &copies).unwrap(), &context).unwrap();
        let by_hand = tree.predict(&all).unwrap();
        assert_eq!(by_hand.values(), said.member(m as usize));
        mean.iter_mut().zip(by_hand.values()).for_each(|(mean, &x)| *mean += f64::from(x) / 3.0);
    }
    let fused = model.predict(&all).unwrap();
    assert!(fused.values().iter().zip(mean).all(|(&a, b)| (f64::from(a) - b).abs() < 1e-6));
}

#[test]
fn out_of_bag_predictions_come_from_members_that_did_not_see_the_row() {
    let data = table(400, 0);
    let all = Samples::all(&data);
    let model = bag(&Bagging::new(Memory).members(30), &data);
    let honest = model.out_of_bag(&all).unwrap();
    assert_eq!(honest.rows, (0..400).collect::<Vec<u32>>());
    assert!(honest.predictions.values().iter().all(|&x| x == 0.0), "a member that saw the row says 1");
    let left_out = honest.counts.iter().sum::<u32>() as f64 / (400.0 * 30.0);
    assert!((left_out - (-1.0f64).exp()).abs() < 0.01, "{left_out}");
    let members = model.out_of_bag_members(&all).unwrap();
    assert_eq!(members.missing(), Missing::Available);
    for row in 0..400 {
        let unseen = (0..30).filter(|&m| !members.is_missing(m, row)).count();
        assert_eq!(unseen as u32, honest.counts[row]);
    }
}

#[test]
fn the_out_of_bag_score_is_that_of_rows_never_seen() {
    let data = table(3000, 2);
    let (train, test): (Vec<u32>, Vec<u32>) = ((0..1500).collect(), (1500..3000).collect());
    let (train, test) = (Samples::rows(&data, &train).unwrap(), Samples::rows(&data, &test).unwrap());
    let model = Bagging::new(DecisionTree::default()).members(60).fit_bag(&train, &context()).unwrap();
    let accuracy = consort_metrics::registry::by_name("accuracy").unwrap();
    let honest = model.out_of_bag(&train).unwrap().score(&train, &*accuracy).unwrap().value().unwrap();
    let predicted = model.predict(&test).unwrap();
    let Target::Classes { codes, .. } = &*test.target("test").unwrap() else { unreachable!() };
    let right = (0..1500).filter(|&i| predicted.argmax(i) == Some(codes[i] as usize)).count() as f64 / 1500.0;
    // Two standard errors of a difference of shares of 1,500 rows each.
    assert!((honest - right).abs() < 2.0 * (2.0 * right * (1.0 - right) / 1500.0).sqrt(), "{honest} {right}");
}

#[test]
fn weights_reach_a_learner_that_takes_none_through_the_draws_or_are_refused() {
    let weights: Vec<f64> = (0..100).map(|i| f64::from(i % 4)).collect();
    let data = table(100, 0).with_weights(weights.clone()).unwrap();
    let bagging = Bagging::new(Witness).members(400).rule(rule::Mean::default());
    assert!(bagging.takes().weights && !Bagging::pasting(Witness, 0.5).takes().weights);
    let times = bag(&bagging, &data).predict(&Samples::all(&data)).unwrap();
    for (weight, &times) in weights.iter().zip(times.values()) {
        // A bootstrap of 150 draws, in proportion to the weights: the mean is the weight, the variance about that too.
        assert!((f64::from(times) - weight).abs() <= 5.0 * (weight / 400.0).sqrt(), "{weight} {times}");
    }
    let error = Bagging::pasting(Witness, 0.5).fit(&Samples::all(&data), &context()).unwrap_err();
    assert!(error.to_string().contains("takes no weights"), "{error}");
    // Rows that are named twice are no weights.
    let twice: Vec<u32> = (0..50).flat_map(|row| [row, row]).collect();
    let twice_data = table(100, 0);
    let model =
        Bagging::pasting(Witness, 1.0).members(1).fit_bag(&Samples::rows(&twice_data, &twice).unwrap(), &context());
    let times = model.unwrap().predict(&Samples::all(&twice_data)).unwrap();
    assert_eq!(times.values(), (0..100).map(|i| if i < 50 { 2.0 } else { 0.0 }).collect::<Vec<f32>>());
}

#[test]
fn pasting_draws_each_row_at_most_once_and_subspaces_see_their_share_of_the_features() {
    let data = table(100, 0);
    let pasted = bag(&Bagging::pasting(Witness, 0.3).members(5), &data);
    let said = pasted.member_predictions(&Samples::all(&data)).unwrap();
    for m in 0..5 {
        assert_eq!(said.member(m).iter().filter(|&&x| x == 1.0).count(), 30);
        assert_eq!(said.member(m).iter().filter(|&&x| x == 0.0).count(), 70);
    }
    // The witness refuses other features than it was fitted on, so each is asked with its own.
    let patches = Bagging::patches(Witness, 0.5, 0.5).members(8);
    bag(&patches, &data).predict(&Samples::all(&data)).unwrap();
    let dense =
        Dataset::new(Features::Dense { values: (0..400).map(|i| i as f32).collect(), shape: vec![2, 2] }).unwrap();
    let dense = dense.with_target(data.target().unwrap().clone()).unwrap();
    let model = bag(&patches, &dense);
    model.predict(&Samples::all(&dense)).unwrap();
    let error = model.predict(&Samples::all(&data)).unwrap_err();
    assert!(error.to_string().contains("features in columns"), "{error}");
    let text = serde_json::to_string(&bag(&patches, &data)).unwrap();
    let subspaces: Vec<&str> =
        ["a", "b", "c", "d"].into_iter().filter(|f| text.contains(&format!("\"{f}\""))).collect();
    assert_eq!(subspaces, ["a", "b", "c", "d"], "eight members see all features between them");
}

#[test]
fn a_feature_that_a_subspace_needs_is_named_if_it_is_missing() {
    let data = table(100, 0);
    let model = bag(&Bagging::subspaces(DecisionTree::default(), 0.9).members(2), &data);
    let Features::Columns(columns) = data.features() else { unreachable!() };
    let fewer: Vec<Column> = columns.iter().filter(|column| column.name() != "a").cloned().collect();
    let fewer = Dataset::new(Features::Columns(fewer)).unwrap();
    let other = bag(&Bagging::subspaces(DecisionTree::default(), 0.75).members(8), &data);
    assert!(other.predict(&Samples::all(&fewer)).unwrap_err().to_string().contains("`a`"));
    assert!(model.predict(&Samples::all(&fewer)).is_err());
}

#[test]
fn rules_count_labels_or_take_the_middle_and_ranks_are_refused() {
    let data = table(150, 3);
    let all = Samples::all(&data);
    let vote = bag(&Bagging::new(DecisionTree::default().depth(3)).members(9).rule(rule::Vote::default()), &data);
    let voted = vote.predict(&all).unwrap();
    let said = vote.member_predictions(&all).unwrap();
    for i in 0..150 {
        let mut counts = [0; 3];
        (0..9).for_each(|m| counts[said.estimates(m).argmax(i).unwrap()] += 1);
        assert_eq!(counts[voted.argmax(i).unwrap()], *counts.iter().max().unwrap());
    }
    let numbers = table(150, 0);
    let all = Samples::all(&numbers);
    let middle = bag(&Bagging::new(DecisionTree::default()).members(5).rule(rule::Median::default()), &numbers);
    let (fused, said) = (middle.predict(&all).unwrap(), middle.member_predictions(&all).unwrap());
    for i in 0..150 {
        let mut values: Vec<f32> = (0..5).map(|m| said.at(m, i, 0)).collect();
        values.sort_unstable_by(f32::total_cmp);
        assert_eq!(fused.at(i, 0), values[2]);
    }
    // Out of bag, by the same rule.
    let honest = middle.out_of_bag(&all).unwrap();
    let members = middle.out_of_bag_members(&all).unwrap();
    for i in 0..150 {
        let mut values: Vec<f32> = (0..5).filter(|&m| !members.is_missing(m, i)).map(|m| said.at(m, i, 0)).collect();
        values.sort_unstable_by(f32::total_cmp);
        match values.len() {
            0 => assert!(honest.predictions.at(i, 0).is_nan() && honest.counts[i] == 0),
            n if n % 2 == 1 => assert_eq!(honest.predictions.at(i, 0), values[n / 2]),
            _ => {}
        }
    }
    let ranks = Bagging::new(DecisionTree::default()).rule(rule::RankAverage::default());
    let classes = table(150, 3);
    let error = ranks.fit(&Samples::all(&classes), &context()).err().map(|error| error.to_string());
    assert!(error.as_ref().is_some_and(|error| error.contains("which gives scores")), "{error:?}");
}

#[test]
fn what_makes_no_sense_is_refused_with_its_name() {
    let data = table(60, 0);
    let all = Samples::all(&data);
    let refused = |bagging: Bagging| bagging.fit(&all, &context()).unwrap_err().to_string();
    let tree = DecisionTree::default;
    assert!(refused(Bagging::new(tree()).members(0)).contains("members"));
    assert!(refused(Bagging::new(tree()).features(0.0)).contains("features"));
    assert!(refused(Bagging::pasting(tree(), 1.5)).contains("share"));
    assert!(refused(Bagging::balanced(tree())).contains("balanced"));
    let all_rows = bag(&Bagging::subspaces(tree(), 0.5).members(2), &data);
    assert!(all_rows.out_of_bag(&all).unwrap_err().to_string().contains("draw"));
    let model = bag(&Bagging::new(tree()).members(2), &data);
    let other = table(61, 0);
    assert!(model.out_of_bag(&Samples::all(&other)).unwrap_err().to_string().contains("61"));
}

#[test]
fn a_bag_of_one_neighbour_is_better_than_one_neighbour() {
    let data = table(1200, 0);
    let train: Vec<u32> = (0..800).collect();
    let train = Samples::rows(&data, &train).unwrap();
    let near = consort_ensemble::encode::suited(std::sync::Arc::new(KNearest { k: 1, ..KNearest::default() }));
    let Some(Target::Values { values, .. }) = data.target() else { unreachable!() };
    let error = |learner: &dyn Learner| {
        let predicted = learner.fit(&train, &context()).unwrap().predict(&Samples::all(&data)).unwrap();
        (800..1200).map(|i| (f64::from(predicted.at(i, 0)) - values[i]).powi(2)).sum::<f64>()
    };
    let (one, many) = (error(&*near), error(&Bagging::of(near.clone()).members(25)));
    assert!(many < 0.85 * one, "{many} {one}");
}
