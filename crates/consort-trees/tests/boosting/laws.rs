//! Closed forms and laws.

use std::sync::Arc;

use consort_core::{
    Classes, Column, Dataset, Features, FitContext, Learner, Model, Result, Samples, Seed, Target, Truth,
};
use consort_metrics::ranking::RocAuc;
use consort_trees::{
    bins::Binned,
    boosting::{EarlyStopping, GradientBoosting, loss},
};
use serde::{Deserialize, Serialize};

use crate::tables::{fit, small, table};

#[test]
fn one_round_of_squared_error_is_the_mean_of_each_side_of_the_best_cut() {
    let x: Vec<f32> = (0..40).map(|i| i as f32).collect();
    let y: Vec<f64> = (0..40).map(|i| if i < 25 { f64::from(i % 3) } else { 10.0 + f64::from(i % 3) }).collect();
    let data = Dataset::new(Features::Columns(vec![Column::Numeric { name: "x".into(), values: x }]))
        .unwrap()
        .with_target(Target::from_values(y.clone(), "y").unwrap())
        .unwrap();
    let mut params = GradientBoosting { rounds: 1, learning_rate: 1.0, ..GradientBoosting::default() };
    params.tree.leaves = 2;
    params.tree.min_rows = 1.0;
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    let want = [mean(&y[..25]), mean(&y[25..])];
    for (i, got) in fit(&params, &data).into_iter().enumerate() {
        assert!((f64::from(got) - want[usize::from(i >= 25)]).abs() < 1e-5, "row {i}: {got}, not {want:?}");
    }
}

/// One feature that tells the first rows from the others, so that one split of one round is known.
fn step(rows: usize, target: Target) -> Dataset {
    let x =
        Column::Numeric { name: "x".into(), values: (0..rows).map(|i| if i < rows / 4 { 0.0 } else { 1.0 }).collect() };
    Dataset::new(Features::Columns(vec![x])).unwrap().with_target(target).unwrap()
}

#[test]
fn one_round_of_log_loss_is_a_newton_step_on_each_side() {
    let rows = 80;
    let y = |i: usize| u32::from(if i < 20 { i.is_multiple_of(5) } else { !i.is_multiple_of(3) });
    let classes = Classes::new(["no", "yes"]).unwrap();
    let data = step(rows, Target::Classes { codes: (0..rows).map(y).collect(), classes });
    let weights: Vec<f64> = (0..rows).map(|i| 1.0 + (i % 4) as f64).collect();
    for (l1, l2) in [(0.0, 0.0), (0.0, 3.0), (2.0, 1.0)] {
        let mut params = GradientBoosting { rounds: 1, learning_rate: 0.4, ..GradientBoosting::default() };
        (params.tree.min_rows, params.tree.l1, params.tree.l2) = (1.0, l1, l2);
        let train = Samples::all(&data).with_weights(&weights).unwrap();
        let model = params.fit(&train, &FitContext::new(Seed::new(0))).unwrap();
        let got = model.predict(&Samples::all(&data)).unwrap();
        let share = (0..rows).map(|i| weights[i] * f64::from(y(i))).sum::<f64>() / weights.iter().sum::<f64>();
        for side in [0..20, 20..rows] {
            let gradient: f64 = side.clone().map(|i| weights[i] * (share - f64::from(y(i)))).sum();
            let hessian: f64 = side.clone().map(|i| weights[i] * share * (1.0 - share)).sum();
            let leaf = -gradient.signum() * (gradient.abs() - l1).max(0.0) / (hessian + l2);
            let score = (share / (1.0 - share)).ln() + 0.4 * leaf;
            let want = 1.0 / (1.0 + (-score).exp());
            for i in side {
                assert!((f64::from(got.at(i, 1)) - want).abs() < 1e-5, "l1 {l1}, l2 {l2}: {} {want}", got.at(i, 1));
            }
        }
    }
}

