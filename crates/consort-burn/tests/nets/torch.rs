//! Weights that PyTorch wrote, against what PyTorch said with them (`tests/data/make_torch.py`).

use std::path::PathBuf;

use burn::tensor::{Device, Tensor, TensorData};
use consort_burn::{
    architecture::{Architecture, Depth, Mlp, ResNet, Stem},
    net::Net,
    network::{Init, InputShape, Inputs, Network, Pass},
    weights::Pretrained,
};
use consort_core::{Dataset, Features, FitContext, Samples, Seed, Target};
use serde_json::Value;

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn answers() -> Value {
    serde_json::from_str(&std::fs::read_to_string(file("torch.json")).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap() as f32).collect()
}

fn blank(architecture: &dyn Architecture, row: [usize; 3], outputs: usize) -> Box<dyn Network> {
    let shape = InputShape { numbers: row.iter().product(), row, levels: vec![] };
    architecture.build(&shape, outputs, &mut Init::blank(&Device::flex())).unwrap()
}

fn ask(network: &dyn Network, values: Vec<f32>, rows: usize, row: [usize; 3]) -> Vec<f32> {
    let width = values.len() / rows;
    let numbers = Tensor::from_data(TensorData::new(values, [rows, width]), &Device::flex());
    let inputs = Inputs { numbers, categories: None, row };
    network.forward(&inputs, &mut Pass::predicting()).into_data().try_into_vec_as().unwrap()
}

fn near(got: &[f32], expected: &[f32]) {
    assert_eq!(got.len(), expected.len());
    assert!(got.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-4), "{got:?}\n{expected:?}");
}

#[test]
fn an_mlp_of_torch_says_the_same_here() {
    let answers = answers();
    let mlp = Mlp { hidden: vec![5, 4], ..Mlp::default() };
    for name in ["mlp.pt", "mlp.safetensors"] {
        let mut network = blank(&mlp, [1, 1, 3], 2);
        let loaded = network.read_torch(&file(name), &[], mlp.torch_names()).unwrap();
        assert_eq!(loaded.taken.len(), 6);
        let got = ask(&*network, numbers(&answers["mlp"]["inputs"]), 4, [1, 1, 3]);
        near(&got, &numbers(&answers["mlp"]["outputs"]));
    }
}

#[test]
fn weights_in_half_and_double_precision_are_taken_as_single() {
    let answers = answers();
    let mlp = Mlp { hidden: vec![5, 4], ..Mlp::default() };
    for (name, tolerance) in [("mlp_half.safetensors", 5e-3), ("mlp_double.pt", 1e-5)] {
        let mut network = blank(&mlp, [1, 1, 3], 2);
        network.read_torch(&file(name), &[], mlp.torch_names()).unwrap();
        let got = ask(&*network, numbers(&answers["mlp"]["inputs"]), 4, [1, 1, 3]);
        let far = got.iter().zip(numbers(&answers["mlp"]["outputs"])).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(far < tolerance, "{name}: {far}");
    }
}

#[test]
fn residual_nets_of_torchvision_say_the_same_here() {
    let answers = answers();
    for (name, depth) in
        [("resnet18.pt", Depth::D18), ("resnet18.safetensors", Depth::D18), ("resnet50.pt", Depth::D50)]
    {
        let resnet = ResNet { depth, stem: Stem::Large, width: 2 };
        let row = [3, 40, 36];
        let mut network = blank(&resnet, row, 3);
        network.read_torch(&file(name), &[], resnet.torch_names()).unwrap();
        let got = ask(&*network, numbers(&answers["images"]), 2, row);
        near(&got, &numbers(&answers[resnet.name()]));
    }
}

#[test]
fn weights_of_another_architecture_are_listed() {
    let mlp = Mlp { hidden: vec![5, 4, 4], ..Mlp::default() };
    let error = blank(&mlp, [1, 1, 3], 2).read_torch(&file("mlp.pt"), &[], mlp.torch_names()).unwrap_err().to_string();
    assert!(error.contains("mlp.pt") && error.contains("missing") && error.contains("layers.3.weight"), "{error}");
    let mlp = Mlp { hidden: vec![5], ..Mlp::default() };
    let error = blank(&mlp, [1, 1, 3], 2).read_torch(&file("mlp.pt"), &[], mlp.torch_names()).unwrap_err().to_string();
    assert!(error.contains("too many") && error.contains("layers.2.weight"), "{error}");
    let error = blank(&mlp, [1, 1, 3], 2).read_torch(&file("none.pt"), &[], &[]).unwrap_err().to_string();
    assert!(error.contains("none.pt"), "{error}");
    let error = blank(&mlp, [1, 1, 3], 2).read_torch(&file("torch.json"), &[], &[]).unwrap_err().to_string();
    assert!(error.contains("torch.json") && error.contains("state_dict"), "{error}");
}

#[test]
fn a_frozen_backbone_stays_and_a_new_head_learns() {
    let values: Vec<f32> = (0..8 * 3 * 16 * 16).map(|i| ((i * 37) % 101) as f32 / 101.0).collect();
    let target = Target::from_values((0..8).map(f64::from).collect(), "y").unwrap();
    let data = Dataset::new(Features::Dense { values, shape: vec![3, 16, 16] }).unwrap().with_target(target).unwrap();
    let resnet = ResNet { depth: Depth::D18, stem: Stem::Large, width: 2 };
    let start = |freeze: &[&str]| Pretrained {
        file: file("resnet18.pt"),
        skip: vec!["fc".into()],
        freeze: freeze.iter().map(ToString::to_string).collect(),
    };
    let fit = |freeze: &[&str]| {
        let net = Net { epochs: 2, batch: 4, pretrained: Some(start(freeze)), ..Net::new(resnet) };
        net.train(&Samples::all(&data), &FitContext::new(Seed::new(3)))
    };
    let mut original = blank(&resnet, [3, 16, 16], 3);
    original.read_torch(&file("resnet18.pt"), &[], resnet.torch_names()).unwrap();
    let original = original.weights().unwrap();
    let frozen = fit(&["conv1", "bn1", "layer"]).unwrap().weights().unwrap();
    for layer in frozen.layers().iter().filter(|layer| !layer.name.starts_with("fc")) {
        assert_eq!(Some(layer), original.layer(&layer.name), "{}", layer.name);
    }
    assert_eq!(frozen.layer("fc.weight").unwrap().shape, [16, 1]);
    let free = fit(&[]).unwrap().weights().unwrap();
    assert_ne!(free.layer("layer4.1.conv2.weight"), original.layer("layer4.1.conv2.weight"));
    assert_ne!(free.layer("bn1.running_mean"), original.layer("bn1.running_mean"));
    let error = fit(&["backbone"]).unwrap_err().to_string();
    assert!(error.contains("backbone") && error.contains("layer1.0.conv1.weight"), "{error}");
}
