//! A learner of your own: one `impl` of two traits, and it takes part in stacks, bags and saved models.
//!
//! `cargo run --release -p consort-examples --example custom_learner`

use std::error::Error;

use consort::{
    core::{
        Column, Dataset, Error as Refusal, Features, FitContext, Learner, Matrix, Model, PresentRows, Result, Samples,
        Seed, Takes, Target,
    },
    ensemble::{NamedLearner, bag::Bagging, stack::Stacking},
    linfa::LinearRegression,
    trees::decision_tree::DecisionTree,
};
use serde::{Deserialize, Serialize};

/// The mean of the target in each of so many bands of one feature.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Bands {
    feature: String,
    count: usize,
}

/// What it learns.
#[derive(Debug, Serialize, Deserialize)]
struct FittedBands {
    feature: String,
    low: f64,
    width: f64,
    means: Vec<f64>,
}

/// The numbers of a feature, by its name.
fn numbers<'a>(rows: &Samples<'a>, name: &str) -> Result<&'a [f32]> {
    let found = match rows.dataset().features() {
        Features::Columns(columns) => columns.iter().find(|column| column.name() == name),
        Features::Dense { .. } => None,
    };
    match found {
        Some(Column::Numeric { values, .. }) => Ok(values),
        _ => Err(Refusal::custom(format!("bands need a number `{name}`"))),
    }
}

#[typetag::serde(name = "example_bands")]
impl Learner for Bands {
    fn name(&self) -> String {
        "bands".into()
    }

    fn takes(&self) -> Takes {
        Takes { categories: true, missing: false, weights: true }
    }

    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Box<dyn Model>> {
        ctx.check()?;
        let values = numbers(train, &self.feature)?;
        let Target::Values { values: answers, .. } = train.dataset().target_for("bands")? else {
            return Err(Refusal::custom("bands are for numbers"));
        };
        // Each row once, with its weight: rows drawn twice by a bag, or weighted, need no code of their own.
        let PresentRows { rows, weights } = PresentRows::of(train)?;
        let of = |row: &u32| f64::from(values[*row as usize]);
        let low = rows.iter().map(of).fold(f64::INFINITY, f64::min);
        let high = rows.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
        let width = ((high - low) / self.count as f64).max(f64::MIN_POSITIVE);
        let (mut sums, mut totals) = (vec![0.0; self.count], vec![0.0; self.count]);
        for (row, weight) in rows.iter().zip(&weights) {
            let band = (((of(row) - low) / width) as usize).min(self.count - 1);
            sums[band] += weight * answers[*row as usize];
            totals[band] += weight;
        }
        let mean = sums.iter().sum::<f64>() / totals.iter().sum::<f64>();
        let means =
            sums.iter().zip(&totals).map(|(sum, total)| if *total > 0.0 { sum / total } else { mean }).collect();
        ctx.progress.step(1, 1, "");
        Ok(Box::new(FittedBands { feature: self.feature.clone(), low, width, means }))
    }
}

#[typetag::serde(name = "example_fitted_bands")]
impl Model for FittedBands {
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        let values = numbers(rows, &self.feature)?;
        let band = |x: f32| (((f64::from(x) - self.low) / self.width).max(0.0) as usize).min(self.means.len() - 1);
        let predicted = (0..rows.len()).map(|i| self.means[band(values[rows.row(i)])] as f32).collect();
        Matrix::new(rows.len(), 1, predicted)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let x: Vec<f32> = (0..600).map(|i| (i * 37 % 600) as f32 / 100.0).collect();
    let y = x.iter().enumerate().map(|(i, x)| f64::from(x.sin()) + (i % 7) as f64 / 20.0).collect();
    let column = Column::Numeric { name: "x".into(), values: x };
    let data = Dataset::new(Features::Columns(vec![column]))?.with_target(Target::from_values(y, "y")?)?;
    let all = Samples::all(&data);
    let context = FitContext::new(Seed::new(1));

    let bands = Bands { feature: "x".into(), count: 12 };
    let stack = Stacking::linear(vec![
        NamedLearner::new("bands", bands.clone()),
        NamedLearner::new("bag of bands", Bagging::new(bands).members(10)),
        NamedLearner::new("line", LinearRegression::default()),
        NamedLearner::new("tree", DecisionTree::default().depth(4)),
    ]);
    let model = stack.fit(&all, &context)?;
    let predicted = model.predict(&all)?;

    // Recipe and model are data: both come back, your learner among them.
    let recipe: Box<dyn Learner> = serde_json::from_str(&serde_json::to_string(&stack as &dyn Learner)?)?;
    let back: Box<dyn Model> = serde_json::from_str(&serde_json::to_string(&model)?)?;
    assert_eq!(back.predict(&all)?, predicted);
    assert_eq!(recipe.fit(&all, &context)?.predict(&all)?, predicted);
    println!("row 0 is {:.3}, and so it is after saving and loading", predicted.at(0, 0));
    Ok(())
}
