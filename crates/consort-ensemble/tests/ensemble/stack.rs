//! Stacking, blending and layers.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use consort_core::{
    Cancel, Column, Dataset, Encoder, Encoding, Features, FitContext, Learner, Model, Result, Samples, Seed, Splitter,
    Target, Warning,
};
use consort_ensemble::{
    NamedLearner,
    cross_fit::{OnError, Why},
    encode::{Impute, Scale},
    stack::{LearnerFuser, Refit, StackOptions, Stacking},
};
use consort_fusion::{rule, weights::SimplexWeights};
use consort_split::{ExpandingWindow, KFold};
use consort_trees::{boosting::GradientBoosting, decision_tree::DecisionTree, forest::RandomForest};
use serde::{Deserialize, Serialize};

use crate::tables::{Broken, Memory, members, table};

fn context() -> FitContext<'static> {
    FitContext { threads: 2, ..FitContext::new(Seed::new(3)) }
}

fn rmse(predicted: &[f32], data: &consort_core::Dataset, rows: std::ops::Range<usize>) -> f64 {
    let Some(Target::Values { values, .. }) = data.target() else { unreachable!() };
    let sum: f64 = rows.clone().map(|i| (f64::from(predicted[i]) - values[i]).powi(2)).sum();
    (sum / rows.len() as f64).sqrt()
}

#[test]
fn a_stack_is_better_than_its_members_and_as_good_whichever_way_it_is_made() {
    let data = table(1500, 0);
    let train: Vec<u32> = (0..1000).collect();
    let train = Samples::rows(&data, &train).unwrap();
    let all = Samples::all(&data);
    let score = |learner: &dyn Learner| {
        rmse(learner.fit(&train, &context()).unwrap().predict(&all).unwrap().values(), &data, 1000..1500)
    };
    let best = members().iter().map(|member| score(&*member.learner)).fold(f64::INFINITY, f64::min);
    let stacks = [
        Stacking::greedy(members()),
        Stacking::linear(members()),
        Stacking::linear(members()).refit(Refit::KeepFolds),
        Stacking::greedy(members()).fuser(SimplexWeights::default()),
        Stacking::blending(members(), 0.25),
        Stacking::greedy(members()).learner(GradientBoosting { rounds: 50, ..Default::default() }).passthrough(true),
        Stacking::greedy(members()).layer(members()).passthrough(true),
    ];
    for stack in stacks {
        let got = score(&stack);
        assert!(got < best * 1.06, "{got} against {best}: {stack:?}");
    }
}

#[test]
fn the_fusion_is_fitted_on_predictions_of_rows_that_members_did_not_see() {
    // The memory predicts 1 for what it saw: on out-of-fold rows it is 0 and useless, on seen rows it would be perfect.
    let data = table(100, 0);
    let ones = Target::from_values(vec![1.0; 100], "y").unwrap();
    let data = data.with_target(ones).unwrap();
    let constant = GradientBoosting { rounds: 1, ..Default::default() };
    let pair = vec![NamedLearner::new("memory", Memory), NamedLearner::new("constant", constant)];
    let model = Stacking::greedy(pair).fit_stack(&Samples::all(&data), &context()).unwrap().model;
    assert_eq!(model.fusion().unwrap().weights().unwrap(), [0.0, 1.0]);
    assert!(model.members()[0].models.is_empty(), "a member that is not read keeps no model");
    assert_eq!(model.predict(&Samples::all(&data)).unwrap().values(), [1.0; 100]);
}

