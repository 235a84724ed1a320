//! An encoder of your own, in a run on disk: what was fitted is not fitted again, and the bundle predicts.
//!
//! `cargo run -p consort-examples --example custom_encoder`

use std::{error::Error, sync::Arc};

use consort::{
    core::{
        Column, Dataset, Encoder, Encoding, Error as Refusal, Features, FitContext, Model, Result, Samples, Seed,
        Target,
    },
    ensemble::{
        NamedLearner,
        encode::Encoded,
        run::{Bundle, RunFolder},
        stack::{StackOptions, Stacking},
    },
    linfa::LinearRegression,
    trees::decision_tree::DecisionTree,
};
use serde::{Deserialize, Serialize};

/// An hour of the day as a place on a circle, so that 23 is near 0; other features are left out.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Circle {
    hour: String,
}

impl Circle {
    /// The rows of some samples, encoded.
    fn encoded(&self, rows: &Samples<'_>) -> Result<Dataset> {
        let Features::Columns(columns) = rows.dataset().features() else {
            return Err(Refusal::custom("a circle needs named columns"));
        };
        let Some(Column::Numeric { values, .. }) = columns.iter().find(|column| column.name() == self.hour) else {
            return Err(Refusal::custom(format!("a circle needs a number `{}`", self.hour)));
        };
        let turn = |part: fn(f32) -> f32| {
            (0..rows.len()).map(|i| part(values[rows.row(i)] * std::f32::consts::TAU / 24.0)).collect()
        };
        Dataset::new(Features::Columns(vec![
            Column::Numeric { name: format!("sine of {}", self.hour), values: turn(f32::sin) },
            Column::Numeric { name: format!("cosine of {}", self.hour), values: turn(f32::cos) },
        ]))
    }
}

#[typetag::serde(name = "example_circle")]
impl Encoder for Circle {
    fn name(&self) -> String {
        "circle".into()
    }

    fn fit(&self, train: &Samples<'_>, _: &FitContext<'_>) -> Result<(Box<dyn Encoding>, Dataset)> {
        // Nothing is learnt of the rows; what is, must come from `train` alone. Target and weights go along.
        let rows: Vec<u32> = (0..train.len()).map(|i| train.row(i) as u32).collect();
        let target = train.dataset().target_for("a circle")?.take(&rows);
        let weights = (0..train.len()).map(|i| train.weight(i)).collect();
        let encoded = self.encoded(train)?.with_target(target)?.with_weights(weights)?;
        Ok((Box::new(self.clone()), encoded))
    }
}

#[typetag::serde(name = "example_circle")]
impl Encoding for Circle {
    fn apply(&self, rows: &Samples<'_>) -> Result<Dataset> {
        self.encoded(rows)
    }
}

fn main() -> std::result::Result<(), Box<dyn Error>> {
    let hour: Vec<f32> = (0..480).map(|i| (i * 7 % 24) as f32).collect();
    let warmth =
        |(i, hour): (usize, &f32)| f64::from(-(hour / 24.0 * std::f32::consts::TAU).cos()) + (i % 5) as f64 / 9.0;
    let target = Target::from_values(hour.iter().enumerate().map(warmth).collect(), "warmth")?;
    let column = Column::Numeric { name: "hour".into(), values: hour };
    let data = Dataset::new(Features::Columns(vec![column]))?.with_target(target)?;
    let all = Samples::all(&data);

    let circle = Encoded::new(Arc::new(Circle { hour: "hour".into() }), Arc::new(LinearRegression::default()));
    let stack = Stacking::greedy(vec![
        NamedLearner::new("line on a circle", circle),
        NamedLearner::new("tree", DecisionTree::default().depth(2)),
    ]);
    // The plan of a run is whatever says what is to be done: here the stack itself.
    let place = std::env::temp_dir().join(format!("consort-example-{}", std::process::id()));
    let folder = RunFolder::create(&place, &stack)?;
    let options = StackOptions { store: Some(&folder), ..StackOptions::default() };
    let fit = stack.fit_with(&all, &FitContext::new(Seed::new(1)), &options)?;
    let predicted = fit.model.predict(&all)?;
    let bundle = Bundle { outputs: target_outputs(&data)?, schema: serde_json::Value::Null, model: fit.model };
    bundle.save(&place.join("bundle.consort"))?;
    drop(folder);

    // Later, perhaps in another process: the run goes on with the fits that are there, your encoder among them.
    let (folder, stack): (RunFolder, Stacking) = RunFolder::open(&place)?;
    let options = StackOptions { store: Some(&folder), ..StackOptions::default() };
    let again = stack.fit_with(&all, &FitContext::new(Seed::new(1)), &options)?;
    assert_eq!(again.model.predict(&all)?, predicted);
    let bundle = Bundle::load(&place.join("bundle.consort"))?;
    assert_eq!(bundle.predict(&all)?, predicted);
    println!("noon is {:.2}, and so it is from the bundle", predicted.at(12, 0));
    drop(folder);
    std::fs::remove_dir_all(&place)?;
    Ok(())
}

fn target_outputs(data: &Dataset) -> Result<consort::core::Outputs> {
    Ok(data.target_for("a bundle")?.outputs())
}
