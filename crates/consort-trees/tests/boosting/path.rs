//! The path of boosting: stages, snapshots, going on, stopping early, samples of rows.

use std::sync::{Arc, Mutex};

use consort_core::{Cancel, Dataset, Error, FitContext, Learner, Model, Outputs, Progress, Samples, Seed, Target};
use consort_metrics::{classification::Accuracy, regression::MeanAbsoluteError};
use consort_trees::{
    bins::Binned,
    boosting::{BoostedTrees, EarlyStopping, GradientBoosting, RowSampling, loss::Absolute},
};

use crate::tables::{fit, small, table};

fn boosted(params: &GradientBoosting, train: &Samples<'_>, ctx: &FitContext<'_>) -> BoostedTrees {
    let binned = Binned::shared(train.dataset(), &params.bins).unwrap();
    params.fit_binned(&binned, train, ctx).unwrap()
}

fn context() -> FitContext<'static> {
    FitContext::new(Seed::new(4))
}

#[test]
fn stages_are_the_predictions_of_shorter_fits() {
    for classes in [0, 3] {
        let data = table(500, classes);
        let all = Samples::all(&data);
        let model = boosted(&small(25), &all, &context());
        let mut seen = Vec::new();
        model
            .staged(&all, 10, |round, predicted| {
                assert_eq!(predicted.into_values(), fit(&small(round), &data), "after {round} rounds");
                seen.push(round);
                Ok(())
            })
            .unwrap();
        assert_eq!(seen, [10, 20, 25]);
        let path = model.snapshots(&all, data.target().unwrap().outputs(), &[20, 10, 20]).unwrap();
        assert_eq!(path.members().iter().map(|m| &*m.name).collect::<Vec<_>>(), ["round 10", "round 20"]);
        assert_eq!(path.member(0), fit(&small(10), &data));
        assert!(model.snapshots(&all, Outputs::target("y"), &[26]).is_err());
        assert!(model.snapshots(&all, Outputs::target("y"), &[]).is_err());
        assert!(model.staged(&all, 0, |_, _| Ok(())).is_err());
    }
}

#[test]
fn rounds_and_more_rounds_are_the_bits_of_all_at_once() {
    for classes in [0, 2, 3] {
        let data = table(700, classes);
        let rows: Vec<u32> = (0..500).chain(100..300).collect();
        let train = Samples::rows(&data, &rows).unwrap();
        let params = GradientBoosting { rows: RowSampling::Share(0.7), features_per_tree: 0.7, ..small(40) };
        let at_once = boosted(&params, &train, &context());
        let half = GradientBoosting { rounds: 20, ..params };
        let first = boosted(&half, &train, &context());
        let went_on = half.resume(&first, &train, &context()).unwrap();
        assert_eq!(went_on.trees(), at_once.trees());
    }
}

#[test]
fn boosting_goes_on_over_categories_in_another_order() {
    let data = table(600, 0);
    let consort_core::Features::Columns(mut columns) = data.features().clone() else { unreachable!() };
    let consort_core::Column::Categorical { codes, levels, .. } = &mut columns[2] else { unreachable!() };
    // The same table, its levels listed backwards.
    let last = levels.len() as u32 - 1;
    levels.reverse();
    codes.iter_mut().filter(|code| **code != consort_core::Column::MISSING).for_each(|code| *code = last - *code);
    let other = Dataset::new(consort_core::Features::Columns(columns))
        .unwrap()
        .with_target(data.target().unwrap().clone())
        .unwrap();
    let first = boosted(&small(20), &Samples::all(&data), &context());
    let went_on = small(20).resume(&first, &Samples::all(&other), &context()).unwrap();
    let at_once = boosted(&small(40), &Samples::all(&data), &context());
    for on in [&data, &other] {
        let predicted = |model: &dyn Model| model.predict(&Samples::all(on)).unwrap().into_values();
        assert_eq!(predicted(&went_on), predicted(&at_once));
    }
    let narrow = Dataset::new(consort_core::Features::Dense { values: vec![0.0; 10], shape: vec![1] }).unwrap();
    let narrow = narrow.with_target(Target::from_values(vec![0.0; 10], "y").unwrap()).unwrap();
    assert!(
        small(5).resume(&first, &Samples::all(&narrow), &context()).unwrap_err().to_string().contains("1 features")
    );
}

/// What a fit said, step by step.
#[derive(Default)]
struct Said(Mutex<Vec<(u64, u64, String)>>);

impl Progress for Said {
    fn step(&self, done: u64, total: u64, text: &str) {
        self.0.lock().unwrap().push((done, total, text.into()));
    }
}