#[test]
fn encoded_features_are_passed_through_as_the_features_are() {
    let data = table(400, 0);
    let all = Samples::all(&data);
    let boost = || GradientBoosting { rounds: 20, ..Default::default() };
    let fit = |stack: Stacking| {
        let stack: Box<dyn Learner> =
            serde_json::from_str(&serde_json::to_string(&stack as &dyn Learner).unwrap()).unwrap();
        let model = stack.fit(&all, &context()).unwrap();
        let back: Box<dyn Model> = serde_json::from_str(&serde_json::to_string(&model).unwrap()).unwrap();
        let said = model.predict(&all).unwrap().into_values();
        assert_eq!(back.predict(&all).unwrap().values(), said);
        said
    };
    // There are no holes to fill, so that this encoder changes nothing; rows that no fold tests are left out above.
    for splitter in [None, Some(Arc::new(ExpandingWindow::new(3)) as Arc<dyn Splitter>)] {
        let stack = || Stacking { splitter: splitter.clone(), ..Stacking::greedy(members()) };
        let data = table(400, 0).with_time((0..400).map(f64::from).collect()).unwrap();
        let all = Samples::all(&data);
        let said = |stack: Stacking| stack.fit(&all, &context()).unwrap().predict(&all).unwrap().into_values();
        let plain = said(stack().learner(boost()).passthrough(true));
        assert_eq!(said(stack().learner(boost()).passthrough_encoded(Impute::default())), plain);
        let layers = said(stack().layer(members()).passthrough(true));
        assert_eq!(said(stack().layer(members()).passthrough_encoded(Impute::default())), layers);
    }
    // Ranks are all that a tree reads of a number, and an encoder of its own keeps them: nearly the same is learnt.
    let with = |stack: Stacking| rmse(&fit(stack), &data, 0..400);
    let (plain, scaled) = (
        with(Stacking::greedy(members()).learner(boost()).passthrough(true)),
        with(Stacking::greedy(members()).learner(boost()).passthrough_encoded(Scale::default())),
    );
    assert!((plain / scaled - 1.0).abs() < 0.1, "{plain} {scaled}");
    let refused = Stacking::greedy(members()).passthrough_encoded(Impute::default()).fit(&all, &context()).unwrap_err();
    assert!(refused.to_string().contains("passed through"), "{refused}");
}

#[test]
fn threads_and_a_round_trip_change_no_bit_of_a_stack() {
    let data = table(300, 3);
    let all = Samples::all(&data);
    let stack = Stacking::logistic(members()).layer(members()).passthrough(true).refit(Refit::KeepFolds);
    let stack: Box<dyn Learner> =
        serde_json::from_str(&serde_json::to_string(&stack as &dyn Learner).unwrap()).unwrap();
    let with = |threads: usize| stack.fit(&all, &FitContext { threads, ..context() }).unwrap();
    let one = with(1);
    let values = one.predict(&all).unwrap().into_values();
    assert_eq!(with(2).predict(&all).unwrap().values(), values);
    let back: Box<dyn Model> = serde_json::from_str(&serde_json::to_string(&one).unwrap()).unwrap();
    assert_eq!(back.predict(&all).unwrap().values(), values);
}

#[test]
fn a_row_drawn_twice_is_never_parted_and_counts_twice() {
    let data = table(120, 0);
    let rows: Vec<u32> = (0..120u32).flat_map(|row| std::iter::repeat_n(row, 1 + (row % 2) as usize)).collect();
    let weights: Vec<f64> = (0..120).map(|row| f64::from(1 + row % 2)).collect();
    let stack = Stacking::linear(members());
    let copies = stack.fit(&Samples::rows(&data, &rows).unwrap(), &context()).unwrap();
    let weighted = stack.fit(&Samples::all(&data).with_weights(&weights).unwrap(), &context()).unwrap();
    let all = Samples::all(&data);
    assert_eq!(copies.predict(&all).unwrap().values(), weighted.predict(&all).unwrap().values());
}

#[test]
fn a_split_in_time_leaves_the_first_rows_out_of_the_second_level() {
    let data = table(300, 2).with_time((0..300).map(f64::from).collect()).unwrap();
    for stack in [
        Stacking::logistic(members()),
        Stacking::greedy(members()).layer(members()).passthrough(true),
        Stacking::greedy(members()).learner(GradientBoosting { rounds: 10, ..Default::default() }),
    ] {
        let layers = stack.layers.len();
        let fit = stack.splitter(ExpandingWindow::new(4)).fit_stack(&Samples::all(&data), &context()).unwrap();
        let warned = fit.warnings.iter().find_map(|warning| match warning {
            Warning::RowsLeftOut { rows, why } => Some((*rows, why.clone())),
            _ => None,
        });
        let (rows, why) = warned.unwrap();
        assert!(layers > 1 || rows + fit.seen.rows.len() == 300, "{rows}");
        assert!(rows > 0 && why.contains("no fold tests them"), "{why}");
        let model = fit.model;
        let got = model.predict(&Samples::all(&data)).unwrap();
        assert!(got.values().chunks_exact(2).all(|row| (row[0] + row[1] - 1.0).abs() < 1e-4));
    }
}

#[test]
fn any_learner_is_a_fuser_and_what_makes_no_sense_is_refused() {
    let data = table(200, 2);
    let all = Samples::all(&data);
    let tree = LearnerFuser::new(GradientBoosting { rounds: 20, ..Default::default() });
    let model = Stacking::greedy(members()).fuser(tree).fit(&all, &context()).unwrap();
    assert_eq!(model.predict(&all).unwrap().columns(), 2);
    let refused = |stack: Stacking| stack.fit(&all, &context()).unwrap_err().to_string();
    assert!(refused(Stacking::greedy(vec![])).contains("members"));
    assert!(refused(Stacking::logistic(members()).passthrough(true)).contains("passed through"));
    assert!(refused(Stacking::greedy(members()).splitter(KFold::new(500))).contains("500"));
    let fixed = Stacking::greedy(members()).fuser(rule::Fixed::new(Box::new(rule::Mean::default())));
    assert!(fixed.fit(&all, &context()).is_ok());
}

