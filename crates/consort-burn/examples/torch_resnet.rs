//! A ResNet whose weights PyTorch wrote: the backbone is taken over and frozen, and a new head learns other classes.
//! `cargo run -p consort-burn --example torch_resnet [WEIGHTS]`
//!
//! WEIGHTS is torchvision's `resnet18().state_dict()`, saved by `torch.save` or as safetensors. Without it, a small one that
//! ships with the tests is taken: the same layout, 2 channels wide instead of 64.

use std::path::PathBuf;

use consort_burn::{
    Scale,
    architecture::{Depth, ResNet, Stem},
    ensemble::{DeepEnsemble, Snapshot},
    net::Net,
    weights::Pretrained,
};
use consort_core::{Classes, Dataset, Features, FitContext, Model, Result, Samples, Seed, Target};

/// Pictures of stripes, across or down, in noise.
fn stripes(rows: usize) -> Result<Dataset> {
    let mut stream = Seed::new(1).stream();
    let (mut values, mut codes) = (Vec::with_capacity(rows * 3 * 32 * 32), Vec::with_capacity(rows));
    for _ in 0..rows {
        let (code, phase) = (stream.below(2) as u32, 6.0 * stream.unit());
        codes.push(code);
        for place in 0..3 * 32 * 32 {
            let along = if code == 0 { place / 32 % 32 } else { place % 32 };
            values.push((0.5 + 0.4 * (0.8 * along as f64 + phase).sin() + 0.1 * stream.normal()) as f32);
        }
    }
    let target = Target::Classes { codes, classes: Classes::new(["across", "down"])? };
    Dataset::new(Features::Dense { values, shape: vec![3, 32, 32] })?.with_target(target)
}

fn main() -> Result<()> {
    let given = std::env::args().nth(1).map(PathBuf::from);
    let width = if given.is_some() { 64 } else { 2 };
    let shipped = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/resnet18.safetensors");
    let start = Pretrained {
        file: given.unwrap_or(shipped),
        skip: vec!["fc".into()],
        freeze: ["conv1", "bn1", "layer1", "layer2"].map(String::from).to_vec(),
    };
    let net = Net {
        pretrained: Some(start),
        // What torchvision's weights expect.
        scale: Scale::Given { means: vec![0.485, 0.456, 0.406], deviations: vec![0.229, 0.224, 0.225] },
        epochs: 6,
        batch: 16,
        learning_rate: 0.01,
        ..Net::new(ResNet { depth: Depth::D18, stem: Stem::Large, width })
    };
    let data = stripes(240)?;
    let (train, test): (Vec<u32>, Vec<u32>) = (0..240).partition(|i| i % 4 != 0);
    let (train, test) = (Samples::rows(&data, &train)?, Samples::rows(&data, &test)?);
    let fitted = Snapshot { net, members: 2 }.train(&train, &FitContext::new(Seed::new(2)))?;

    let Some(Target::Classes { codes, .. }) = data.target() else { return Ok(()) };
    let predicted = fitted.predict(&test)?;
    let right = (0..test.len()).filter(|&i| predicted.argmax(i) == Some(codes[test.row(i)] as usize)).count();
    println!("{right} of {} pictures right", test.len());
    for epoch in &fitted.nets()[0].history().epochs {
        println!("epoch {}: loss {:.4}, rate {:.5}", epoch.epoch, epoch.loss, epoch.rate);
    }
    Ok(())
}
