use burn::{
    nn::conv::Conv2d,
    tensor::{Tensor, activation::relu, module::max_pool2d, ops::MaxPoolOptions},
};

/// The layer's convolution of `[images][channels][height][width]`.
///
/// On the CPU it is made of columns and matrix products, about as fast as PyTorch's and several times as fast as burn's
/// own; other devices take theirs. What the layer must be for that (no groups, no dilation, 32-bit numbers) all of this
/// crate's are; others are left to burn.
pub(crate) fn convolve(layer: &Conv2d, x: Tensor<4>) -> Tensor<4> {
    #[cfg(feature = "cpu")]
    if let Some(padding) = cpu::padding_of(layer, &x) {
        return cpu::convolve(x, layer.weight.val(), layer.bias.as_ref().map(|b| b.val()), layer.stride, padding);
    }
    layer.forward(x)
}

/// The greatest of each 2 × 2 pixels, or 0 if that is greater: pooling and a rectifier.
pub(crate) fn halve(x: Tensor<4>) -> Tensor<4> {
    #[cfg(feature = "cpu")]
    if cpu::is_taken(&x) {
        return cpu::halve(x);
    }
    // The greatest of rectified numbers is the rectified greatest: pooling first leaves a quarter to rectify.
    relu(max_pool2d(x, MaxPoolOptions::new([2, 2])))
}

#[cfg(feature = "cpu")]
mod cpu {
    use burn::{
        backend::Dispatch,
        nn::{PaddingConfig2d, conv::Conv2d},
        tensor::{DType, Tensor},
    };

    use crate::{
        convolution::{geometry::Geometry, on_cpu::ImageOps},
        device::is_card,
    };

    /// Whether these numbers are such as the kernels of this crate take.
    pub(super) fn is_taken(x: &Tensor<4>) -> bool {
        x.dtype() == DType::F32 && !is_card(&x.device())
    }

    /// The padding of a layer that the kernels of this crate take.
    pub(super) fn padding_of(layer: &Conv2d, x: &Tensor<4>) -> Option<[usize; 2]> {
        if layer.groups != 1 || layer.dilation != [1, 1] || !is_taken(x) {
            return None;
        }
        let [images, channels, height, width] = x.dims();
        let weights = layer.weight.dims();
        let [above, left, below, right] = match layer.padding {
            PaddingConfig2d::Valid => [0; 4],
            PaddingConfig2d::Explicit(above, left, below, right) => [above, left, below, right],
            PaddingConfig2d::Same => return None,
        };
        let geometry = Geometry::new([images, channels, height, width], weights, layer.stride, [above, left]);
        let fits = above == below && left == right && channels == weights[1] && geometry.is_sound();
        (fits && images > 0).then_some([above, left])
    }

    pub(super) fn convolve(
        x: Tensor<4>,
        weights: Tensor<4>,
        bias: Option<Tensor<1>>,
        stride: [usize; 2],
        padding: [usize; 2],
    ) -> Tensor<4> {
        let (x, weights) = (x.into_dispatch(), weights.into_dispatch());
        Tensor::from_dispatch(match bias {
            None => <Dispatch as ImageOps>::convolution(x, weights, stride, padding),
            Some(bias) => <Dispatch as ImageOps>::biased_convolution(x, weights, bias.into_dispatch(), stride, padding),
        })
    }

    pub(super) fn halve(x: Tensor<4>) -> Tensor<4> {
        Tensor::from_dispatch(<Dispatch as ImageOps>::halving(x.into_dispatch()))
    }
}

