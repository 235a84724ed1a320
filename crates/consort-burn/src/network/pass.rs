use burn::{
    module::Param,
    nn::{BatchNorm, conv::Conv2d},
    tensor::{DType, Device, FloatDType, Tensor, TensorData, module::batch_norm_train},
};
use consort_core::{Seed, Stream};

use crate::convolution::convolve;

/// One way through a network: whether it learns, and where its noise comes from.
///
/// Burn's own dropout draws from one generator of the whole process, so two nets on two threads would disturb each
/// other. Here each net has a stream of its own, on the host.
#[derive(Debug)]
pub struct Pass {
    noise: Noise,
    is_training: bool,
    /// How much a batch moves the running statistics, where it is not what the layer says.
    pub(crate) momentum: Option<f64>,
    member: usize,
    is_embedding: bool,
    has_dropped: bool,
}

#[derive(Debug)]
enum Noise {
    None,
    /// A mask for every row and unit.
    EachRow(Stream),
    /// One mask for all rows: a network drawn once.
    AllRows(Stream),
}

impl Pass {
    /// A pass that predicts: no dropout, normalised by the running statistics.
    pub fn predicting() -> Self {
        Self {
            noise: Noise::None,
            is_training: false,
            momentum: None,
            member: 0,
            is_embedding: false,
            has_dropped: false,
        }
    }

    /// A pass that learns, its masks drawn from a stream.
    pub fn training(noise: Stream) -> Self {
        Self { noise: Noise::EachRow(noise), is_training: true, ..Self::predicting() }
    }

    /// A pass that predicts by a network drawn at random: its dropped units are the same for all rows, so that a
    /// prediction depends on no other row.
    pub fn sampling(seed: Seed) -> Self {
        Self { noise: Noise::AllRows(seed.stream()), ..Self::predicting() }
    }

    /// A pass that predicts and ends before the last layer: what it gives is what that layer would read.
    pub fn embedding() -> Self {
        Self { is_embedding: true, ..Self::predicting() }
    }

    /// Whether it ends before the last layer. A network that does not ask gives its outputs.
    pub fn is_embedding(&self) -> bool {
        self.is_embedding
    }

    /// Whether the network learns.
    pub fn is_training(&self) -> bool {
        self.is_training
    }

    /// Which of several members in one module is asked.
    pub fn member(&self) -> usize {
        self.member
    }

    /// Whether units were dropped.
    pub(crate) fn has_dropped(&self) -> bool {
        self.has_dropped
    }

    /// The stream, to go on with.
    pub(crate) fn into_noise(self) -> Option<Stream> {
        match self.noise {
            Noise::None => None,
            Noise::EachRow(stream) | Noise::AllRows(stream) => Some(stream),
        }
    }

    pub(crate) fn of_member(&mut self, member: usize) -> &mut Self {
        self.member = member;
        self
    }

    /// Sets units to 0, each with this probability, and scales the others by `1 / (1 − probability)` (Srivastava and
    /// others 2014). A pass that predicts changes nothing.
    ///
    /// # Shapes
    /// `x` and the result: `[rows][units]`.
    pub fn dropout(&mut self, x: Tensor<2>, probability: f64) -> Tensor<2> {
        if probability <= 0.0 {
            return x;
        }
        let [rows, units] = x.dims();
        self.has_dropped |= !matches!(self.noise, Noise::None);
        match &mut self.noise {
            Noise::None => x,
            Noise::EachRow(stream) => {
                let mask = mask(stream, [rows, units], probability, &x.device()).cast(FloatDType::from(x.dtype()));
                x * mask
            }
            Noise::AllRows(stream) => {
                let mask = mask(stream, [1, units], probability, &x.device()).cast(FloatDType::from(x.dtype()));
                x * mask
            }
        }
    }

