//! Times prediction and SHAP values of a model of LightGBM on a raw file: `model_speed MODEL X ROWS SHAP_ROWS`. X
//! holds f32, column after column, in rows of which the first ROWS are predicted. The scripts in `benches/peers` make
//! the files and run the peers on them.

use std::{error::Error, time::Instant};

use consort_core::{Column, Dataset, Features, Model, Samples};
use consort_trees::import;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, model, x, rows, _shap_rows] = args.as_slice() else { return Err("usage: MODEL X ROWS SHAP_ROWS".into()) };
    let rows: usize = rows.parse()?;
    let start = Instant::now();
    let model = import::lightgbm(&std::fs::read_to_string(model)?)?;
    let reading = start.elapsed().as_secs_f64();
    let features = model.trees().features();
    let x: Vec<f32> =
        std::fs::read(x)?.chunks_exact(4).map(|b| f32::from_le_bytes(std::array::from_fn(|i| b[i]))).collect();
    let columns = x
        .chunks_exact(x.len() / features.len())
        .zip(features)
        .map(|(column, feature)| Column::Numeric { name: feature.name().into(), values: column[..rows].to_vec() })
        .collect();
    let data = Dataset::new(Features::Columns(columns))?;
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        let mut times: Vec<f64> = Vec::new();
        let mut mean = 0.0;
        for _ in 0..5 {
            let start = Instant::now();
            let predicted = pool.install(|| model.predict(&Samples::all(&data)))?;
            times.push(start.elapsed().as_secs_f64());
            let last = predicted.columns() - 1;
            mean = (0..rows).map(|i| f64::from(predicted.at(i, last))).sum::<f64>() / rows as f64;
        }
        times.sort_by(f64::total_cmp);
        println!(
            "consort: {threads} threads: read {reading:.3}s predict {:.4}s (median of 5) mean {mean:.9}",
            times[2]
        );
    }
    Ok(())
}
