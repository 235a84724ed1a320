//! Tables for tests: numbers, one of them with holes, and a category; the target depends on all.

use consort_core::{Classes, Column, Dataset, Features, Seed, Stream, Target};

/// The columns `x`, `z` (a seventh missing), `c` (nine levels, an eleventh missing) and `noise`, and the signal.
pub(crate) fn columns(rows: usize) -> (Vec<Column>, Vec<f64>) {
    let mut stream: Stream = Seed::new(3).stream();
    let x: Vec<f32> = (0..rows).map(|_| stream.normal() as f32).collect();
    let z: Vec<f32> = (0..rows).map(|i| if i % 7 == 0 { f32::NAN } else { stream.unit() as f32 }).collect();
    let codes: Vec<u32> =
        (0..rows).map(|i| if i % 11 == 0 { Column::MISSING } else { stream.below(9) as u32 }).collect();
    let noise: Vec<f32> = (0..rows).map(|_| stream.normal() as f32).collect();
    let odd = |code: u32| if code == Column::MISSING { 0.5 } else { f64::from(code % 2) };
    let signal = (0..rows)
        .map(|i| {
            let hole = if z[i].is_nan() { 1.0 } else { f64::from(z[i]) };
            f64::from(x[i]) + hole + 2.0 * odd(codes[i]) + 0.3 * stream.normal()
        })
        .collect();
    let columns = vec![
        Column::Numeric { name: "x".into(), values: x },
        Column::Numeric { name: "z".into(), values: z },
        Column::Categorical { name: "c".into(), codes, levels: (0..9).map(|k| format!("level {k}")).collect() },
        Column::Numeric { name: "noise".into(), values: noise },
    ];
    (columns, signal)
}

/// A table with so many classes, or with a number for a target if there are none.
pub(crate) fn table(rows: usize, classes: usize) -> Dataset {
    let (columns, signal) = columns(rows);
    let target = if classes == 0 {
        Target::from_values(signal, "y").unwrap()
    } else {
        let step = |y: &f64| ((y + 1.0) * 0.6).clamp(0.0, classes as f64 - 1.0) as u32;
        let names = Classes::new((0..classes).map(|k| k.to_string())).unwrap();
        Target::Classes { codes: signal.iter().map(step).collect(), classes: names }
    };
    Dataset::new(Features::Columns(columns)).unwrap().with_target(target).unwrap()
}
