//! Times boosting on a raw file: `trees_speed X Y TRAIN ROUNDS [THREADS]`, the first TRAIN rows for fitting and the rest for
//! predicting. X holds f32 column after column, Y f64.
//! The scripts in `benches/peers` make the files and run the peers on them.

use std::{error::Error, time::Instant};

use consort_core::{Classes, Column, Dataset, Features, FitContext, Model, Samples, Seed, Target};
use consort_trees::{bins::Binned, boosting::GradientBoosting};

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, x, y, train, rounds, threads @ ..] = args.as_slice() else {
        return Err("usage: X Y TRAIN ROUNDS [THREADS]".into());
    };
    let (train, rounds): (usize, usize) = (train.parse()?, rounds.parse()?);
    let threads = threads.first().map_or(Ok(1), |threads| threads.parse())?;
    rayon::ThreadPoolBuilder::new().num_threads(threads).build()?.install(|| run(x, y, train, rounds, threads))
}

fn run(x: &str, y: &str, train: usize, rounds: usize, threads: usize) -> Result<(), Box<dyn Error + Send + Sync>> {
    let y: Vec<f64> =
        std::fs::read(y)?.chunks_exact(8).map(|b| f64::from_le_bytes(std::array::from_fn(|i| b[i]))).collect();
    let x: Vec<f32> =
        std::fs::read(x)?.chunks_exact(4).map(|b| f32::from_le_bytes(std::array::from_fn(|i| b[i]))).collect();
    let rows = y.len();
    let part = |from: usize, to: usize| -> Result<Dataset, Box<dyn Error + Send + Sync>> {
        let columns = x
            .chunks_exact(rows)
            .enumerate()
            .map(|(f, column)| Column::Numeric { name: format!("x{f}"), values: column[from..to].to_vec() })
            .collect();
        let y = &y[from..to];
        let target = if y.iter().all(|v| v.fract() == 0.0 && *v < 20.0) {
            let classes = Classes::from_labels(y.iter().map(|v| v.to_string()))?;
            Target::Classes { codes: y.iter().map(|&v| v as u32).collect(), classes }
        } else {
            Target::from_values(y.to_vec(), "y")?
        };
        Ok(Dataset::new(Features::Columns(columns))?.with_target(target)?)
    };
    let (fit, test) = (part(0, train)?, part(train, rows)?);
    let params = GradientBoosting { rounds, ..Default::default() };
    let start = Instant::now();
    let binned = Binned::new(&fit, &params.bins)?;
    let binning = start.elapsed().as_secs_f64();
    let context = FitContext { threads, ..FitContext::new(Seed::new(0)) };
    let model = params.fit_binned(&binned, &Samples::all(&fit), &context)?;
    let fitting = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let predicted = model.predict(&Samples::all(&test))?;
    let predicting = start.elapsed().as_secs_f64();
    let count = test.rows() as f64;
    let loss = match test.target() {
        Some(Target::Classes { codes, .. }) => {
            codes.iter().enumerate().map(|(i, &c)| -f64::from(predicted.at(i, c as usize)).max(1e-15).ln()).sum::<f64>()
                / count
        }
        Some(Target::Values { values, .. }) => {
            (values.iter().enumerate().map(|(i, &y)| (f64::from(predicted.at(i, 0)) - y).powi(2)).sum::<f64>() / count)
                .sqrt()
        }
        _ => f64::NAN,
    };
    println!("consort: fit {fitting:.2}s (binning {binning:.2}) predict {predicting:.3}s loss {loss:.5}");
    Ok(())
}
