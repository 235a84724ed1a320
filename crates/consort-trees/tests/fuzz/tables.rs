//! Small tables of odd numbers, odd targets and odd weights.

use std::fmt;

use consort_core::{Classes, Column, Dataset, Features, Samples, Seed, Stream, Target};

/// A table to learn from, the rows to learn from, and other rows of the same features.
pub(crate) struct Table {
    pub(crate) data: Dataset,
    pub(crate) others: Dataset,
    rows: Option<Vec<u32>>,
    weights: Option<Vec<f64>>,
    said: String,
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said)
    }
}

/// The most levels of a category.
const LEVELS: u64 = 60_000;

impl Table {
    pub(crate) fn drawn(seed: Seed) -> Self {
        let stream = &mut seed.child("shape").stream();
        let rows = *pick(stream, &[1, 2, 3, 5, 8, 13, 25, 40]);
        let width = 1 + stream.below(5) as usize;
        let mut said = format!("{rows} rows:");
        let (features, others) = if stream.below(12) == 0 {
            let values = |stream: &mut Stream| (0..rows * width).map(|_| odd_number(stream)).collect();
            said += " a dense block";
            (
                Features::Dense { values: values(stream), shape: vec![width] },
                Features::Dense { values: values(stream), shape: vec![width] },
            )
        } else {
            let mut columns = Vec::new();
            let mut others = Vec::new();
            for f in 0..width {
                let (column, other) = columns_of(stream, format!("x{f}"), rows, &mut said);
                columns.push(column);
                others.push(other);
            }
            (Features::Columns(columns), Features::Columns(others))
        };
        let target = target(stream, rows, &mut said);
        let data = Dataset::new(features).unwrap().with_target(target).unwrap();
        let weights = weights(stream, rows, &mut said);
        let drawn = match stream.below(5) {
            0 => Some((0..stream.below(2 * rows as u64 + 1)).map(|_| stream.below(rows as u64) as u32).collect()),
            _ => None,
        };
        if let Some(rows) = &drawn {
            let rows: &Vec<u32> = rows;
            said += &format!(", {} rows of them drawn", rows.len());
        }
        Self { data, others: Dataset::new(others).unwrap(), rows: drawn, weights, said }
    }

    /// What is learnt from.
    pub(crate) fn train(&self) -> Samples<'_> {
        let samples = match &self.rows {
            Some(rows) => Samples::rows(&self.data, rows).unwrap(),
            None => Samples::all(&self.data),
        };
        match &self.weights {
            Some(weights) => samples.with_weights(weights).unwrap(),
            None => samples,
        }
    }

    /// Why no learner may take it: there is nothing to learn from, or a row that counts has no number for a target.
    pub(crate) fn must_be_refused(&self) -> Option<&'static str> {
        let train = self.train();
        let counting: Vec<usize> = (0..train.len()).filter(|&i| train.weight(i) > 0.0).map(|i| train.row(i)).collect();
        if counting.is_empty() {
            return Some("no row that counts");
        }
        let Some(Target::Values { values, names }) = self.data.target() else { return None };
        let own = |&row: &usize| &values[row * names.len()..(row + 1) * names.len()];
        let is_bad = |row: &usize| own(row).iter().any(|y| !y.is_finite());
        counting.iter().any(is_bad).then_some("a target that is no number")
    }
}

fn pick<'a, T>(stream: &mut Stream, of: &'a [T]) -> &'a T {
    &of[stream.below(of.len() as u64) as usize]
}

/// The numbers at the edges of single precision.
const ODD: [f32; 12] = [
    f32::NAN,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::MAX,
    f32::MIN,
    f32::MIN_POSITIVE,
    1e-45,
    -1e-45,
    0.0,
    -0.0,
    1e30,
    -1e30,
];

fn odd_number(stream: &mut Stream) -> f32 {
    match stream.below(3) {
        0 => *pick(stream, &ODD),
        1 => stream.normal() as f32,
        _ => stream.below(4) as f32,
    }
}

