use consort_burn::{
    architecture::Mlp,
    ensemble::{DeepEnsemble, Independent, Packing},
    net::Net,
    optimizer::Optimizer,
};
use consort_core::{Classes, Column, Dataset, Error, Features, FitContext, Result, Samples, Seed, Target};
use serde_json::{Value, json};

use crate::place::Place;

/// Ten MLPs 20-64-64-2, two epochs, on one thread or two.
pub(crate) fn run(place: &Place, mode: &str, batch: usize, rows: usize, is_first: bool) -> Result<Value> {
    let mut stream = Seed::new(1).stream();
    let columns: Vec<Vec<f32>> = (0..20).map(|_| (0..rows).map(|_| stream.normal() as f32).collect()).collect();
    let codes = (0..rows).map(|i| u32::from(columns[0][i] * columns[1][i] + columns[2][i] > 0.0)).collect();
    let columns = columns.into_iter().enumerate();
    let columns = columns.map(|(k, values)| Column::Numeric { name: format!("x{k}"), values }).collect();
    let data = Dataset::new(Features::Columns(columns))?
        .with_target(Target::Classes { codes, classes: Classes::new(["no", "yes"])? })?;
    let (packing, threads) = match mode {
        "packed" => (Packing::Packed, 1),
        "packed-2" => (Packing::Packed, 2),
        "loop" => (Packing::Apart, 1),
        "loop-2" => (Packing::Apart, 2),
        other => return Err(Error::custom(format!("there is no mode `{other}`"))),
    };
    // Nets apart are alike: a few meet all kernels.
    let members = if is_first && packing == Packing::Apart { threads } else { 10 };
    let net = place.net(Net {
        optimizer: Optimizer::Adam { weight_decay: 0.0 },
        learning_rate: 1e-3,
        epochs: if is_first { 1 } else { 2 },
        batch,
        ..Net::new(Mlp { hidden: vec![64, 64], ..Mlp::default() })
    });
    let ensemble = Independent { nets: vec![net], members, packing };
    let ctx = FitContext { threads, ..FitContext::new(Seed::new(1)) };
    let (fitted, fit) = place.time(&ctx, || ensemble.train(&Samples::all(&data), &ctx))?;
    let loss = fitted.nets()[0].history().epochs.last().map(|epoch| epoch.loss);
    Ok(json!({ "mode": mode, "batch": batch, "rows": rows, "fit": fit, "loss": loss }))
}
