//! From prediction files to a better prediction, an honest estimate and a report, as a library.

use std::error::Error;

use consort::{
    core::{Fuser, Seed, Truth},
    data::files::{ReadOptions, Source, read_members},
    fusion::{
        select::GreedySelection,
        verdict::{Partitions, judge},
    },
    metrics::{registry, significance::Bootstrap},
};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/data/credit");
    let members: Vec<Source> = ["forest.parquet", "hist_boosting.csv", "logistic.csv", "mlp.csv.gz", "tree.csv"]
        .iter()
        .map(|name| Source::stem(format!("{folder}/oof/{name}")))
        .collect();
    let truth = Source::stem(format!("{folder}/oof_truth.csv"));
    let options = ReadOptions { fold: Some("fold".into()), ..ReadOptions::default() };
    let loaded = read_members(&members, Some(&truth), &options)?;
    let (Some(target), Some(folds)) = (&loaded.target, &loaded.folds) else {
        return Err("the truth has a column of folds".into());
    };
    let (predictions, truth) = (&loaded.predictions, Truth::new(target));

    let metric = registry::by_name("log_loss")?;
    let greedy = GreedySelection::new(metric.clone());
    let fusion = greedy.fit(predictions, &truth, Seed::new(0))?;
    for (name, weight) in predictions.names().zip(fusion.weights().unwrap_or_default()) {
        println!("{name:>15} {weight:.3}");
    }
    let folds = Partitions::given(&folds.codes)?;
    let judged = judge(&greedy, predictions, &truth, &*metric, &folds, &Bootstrap::default(), Seed::new(0))?;
    println!("{}", judged.verdict.text());
    Ok(())
}
