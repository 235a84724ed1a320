use std::{f64::consts::PI, path::Path, time::Instant};

use burn::tensor::{Tensor, TensorData};
use consort_burn::{
    architecture::{Architecture, Depth, ResNet, Stem},
    ensemble::{DeepEnsemble, Independent, Packing},
    net::Net,
    network::{Init, InputShape, Inputs, Pass},
    optimizer::Optimizer,
};
use consort_core::{Classes, Dataset, Error, Features, FitContext, Model, Result, Samples, Seed, Target};
use serde_json::{Value, json};

use crate::{mnist::accuracy, place::Place};

/// The side of an image that nets are trained on.
const SIDE: usize = 32;
const CLASSES: usize = 10;
/// The images that trained nets are asked about.
const TEST_ROWS: usize = 1024;

/// The logits of torchvision's weights for images of 224 × 224, raw 32-bit floats in and out; the least time of some passes.
pub(crate) fn ask(
    place: &Place,
    depth: &str,
    weights: &Path,
    images: &str,
    logits: &str,
    is_first: bool,
) -> Result<Value> {
    let depth = match depth {
        "18" => Depth::D18,
        "34" => Depth::D34,
        _ => Depth::D50,
    };
    let architecture = ResNet { depth, ..ResNet::default() };
    let device = &place.device;
    let row = [3, 224, 224];
    let shape = InputShape { numbers: row.iter().product(), row, levels: vec![] };
    let mut network = architecture.build(&shape, 1000, &mut Init::blank(device))?;
    network.read_torch(weights, &[], architecture.torch_names())?;
    let bytes = std::fs::read(images).map_err(Error::custom)?;
    let values: Vec<f32> = bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    let rows = values.len() / shape.numbers;
    let numbers = Tensor::from_data(TensorData::new(values, [rows, shape.numbers]), device);
    let inputs = Inputs { numbers, categories: None, row };
    let mut said = Vec::new();
    let mut least = f64::INFINITY;
    let passes = if place.is_card() { 20 } else { 3 };
    for _ in 0..if is_first { 1 } else { passes } {
        let start = Instant::now();
        let outputs = network.forward(&inputs, &mut Pass::predicting());
        // Reading waits for the device.
        said = outputs.try_into_vec_as::<f32>().map_err(|error| Error::custom(error.to_string()))?;
        least = least.min(start.elapsed().as_secs_f64());
    }
    let bytes: Vec<u8> = said.iter().flat_map(|x| x.to_le_bytes()).collect();
    std::fs::write(logits, bytes).map_err(Error::custom)?;
    Ok(json!({ "rows": rows, "consort": least }))
}

/// ResNet-18 for images of 32 × 32, trained apart on gratings.
pub(crate) fn train(place: &Place, epochs: usize, rows: usize, members: usize) -> Result<Value> {
    let (train, test) = (gratings(1, rows)?, gratings(2, TEST_ROWS.min(rows))?);
    let (train, test) = (Samples::all(&train), Samples::all(&test));
    let net = place.net(Net {
        optimizer: Optimizer::Sgd { momentum: 0.9, weight_decay: 5e-4 },
        learning_rate: 0.02,
        epochs,
        batch: 128,
        ..Net::new(ResNet { depth: Depth::D18, stem: Stem::Small, ..ResNet::default() })
    });
    let ensemble = Independent { nets: vec![net], members, packing: Packing::Auto };
    let ctx = FitContext { threads: 1, ..FitContext::new(Seed::new(1)) };
    let (fitted, fit) = place.time(&ctx, || ensemble.train(&train, &ctx))?;
    let predicted = fitted.predict(&test)?;
    let losses: Vec<f64> = fitted.nets()[0].history().epochs.iter().map(|epoch| epoch.loss).collect();
    Ok(json!({
        "members": members, "rows": rows, "epochs": epochs, "fit": fit, "epoch": fit / epochs as f64, "losses": losses,
        "accuracy": accuracy(&predicted, &test),
    }))
}

/// Images `[3][32][32]` of waves in noise; the class is the direction in which they run.
fn gratings(seed: u64, rows: usize) -> Result<Dataset> {
    let mut stream = Seed::new(seed).stream();
    let (mut values, mut codes) = (Vec::with_capacity(rows * 3 * SIDE * SIDE), Vec::with_capacity(rows));
    for _ in 0..rows {
        let class = stream.below(CLASSES as u64) as u32;
        let (across, down) = (PI * f64::from(class) / CLASSES as f64).sin_cos();
        let phase = 2.0 * PI * stream.unit();
        for pixel in 0..3 * SIDE * SIDE {
            let (x, y) = ((pixel % SIDE) as f64, (pixel / SIDE % SIDE) as f64);
            values.push(((0.8 * (across * x + down * y) + phase).sin() + stream.normal()) as f32);
        }
        codes.push(class);
    }
    let classes = Classes::new((0..CLASSES).map(|k| k.to_string()))?;
    Dataset::new(Features::Dense { values, shape: vec![3, SIDE, SIDE] })?
        .with_target(Target::Classes { codes, classes })
}
