//! A fuser of your own: members weighted by how often they alone are right, judged beside the built-in ones.

use std::error::Error;

use consort::{
    core::{Fuser, Fusion, Predictions, Result, Seed, Truth},
    data::files::{ReadOptions, Source, read_members},
    fusion::{
        rule::Mean,
        select::GreedySelection,
        verdict::{HonestScore, NestedSplit},
        weights::SimplexWeights,
    },
    metrics::registry,
};
use serde::{Deserialize, Serialize};

/// Weight of a member: how many rows it gets right, each row counting more the fewer members are right there.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Rarity;

#[typetag::serde]
impl Fuser for Rarity {
    fn name(&self) -> String {
        "rarity".into()
    }

    fn fit(&self, predictions: &Predictions, truth: &Truth<'_>, _: Seed) -> Result<Box<dyn Fusion>> {
        let (codes, _) = truth.classes("rarity")?;
        let members = predictions.members().len();
        let mut weights = vec![0.0; members];
        for (i, &code) in codes.iter().enumerate().filter(|(i, _)| truth.weight(*i) > 0.0) {
            let right: Vec<usize> =
                (0..members).filter(|&m| predictions.estimates(m).argmax(i) == Some(code as usize)).collect();
            for &m in &right {
                weights[m] += truth.weight(i) / right.len() as f64;
            }
        }
        Ok(Box::new(Mean::default().with_weights(weights)))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/data/credit");
    let members: Vec<Source> = ["forest.parquet", "hist_boosting.csv", "logistic.csv", "mlp.csv.gz", "tree.csv"]
        .iter()
        .map(|name| Source::stem(format!("{folder}/oof/{name}")))
        .collect();
    let truth = Source::stem(format!("{folder}/oof_truth.csv"));
    let loaded = read_members(&members, Some(&truth), &ReadOptions::default())?;
    let Some(target) = &loaded.target else { return Err("the truth is there".into()) };
    let (predictions, truth, seed) = (&loaded.predictions, Truth::new(target), Seed::new(0));
    let metric = registry::by_name("log_loss")?;
    let folds = NestedSplit::default().draw(predictions, &truth, seed)?;
    let fusers: [Box<dyn Fuser>; 3] =
        [Box::new(Rarity), Box::new(GreedySelection::new(metric.clone())), Box::new(SimplexWeights::default())];
    for fuser in &fusers {
        let score = HonestScore::of(&**fuser, predictions, &truth, &*metric, &folds, seed)?;
        println!("{:>10}: log loss {:?} on rows that the fit did not see", score.fuser, score.nested.value());
    }
    Ok(())
}