    /// Normalises each channel by the statistics of the batch while it learns, which move the running ones; else by
    /// the running ones (Ioffe and Szegedy 2015). A layer that is frozen keeps to the running ones, as does any where a
    /// channel has a single number.
    ///
    /// # Shapes
    /// `x` and the result: `[rows][channels][…]`.
    pub fn batch_norm<const D: usize>(&self, layer: &BatchNorm, x: Tensor<D>) -> Tensor<D> {
        if x.dtype() != DType::F32 {
            // Sums over a batch want 32 bits.
            let dtype = FloatDType::from(x.dtype());
            return self.batch_norm(layer, x.cast(FloatDType::F32)).cast(dtype);
        }
        let count: usize = x.dims().iter().product::<usize>() / x.dims()[1].max(1);
        // A single number has no variance: what it would be divided by is noise.
        if self.is_settled(layer) || count < 2 {
            let device = x.device();
            let (mean, variance) = (layer.running_mean.value_sync(), layer.running_var.value_sync());
            let (mean, variance) = (at(mean, &device), at(variance, &device));
            return burn::tensor::module::batch_norm(
                x,
                layer.gamma.val(),
                layer.beta.val(),
                mean,
                variance,
                layer.epsilon,
            );
        }
        let done = batch_norm_train(x, layer.gamma.val(), layer.beta.val(), layer.epsilon);
        let share = self.momentum.unwrap_or(layer.momentum);
        let moved = |old: Tensor<1>, new: Tensor<1>| old.mul_scalar(1.0 - share) + new.mul_scalar(share);
        // The running variance is the unbiased one, as in PyTorch.
        let unbiased = count as f64 / (count.max(2) - 1) as f64;
        let (mean, variance) = (done.mean.detach(), done.variance.detach().mul_scalar(unbiased));
        layer.running_mean.update(moved(layer.running_mean.value_sync(), mean).detach());
        layer.running_var.update(moved(layer.running_var.value_sync(), variance).detach());
        done.output
    }

    /// Whether a norm keeps to its running statistics.
    fn is_settled(&self, layer: &BatchNorm) -> bool {
        !(self.is_training && layer.training.is_enabled())
    }

    /// A convolution without bias, and the norm of what comes out of it. Where the norm keeps to its running statistics and
    /// nothing is learnt, it goes into the weights: `w γ / √(v + ε)`, with the bias `β − m γ / √(v + ε)`, which saves a way
    /// through what came out.
    ///
    /// # Shapes
    /// `x` and the result: `[rows][channels][height][width]`.
    pub fn normed_convolution(&self, conv: &Conv2d, norm: &BatchNorm, x: Tensor<4>) -> Tensor<4> {
        if self.is_training || conv.bias.is_some() || x.device().is_autodiff() {
            return self.batch_norm(norm, convolve(conv, x));
        }
        let device = x.device();
        let mean = at(norm.running_mean.value_sync(), &device);
        let variance = at(norm.running_var.value_sync(), &device);
        let factor = norm.gamma.val() / variance.add_scalar(norm.epsilon).sqrt();
        let outputs = factor.dims()[0];
        let mut whole = conv.clone();
        whole.weight = Param::from_tensor(conv.weight.val() * factor.clone().reshape([outputs, 1, 1, 1]));
        whole.bias = Some(Param::from_tensor(norm.beta.val() - mean * factor));
        convolve(&whole, x)
    }
}

fn at(tensor: Tensor<1>, device: &Device) -> Tensor<1> {
    tensor.to_device(device)
}

fn mask(stream: &mut Stream, shape: [usize; 2], probability: f64, device: &Device) -> Tensor<2> {
    let mut values = Vec::with_capacity(shape[0] * shape[1] + 3);
    draw_mask(stream, shape[0] * shape[1], probability, &mut values);
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Appends so many factors: 0 with this probability, else `1 / (1 − probability)`.
pub(crate) fn draw_mask(stream: &mut Stream, count: usize, probability: f64, values: &mut Vec<f32>) {
    let kept = (1.0 / (1.0 - probability)) as f32;
    // Four units a draw: 16 bits each are enough for a probability.
    let limit = (probability * 65_536.0).round() as u64;
    let end = values.len() + count;
    while values.len() < end {
        let bits = stream.next_u64();
        values.extend((0..4).map(|k| if (bits >> (16 * k)) & 0xffff < limit { 0.0 } else { kept }));
    }
    values.truncate(end);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropout_drops_its_share_and_keeps_the_mean() {
        let device = Device::flex();
        let x = Tensor::<2>::ones([200, 50], &device);
        let mut pass = Pass::training(Seed::new(1).stream());
        let y = pass.dropout(x.clone(), 0.3).into_data().try_into_vec_as::<f32>().unwrap();
        let dropped = y.iter().filter(|&&v| v == 0.0).count() as f64 / y.len() as f64;
        assert!((dropped - 0.3).abs() < 0.02, "{dropped}");
        assert!((y.iter().sum::<f32>() / y.len() as f32 - 1.0).abs() < 0.03);
        let same = Pass::predicting().dropout(x.clone(), 0.3).into_data();
        assert_eq!(same, x.clone().into_data());
        // A sampled network drops the same units for all rows.
        let sampled = Pass::sampling(Seed::new(2)).dropout(x, 0.3).into_data().try_into_vec_as::<f32>().unwrap();
        assert!(sampled.chunks(50).all(|row| row == &sampled[..50]));
    }
}
