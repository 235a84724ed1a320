//! A metric of your own: what a wrong decision on a loan costs. It selects members and is saved with the selection.

use std::{error::Error, sync::Arc};

use consort::{
    core::{Direction, Estimates, Metric, Reads, Result, Score, Seed, Task, Truth},
    data::files::{ReadOptions, Source, read_members},
    fusion::select::GreedySelection,
};
use serde::{Deserialize, Serialize};

/// Money lost for each loan: all of a bad loan that was given, the interest of a good one that was refused.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct LoanCost {
    given_to_bad: f64,
    refused_to_good: f64,
}

#[typetag::serde]
impl Metric for LoanCost {
    fn name(&self) -> String {
        "loan_cost".into()
    }

    fn direction(&self) -> Direction {
        Direction::Lower
    }

    fn reads(&self) -> Reads {
        Reads::Probability
    }

    fn suits(&self, task: Task) -> bool {
        task == Task::Binary
    }

    fn score(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<Score> {
        estimates.check(truth, "loan_cost")?;
        let (codes, classes) = truth.classes("loan_cost")?;
        let good = classes.positive();
        // A loan is given where that costs less in the mean.
        let bar = self.given_to_bad / (self.given_to_bad + self.refused_to_good);
        let mut cost = 0.0;
        for (i, &code) in codes.iter().enumerate().filter(|(i, _)| truth.weight(*i) > 0.0) {
            let given = estimates.at(i, good) >= bar;
            cost += truth.weight(i)
                * match (given, code as usize == good) {
                    (true, false) => self.given_to_bad,
                    (false, true) => self.refused_to_good,
                    _ => 0.0,
                };
        }
        Ok(Score::from(cost / truth.total_weight()))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/data/credit");
    let members: Vec<Source> = ["forest.parquet", "hist_boosting.csv", "logistic.csv", "knn.csv"]
        .iter()
        .map(|name| Source::stem(format!("{folder}/oof/{name}")))
        .collect();
    let truth = Source::stem(format!("{folder}/oof_truth.csv"));
    let loaded = read_members(&members, Some(&truth), &ReadOptions::default())?;
    let Some(target) = &loaded.target else { return Err("the truth is there".into()) };
    let metric = Arc::new(LoanCost { given_to_bad: 5.0, refused_to_good: 1.0 });
    let selection = GreedySelection::new(metric).select(&loaded.predictions, &Truth::new(target), Seed::new(0))?;
    for (name, weight) in selection.members().iter().zip(selection.member_weights()) {
        println!("{name:>15} {weight:.3}");
    }
    println!("cost a loan: {:?} alone, {:?} together", selection.single_scores(), selection.runs()[0].score);
    Ok(())
}
