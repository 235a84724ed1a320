//! A linfa model of your own as a member: linfa's least squares beside consort's trees, in a stack that is saved.

use std::error::Error;

use consort::{
    core::{
        Column, Dataset, Error as ConsortError, Features, FitContext, Learner, Matrix, Model, Result, Samples, Seed,
        Stream, Takes, Target,
    },
    ensemble::{NamedLearner, stack::Stacking},
    linfa::bridge::Records,
    trees::boosting::GradientBoosting,
};
use linfa::traits::{Fit, Predict};
use linfa_linear::{FittedLinearRegression, LinearRegression};
use serde::{Deserialize, Serialize};

/// linfa's least squares.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Line {
    intercept: bool,
}

/// The fitted one, with the names of its features.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct LineModel {
    records: Records,
    model: FittedLinearRegression<f64>,
}

#[typetag::serde(name = "linfa_line")]
impl Learner for Line {
    fn name(&self) -> String {
        "linfa_line".into()
    }

    fn takes(&self) -> Takes {
        Takes { categories: false, missing: false, weights: false }
    }

    fn fit(&self, train: &Samples<'_>, _: &FitContext<'_>) -> Result<Box<dyn Model>> {
        let (records, data) = Records::values("linfa's least squares", train)?;
        let fitted = LinearRegression::new().with_intercept(self.intercept).fit(&data);
        let model = fitted.map_err(|problem| ConsortError::NotConverged {
            method: "linfa's least squares",
            problem: problem.to_string(),
        })?;
        Ok(Box::new(LineModel { records, model }))
    }
}

#[typetag::serde(name = "linfa_line")]
impl Model for LineModel {
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        let predicted = self.model.predict(&self.records.read("linfa's least squares", rows)?);
        Matrix::new(predicted.len(), 1, predicted.iter().map(|&y| y as f32).collect())
    }
}

/// Visits a day: more with warmth, none to speak of in the cold, and a jump at weekends that is no line's business.
fn visits(stream: &mut Stream) -> Result<Dataset> {
    let rows = 600;
    let warmth: Vec<f32> = (0..rows).map(|_| stream.unit() as f32 * 3.0).collect();
    let day: Vec<f32> = (0..rows).map(|i| (i % 7) as f32).collect();
    let counts = warmth.iter().zip(&day).map(|(w, d)| {
        let mean = f64::from(w + if *d >= 5.0 { 0.8 } else { 0.0 }).exp();
        (mean + (stream.unit() - 0.5) * mean.sqrt()).round().max(0.0)
    });
    let target = Target::from_values(counts.collect(), "visits")?;
    let column = |name: &str, values| Column::Numeric { name: name.into(), values };
    Dataset::new(Features::Columns(vec![column("warmth", warmth), column("day", day)]))?.with_target(target)
}

fn main() -> Result<(), Box<dyn Error>> {
    let data = visits(&mut Seed::new(7).stream())?;
    let members = vec![
        NamedLearner::new("line", Line { intercept: true }),
        NamedLearner::new("boost", GradientBoosting::default()),
    ];
    let model = Stacking::greedy(members).fit_stack(&Samples::all(&data), &FitContext::new(Seed::new(1)))?.model;
    println!("weights: {:?}", model.fusion().and_then(|fusion| fusion.weights()));
    // It is saved and read back like any member of consort.
    let saved = serde_json::to_string(&model as &dyn Model)?;
    let loaded: Box<dyn Model> = serde_json::from_str(&saved)?;
    let rows = Samples::rows(&data, &[0, 1, 2])?;
    println!("predictions: {:?}", loaded.predict(&rows)?.values());
    assert_eq!(loaded.predict(&rows)?, model.predict(&rows)?);
    Ok(())
}
