//! A net of your own: one burn module, one small trait, one recipe. It then takes part in everything: snapshots, bagging,
//! saving. `cargo run -p consort-burn --example custom_net`

use burn::{
    module::Module,
    nn::Linear,
    tensor::{Tensor, activation::tanh},
};
use consort_burn::{
    architecture::Architecture,
    ensemble::{DeepEnsemble, Snapshot},
    net::Net,
    network::{Forward, Init, InputShape, Inputs, Network, Pass, Trainable},
};
use consort_core::{Column, Dataset, Features, FitContext, Model, Result, Samples, Seed, Target};
use serde::{Deserialize, Serialize};

/// Sines of learnt sums: what a wave is made of.
#[derive(Module, Debug)]
struct Waves {
    frequencies: Linear,
    amplitudes: Linear,
    shape: Linear,
}

impl Forward for Waves {
    fn forward(&self, inputs: &Inputs, pass: &mut Pass) -> Tensor<2> {
        let waves = self.frequencies.forward(inputs.numbers.clone()).sin();
        let bent = tanh(self.shape.forward(inputs.numbers.clone()));
        self.amplitudes.forward(pass.dropout(Tensor::cat(vec![waves, bent], 1), 0.02))
    }
}

/// The recipe: sizes and nothing learnt.
#[derive(Debug, Serialize, Deserialize)]
struct WaveNet {
    waves: usize,
}

#[typetag::serde(name = "wave_net")]
impl Architecture for WaveNet {
    fn name(&self) -> String {
        "waves".into()
    }

    fn build(&self, shape: &InputShape, outputs: usize, init: &mut Init) -> Result<Box<dyn Network>> {
        Ok(Trainable::boxed(Waves {
            frequencies: Linear {
                weight: init.normal([shape.numbers, self.waves], 8.0),
                bias: Some(init.uniform([self.waves], std::f64::consts::PI)),
            },
            shape: init.linear(shape.numbers, self.waves),
            amplitudes: init.linear(2 * self.waves, outputs),
        }))
    }
}

fn main() -> Result<()> {
    let x: Vec<f32> = (0..400).map(|i| i as f32 / 40.0).collect();
    let y = x.iter().map(|&x| f64::from((2.0 * x).sin() + 0.5 * (5.0 * x).cos())).collect();
    let data = Dataset::new(Features::Columns(vec![Column::Numeric { name: "x".into(), values: x }]))?
        .with_target(Target::from_values(y, "y")?)?;
    let (train, test): (Vec<u32>, Vec<u32>) = (0..400).partition(|i| i % 4 != 0);
    let (train, test) = (Samples::rows(&data, &train)?, Samples::rows(&data, &test)?);

    let net = Net { epochs: 120, batch: 32, learning_rate: 0.02, ..Net::new(WaveNet { waves: 48 }) };
    let ensemble = Snapshot { net, members: 4 }.train(&train, &FitContext::new(Seed::new(1)))?;

    let Some(Target::Values { values, .. }) = data.target() else { return Ok(()) };
    let error = |predicted: &consort_core::Matrix| {
        let squares = (0..test.len()).map(|i| (f64::from(predicted.at(i, 0)) - values[test.row(i)]).powi(2));
        (squares.sum::<f64>() / test.len() as f64).sqrt()
    };
    for (m, predicted) in ensemble.member_predictions(&test)?.iter().enumerate() {
        println!("snapshot {}: RMSE {:.4}", m + 1, error(predicted));
    }
    println!("their mean: RMSE {:.4}", error(&ensemble.predict(&test)?));

    let saved = serde_json::to_string(&ensemble as &dyn Model).map_err(consort_core::Error::custom)?;
    let loaded: Box<dyn Model> = serde_json::from_str(&saved).map_err(consort_core::Error::custom)?;
    println!("loaded again, the same predictions: {}", loaded.predict(&test)? == ensemble.predict(&test)?);
    Ok(())
}
