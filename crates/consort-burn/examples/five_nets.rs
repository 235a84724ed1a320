//! Five nets on one device, trained, asked and fused there: the only numbers that come back are the answers.
//! `cargo run -p consort-burn --features kernels --example five_nets`, with `cuda` or `wgpu` on a card.

use burn::{
    module::Module,
    nn::{Linear, LinearConfig, loss::CrossEntropyLossConfig},
    optim::{AdamConfig, GradientsParams},
    tensor::{
        Device, Int, Tensor, TensorData,
        activation::{relu, softmax},
    },
};
use consort_burn::{device, fusing};
use consort_core::{Classes, Error, Outputs, Result};
use consort_fusion::rule::{Geometric, Mean};

#[derive(Module, Debug)]
struct Net {
    hidden: Linear,
    out: Linear,
}

impl Net {
    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.out.forward(relu(self.hidden.forward(x)))
    }
}

/// Two spirals of three arms: points and their arm.
fn spirals(rows: usize, offset: f32) -> (Vec<f32>, Vec<i32>) {
    let mut points = Vec::with_capacity(2 * rows);
    let mut arms = Vec::with_capacity(rows);
    for i in 0..rows {
        let arm = (i % 3) as i32;
        let t = (i / 3) as f32 / (rows / 3) as f32 + offset / rows as f32;
        let wobble = 0.12 * ((i * 7919) as f32).sin();
        let angle = 4.0 * t + 2.094 * arm as f32 + wobble;
        points.extend([t * angle.cos(), t * angle.sin()]);
        arms.push(arm);
    }
    (points, arms)
}

fn put(points: Vec<f32>, device: &Device) -> Tensor<2> {
    let rows = points.len() / 2;
    Tensor::from_data(TensorData::new(points, [rows, 2]), device)
}

fn main() -> Result<()> {
    let chosen = device::choose("auto")?;
    println!("device: {}{}", chosen.name, chosen.fallback.map(|why| format!(" ({why})")).unwrap_or_default());
    let (device, training) = (chosen.device.clone(), chosen.device.autodiff());
    let (points, arms) = spirals(600, 0.0);
    let x = put(points, &training);
    let y = Tensor::<1, Int>::from_data(TensorData::new(arms, [600]), &training);

    let mut nets = Vec::new();
    for seed in 1..=5 {
        training.seed(seed);
        let mut net =
            Net { hidden: LinearConfig::new(2, 24).init(&training), out: LinearConfig::new(24, 3).init(&training) };
        let mut adam = AdamConfig::new().init();
        let loss = CrossEntropyLossConfig::new().init(&training);
        for _ in 0..60 {
            let gradients = loss.forward(net.forward(x.clone()), y.clone()).backward();
            net = adam.step(0.03, net.clone(), GradientsParams::from_grads(gradients, &net));
        }
        nets.push(net.valid());
    }

    // New points: what the nets give is stacked, fused and compared with the truth on the device.
    let (points, arms) = spirals(3000, 0.5);
    let x = put(points, &device);
    let truth = Tensor::<1, Int>::from_data(TensorData::new(arms, [3000]), &device);
    let given: Vec<Tensor<2>> = nets.iter().map(|net| softmax(net.forward(x.clone()), 1)).collect();
    let right = |p: Tensor<2>| -> Result<f32> {
        let hits = p.argmax(1).squeeze::<1>().equal(truth.clone()).float().mean();
        hits.into_data()
            .try_into_vec_as::<f32>()
            .map(|mean| mean[0])
            .map_err(|error| Error::custom(format!("{error:?}")))
    };
    for (n, p) in given.iter().enumerate() {
        println!("net {}: {:.3} right", n + 1, right(p.clone())?);
    }
    let outputs = Outputs::Classes(Classes::new(["first", "second", "third"])?);
    let cube = Tensor::stack::<3>(given, 0);
    println!("mean: {:.3} right", right(fusing::fuse(cube.clone(), &Mean::new(), &outputs)?)?);
    println!("geometric mean: {:.3} right", right(fusing::fuse(cube, &Geometric::new(), &outputs)?)?);
    Ok(())
}
