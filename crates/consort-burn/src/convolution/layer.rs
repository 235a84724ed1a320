use burn::{
    nn::conv::Conv2d,
    tensor::{Tensor, activation::relu, module::max_pool2d, ops::MaxPoolOptions},
};

/// The layer's convolution of `[images][channels][height][width]`.
///
/// It is made of columns and matrix products. On the CPU that is about as fast as PyTorch's and several times as fast as
/// burn's own; on a card burn's own is its plainest kernel, unless it may try out others (`autotune`), and is then left to
/// choose. What the layer must be for that (no groups, no dilation, 32-bit numbers on the CPU) all of this crate's are;
/// others are left to burn.
pub(crate) fn convolve(layer: &Conv2d, x: Tensor<4>) -> Tensor<4> {
    #[cfg(any(feature = "cpu", feature = "cuda", feature = "wgpu"))]
    if let Some(steps) = own::steps_of(layer, &x) {
        return own::convolve(x, layer.weight.val(), layer.bias.as_ref().map(|b| b.val()), steps);
    }
    layer.forward(x)
}

/// The greatest of each 2 × 2 pixels, or 0 if that is greater: pooling and a rectifier.
pub(crate) fn halve(x: Tensor<4>) -> Tensor<4> {
    #[cfg(feature = "cpu")]
    if own::is_on_cpu(&x) {
        use super::halving_ops::HalvingOps;
        return Tensor::from_dispatch(<burn::backend::Dispatch as HalvingOps>::halving(x.into_dispatch()));
    }
    // The greatest of rectified numbers is the rectified greatest: pooling first leaves a quarter to rectify.
    relu(max_pool2d(x, MaxPoolOptions::new([2, 2])))
}

#[cfg(any(feature = "cpu", feature = "cuda", feature = "wgpu"))]
mod own {
    use burn::{
        backend::Dispatch,
        nn::{PaddingConfig2d, conv::Conv2d},
        tensor::{DType, Tensor},
    };

    use crate::{
        convolution::{
            geometry::{Geometry, Steps},
            ops::ConvolutionOps,
        },
        device::is_card,
    };

    /// Whether these numbers are such as the kernels of the CPU take.
    pub(super) fn is_on_cpu(x: &Tensor<4>) -> bool {
        x.dtype() == DType::F32 && !is_card(&x.device())
    }

    /// Whether these numbers are such as those of a card take.
    fn is_on_card(x: &Tensor<4>) -> bool {
        let is_float = matches!(x.dtype(), DType::F32 | DType::F16 | DType::BF16);
        is_float && !cfg!(feature = "autotune") && is_card(&x.device())
    }

    /// How a layer walks over its images, where the kernels of this crate take it.
    pub(super) fn steps_of(layer: &Conv2d, x: &Tensor<4>) -> Option<Steps> {
        if layer.groups != 1 || layer.dilation != [1, 1] || !(is_on_cpu(x) || is_on_card(x)) {
            return None;
        }
        let [images, channels, height, width] = x.dims();
        let weights = layer.weight.dims();
        let [above, left, below, right] = match layer.padding {
            PaddingConfig2d::Valid => [0; 4],
            PaddingConfig2d::Explicit(above, left, below, right) => [above, left, below, right],
            PaddingConfig2d::Same => return None,
        };
        let steps = Steps { stride: layer.stride, padding: [above, left] };
        let geometry = Geometry::new([images, channels, height, width], weights, steps);
        let fits = above == below && left == right && channels == weights[1] && geometry.is_sound();
        (fits && images > 0).then_some(steps)
    }

    pub(super) fn convolve(x: Tensor<4>, weights: Tensor<4>, bias: Option<Tensor<1>>, steps: Steps) -> Tensor<4> {
        let (x, weights) = (x.into_dispatch(), weights.into_dispatch());
        Tensor::from_dispatch(match bias {
            None => Dispatch::convolution(x, weights, steps),
            Some(bias) => Dispatch::biased_convolution(x, weights, bias.into_dispatch(), steps),
        })
    }
}

