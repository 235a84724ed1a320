//! Times a forest on a raw file: `forest_speed X Y TRAIN KIND TREES THREADS`, with KIND `forest` or `extra`. X holds
//! f32 column after column, Y f64. The scripts in `benches/peers` make the files and run the peers on them.

use std::{error::Error, time::Instant};

use consort_core::{Classes, Column, Dataset, Features, FitContext, Model, Samples, Seed, Target};
use consort_trees::forest::RandomForest;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, x, y, train, kind, trees, threads] = args.as_slice() else {
        return Err("usage: X Y TRAIN KIND TREES THREADS".into());
    };
    let (train, trees, threads): (usize, usize, usize) = (train.parse()?, trees.parse()?, threads.parse()?);
    let y: Vec<f64> =
        std::fs::read(y)?.chunks_exact(8).map(|b| f64::from_le_bytes(std::array::from_fn(|i| b[i]))).collect();
    let x: Vec<f32> =
        std::fs::read(x)?.chunks_exact(4).map(|b| f32::from_le_bytes(std::array::from_fn(|i| b[i]))).collect();
    let rows = y.len();
    let is_class = y.iter().all(|v| v.fract() == 0.0 && *v < 20.0);
    let part = |from: usize, to: usize| -> Result<Dataset, Box<dyn Error>> {
        let columns = x
            .chunks_exact(rows)
            .enumerate()
            .map(|(f, column)| Column::Numeric { name: format!("x{f}"), values: column[from..to].to_vec() })
            .collect();
        let own = &y[from..to];
        let target = if is_class {
            let classes = Classes::from_labels(y.iter().map(|v| v.to_string()))?;
            Target::Classes { codes: own.iter().map(|&v| v as u32).collect(), classes }
        } else {
            Target::from_values(own.to_vec(), "y")?
        };
        Ok(Dataset::new(Features::Columns(columns))?.with_target(target)?)
    };
    let (fit, test) = (part(0, train)?, part(train, rows)?);
    let recipe = match kind.as_str() {
        "forest" => RandomForest::default(),
        "extra" => RandomForest::extra_trees(),
        other => return Err(format!("KIND is `{other}`, not forest or extra").into()),
    }
    .trees(trees);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    pool.install(|| -> consort_core::Result<()> {
        let start = Instant::now();
        let model = recipe.fit_forest(&Samples::all(&fit), &FitContext::new(Seed::new(0)))?;
        let fitting = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let predicted = model.predict(&Samples::all(&test))?;
        let predicting = start.elapsed().as_secs_f64();
        let count = test.rows() as f64;
        let score = match test.target() {
            Some(Target::Classes { codes, .. }) => {
                (0..).zip(codes).filter(|&(i, &code)| predicted.argmax(i) == Some(code as usize)).count() as f64 / count
            }
            Some(Target::Values { values, .. }) => {
                let squares: f64 = (0..).zip(values).map(|(i, &y)| (f64::from(predicted.at(i, 0)) - y).powi(2)).sum();
                (squares / count).sqrt()
            }
            _ => f64::NAN,
        };
        let name = if is_class { "accuracy" } else { "rmse" };
        println!("consort: fit {fitting:.3}s predict {predicting:.3}s {name} {score:.5}");
        Ok(())
    })?;
    Ok(())
}
