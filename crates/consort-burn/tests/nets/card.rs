//! Nets trained on the cards of this machine, a software renderer among them, beside the CPU.

use consort_burn::{
    architecture::{Depth, LeNet5, Mlp, ResNet, Stem},
    device::choose,
    ensemble::{DeepEnsemble, Independent, Packing},
    net::Net,
    network::Precision,
    optimizer::Optimizer,
};
use consort_core::{Classes, Dataset, Features, FitContext, Matrix, Model, Samples, Seed, Target};

use crate::tables::classes;

/// The cards that are there; the one that `CONSORT_DEVICE` names must be.
fn cards() -> Vec<&'static str> {
    let is_there = |name: &&str| choose(name).is_ok_and(|chosen| chosen.fallback.is_none());
    let cards: Vec<&str> = ["wgpu", "cuda"].into_iter().filter(is_there).collect();
    if let Ok(named) = std::env::var("CONSORT_DEVICE") {
        assert!(cards.contains(&&*named), "{named} is not there");
    }
    cards
}

/// Images of noise, brighter in one of three stripes.
fn images(rows: usize, [channels, side]: [usize; 2]) -> Dataset {
    let mut stream = Seed::new(13).stream();
    let codes: Vec<u32> = (0..rows).map(|_| stream.below(3) as u32).collect();
    let values = codes.iter().flat_map(|&class| (0..channels * side * side).map(move |pixel| (class, pixel)));
    let bright = |class: u32, pixel: usize| f64::from(u8::from(pixel % side * 3 / side == class as usize));
    let values: Vec<f32> = values.map(|(class, pixel)| (stream.normal() + bright(class, pixel)) as f32).collect();
    let classes = Classes::new(["left", "middle", "right"]).unwrap();
    Dataset::new(Features::Dense { values, shape: vec![channels, side, side] })
        .unwrap()
        .with_target(Target::Classes { codes, classes })
        .unwrap()
}

/// The greatest difference between what a net predicts that a card trained and what one does that the CPU trained.
fn far(net: &Net, data: &Dataset, packing: Packing) -> f32 {
    let all = Samples::all(data);
    let of = |device: &str| -> Matrix {
        let ensemble = Independent { nets: vec![Net { device: device.into(), ..net.clone() }], members: 2, packing };
        let fitted = ensemble.train(&all, &FitContext::new(Seed::new(5))).unwrap();
        let losses: Vec<f64> = fitted.nets()[0].history().epochs.iter().map(|epoch| epoch.loss).collect();
        assert!(losses.last() < losses.first(), "{device}: {losses:?}");
        fitted.predict(&all).unwrap()
    };
    let cpu = of("cpu");
    let far = |card: Matrix| card.values().iter().zip(cpu.values()).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
    cards().into_iter().map(of).map(far).fold(0.0, f32::max)
}

/// Slow steps, in which roundings stay small.
fn sgd(architecture: impl consort_burn::architecture::Architecture + 'static) -> Net {
    let optimizer = Optimizer::Sgd { momentum: 0.9, weight_decay: 1e-4 };
    Net { optimizer, epochs: 2, batch: 16, learning_rate: 0.01, ..Net::new(architecture) }
}

#[test]
fn a_lenet_learns_the_same_on_a_card() {
    let far = far(&sgd(LeNet5 {}), &images(48, [1, 28]), Packing::Apart);
    assert!(far < 0.01, "{far}");
}

#[test]
fn a_resnet_learns_the_same_on_a_card() {
    let resnet = ResNet { depth: Depth::D18, stem: Stem::Small, width: 8 };
    let far = far(&sgd(resnet), &images(32, [3, 16]), Packing::Apart);
    assert!(far < 0.02, "{far}");
}

#[test]
fn a_lenet_learns_in_16_bits_where_the_card_can() {
    let data = images(16, [1, 28]);
    let all = Samples::all(&data);
    for device in cards() {
        for precision in [Precision::F16, Precision::Bf16] {
            let net = Net { precision, device: device.into(), ..sgd(LeNet5 {}) };
            match net.train(&all, &FitContext::new(Seed::new(5))) {
                Ok(fitted) => {
                    let losses: Vec<f64> = fitted.history().epochs.iter().map(|epoch| epoch.loss).collect();
                    assert!(losses.last() < losses.first(), "{device}, {precision:?}: {losses:?}");
                }
                Err(error) => assert!(error.to_string().contains("set `precision` to full"), "{error}"),
            }
        }
    }
}

#[test]
fn nets_that_are_one_program_learn_the_same_on_a_card() {
    let mlp = Mlp { hidden: vec![16, 8], ..Mlp::default() };
    let far = far(&sgd(mlp), &classes(200), Packing::Packed);
    assert!(far < 0.01, "{far}");
}
