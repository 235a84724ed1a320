use std::sync::Mutex;

use burn::{
    module::{Module, ModuleVisitor, Param, RunningState},
    nn::{
        BatchNorm, BatchNormConfig, Embedding, Linear,
        conv::{Conv2d, Conv2dConfig},
    },
    tensor::{Device, Tensor, TensorData},
};
use consort_core::{Seed, Stream};

/// Burn's generator is one for the whole process: who seeds it and draws holds this.
static GENERATOR: Mutex<()> = Mutex::new(());

/// The first weights of a network, drawn on the host from a stream of its own: threads cannot disturb each other, and
/// every device gets the same.
///
/// The distributions are PyTorch's, so that a net trained here starts as one trained there.
#[derive(Debug)]
pub struct Init {
    stream: Stream,
    device: Device,
    /// All zeros, for weights that will be read from a file.
    is_blank: bool,
}

impl Init {
    /// Weights drawn from a seed.
    pub fn new(seed: Seed, device: &Device) -> Self {
        Self { stream: seed.stream(), device: device.clone(), is_blank: false }
    }

    /// Zeros: for weights that will be replaced.
    pub fn blank(device: &Device) -> Self {
        Self { stream: Seed::new(0).stream(), device: device.clone(), is_blank: true }
    }

    /// Where the weights live.
    pub fn device(&self) -> &Device {
        &self.device
    }

    fn draw<const D: usize>(
        &mut self,
        shape: [usize; D],
        mut next: impl FnMut(&mut Stream) -> f64,
    ) -> Param<Tensor<D>> {
        let count: usize = shape.iter().product();
        let values: Vec<f32> = match self.is_blank {
            true => vec![0.0; count],
            false => (0..count).map(|_| next(&mut self.stream) as f32).collect(),
        };
        Param::from_tensor(Tensor::from_data(TensorData::new(values, shape), &self.device))
    }

    /// Numbers even in `-bound..bound`.
    pub fn uniform<const D: usize>(&mut self, shape: [usize; D], bound: f64) -> Param<Tensor<D>> {
        self.draw(shape, |stream| (2.0 * stream.unit() - 1.0) * bound)
    }

    /// Normal numbers of this standard deviation about 0.
    pub fn normal<const D: usize>(&mut self, shape: [usize; D], deviation: f64) -> Param<Tensor<D>> {
        self.draw(shape, |stream| stream.normal() * deviation)
    }

    /// All the same number.
    pub fn constant<const D: usize>(&mut self, shape: [usize; D], value: f64) -> Param<Tensor<D>> {
        self.draw(shape, |_| value)
    }

    /// 1 or −1, each as likely.
    pub fn signs<const D: usize>(&mut self, shape: [usize; D]) -> Param<Tensor<D>> {
        self.draw(shape, |stream| if stream.below(2) == 0 { -1.0 } else { 1.0 })
    }

    /// A linear layer: weights `[inputs][outputs]` and bias even within `±1/√inputs`.
    pub fn linear(&mut self, inputs: usize, outputs: usize) -> Linear {
        let bound = 1.0 / (inputs.max(1) as f64).sqrt();
        Linear { weight: self.uniform([inputs, outputs], bound), bias: Some(self.uniform([outputs], bound)) }
    }

    /// A convolution, weights and bias even within `±1/√(inputs of one output)`.
    pub fn conv(&mut self, config: &Conv2dConfig) -> Conv2d {
        let bound = |layer: &Conv2d| {
            let [_, inputs, height, width] = layer.weight.lazy_shape().dims();
            1.0 / ((inputs * height * width).max(1) as f64).sqrt()
        };
        self.conv_by(config, |init, layer| {
            let bound = bound(layer);
            (init.uniform(layer.weight.lazy_shape().dims(), bound), bound)
        })
    }

    /// A convolution without bias, normal with variance `2 / (outputs × kernel)` (He and others 2015), as ResNets start.
    pub fn he_conv(&mut self, config: &Conv2dConfig) -> Conv2d {
        self.conv_by(config, |init, layer| {
            let [outputs, _, height, width] = layer.weight.lazy_shape().dims();
            (init.normal(layer.weight.lazy_shape().dims(), (2.0 / (outputs * height * width) as f64).sqrt()), 0.0)
        })
    }

    fn conv_by(
        &mut self,
        config: &Conv2dConfig,
        weight: impl Fn(&mut Self, &Conv2d) -> (Param<Tensor<4>>, f64),
    ) -> Conv2d {
        // Burn's layer is lazy: nothing of its own is drawn.
        let mut layer = config.init(&self.device);
        let (weight, bound) = weight(self, &layer);
        let outputs = layer.weight.lazy_shape().dims::<4>()[0];
        layer.weight = weight;
        layer.bias = layer.bias.is_some().then(|| self.uniform([outputs], bound));
        layer
    }

    /// A batch norm that changes nothing yet.
    pub fn batch_norm(&mut self, channels: usize) -> BatchNorm {
        let mut layer = BatchNormConfig::new(channels.max(1)).init(&self.device);
        layer.gamma = self.constant([channels], 1.0);
        layer.beta = self.constant([channels], 0.0);
        layer.running_mean = RunningState::new(Tensor::zeros([channels], &self.device));
        layer.running_var = RunningState::new(Tensor::ones([channels], &self.device));
        layer
    }

    /// A vector of `width` numbers for each level, normal about 0 with variance `1 / width`.
    pub fn embedding(&mut self, levels: usize, width: usize) -> Embedding {
        Embedding { weight: self.normal([levels, width], 1.0 / (width.max(1) as f64).sqrt()) }
    }

    /// A module that draws its weights by burn's own initialisers. Burn has one generator for the whole process; it is
    /// seeded from this stream and held until all weights are drawn, so that nets built on several threads do not
    /// disturb each other. Only a program that draws from burn's generator elsewhere at the same time could.
    pub fn seeded<M: Module>(&mut self, make: impl FnOnce(&Device) -> M) -> M {
        let guard = GENERATOR.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.device.clone().without_autodiff().seed(self.stream.next_u64());
        let module = make(&self.device);
        // Burn draws a weight when it is first read.
        module.visit(&mut Touch);
        drop(guard);
        module
    }
}

struct Touch;

impl ModuleVisitor for Touch {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let _ = param.val();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::nn::LinearConfig;

    fn numbers<const D: usize>(param: &Param<Tensor<D>>) -> Vec<f32> {
        param.val().into_data().try_into_vec_as().unwrap()
    }

    #[test]
    fn weights_come_from_the_seed_alone_on_any_thread() {
        let draw = |seed: u64| {
            let mut init = Init::new(Seed::new(seed), &Device::flex());
            let ours = init.linear(7, 5);
            let burns = init.seeded(|device| LinearConfig::new(30, 20).init(device));
            (numbers(&ours.weight), numbers(&burns.weight))
        };
        let alone = draw(3);
        assert_ne!(alone, draw(4));
        let threads: Vec<_> = std::thread::scope(|scope| {
            let started: Vec<_> = (0..8).map(|i| scope.spawn(move || draw(3 + i % 2))).collect();
            started.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(threads.iter().step_by(2).all(|weights| *weights == alone));
        assert!(alone.0.iter().all(|w| w.abs() <= 1.0 / 7f32.sqrt()));
    }
}
