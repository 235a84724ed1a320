//! The nets of `benches/peers/deep.py`, timed: `deep_speed mnist FOLDER METHOD EPOCHS SEED ROWS` or `deep_speed packed MODE BATCH`.
//! One line of JSON for each run.

use std::{path::Path, time::Instant};

use burn::tensor::{Tensor, TensorData};
use consort_burn::{
    architecture::{Architecture, Depth, LeNet5, Mlp, ResNet},
    ensemble::{Bagging, Boosting, DeepEnsemble, Independent, Joint, Packing, Snapshot},
    images::idx_dataset,
    net::Net,
    network::{Init, InputShape, Inputs, Pass},
    optimizer::Optimizer,
};
use consort_core::{Classes, Column, Dataset, Error, Features, FitContext, Model, Result, Samples, Seed, Target};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["mnist", folder, method, epochs, seed, rows] => {
            mnist(Path::new(folder), method, number(epochs)?, number(seed)? as u64, number(rows)? as u32)
        }
        ["packed", mode, batch] => packed(mode, number(batch)?),
        ["resnet", depth, weights, images, logits] => resnet(depth, Path::new(weights), images, logits),
        _ => Err(Error::custom(
            "usage: deep_speed mnist FOLDER METHOD EPOCHS SEED ROWS | deep_speed packed MODE BATCH | resnet DEPTH WEIGHTS IN OUT",
        )),
    }
}

fn number(text: &str) -> Result<usize> {
    text.parse().map_err(|_| Error::custom(format!("`{text}` is no number")))
}

/// Five LeNet-5 on the first `rows` training images, asked about all 10,000 test images.
fn mnist(folder: &Path, method: &str, epochs: usize, seed: u64, rows: u32) -> Result<()> {
    let classes = Classes::new((0..10).map(|k| k.to_string()))?;
    let file = |name: &str| folder.join(name);
    let read = |images: &str, labels: &str| idx_dataset(&file(images), &file(labels), Some(&classes));
    let train = read("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz")?;
    let test = read("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")?;
    let taken: Vec<u32> = (0..rows).collect();
    let (samples, test) = (Samples::rows(&train, &taken)?, Samples::all(&test));
    let net = Net {
        optimizer: Optimizer::Adam { weight_decay: 5e-4 },
        learning_rate: 1e-3,
        epochs,
        batch: 128,
        ..Net::new(LeNet5::default())
    };
    let ensemble: Box<dyn DeepEnsemble> = match method {
        "voting" => Box::new(Independent { nets: vec![net], members: 5, packing: Packing::Auto }),
        "bagging" => Box::new(Bagging { net, members: 5, ..Bagging::default() }),
        "joint" => Box::new(Joint { net, members: 5 }),
        "boosting" => Box::new(Boosting { net, members: 5, rate: 1.0 }),
        "snapshot" => Box::new(Snapshot { net: Net { epochs: 5 * epochs, ..net }, members: 5 }),
        other => return Err(Error::custom(format!("there is no method `{other}`"))),
    };
    let ctx = FitContext { threads: 2, ..FitContext::new(Seed::new(seed)) };
    let start = Instant::now();
    let fitted = ctx.install(|| ensemble.train(&samples, &ctx))?;
    let fit = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let predicted = ctx.install(|| fitted.predict(&test))?;
    let predict = start.elapsed().as_secs_f64();
    let Some(Target::Classes { codes, .. }) = test.dataset().target() else { return Ok(()) };
    let right = (0..test.len()).filter(|&i| predicted.argmax(i) == Some(codes[i] as usize)).count();
    let accuracy = right as f64 / test.len() as f64;
    println!(
        r#"{{"method":"{method}","rows":{rows},"seed":{seed},"accuracy":{accuracy},"fit":{fit},"predict":{predict}}}"#
    );
    Ok(())
}

/// The logits of torchvision's weights for images of 224 × 224, raw 32-bit floats in and out; the least time of three.
fn resnet(depth: &str, weights: &Path, images: &str, logits: &str) -> Result<()> {
    let depth = match depth {
        "18" => Depth::D18,
        "34" => Depth::D34,
        _ => Depth::D50,
    };
    let architecture = ResNet { depth, ..ResNet::default() };
    let device = consort_burn::device::choose("cpu")?.device;
    let row = [3, 224, 224];
    let shape = InputShape { numbers: row.iter().product(), row, levels: vec![] };
    let mut network = architecture.build(&shape, 1000, &mut Init::blank(&device))?;
    network.read_torch(weights, &[], architecture.torch_names())?;
    let bytes = std::fs::read(images).map_err(Error::custom)?;
    let values: Vec<f32> = bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    let rows = values.len() / shape.numbers;
    let numbers = Tensor::from_data(TensorData::new(values, [rows, shape.numbers]), &device);
    let inputs = Inputs { numbers, categories: None, row };
    let (mut least, mut said) = (f64::INFINITY, Vec::new());
    for _ in 0..3 {
        let start = Instant::now();
        let outputs = network.forward(&inputs, &mut Pass::predicting());
        said = outputs.try_into_vec_as::<f32>().map_err(|error| Error::custom(error.to_string()))?;
        least = least.min(start.elapsed().as_secs_f64());
    }
    let bytes: Vec<u8> = said.iter().flat_map(|x| x.to_le_bytes()).collect();
    std::fs::write(logits, bytes).map_err(Error::custom)?;
    println!(r#"{{"consort":{least}}}"#);
    Ok(())
}

/// Ten MLPs 20-64-64-2 on 50,000 rows, two epochs, one thread or two.
fn packed(mode: &str, batch: usize) -> Result<()> {
    const ROWS: usize = 50_000;
    let mut stream = Seed::new(1).stream();
    let columns: Vec<Vec<f32>> = (0..20).map(|_| (0..ROWS).map(|_| stream.normal() as f32).collect()).collect();
    let codes = (0..ROWS).map(|i| u32::from(columns[0][i] * columns[1][i] + columns[2][i] > 0.0)).collect();
    let columns = columns.into_iter().enumerate();
    let columns = columns.map(|(k, values)| Column::Numeric { name: format!("x{k}"), values }).collect();
    let data = Dataset::new(Features::Columns(columns))?
        .with_target(Target::Classes { codes, classes: Classes::new(["no", "yes"])? })?;
    let net = Net {
        optimizer: Optimizer::Adam { weight_decay: 0.0 },
        learning_rate: 1e-3,
        epochs: 2,
        batch,
        ..Net::new(Mlp { hidden: vec![64, 64], ..Mlp::default() })
    };
    let (packing, threads) = match mode {
        "packed" => (Packing::Packed, 1),
        "packed-2" => (Packing::Packed, 2),
        "loop" => (Packing::Apart, 1),
        "loop-2" => (Packing::Apart, 2),
        other => return Err(Error::custom(format!("there is no mode `{other}`"))),
    };
    let ctx = FitContext { threads, ..FitContext::new(Seed::new(1)) };
    let start = Instant::now();
    let fitted = Independent { nets: vec![net], members: 10, packing }.train(&Samples::all(&data), &ctx)?;
    let fit = start.elapsed().as_secs_f64();
    let loss = fitted.nets()[0].history().epochs.last().map_or(f64::NAN, |epoch| epoch.loss);
    println!(r#"{{"mode":"{mode}","batch":{batch},"fit":{fit},"loss":{loss}}}"#);
    Ok(())
}