/// What a forest says of a row, as its feature: an encoder that reads the target and remembers it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Remembers;

#[derive(Debug, Serialize, Deserialize)]
struct Remembered(Box<dyn Model>);

#[typetag::serde]
impl Encoder for Remembers {
    fn name(&self) -> String {
        "remembers".into()
    }

    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<(Box<dyn Encoding>, Dataset)> {
        let encoding = Remembered(RandomForest::default().trees(20).fit(train, ctx)?);
        let encoded = train.dress(encoding.apply(train)?)?;
        Ok((Box::new(encoding), encoded))
    }
}

#[typetag::serde]
impl Encoding for Remembered {
    fn apply(&self, rows: &Samples<'_>) -> Result<Dataset> {
        let values = self.0.predict(rows)?.into_values();
        rows.with_features(Features::Columns(vec![Column::Numeric { name: "said".into(), values }]))
    }
}

#[test]
fn an_encoder_that_reads_the_target_shows_no_layer_its_own_rows() {
    // Pure noise: nobody can tell anything of rows that were not seen.
    let mut stream = Seed::new(5).stream();
    let columns = (0..3).map(|k| {
        let values = (0..300).map(|_| stream.unit() as f32).collect();
        Column::Numeric { name: format!("x{k}"), values }
    });
    let columns = columns.collect();
    let y: Vec<f64> = (0..300).map(|_| stream.unit()).collect();
    let data = Dataset::new(Features::Columns(columns)).unwrap();
    let data = data.with_target(Target::from_values(y.clone(), "y").unwrap()).unwrap();
    let members = || vec![NamedLearner::new("tree", DecisionTree::default().depth(3))];
    let stack = Stacking::greedy(members()).layer(members()).passthrough_encoded(Remembers);
    let seen = stack.fit_stack(&Samples::all(&data), &context()).unwrap().seen;
    let errors =
        seen.rows.iter().zip(seen.predictions.member(0)).map(|(&row, &p)| (y[row as usize] - f64::from(p)).powi(2));
    let rmse = (errors.sum::<f64>() / seen.rows.len() as f64).sqrt();
    assert!(rmse > 0.27, "{rmse}, where the target's deviation is 0.289");
}

#[test]
fn a_layer_that_no_member_is_left_of_ends_the_stack_below_it() {
    let data = table(300, 0);
    let all = Samples::all(&data);
    let below = Stacking::greedy(members()).fit_stack(&all, &context()).unwrap();
    let two = Stacking::greedy(members()).layer(vec![NamedLearner::new("bad", Broken)]);
    assert_eq!(two.fit_stack(&all, &context()).unwrap_err().to_string(), "it is broken");
    for refit in [Refit::All, Refit::KeepFolds] {
        let options = StackOptions { on_error: OnError::Skip, ..Default::default() };
        let two = two.clone().refit(refit);
        let fit = two.fit_with(&all, &context(), &options).unwrap();
        assert_eq!((fit.layers, fit.skipped.len()), (1, 1));
        assert!(fit.warnings.iter().any(|warning| warning.to_string().contains("layer 2")), "{:?}", fit.warnings);
        assert_eq!((&fit.seen.rows, &fit.seen.folds), (&below.seen.rows, &below.seen.folds));
        if refit == Refit::All {
            assert_eq!(fit.model.predict(&all).unwrap(), below.model.predict(&all).unwrap());
        }
    }

    // The same of time: what a layer has no time for does not lose the layers that are there.
    let endless = NamedLearner::new("endless", GradientBoosting { rounds: 10_000_000, ..Default::default() });
    let cancel = Cancel::at(Instant::now() + Duration::from_secs(4));
    let context = FitContext { cancel: Some(&cancel), ..context() };
    let options = StackOptions { limited: true, ..Default::default() };
    let quick = vec![NamedLearner::new("tree", DecisionTree::default())];
    let fit = Stacking::greedy(quick).layer(vec![endless]).fit_with(&all, &context, &options).unwrap();
    assert_eq!((fit.layers, &*fit.skipped[0].name, &fit.skipped[0].why), (1, "endless", &Why::Time));
}