#[test]
fn early_stopping_keeps_the_best_round_of_the_validation_rows() {
    let data = table(600, 0);
    let (train, validation): (Vec<u32>, Vec<u32>) = (0..600).partition(|i| i % 3 != 0);
    let train = Samples::rows(&data, &train).unwrap();
    let validation = Samples::rows(&data, &validation).unwrap();
    let said = Said::default();
    let context = FitContext { validation: Some(validation), progress: &said, ..context() };
    let metric = Arc::new(MeanAbsoluteError);
    let stopping = EarlyStopping { rounds: 10, metric: Some(metric), ..Default::default() };
    let params = GradientBoosting { learning_rate: 0.3, early_stopping: Some(stopping), ..small(500) };
    let model = boosted(&params, &train, &context);
    assert!((5..400).contains(&model.rounds()), "{} rounds", model.rounds());
    // No stage of a fit to the end, up to where it stopped, is better.
    let whole = boosted(&GradientBoosting { early_stopping: None, ..params }, &train, &context);
    let Target::Values { values, .. } = &*validation.target("test").unwrap() else { unreachable!() };
    let mut errors = Vec::new();
    whole
        .staged(&validation, 1, |_, predicted| {
            errors.push(predicted.values().iter().zip(values).map(|(p, y)| (f64::from(*p) - y).abs()).sum::<f64>());
            Ok(())
        })
        .unwrap();
    let best = (0..model.rounds() + 10).min_by(|&a, &b| errors[a].total_cmp(&errors[b])).unwrap();
    assert_eq!(best + 1, model.rounds());
    let said = said.0.into_inner().unwrap();
    assert!(said.windows(2).all(|pair| pair[0].0 <= pair[1].0 || pair[1].0 == 1));
    assert!(said.iter().any(|(done, total, text)| done == total && text.contains("best after")), "{said:?}");
}

#[test]
fn early_stopping_by_a_metric_of_another_task_is_refused() {
    let data = table(100, 0);
    let mut params = GradientBoosting { early_stopping: Some(EarlyStopping::default()), ..small(5) };
    let all = Samples::all(&data);
    let context = FitContext { validation: Some(all), ..context() };
    params.fit(&all, &context).unwrap();
    params.early_stopping = Some(EarlyStopping { metric: Some(Arc::new(Accuracy)), ..Default::default() });
    assert!(params.fit(&all, &context).unwrap_err().to_string().contains("accuracy"));
}

#[test]
fn samples_of_rows_learn_and_depend_on_the_seed_alone() {
    let data = table(2000, 2);
    let Some(Target::Classes { codes, .. }) = data.target() else { unreachable!() };
    for rows in [RowSampling::Share(0.5), RowSampling::Goss { top: 0.2, other: 0.1 }] {
        let params = GradientBoosting { rows, features_per_split: 0.7, ..small(60) };
        let with = |seed: u64, threads: usize| {
            let context = FitContext { threads, ..FitContext::new(Seed::new(seed)) };
            params.fit(&Samples::all(&data), &context).unwrap().predict(&Samples::all(&data)).unwrap().into_values()
        };
        let one = with(1, 1);
        assert_eq!(one, with(1, 2));
        assert_ne!(one, with(2, 1));
        let right = one.chunks_exact(2).zip(codes).filter(|&(p, y)| u32::from(p[1] > 0.5) == *y).count();
        assert!(right > 1700, "{rows:?}: {right} of 2000");
    }
}

#[test]
fn weights_are_copies_for_losses_that_set_their_leaves_by_quantiles_too() {
    let data = table(400, 0);
    let params = GradientBoosting { loss: Some(Arc::new(Absolute)), ..small(15) };
    let weights: Vec<f64> = (0..400).map(|i| f64::from(i % 4)).collect();
    let weighted = Samples::all(&data).with_weights(&weights).unwrap();
    let rows: Vec<u32> = (0..400u32).flat_map(|i| std::iter::repeat_n(i, (i % 4) as usize)).collect();
    let copies = Samples::rows(&data, &rows).unwrap();
    let [a, b] = [weighted, copies].map(|train| boosted(&params, &train, &context()));
    assert_eq!(a.trees(), b.trees());
}

#[test]
fn a_fit_that_is_cancelled_ends_with_that_error() {
    let data = table(100, 0);
    let cancel = Cancel::default();
    cancel.cancel();
    let context = FitContext { cancel: Some(&cancel), ..context() };
    assert!(matches!(small(5).fit(&Samples::all(&data), &context), Err(Error::Cancelled)));
}

#[test]
fn a_given_base_score_is_where_scores_start() {
    let data = table(100, 0);
    let params = GradientBoosting { base_score: Some(vec![3.5]), learning_rate: 1e-9, ..small(1) };
    assert!(fit(&params, &data).iter().all(|p| (p - 3.5).abs() < 1e-5));
    let wrong = GradientBoosting { base_score: Some(vec![1.0, 2.0]), ..small(1) };
    assert!(wrong.fit(&Samples::all(&data), &context()).unwrap_err().to_string().contains("1 numbers"));
}

#[test]
fn early_stopping_adds_no_round_to_a_model_that_it_stopped() {
    let data = table(600, 0);
    let (train, valid): (Vec<u32>, Vec<u32>) = (0..600).partition(|i| i % 2 == 0);
    let train = Samples::rows(&data, &train).unwrap();
    let ctx = FitContext { validation: Some(Samples::rows(&data, &valid).unwrap()), ..context() };
    let stopping = Some(EarlyStopping { rounds: 10, ..EarlyStopping::default() });
    let params = GradientBoosting { learning_rate: 0.5, early_stopping: stopping, ..small(300) };
    let stopped = boosted(&params, &train, &ctx);
    assert!(stopped.rounds() < 290, "{}", stopped.rounds());
    let went_on = params.resume(&stopped, &train, &ctx).unwrap();
    assert_eq!(went_on.rounds(), stopped.rounds());
    // One that was not yet at its best goes on to it.
    let mut short = stopped.clone();
    short.truncate(stopped.rounds() / 2);
    assert_eq!(params.resume(&short, &train, &ctx).unwrap().rounds(), stopped.rounds());
}