#[test]
fn one_round_of_softmax_is_a_newton_step_of_each_class() {
    let rows = 90;
    let y = |i: usize| if i < 22 { (i % 5) as u32 % 3 } else { (i % 7) as u32 % 3 };
    let classes = Classes::new(["a", "b", "c"]).unwrap();
    let data = step(rows, Target::Classes { codes: (0..rows).map(y).collect(), classes });
    let mut params = GradientBoosting { rounds: 1, learning_rate: 0.5, ..GradientBoosting::default() };
    params.tree.min_rows = 1.0;
    let got = fit(&params, &data);
    let share = |k: u32| (0..rows).filter(|&i| y(i) == k).count() as f64 / rows as f64;
    for side in [0..22, 22..rows] {
        let scores = [0, 1, 2].map(|k| {
            let p = share(k);
            let gradient: f64 = side.clone().map(|i| p - f64::from(u8::from(y(i) == k))).sum();
            // Friedman's factor K / (K − 1) makes up for scores that have one direction too many.
            let hessian = side.len() as f64 * p * (1.0 - p) * 1.5;
            p.ln() - 0.5 * gradient / hessian
        });
        let total: f64 = scores.iter().map(|s| s.exp()).sum();
        for i in side {
            for k in 0..3 {
                let want = scores[k].exp() / total;
                assert!((f64::from(got[i * 3 + k]) - want).abs() < 1e-5, "row {i}: {} {want}", got[i * 3 + k]);
            }
        }
    }
}

#[test]
fn one_round_of_absolute_error_moves_each_side_to_its_median() {
    let rows = 60;
    let values: Vec<f64> =
        (0..rows).map(|i| if i < 15 { (i * i) as f64 } else { 400.0 + (i * 7 % 45) as f64 }).collect();
    let data = step(rows, Target::from_values(values.clone(), "y").unwrap());
    let mut params = GradientBoosting { rounds: 1, learning_rate: 1.0, ..GradientBoosting::default() };
    params.loss = Some(Arc::new(loss::Absolute));
    params.tree.min_rows = 1.0;
    let got = fit(&params, &data);
    for side in [0..15, 15..rows] {
        let mut own = values[side.clone()].to_vec();
        own.sort_by(f64::total_cmp);
        let median = own[own.len() / 2];
        assert!(side.clone().all(|i| (f64::from(got[i]) - median).abs() < 1e-3), "{} {median}", got[side.start]);
    }
}

/// log cosh (y − s), which is none of ours.
#[derive(Debug, Serialize, Deserialize)]
struct LogCosh;

#[typetag::serde]
impl loss::Loss for LogCosh {
    fn outputs(&self, truth: &Truth<'_>) -> Result<usize> {
        truth.values("log cosh").map(|(_, targets)| targets)
    }

    fn base(&self, truth: &Truth<'_>) -> Result<Vec<f64>> {
        let (values, _) = truth.values("log cosh")?;
        Ok(vec![values.iter().sum::<f64>() / values.len() as f64])
    }

    fn gradients(
        &self,
        rows: std::ops::Range<usize>,
        scores: &[&[f64]],
        truth: &Truth<'_>,
        out: &mut loss::Derivatives<'_>,
    ) -> Result<()> {
        let (values, _) = truth.values("log cosh")?;
        for (i, row) in rows.enumerate() {
            let slope = (scores[0][i] - values[row]).tanh();
            out.gradients[0][i] = slope as f32;
            out.hessians[0][i] = (1.0 - slope * slope).max(1e-3) as f32;
        }
        Ok(())
    }
}

#[test]
fn a_loss_of_a_persons_own_is_boosted_and_saved() {
    let data = table(800, 0);
    let params = GradientBoosting { loss: Some(Arc::new(LogCosh)), ..small(80) };
    let params: GradientBoosting = serde_json::from_str(&serde_json::to_string(&params).unwrap()).unwrap();
    let model = params.fit(&Samples::all(&data), &FitContext::new(Seed::new(0))).unwrap();
    let got = model.predict(&Samples::all(&data)).unwrap();
    let back: Box<dyn Model> = serde_json::from_str(&serde_json::to_string(&model).unwrap()).unwrap();
    assert_eq!(back.predict(&Samples::all(&data)).unwrap(), got);
    let Some(Target::Values { values, .. }) = data.target() else { unreachable!() };
    let mean = values.iter().sum::<f64>() / 800.0;
    let cost = |of: &dyn Fn(usize) -> f64| (0..800).map(|i| (values[i] - of(i)).cosh().ln()).sum::<f64>();
    assert!(cost(&|i| f64::from(got.at(i, 0))) < 0.2 * cost(&|_| mean));
}

#[test]
fn the_model_predicts_on_raw_values_what_it_added_up_on_bins_while_fitting() {
    // Numbers, holes and categories: with a rate of 1 and many rounds the training error must be far below the noise,
    // which it is only if rows take the same way in fitting and predicting.
    let data = table(600, 0);
    let mut params = GradientBoosting { learning_rate: 0.3, ..small(1500) };
    params.tree.min_rows = 1.0;
    let Some(Target::Values { values, .. }) = data.target() else { unreachable!() };
    let error: f64 =
        fit(&params, &data).iter().zip(values).map(|(p, y)| (f64::from(*p) - y).powi(2)).sum::<f64>() / 600.0;
    assert!(error.sqrt() < 0.02, "{}", error.sqrt());
}

