//! Closed forms and laws.

use consort_core::{Column, Dataset, Features, FitContext, Learner, Model, Samples, Seed, Target};
use consort_trees::{bins::Binned, boosting::GradientBoosting};

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
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(|| fit(&small(20), &data))
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
