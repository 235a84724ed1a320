//! Times the fits and the prediction of any learner on raw tables, and what memory they take: `trees_speed SETUP`, with
//! a JSON such as `{"folder": "..", "kind": {"classes": 2, "levels": [0, 0]}, "threads": 1, "folds": 0, "recipes":
//! [{"learner": "gradient_boosting", "rounds": 200}]}`.
//!
//! Without folds, each recipe is fitted on the table `train` and predicts the table `test`. With K folds, each is
//! fitted K times on `train` without every K-th row, and predicts those; bins are shared, as in all fits on one data
//! set. The scripts in `benches/peers` make the tables and run the peers on them.

// What `raw` says of tables is for two examples.
mod raw;

use std::time::Instant;

use consort_core::{Dataset, FitContext, Learner, Matrix, Samples, Seed, Target};
// Linked for its learners, which a setup knows by name.
use consort_trees as _;
use serde::Deserialize;
use serde_json::json;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Setup {
    folder: String,
    kind: raw::Kind,
    threads: usize,
    folds: usize,
    recipes: Vec<Box<dyn Learner>>,
}

fn main() -> raw::Result<()> {
    let setup: Setup = serde_json::from_str(&std::env::args().nth(1).ok_or("give a setup")?)?;
    let train = raw::table(&setup.folder, "train", &setup.kind)?;
    let context = FitContext { threads: setup.threads, ..FitContext::new(Seed::new(0)) };
    let test = if setup.folds == 0 { Some(raw::table(&setup.folder, "test", &setup.kind)?) } else { None };
    let before = memory("VmRSS");
    // From here on the peak counts.
    std::fs::write("/proc/self/clear_refs", "5").ok();
    let (mut fitting, mut predicting, mut cost) = (0.0, 0.0, 0.0);
    context.install(|| {
        let mut run = |fit: &Samples<'_>, asked: &Samples<'_>, learner: &dyn Learner| {
            let start = Instant::now();
            let model = learner.fit(fit, &context)?;
            fitting += start.elapsed().as_secs_f64();
            let start = Instant::now();
            let predicted = model.predict(asked)?;
            predicting += start.elapsed().as_secs_f64();
            cost += costs(&predicted, asked);
            Ok::<_, consort_core::Error>(())
        };
        for learner in &setup.recipes {
            if let Some(test) = &test {
                run(&Samples::all(&train), &Samples::all(test), &**learner)?;
            }
            for fold in 0..setup.folds {
                let (asked, own): (Vec<u32>, Vec<u32>) =
                    (0..train.rows() as u32).partition(|row| *row as usize % setup.folds == fold);
                run(&Samples::rows(&train, &own)?, &Samples::rows(&train, &asked)?, &**learner)?;
            }
        }
        Ok(())
    })?;
    let rows = test.as_ref().map_or(train.rows(), Dataset::rows) * setup.recipes.len();
    let peak = memory("VmHWM").saturating_sub(before);
    println!("{}", json!({ "fit": fitting, "predict": predicting, "loss": cost / rows as f64, "peak_kb": peak }));
    Ok(())
}

/// The sum of what the predictions cost: log loss, or squared error.
fn costs(predicted: &Matrix, asked: &Samples<'_>) -> f64 {
    let of = |i: usize| match asked.dataset().target() {
        Some(Target::Classes { codes, .. }) => {
            -f64::from(predicted.at(i, codes[asked.row(i)] as usize)).clamp(1e-15, 1.0).ln()
        }
        Some(Target::Values { values, .. }) => (f64::from(predicted.at(i, 0)) - values[asked.row(i)]).powi(2),
        _ => f64::NAN,
    };
    (0..asked.len()).map(of).sum()
}

/// A line of what the system says of this process, in kB; 0 where it says nothing.
fn memory(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(what));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}
