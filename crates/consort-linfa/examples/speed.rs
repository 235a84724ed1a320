//! Times of fits and predictions, one line each: the peer is `benches/peers/classical.py`, on data drawn alike.
//!
//! `cargo run --release -p consort-linfa --example speed`

use std::time::Instant;

use consort_core::{Classes, Column, Dataset, Features, FitContext, Learner, Result, Samples, Seed, Target};
use consort_linfa::{GaussianNb, KNearest, LinearRegression, LogisticRegression, Ridge, SupportVector};

fn drawn(rows: usize, width: usize, classes: u32) -> Result<Dataset> {
    let mut stream = Seed::new(1).stream();
    let columns: Vec<Vec<f32>> = (0..width).map(|_| (0..rows).map(|_| stream.normal() as f32).collect()).collect();
    let slopes: Vec<f64> = (0..width).map(|_| stream.normal()).collect();
    let scores: Vec<f64> = (0..rows)
        .map(|i| columns.iter().zip(&slopes).map(|(c, w)| w * f64::from(c[i])).sum::<f64>() + 2.0 * stream.normal())
        .collect();
    let target = if classes == 0 {
        Target::from_values(scores, "y")?
    } else {
        let spread = (width as f64).sqrt();
        let code = |z: &f64| ((z / spread + 1.0) * f64::from(classes) / 2.0).clamp(0.0, f64::from(classes - 1)) as u32;
        let names = (0..classes).map(|k| k.to_string());
        Target::Classes { codes: scores.iter().map(code).collect(), classes: Classes::new(names)? }
    };
    let column = |(j, values)| Column::Numeric { name: format!("x{j}"), values };
    let features = Features::Columns(columns.into_iter().enumerate().map(column).collect());
    Dataset::new(features)?.with_target(target)
}

fn time(name: &str, learner: &dyn Learner, data: &Dataset) -> Result<()> {
    let ctx = FitContext { threads: 2, ..FitContext::new(Seed::new(0)) };
    let samples = Samples::all(data);
    let (mut fit, mut predict) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..3 {
        let start = Instant::now();
        let model = learner.fit(&samples, &ctx)?;
        fit = fit.min(start.elapsed().as_secs_f64());
        let start = Instant::now();
        ctx.install(|| model.predict(&samples))?;
        predict = predict.min(start.elapsed().as_secs_f64());
    }
    println!("{name:24} fit {:9.1} ms   predict {:9.1} ms", 1e3 * fit, 1e3 * predict);
    Ok(())
}

fn main() -> Result<()> {
    let values = drawn(100_000, 20, 0)?;
    let two = drawn(100_000, 20, 2)?;
    let five = drawn(100_000, 20, 5)?;
    let near = drawn(20_000, 20, 2)?;
    let few = drawn(3_000, 20, 2)?;
    time("least squares", &LinearRegression::default(), &values)?;
    time("ridge", &Ridge::default(), &values)?;
    time("ridge of 5 penalties", &Ridge::default().alphas([0.01, 0.1, 1.0, 10.0, 100.0]), &values)?;
    time("logistic", &LogisticRegression::default(), &two)?;
    time("logistic of 5 classes", &LogisticRegression::default(), &five)?;
    time("Gaussian naive Bayes", &GaussianNb::default(), &two)?;
    time("5 nearest of 20,000", &KNearest::default(), &near)?;
    time("support vectors of 3,000", &SupportVector::default(), &few)
}
