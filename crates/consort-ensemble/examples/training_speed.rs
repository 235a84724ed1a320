//! Times of fits of ensembles on a table in a folder, as `benches/peers/training.py` writes it: that script calls this one.
//!
//! `cargo run --release -p consort-ensemble --example training_speed -- FOLDER stack|adaboost|bagging`

use std::{error::Error, path::Path, time::Instant};

use consort_core::{Classes, Column, Dataset, Features, FitContext, Learner, Samples, Seed, Target};
use consort_ensemble::{NamedLearner, bag::Bagging, boost::AdaBoost, stack::Stacking};
use consort_linfa::{GaussianNb, KNearest, LogisticRegression};
use consort_trees::decision_tree::DecisionTree;

/// A table of numbers and two classes: `NAME.x` has one column of 32-bit floats after the other, `NAME.y` a byte a row.
fn table(folder: &Path, name: &str) -> Result<Dataset, Box<dyn Error>> {
    let (x, y) = (std::fs::read(folder.join(format!("{name}.x")))?, std::fs::read(folder.join(format!("{name}.y")))?);
    let number = |bytes: &[u8]| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    let column = |(f, bytes): (usize, &[u8])| Column::Numeric {
        name: format!("x{f}"),
        values: bytes.chunks_exact(4).map(number).collect(),
    };
    let columns = x.chunks_exact(4 * y.len()).enumerate().map(column).collect();
    let target =
        Target::Classes { codes: y.iter().map(|&y| u32::from(y)).collect(), classes: Classes::new(["0", "1"])? };
    Ok(Dataset::new(Features::Columns(columns))?.with_target(target)?)
}

/// How many seconds of all cores this process has used, and the most memory in MB, as Linux counts them; zeros elsewhere.
fn used() -> (f64, f64) {
    let read = |name: &str| std::fs::read_to_string(format!("/proc/self/{name}")).unwrap_or_default();
    // After the name, which may hold anything, the 12th and 13th numbers are ticks of a hundredth of a second.
    let stat = read("stat");
    let ticks =
        stat.rsplit(')').next().map(|rest| rest.split_whitespace().skip(11).take(2).flat_map(str::parse::<f64>));
    let status = read("status");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<f64>().ok());
    (ticks.map_or(0.0, |ticks| ticks.sum::<f64>() / 100.0), kilobytes.unwrap_or_default() / 1e3)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, folder, what] = &arguments[..] else { return Err("give a folder, and what to time".into()) };
    let tree = || DecisionTree::default().depth(10);
    let learner: Box<dyn Learner> = match what.as_str() {
        "stack" => Box::new(
            Stacking::greedy(vec![
                NamedLearner::new("logistic", LogisticRegression::default()),
                NamedLearner::new("bayes", GaussianNb::default()),
                NamedLearner::new("near", KNearest::default()),
                NamedLearner::new("tree", tree()),
            ])
            .learner(LogisticRegression::default().standardise(false)),
        ),
        "adaboost" => Box::new(AdaBoost::default().rounds(200)),
        "bagging" => Box::new(Bagging::new(DecisionTree::default()).members(100)),
        other => return Err(format!("nothing is called `{other}`").into()),
    };
    let (train, test) = (table(Path::new(folder), "train")?, table(Path::new(folder), "test")?);
    let context = FitContext { threads: 2, ..FitContext::new(Seed::new(0)) };
    let (before, held) = used();
    let start = Instant::now();
    let model = learner.fit(&Samples::all(&train), &context)?;
    let fit = start.elapsed().as_secs_f64();
    let (after, most) = used();
    let busy = (after - before) / (2.0 * fit);
    let start = Instant::now();
    let predicted = context.install(|| model.predict(&Samples::all(&test)))?;
    let predict = start.elapsed().as_secs_f64();
    let Some(Target::Classes { codes, .. }) = test.target() else { return Err("there is no class".into()) };
    let right = (0..codes.len()).filter(|&i| predicted.argmax(i) == Some(codes[i] as usize)).count();
    let accuracy = right as f64 / codes.len() as f64;
    println!(
        "{{\"fit\": {fit:.4}, \"predict\": {predict:.4}, \"accuracy\": {accuracy:.4}, \"busy\": {busy:.3}, \
         \"table_mb\": {held:.0}, \"peak_mb\": {most:.0}}}"
    );
    Ok(())
}