#[test]
fn probabilities_sum_to_1_and_learn_two_and_three_classes() {
    for classes in [2, 3] {
        let data = table(2000, classes);
        let out = fit(&small(60), &data);
        let Some(Target::Classes { codes, .. }) = data.target() else { unreachable!() };
        let mut right = 0;
        for (row, &code) in out.chunks_exact(classes).zip(codes) {
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            right += usize::from(row.iter().all(|p| *p <= row[code as usize]));
        }
        assert!(right > 1700, "{right} of 2000");
    }
}

#[test]
fn threads_change_no_bit_and_a_model_survives_serde() {
    let data = table(3000, 3);
    let with = |threads: usize| {
        let context = FitContext { threads, ..FitContext::new(Seed::new(0)) };
        let model = small(20).fit(&Samples::all(&data), &context).unwrap();
        model.predict(&Samples::all(&data)).unwrap().into_values()
    };
    let one = with(1);
    assert_eq!(one, with(2));
    let model = small(20).fit(&Samples::all(&data), &FitContext::new(Seed::new(0))).unwrap();
    let back: Box<dyn Model> = serde_json::from_str(&serde_json::to_string(&model).unwrap()).unwrap();
    assert_eq!(back.predict(&Samples::all(&data)).unwrap().into_values(), one);
}

#[test]
fn weights_count_rows_and_rows_left_out_are_absent() {
    let data = table(500, 0);
    let params = small(10);
    let binned = Binned::new(&data, &params.bins).unwrap();
    let context = FitContext::new(Seed::new(0));
    let weights: Vec<f64> = (0..500).map(|i| f64::from(i % 3)).collect();
    let weighted = Samples::all(&data).with_weights(&weights).unwrap();
    let by_weight = params.fit_binned(&binned, &weighted, &context).unwrap();
    let rows: Vec<u32> = (0..500u32).flat_map(|i| std::iter::repeat_n(i, (i % 3) as usize)).collect();
    let copies = Samples::rows(&data, &rows).unwrap();
    let by_copies = params.fit_binned(&binned, &copies, &context).unwrap();
    let predict = |model: &dyn Model| model.predict(&Samples::all(&data)).unwrap().into_values();
    assert_eq!(predict(&by_weight), predict(&by_copies));
}

#[test]
fn an_early_stop_holds_rows_out_where_there_are_none_for_validation() {
    let data = table(400, 0);
    let all = Samples::all(&data);
    let stopping = EarlyStopping { rounds: 5, ..EarlyStopping::default() };
    let params = GradientBoosting { early_stopping: Some(stopping.clone()), learning_rate: 0.3, ..small(300) };
    let ctx = FitContext::new(Seed::new(3));
    let model = params.fit_boosted(&all, &ctx).unwrap();
    let held_out = stopping.hold_out(&all, &ctx).unwrap().unwrap();
    let [learnt, watched] = held_out.of(&data).unwrap();
    assert_eq!((learnt.len(), watched.len()), (360, 40));
    let told = FitContext { validation: Some(watched), ..ctx };
    let by_hand = params.fit_boosted(&learnt, &told).unwrap();
    assert!(model.rounds() < 300 && model.rounds() == by_hand.rounds(), "{} {}", model.rounds(), by_hand.rounds());
    assert_eq!(model.predict(&all).unwrap(), by_hand.predict(&all).unwrap());
    assert!(stopping.hold_out(&learnt, &told).unwrap().is_none());
    // Whole groups are held out, and the last in time.
    let groups: Vec<u32> = (0..400).map(|i| i % 20).collect();
    let grouped = data.clone().with_groups(groups.clone()).unwrap();
    let held_out = stopping.hold_out(&Samples::all(&grouped), &ctx).unwrap().unwrap();
    let [learnt, watched] = held_out.of(&grouped).unwrap();
    let of =
        |rows: &Samples<'_>| (0..rows.len()).map(|i| groups[rows.row(i)]).collect::<std::collections::BTreeSet<_>>();
    assert!(of(&learnt).is_disjoint(&of(&watched)));
    let timed = data.clone().with_time((0..400).map(|i| f64::from(400 - i)).collect()).unwrap();
    let held_out = stopping.hold_out(&Samples::all(&timed), &ctx).unwrap().unwrap();
    let [_, watched] = held_out.of(&timed).unwrap();
    assert!((0..watched.len()).all(|i| watched.row(i) < 40));
    let wrong = GradientBoosting { early_stopping: Some(EarlyStopping { held_out: 1.0, ..stopping }), ..small(3) };
    assert!(wrong.fit_boosted(&all, &ctx).unwrap_err().to_string().contains("held_out"));
}