#[cfg(all(test, feature = "cpu"))]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use burn::{
        nn::{PaddingConfig2d, conv::Conv2dConfig},
        tensor::{Device, TensorData},
    };
    use consort_core::Seed;

    use super::*;
    use crate::{network::Init, threads::alone};

    fn images(seed: u64, shape: [usize; 4], device: &Device) -> Tensor<4> {
        let mut stream = Seed::new(seed).stream();
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| stream.normal() as f32).collect();
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().try_into_vec_as().unwrap()
    }

    fn near(ours: &[f32], burns: &[f32], what: &str) {
        assert_eq!(ours.len(), burns.len());
        let size = burns.iter().fold(1.0f32, |size, x| size.max(x.abs()));
        let far = ours.iter().zip(burns).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(far < 2e-5 * size, "{what}: {far} of {size}");
    }

    type Case = ([usize; 4], usize, [usize; 2], [usize; 2], [usize; 2], bool);

    /// Sizes: images, channels, height, width, outputs, kernel, stride, padding; with and without a bias.
    const CASES: [Case; 9] = [
        ([3, 1, 28, 28], 6, [5, 5], [1, 1], [2, 2], true),
        ([7, 6, 14, 14], 16, [5, 5], [1, 1], [0, 0], true),
        ([2, 3, 40, 36], 8, [7, 7], [2, 2], [3, 3], false),
        ([5, 4, 9, 7], 5, [3, 3], [2, 2], [1, 1], true),
        ([2, 8, 30, 30], 4, [1, 1], [1, 1], [0, 0], false),
        ([9, 8, 5, 5], 6, [1, 1], [2, 2], [0, 0], true),
        ([1, 2, 6, 5], 3, [3, 2], [1, 3], [2, 1], true),
        ([3, 40, 12, 64], 7, [3, 3], [1, 1], [1, 1], false),
        ([4, 3, 1, 1], 2, [3, 3], [1, 1], [1, 1], true),
    ];

    #[test]
    fn convolutions_and_their_gradients_are_burns() {
        let device = Device::flex().autodiff();
        for (k, (shape, outputs, kernel, [down, across], [above, left], bias)) in CASES.into_iter().enumerate() {
            let layer = Conv2dConfig::new([shape[1], outputs], kernel)
                .with_stride([down, across])
                .with_padding(PaddingConfig2d::Explicit(above, left, above, left))
                .with_bias(bias);
            let layer = Init::new(Seed::new(k as u64), &device).conv(&layer);
            let of = |forward: &dyn Fn(Tensor<4>) -> Tensor<4>| {
                let x = images(7, shape, &device).require_grad();
                let y = forward(x.clone());
                let loss = (y.clone() * images(8, y.dims(), &device)).sum();
                let gradients = loss.backward();
                let bias = layer.bias.as_ref().map(|b| numbers(b.val().grad(&gradients).unwrap()));
                let weight = numbers(layer.weight.val().grad(&gradients).unwrap());
                (numbers(y), numbers(x.grad(&gradients).unwrap()), weight, bias)
            };
            assert!(cpu::padding_of(&layer, &images(7, shape, &device)).is_some(), "case {k}");
            let (ours, burns) = (of(&|x| convolve(&layer, x)), of(&|x| layer.forward(x)));
            near(&ours.0, &burns.0, &format!("what comes out of case {k}"));
            near(&ours.1, &burns.1, &format!("the images' gradient of case {k}"));
            near(&ours.2, &burns.2, &format!("the weights' gradient of case {k}"));
            near(&ours.3.unwrap_or_default(), &burns.3.unwrap_or_default(), &format!("the bias of case {k}"));
        }
    }

    #[test]
    fn halving_and_its_gradient_are_burns() {
        let device = Device::flex().autodiff();
        for shape in [[3, 2, 8, 6], [2, 1, 5, 7]] {
            let of = |forward: &dyn Fn(Tensor<4>) -> Tensor<4>| {
                let x = images(3, shape, &device).require_grad();
                let y = forward(x.clone());
                let gradients = (y.clone() * images(4, y.dims(), &device)).sum().backward();
                (numbers(y), numbers(x.grad(&gradients).unwrap()))
            };
            let burns = of(&|x| relu(max_pool2d(x, MaxPoolOptions::new([2, 2]))));
            assert_eq!(of(&halve), burns);
        }
    }

    #[test]
    fn threads_change_no_bit() {
        let device = Device::flex().autodiff();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let layer = Init::new(Seed::new(1), &device).conv(&Conv2dConfig::new([3, 16], [3, 3]));
        let run = || {
            let x = images(2, [33, 3, 20, 20], &device).require_grad();
            let y = halve(convolve(&layer, x.clone()));
            let gradients = y.clone().square().sum().backward();
            (numbers(y), numbers(x.grad(&gradients).unwrap()), numbers(layer.weight.val().grad(&gradients).unwrap()))
        };
        assert!(pool.install(run) == pool.install(|| alone(run)));
    }
}
