//! Times what is done with a fitted model: `model_speed MODEL X ROWS SHAP_ROWS`. MODEL is a text of LightGBM (`.txt`) or
//! XGBoost (`.json`). X holds f32, column after column, of which the first ROWS rows are predicted and the first SHAP_ROWS
//! explained. `benches/peers/tree_models.py` makes the files and runs the peers on them.

use std::{error::Error, time::Instant};

use consort_core::{Column, Dataset, Features, Model, Samples};
use consort_trees::{boosting::BoostedTrees, import};

/// The median of five runs, in seconds, and what the last one gave.
fn median<T>(mut run: impl FnMut() -> T) -> (f64, T) {
    let mut times = Vec::new();
    loop {
        let start = Instant::now();
        let result = run();
        times.push(start.elapsed().as_secs_f64());
        if times.len() == 5 {
            times.sort_by(f64::total_cmp);
            return (times[2], result);
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, model, x, rows, explained] = args.as_slice() else { return Err("usage: MODEL X ROWS SHAP_ROWS".into()) };
    let (rows, explained): (usize, u32) = (rows.parse()?, explained.parse()?);
    let text = std::fs::read_to_string(model)?;
    let read = if model.ends_with(".json") { import::xgboost } else { import::lightgbm };
    let (reading, read) = median(|| read(&text));
    let model = read?;

    let json = serde_json::to_string(&model)?;
    let bytes = model.to_bytes()?;
    let (from_json, _) = median(|| serde_json::from_str::<BoostedTrees>(&json).map(|_| ()));
    let (from_bytes, _) = median(|| BoostedTrees::from_bytes(&bytes).map(|_| ()));
    let (to_json, _) = median(|| serde_json::to_string(&model).map(|_| ()));
    let (to_bytes, _) = median(|| model.to_bytes().map(|_| ()));
    println!("file: {} bytes, read in {:.2} ms", text.len(), 1e3 * reading);
    println!("JSON: {} bytes, written in {:.2} ms, read in {:.2} ms", json.len(), 1e3 * to_json, 1e3 * from_json);
    println!("binary: {} bytes, written in {:.2} ms, read in {:.2} ms", bytes.len(), 1e3 * to_bytes, 1e3 * from_bytes);

    let features = model.trees().features();
    let x: Vec<f32> =
        std::fs::read(x)?.chunks_exact(4).map(|b| f32::from_le_bytes(std::array::from_fn(|i| b[i]))).collect();
    let columns = x
        .chunks_exact(x.len() / features.len())
        .zip(features)
        .map(|(column, feature)| Column::Numeric { name: feature.name().into(), values: column[..rows].to_vec() })
        .collect();
    let data = Dataset::new(Features::Columns(columns))?;
    let first: Vec<u32> = (0..explained).collect();
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        let (predicting, predicted) = median(|| pool.install(|| model.predict(&Samples::all(&data))));
        let predicted = predicted?;
        let last = predicted.columns() - 1;
        let mean = (0..rows).map(|i| f64::from(predicted.at(i, last))).sum::<f64>() / rows as f64;
        let some = Samples::rows(&data, &first)?;
        let (explaining, why) = median(|| pool.install(|| model.contributions(&some)));
        let moved: f64 = why?.mean_absolute(0).iter().sum();
        println!(
            "{threads} threads: predict {predicting:.4} s, mean {mean:.9}; explain {explaining:.4} s, mean {moved:.9}"
        );
    }
    Ok(())
}