#[test]
fn an_early_stop_watches_a_row_of_each_class_that_has_two() {
    // Five rows of 60 are of the rare class: a tenth of them is none.
    let codes: Vec<u32> = (0..60).map(|i| u32::from(i % 12 == 0)).collect();
    let data = step(60, Target::Classes { codes: codes.clone(), classes: Classes::new(["no", "yes"]).unwrap() });
    let stopping = EarlyStopping { rounds: 5, metric: Some(Arc::new(RocAuc::default())), ..EarlyStopping::default() };
    for seed in 0..20 {
        let ctx = FitContext::new(Seed::new(seed));
        let held_out = stopping.hold_out(&Samples::all(&data), &ctx).unwrap().unwrap();
        let [learnt, watched] = held_out.of(&data).unwrap();
        let count = |rows: &Samples<'_>| (0..rows.len()).filter(|&i| codes[rows.row(i)] == 1).count();
        assert_eq!((learnt.len() + watched.len(), count(&learnt) + count(&watched)), (60, 5));
        assert!(count(&learnt) > 0 && count(&watched) > 0 && watched.len() <= 7);
    }
    let params = GradientBoosting { early_stopping: Some(stopping), ..small(20) };
    params.fit_boosted(&Samples::all(&data), &FitContext::new(Seed::new(3))).unwrap();
}

/// A category of 200 levels that says nothing, beside numbers that do: 8 rows a level are not enough to learn from.
#[test]
fn a_category_of_many_small_levels_that_says_nothing_does_no_harm() {
    let (rows, levels) = (1600, 200);
    let draw = |seed: u64, with_category: bool| {
        let mut stream = Seed::new(seed).stream();
        let x: Vec<f32> = (0..rows).map(|_| stream.normal() as f32).collect();
        let codes: Vec<u32> = (0..rows).map(|_| stream.below(levels) as u32).collect();
        let y: Vec<f64> = x.iter().map(|&x| f64::from(x) + stream.normal()).collect();
        let level = |k: u64| k.to_string();
        let mut columns = vec![Column::Numeric { name: "x".into(), values: x }];
        if with_category {
            let levels = (0..levels).map(level).collect();
            columns.push(Column::Categorical { name: "c".into(), codes, levels });
        }
        let target = Target::from_values(y.clone(), "y").unwrap();
        (Dataset::new(Features::Columns(columns)).unwrap().with_target(target).unwrap(), y)
    };
    let error = |with_category| {
        let ((train, _), (test, y)) = (draw(1, with_category), draw(2, with_category));
        let model = small(60).fit(&Samples::all(&train), &FitContext::new(Seed::new(0))).unwrap();
        let said = model.predict(&Samples::all(&test)).unwrap();
        (said.values().iter().zip(&y).map(|(p, y)| (f64::from(*p) - y).powi(2)).sum::<f64>() / rows as f64).sqrt()
    };
    let (with, without) = (error(true), error(false));
    assert!(with < 1.03 * without, "{with} with the category, {without} without");
}

#[test]
fn rows_of_weight_0_might_as_well_not_be_there() {
    // Small nodes of unequal weights, where much hangs on whether a few rows are enough; each value has a bin of its own,
    // since bins are those of the whole data set.
    for rows in [60, 120, 250] {
        let data = table(rows, 0);
        let weights: Vec<f64> = (0..rows).map(|i| [0.0, 1.0, 2.0, 1.0, 0.0][i % 5]).collect();
        let weighted = Samples::all(&data).with_weights(&weights).unwrap();
        let present: Vec<u32> = (0..rows as u32).filter(|&i| weights[i as usize] > 0.0).collect();
        let own: Vec<f64> = present.iter().map(|&i| weights[i as usize]).collect();
        let Features::Columns(columns) = data.features() else { unreachable!() };
        let pick = |column: &Column| match column {
            Column::Numeric { name, values } => {
                let values = present.iter().map(|&i| values[i as usize]).collect();
                Column::Numeric { name: name.clone(), values }
            }
            Column::Categorical { name, codes, levels } => {
                let codes = present.iter().map(|&i| codes[i as usize]).collect();
                Column::Categorical { name: name.clone(), codes, levels: levels.clone() }
            }
        };
        let few = Dataset::new(Features::Columns(columns.iter().map(pick).collect())).unwrap();
        let few = few.with_target(data.target().unwrap().take(&present)).unwrap().with_weights(own).unwrap();
        let alone = Samples::all(&few);
        let predict = |train: &Samples<'_>| {
            // Of the rows that are there: cuts lie between values of the whole data set, so absent rows may go elsewhere.
            let model = small(30).fit(train, &FitContext::new(Seed::new(0))).unwrap();
            model.predict(&Samples::rows(&data, &present).unwrap()).unwrap().into_values()
        };
        assert_eq!(predict(&weighted), predict(&alone), "{rows} rows");
    }
}

