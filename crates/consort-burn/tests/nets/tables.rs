//! Rows to learn from.

use consort_core::{Classes, Column, Dataset, Features, Samples, Seed, Target};

/// Three classes in two numbers and a category, with noise.
pub(crate) fn classes(rows: usize) -> Dataset {
    let mut stream = Seed::new(11).stream();
    let x: Vec<f32> = (0..rows).map(|_| stream.normal() as f32).collect();
    let y: Vec<f32> = (0..rows).map(|_| stream.normal() as f32).collect();
    let kind: Vec<u32> = (0..rows).map(|_| stream.below(3) as u32).collect();
    let codes = (0..rows)
        .map(|i| {
            let score = f64::from(x[i] * x[i] + y[i]) + f64::from(kind[i]) * 0.5 + 0.3 * stream.normal();
            if score < 0.7 { 0 } else { 1 + u32::from(score > 1.9) }
        })
        .collect();
    let columns = vec![
        Column::Numeric { name: "x".into(), values: x },
        Column::Numeric { name: "y".into(), values: y },
        Column::Categorical { name: "kind".into(), codes: kind, levels: ["a", "b", "c"].map(String::from).to_vec() },
    ];
    let classes = Classes::new(["low", "middle", "high"]).unwrap();
    Dataset::new(Features::Columns(columns)).unwrap().with_target(Target::Classes { codes, classes }).unwrap()
}

/// A curve with noise whose size rises with `x`.
pub(crate) fn numbers(rows: usize) -> Dataset {
    let mut stream = Seed::new(12).stream();
    let x: Vec<f32> = (0..rows).map(|_| (2.0 * stream.unit() - 1.0) as f32).collect();
    let y = x.iter().map(|&x| 100.0 + 20.0 * f64::from(3.0 * x).sin() + 4.0 * (1.2 + f64::from(x)) * stream.normal());
    let target = Target::from_values(y.collect(), "y").unwrap();
    let columns = vec![Column::Numeric { name: "x".into(), values: x }];
    Dataset::new(Features::Columns(columns)).unwrap().with_target(target).unwrap()
}

/// The share of rows whose class is right.
pub(crate) fn accuracy(samples: &Samples<'_>, predicted: &consort_core::Matrix) -> f64 {
    let Some(Target::Classes { codes, .. }) = samples.dataset().target() else { unreachable!() };
    let right = (0..samples.len()).filter(|&i| predicted.argmax(i) == Some(codes[samples.row(i)] as usize));
    right.count() as f64 / samples.len() as f64
}
