use std::path::Path;

use consort_burn::{
    architecture::LeNet5,
    ensemble::{Bagging, Boosting, DeepEnsemble, Independent, Joint, Packing, Snapshot},
    images::idx_dataset,
    net::Net,
    optimizer::Optimizer,
};
use consort_core::{Classes, Error, FitContext, Matrix, Model, Result, Samples, Seed, Target};
use serde_json::{Value, json};

use crate::place::Place;

/// Five LeNet-5 on the first `rows` training images, asked about all 10,000 test images.
pub(crate) fn run(place: &Place, folder: &Path, method: &str, epochs: usize, seed: u64, rows: u32) -> Result<Value> {
    let classes = Classes::new((0..10).map(|k| k.to_string()))?;
    let file = |name: &str| folder.join(name);
    let read = |images: &str, labels: &str| idx_dataset(&file(images), &file(labels), Some(&classes));
    let train = read("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz")?;
    let test = read("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")?;
    let taken: Vec<u32> = (0..rows).collect();
    let (samples, test) = (Samples::rows(&train, &taken)?, Samples::all(&test));
    let ctx = FitContext { threads: if place.is_card() { 1 } else { 2 }, ..FitContext::new(Seed::new(seed)) };
    let ensemble = ensemble(place, method, epochs)?;
    let (fitted, fit) = place.time(&ctx, || ensemble.train(&samples, &ctx))?;
    let (predicted, predict) = place.time(&ctx, || fitted.predict(&test))?;
    let accuracy = accuracy(&predicted, &test);
    Ok(json!({
        "method": method, "rows": rows, "epochs": epochs, "seed": seed, "accuracy": accuracy, "fit": fit, "predict": predict,
    }))
}

fn ensemble(place: &Place, method: &str, epochs: usize) -> Result<Box<dyn DeepEnsemble>> {
    let net = place.net(Net {
        optimizer: Optimizer::Adam { weight_decay: 5e-4 },
        learning_rate: 1e-3,
        epochs,
        batch: 128,
        ..Net::new(LeNet5::default())
    });
    Ok(match method {
        "voting" => Box::new(Independent { nets: vec![net], members: 5, packing: Packing::Auto }),
        "bagging" => Box::new(Bagging { net, members: 5, ..Bagging::default() }),
        "joint" => Box::new(Joint { net, members: 5 }),
        "boosting" => Box::new(Boosting { net, members: 5, rate: 1.0 }),
        "snapshot" => Box::new(Snapshot { net: Net { epochs: 5 * epochs, ..net }, members: 5 }),
        other => return Err(Error::custom(format!("there is no method `{other}`"))),
    })
}

/// The share of rows whose class is the one predicted.
pub(crate) fn accuracy(predicted: &Matrix, truth: &Samples<'_>) -> f64 {
    let Some(Target::Classes { codes, .. }) = truth.dataset().target() else { return f64::NAN };
    let right = (0..truth.len()).filter(|&i| predicted.argmax(i) == Some(codes[truth.row(i)] as usize)).count();
    right as f64 / truth.len() as f64
}