#[test]
fn the_order_of_columns_changes_no_bit_though_splits_tie_and_features_are_drawn() {
    let data = table(700, 2);
    let Features::Columns(columns) = data.features() else { unreachable!() };
    let Column::Numeric { values, .. } = &columns[0] else { unreachable!() };
    let twins = ["again", "y"].map(|name| Column::Numeric { name: name.into(), values: values.clone() });
    let columns: Vec<Column> = columns.iter().cloned().chain(twins).collect();
    let in_order = |order: [usize; 5]| {
        let columns = order.map(|f| columns[f].clone()).to_vec();
        let target = data.target().unwrap().clone();
        Dataset::new(Features::Columns(columns)).unwrap().with_target(target).unwrap()
    };
    let (here, there) = (in_order([0, 1, 2, 3, 4]), in_order([4, 2, 0, 3, 1]));
    for (per_tree, per_split) in [(1.0, 1.0), (0.6, 1.0), (1.0, 0.5)] {
        let params = GradientBoosting { features_per_tree: per_tree, features_per_split: per_split, ..small(12) };
        assert_eq!(fit(&params, &here), fit(&params, &there), "{per_tree} {per_split}");
    }
}

#[test]
fn what_is_out_of_range_is_named() {
    let data = table(100, 0);
    let refused = |params: GradientBoosting| {
        params.fit(&Samples::all(&data), &FitContext::new(Seed::new(0))).unwrap_err().to_string()
    };
    assert!(refused(small(0)).contains("`rounds` is 0"));
    assert!(refused(GradientBoosting { learning_rate: f64::NAN, ..small(1) }).contains("learning_rate"));
    let mut one_leaf = small(1);
    one_leaf.tree.leaves = 1;
    assert!(refused(one_leaf).contains("`leaves` is 1"));
}

#[test]
fn bins_of_another_number_of_rows_are_refused() {
    let (long, short) = (table(100, 0), table(60, 0));
    let params = small(3);
    for (of_bins, of_samples) in [(&long, &short), (&short, &long)] {
        let bins = Binned::new(of_bins, &params.bins).unwrap();
        let refused = params.fit_binned(&bins, &Samples::all(of_samples), &FitContext::new(Seed::new(0))).unwrap_err();
        assert!(refused.to_string().contains("the bins"), "{refused}");
    }
}

#[test]
fn weights_of_any_size_boost_alike() {
    let y = |i: usize| if i < 120 { 1e9 + i as f64 * 1e7 } else { -2e9 };
    let x = Column::Numeric { name: "x".into(), values: (0..200).map(|i| i as f32).collect() };
    let target = Target::from_values((0..200).map(y).collect(), "y").unwrap();
    let data = Dataset::new(Features::Columns(vec![x])).unwrap().with_target(target).unwrap();
    let mut params = small(30);
    params.tree.min_hessian = 0.0;
    let want = fit(&params, &data);
    assert!(want[0] > 0.9e9 && want[199] < -1.8e9, "{} {}", want[0], want[199]);
    for weight in [1e30, 1e20, 1e-30, 1e-46, 1e-58] {
        let got = fit(&params, &data.clone().with_weights(vec![weight; 200]).unwrap());
        for (got, want) in got.iter().zip(&want) {
            // Scaled weights round otherwise, and so do the packed sums of a split.
            assert!((got / want - 1.0).abs() < 3e-2, "{weight}: {got}, not {want}");
        }
    }
}

#[test]
fn a_target_whose_gradients_leave_single_precision_is_refused() {
    let x = Column::Numeric { name: "x".into(), values: (0..200).map(|i| i as f32).collect() };
    let values = (0..200).map(|i| if i < 100 { -1e39 } else { 1e39 }).collect();
    let data = Dataset::new(Features::Columns(vec![x]))
        .unwrap()
        .with_target(Target::from_values(values, "y").unwrap())
        .unwrap();
    let refused = small(3).fit(&Samples::all(&data), &FitContext::new(Seed::new(0))).unwrap_err().to_string();
    assert!(refused.contains("row 1") && refused.contains("single precision"), "{refused}");
}
