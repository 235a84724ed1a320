//! Ten thousand small tables that nobody hopes for, through every learner: an error or a sound answer, never a panic.
//!
//! All is drawn from the number of the table, so that a failure can be looked at again: `ONE_TABLE=4711 cargo test`.

// Helpers of tests are outside of `#[test]`, where clippy does not see that they are tests.
#![allow(clippy::unwrap_used)]

mod recipes;
mod tables;

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
};

use consort_core::{FitContext, Learner, Matrix, Model, Samples, Seed, Target};

use crate::tables::Table;

const TABLES: u64 = 10_000;

/// What became of the fits of one kind of learner.
#[derive(Debug, Default, Clone, Copy)]
struct Count {
    fitted: u64,
    refused: u64,
}

#[test]
fn no_table_makes_a_learner_panic_or_predict_what_is_no_number() {
    let numbers: Vec<u64> = match std::env::var("ONE_TABLE") {
        Ok(number) => vec![number.parse().unwrap()],
        Err(_) => (0..TABLES).collect(),
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(4);
    let parts: Vec<(BTreeMap<&str, Count>, Vec<String>)> = std::thread::scope(|scope| {
        let work = |part: usize| {
            let numbers = &numbers;
            // A pool that the fits share: they would start one each.
            let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
            move || {
                let (mut counts, mut failures) = (BTreeMap::new(), Vec::new());
                for &number in numbers.iter().skip(part).step_by(threads) {
                    pool.install(|| try_table(number, &mut counts, &mut failures));
                }
                (counts, failures)
            }
        };
        let running: Vec<_> = (0..threads).map(|part| scope.spawn(work(part))).collect();
        running.into_iter().map(|part| part.join().unwrap()).collect()
    });
    let failures: Vec<&String> = parts.iter().flat_map(|(_, failures)| failures).collect();
    assert!(failures.is_empty(), "{} failures, the first: {:#?}", failures.len(), &failures[..failures.len().min(12)]);
    if numbers.len() as u64 == TABLES {
        for kind in recipes::KINDS {
            let of = |pick: fn(&Count) -> u64| parts.iter().filter_map(|(c, _)| c.get(kind)).map(pick).sum::<u64>();
            let (fitted, refused) = (of(|c| c.fitted), of(|c| c.refused));
            // The tables are of no use if all of them are refused, or none.
            assert!(fitted > TABLES / 3 && refused > TABLES / 100, "{kind}: {fitted} fitted, {refused} refused");
        }
    }
}

/// One table through one recipe of each kind.
fn try_table(number: u64, counts: &mut BTreeMap<&'static str, Count>, failures: &mut Vec<String>) {
    let seed = Seed::new(11).nth("table", number);
    let table = Table::drawn(seed);
    for (kind, learner) in recipes::drawn(seed.child("recipes"), &table) {
        let trial = catch_unwind(AssertUnwindSafe(|| try_learner(number, &table, &*learner)));
        let count = counts.entry(kind).or_default();
        let problem = match trial {
            Ok(Ok(true)) => {
                count.fitted += 1;
                continue;
            }
            Ok(Ok(false)) => {
                count.refused += 1;
                continue;
            }
            Ok(Err(problem)) => problem,
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                format!(
                    "panic: {}",
                    text.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).into())).unwrap_or_default()
                )
            }
        };
        failures.push(format!("table {number} ({table}), {learner:?}: {problem}"));
    }
}

/// Whether the learner took the table; an error is a broken contract.
fn try_learner(number: u64, table: &Table, learner: &dyn Learner) -> Result<bool, String> {
    let train = table.train();
    let context = FitContext { validation: Some(Samples::all(&table.data)), ..FitContext::new(Seed::new(number)) };
    let model = match learner.fit(&train, &context) {
        Ok(model) => model,
        Err(error) if error.to_string().is_empty() => return Err("an error that says nothing".into()),
        Err(_) => return Ok(false),
    };
    if let Some(reason) = table.must_be_refused() {
        return Err(format!("it was fitted on {reason}"));
    }
    let all = Samples::all(&table.data);
    let predicted = model.predict(&all).map_err(|error| format!("no prediction of the rows it knows: {error}"))?;
    sound(&predicted, table)?;
    let others =
        model.predict(&Samples::all(&table.others)).map_err(|error| format!("no prediction of others: {error}"))?;
    sound(&others, table)?;
    if number.is_multiple_of(8) {
        let text = serde_json::to_string(&model).map_err(|error| format!("it cannot be saved: {error}"))?;
        let back: Box<dyn Model> =
            serde_json::from_str(&text).map_err(|error| format!("it cannot be read: {error}"))?;
        if back.predict(&all).ok().as_ref() != Some(&predicted) {
            return Err("the model that was saved predicts something else".into());
        }
    }
    Ok(true)
}

fn sound(predicted: &Matrix, table: &Table) -> Result<(), String> {
    let target = table.data.target().unwrap();
    if predicted.columns() != target.outputs().len() || predicted.rows() != table.data.rows() {
        return Err(format!("predictions are {} × {}", predicted.rows(), predicted.columns()));
    }
    for i in 0..predicted.rows() {
        let row = predicted.row(i);
        let finite = row.iter().all(|x| x.is_finite());
        let right = match target {
            Target::Classes { .. } => {
                let sum: f64 = row.iter().map(|&p| f64::from(p)).sum();
                (sum - 1.0).abs() < 1e-4 && row.iter().all(|p| (0.0..=1.00001).contains(p))
            }
            _ => true,
        };
        if !(finite && right) {
            return Err(format!("row {} is {row:?}", i + 1));
        }
    }
    Ok(())
}