/// A feature twice: to learn from, and with other values.
fn columns_of(stream: &mut Stream, name: String, rows: usize, said: &mut String) -> (Column, Column) {
    let kind = stream.below(10);
    if kind >= 8 {
        // Many levels cost time: seldom.
        let count = if stream.below(60) == 0 { LEVELS } else { *pick(stream, &[1, 2, 5, 40, 300]) };
        let levels: Vec<String> = (0..count).map(|level| level.to_string()).collect();
        let holes = stream.below(3);
        let codes = |stream: &mut Stream| -> Vec<u32> {
            let code = |stream: &mut Stream| {
                if holes == 0 && stream.below(3) == 0 { Column::MISSING } else { stream.below(count) as u32 }
            };
            (0..rows).map(|_| code(stream)).collect()
        };
        *said += &format!(" {count} levels,");
        return (
            Column::Categorical { name: name.clone(), codes: codes(stream), levels: levels.clone() },
            Column::Categorical { name, codes: codes(stream), levels },
        );
    }
    let constant = odd_number(stream);
    let text = ["normal", "odd", "constant", "missing", "steps", "ascending", "huge", "infinite"][kind as usize];
    *said += &format!(" {text},");
    let values = |stream: &mut Stream| -> Vec<f32> {
        let value = |(i, stream): (usize, &mut Stream)| match kind {
            0 => stream.normal() as f32,
            1 => odd_number(stream),
            2 => constant,
            3 => f32::NAN,
            4 => stream.below(3) as f32,
            5 => i as f32,
            6 => stream.normal() as f32 * 1e37,
            _ => *pick(stream, &[f32::INFINITY, f32::NEG_INFINITY]),
        };
        (0..rows).map(|i| value((i, &mut *stream))).collect()
    };
    (Column::Numeric { name: name.clone(), values: values(stream) }, {
        let values = (0..rows).map(|_| odd_number(stream)).collect();
        Column::Numeric { name, values }
    })
}

fn target(stream: &mut Stream, rows: usize, said: &mut String) -> Target {
    let even = stream.below(5) == 0;
    match stream.below(8) {
        0..=3 => {
            let count = *pick(stream, &[1u32, 2, 2, 2, 3, 5]);
            let one = stream.below(u64::from(count)) as u32;
            let codes = (0..rows).map(|_| if even { one } else { stream.below(u64::from(count)) as u32 }).collect();
            *said += &format!(" {count} classes{}", if even { ", all alike" } else { "" });
            Target::Classes { codes, classes: Classes::new((0..count).map(|k| k.to_string())).unwrap() }
        }
        4 => {
            let names: Vec<String> = (0..1 + stream.below(2)).map(|k| k.to_string()).collect();
            *said += &format!(" {} labels", names.len());
            Target::Labels { values: (0..rows * names.len()).map(|_| even || stream.below(2) == 0).collect(), names }
        }
        _ => {
            let names: Vec<String> = (0..1 + stream.below(8) / 7).map(|k| k.to_string()).collect();
            let kind = stream.below(10);
            let constant = *pick(stream, &[0.0, 1.0, -3.5, 1e-320, 1e30, 3e38]);
            let number = |stream: &mut Stream| match kind {
                0 => stream.below(4) as f64,
                1 => stream.normal() * 1e37,
                2 => *pick(stream, &[1e300, -1e300, 0.0, 1e150]),
                3 => *pick(stream, &[f64::NAN, f64::INFINITY, 1.0, 2.0]),
                4 => *pick(stream, &[3e38, -3e38]),
                5 => *pick(stream, &[5e-324, 1e-310, 0.0, 1e-30]),
                6 => stream.normal() * 1e-25,
                7 => 1e9 + stream.below(3) as f64,
                _ => stream.normal(),
            };
            let values =
                (0..rows * names.len()).map(|_| if even { constant } else { number(stream) }).collect::<Vec<f64>>();
            *said += &if even { format!(" all {constant}") } else { format!(" numbers of kind {kind}") };
            Target::Values { values, names }
        }
    }
}

fn weights(stream: &mut Stream, rows: usize, said: &mut String) -> Option<Vec<f64>> {
    let kind = stream.below(12);
    let weight = |stream: &mut Stream| match kind {
        0 => 0.0,
        1 => stream.below(3) as f64,
        2 => *pick(stream, &[1e300, 1.0, 0.0]),
        3 => *pick(stream, &[1e-300, 1e-308, 5e-324]),
        4 => stream.unit(),
        5 => *pick(stream, &[1e-300, 1e300]),
        _ => 1.0,
    };
    if kind > 6 {
        return None;
    }
    *said += &format!(", weights of kind {kind}");
    Some((0..rows).map(|_| weight(stream)).collect())
}
