//! Data and recipes that the tests share.

use consort_core::{Classes, Column, Dataset, Features, FitContext, Learner, Samples, Seed, Stream, Target};
use consort_trees::boosting::GradientBoosting;

/// A table with two numbers, one of them with holes, and a category; the target depends on all.
pub(crate) fn table(rows: usize, classes: usize) -> Dataset {
    let mut stream: Stream = Seed::new(3).stream();
    let x: Vec<f32> = (0..rows).map(|_| stream.normal() as f32).collect();
    let z: Vec<f32> = (0..rows).map(|i| if i % 7 == 0 { f32::NAN } else { stream.unit() as f32 }).collect();
    let codes: Vec<u32> =
        (0..rows).map(|i| if i % 11 == 0 { Column::MISSING } else { stream.below(9) as u32 }).collect();
    let odd = |code: u32| if code == Column::MISSING { 0.5 } else { f64::from(code % 2) };
    let signal = |i: usize| {
        let hole = if z[i].is_nan() { 1.0 } else { f64::from(z[i]) };
        f64::from(x[i]) + hole + 2.0 * odd(codes[i])
    };
    let noise: Vec<f64> = (0..rows).map(|_| 0.3 * stream.normal()).collect();
    let target = if classes == 0 {
        Target::from_values((0..rows).map(|i| signal(i) + noise[i]).collect(), "y").unwrap()
    } else {
        let step = |i: usize| ((signal(i) + noise[i] + 1.0) * 0.6).clamp(0.0, classes as f64 - 1.0) as u32;
        let classes = Classes::new((0..classes).map(|k| k.to_string())).unwrap();
        Target::Classes { codes: (0..rows).map(step).collect(), classes }
    };
    let columns = vec![
        Column::Numeric { name: "x".into(), values: x },
        Column::Numeric { name: "z".into(), values: z },
        Column::Categorical { name: "c".into(), codes, levels: (0..9).map(|k| format!("level {k}")).collect() },
    ];
    Dataset::new(Features::Columns(columns)).unwrap().with_target(target).unwrap()
}

/// Fits on all rows and predicts them.
pub(crate) fn fit(params: &GradientBoosting, data: &Dataset) -> Vec<f32> {
    let model = params.fit(&Samples::all(data), &FitContext::new(Seed::new(0))).unwrap();
    model.predict(&Samples::all(data)).unwrap().into_values()
}

/// Small trees.
pub(crate) fn small(rounds: usize) -> GradientBoosting {
    let mut params = GradientBoosting { rounds, ..GradientBoosting::default() };
    params.tree.leaves = 8;
    params
}
