//! The tables beside the tests.

use std::path::PathBuf;

use consort_core::{Classes, Column, Dataset, Features, FitContext, Learner, Matrix, Samples, Seed, Target};

/// A file beside the tests.
pub(crate) fn text(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The table of this name; the last column is the target, or the last three of `linnerud`.
pub(crate) fn table(name: &str) -> Dataset {
    let text = text(&format!("{name}.csv"));
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    let column = |j: usize| rows.iter().map(move |row| row[j]);
    let targets = if name == "linnerud" { 3 } else { 1 };
    let features = (0..names.len() - targets).map(|j| Column::Numeric {
        name: names[j].into(),
        values: column(j).map(|x| x.parse::<f64>().unwrap() as f32).collect(),
    });
    let features = Features::Columns(features.collect());
    let last = names.len() - targets;
    let target = match name {
        "diabetes" | "linnerud" => Target::Values {
            values: rows.iter().flat_map(|row| row[last..].iter().map(|y| y.parse::<f64>().unwrap())).collect(),
            names: names[last..].iter().map(|&name| name.into()).collect(),
        },
        _ => {
            let classes = Classes::from_labels(column(last)).unwrap();
            Target::from_labels(column(last), &classes, name).unwrap()
        }
    };
    Dataset::new(features).unwrap().with_target(target).unwrap()
}

/// 0, 1, 2, 0.5 by the number of the row.
pub(crate) fn weights(rows: usize) -> Vec<f64> {
    (0..rows).map(|i| [0.0, 1.0, 2.0, 0.5][i % 4]).collect()
}

pub(crate) fn context() -> FitContext<'static> {
    FitContext::new(Seed::new(1))
}

/// What a learner that was fitted on these samples predicts for them.
pub(crate) fn fitted(learner: &dyn Learner, samples: &Samples<'_>) -> Matrix {
    learner.fit(samples, &context()).unwrap().predict(samples).unwrap()
}