#[cfg(all(test, feature = "cpu"))]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use burn::{
        nn::{PaddingConfig2d, conv::Conv2dConfig},
        tensor::{Device, FloatDType, TensorData},
    };
    use consort_core::Seed;

    use super::*;
    use crate::{device::all_there, network::Init, threads::alone};

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
    const CASES: [Case; 10] = [
        ([3, 1, 28, 28], 6, [5, 5], [1, 1], [2, 2], true),
        ([7, 6, 14, 14], 16, [5, 5], [1, 1], [0, 0], true),
        ([2, 3, 40, 36], 8, [7, 7], [2, 2], [3, 3], false),
        ([5, 4, 9, 7], 5, [3, 3], [2, 2], [1, 1], true),
        ([2, 8, 30, 30], 4, [1, 1], [1, 1], [0, 0], false),
        ([9, 8, 5, 5], 6, [1, 1], [2, 2], [0, 0], true),
        ([1, 2, 6, 5], 3, [3, 2], [1, 3], [2, 1], true),
        ([3, 40, 12, 64], 7, [3, 3], [1, 1], [1, 1], false),
        ([4, 3, 1, 1], 2, [3, 3], [1, 1], [1, 1], true),
        // More columns than a card is asked for at once, and a gradient of the weights that is cut into products.
        ([41, 64, 38, 38], 3, [3, 3], [1, 1], [1, 1], false),
    ];

    /// What comes out of a layer for images that a seed gives, and the gradients of the images, the weights and the bias.
    fn taken_through(
        layer: &Conv2d,
        shape: [usize; 4],
        device: &Device,
        forward: impl Fn(&Conv2d, Tensor<4>) -> Tensor<4>,
    ) -> [Vec<f32>; 4] {
        let x = images(7, shape, device).require_grad();
        let y = forward(layer, x.clone());
        let gradients = (y.clone() * images(8, y.dims(), device)).sum().backward();
        let bias = layer.bias.as_ref().map(|b| numbers(b.val().grad(&gradients).unwrap()));
        let weight = numbers(layer.weight.val().grad(&gradients).unwrap());
        [numbers(y), numbers(x.grad(&gradients).unwrap()), weight, bias.unwrap_or_default()]
    }

    #[test]
    fn convolutions_and_their_gradients_are_burns() {
        let on_cpu = Device::flex().autodiff();
        for (k, (shape, outputs, kernel, [down, across], [above, left], bias)) in CASES.into_iter().enumerate() {
            let config = Conv2dConfig::new([shape[1], outputs], kernel)
                .with_stride([down, across])
                .with_padding(PaddingConfig2d::Explicit(above, left, above, left))
                .with_bias(bias);
            let of = |device: &Device, forward: fn(&Conv2d, Tensor<4>) -> Tensor<4>| {
                let layer = Init::new(Seed::new(k as u64), device).conv(&config);
                let is_own = own::steps_of(&layer, &images(7, shape, device)).is_some();
                assert!(is_own || cfg!(feature = "autotune"), "case {k}");
                taken_through(&layer, shape, device, forward)
            };
            let burns = of(&on_cpu, |layer, x| layer.forward(x));
            for device in all_there() {
                let ours = of(&device.autodiff(), convolve);
                let names = ["what comes out", "the images' gradient", "the weights' gradient", "the bias' gradient"];
                for ((ours, burns), name) in ours.iter().zip(&burns).zip(names) {
                    near(ours, burns, &format!("{name} of case {k}"));
                }
            }
        }
    }

    #[test]
    fn numbers_of_16_bits_are_convolved_too() {
        let (shape, steps) = ([3, 8, 9, 7], [2, 2]);
        let config =
            Conv2dConfig::new([8, 5], [3, 3]).with_stride(steps).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1));
        let of = |device: &Device, dtype: FloatDType| {
            let layer = Init::new(Seed::new(1), device).conv(&config);
            taken_through(&layer, shape, device, |layer, x| {
                let mut layer = layer.clone();
                layer.weight = layer.weight.map(|w| w.cast(dtype));
                layer.bias = layer.bias.map(|b| b.map(|b| b.cast(dtype)));
                convolve(&layer, x.cast(dtype)).cast(FloatDType::F32)
            })
        };
        for device in all_there() {
            for dtype in [FloatDType::F16, FloatDType::BF16] {
                if device.supports_dtype(dtype) {
                    let device = device.clone().autodiff();
                    for (narrow, wide) in of(&device, dtype).iter().zip(&of(&device, FloatDType::F32)) {
                        let size = wide.iter().fold(1.0f32, |size, x| size.max(x.abs()));
                        assert!(narrow.iter().zip(wide).all(|(a, b)| (a - b).abs() < 0.02 * size), "{dtype:?}");
                    }
                }
            }
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
