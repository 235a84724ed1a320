use burn::{
    nn::Linear,
    tensor::{Tensor, activation::relu},
};
use serde::{Deserialize, Serialize};

/// What a layer does with its sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Then {
    /// Nothing.
    Linear,
    /// Those below 0 become 0.
    Rectified,
}

/// `x · weights + bias`, perhaps rectified.
///
/// On the CPU layers of small nets are one operation of their own, which keeps the numbers of some rows in the cache of a
/// core, and of which automatic differentiation has one node to keep in place of three: a step of a small net is mostly
/// such keeping.
///
/// # Shapes
/// - `x`: `[rows][inputs]`, or `[members][rows][inputs]`
/// - `weights`: `[inputs][outputs]`, or `[members][inputs][outputs]`
/// - `bias`: as many numbers as outputs, or `[members][1][outputs]`
/// - result: `[rows][outputs]`, or `[members][rows][outputs]`
pub(crate) fn dense<const D: usize, const B: usize>(
    x: Tensor<D>,
    weights: Tensor<D>,
    bias: Tensor<B>,
    then: Then,
) -> Tensor<D> {
    #[cfg(feature = "cpu")]
    if own::takes(&x, &weights) {
        use super::ops::DenseOps;
        let (x, weights, bias) = (x.into_dispatch(), weights.into_dispatch(), bias.into_dispatch());
        return Tensor::from_dispatch(burn::backend::Dispatch::dense(x, weights, bias, then));
    }
    let shape: [usize; D] = std::array::from_fn(|axis| match (D - 1 - axis, B) {
        (0, _) => weights.dims()[D - 1],
        (2, 3) => x.dims()[axis],
        _ => 1,
    });
    let sums = x.matmul(weights) + bias.reshape(shape);
    match then {
        Then::Linear => sums,
        Then::Rectified => relu(sums),
    }
}

/// What a layer of burn's makes of some rows.
pub(crate) fn linear(layer: &Linear, x: Tensor<2>, then: Then) -> Tensor<2> {
    match (&layer.bias, then) {
        (Some(bias), _) => dense(x, layer.weight.val(), bias.val(), then),
        (None, Then::Linear) => layer.forward(x),
        (None, Then::Rectified) => relu(layer.forward(x)),
    }
}

#[cfg(feature = "cpu")]
mod own {
    use burn::tensor::{DType, Tensor};

    use crate::device::is_card;

    /// Above so many multiplications of a member a product is worth all threads, and burn's takes them. By the sizes alone:
    /// the number of threads must not change a bit.
    const GREATEST: usize = 1 << 23;

    /// Whether a layer is such as the kernel of the CPU takes.
    pub(super) fn takes<const D: usize>(x: &Tensor<D>, weights: &Tensor<D>) -> bool {
        let ([.., rows, _], [.., inputs, outputs]) = (&x.dims()[..], &weights.dims()[..]) else { return false };
        let size = rows.saturating_mul(*inputs).saturating_mul(*outputs);
        let is_single = x.dtype() == DType::F32 && weights.dtype() == DType::F32;
        is_single && (1..=GREATEST).contains(&size) && !is_card(&x.device())
    }
}

#[cfg(all(test, feature = "cpu"))]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use burn::tensor::{Device, TensorData};
    use consort_core::Seed;

    use super::*;

    fn numbers<const D: usize>(seed: u64, shape: [usize; D], device: &Device) -> Tensor<D> {
        let mut stream = Seed::new(seed).stream();
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| stream.normal() as f32).collect();
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    fn read<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().try_into_vec_as().unwrap()
    }

    fn near(ours: Vec<f32>, burns: Vec<f32>, what: &str) {
        assert_eq!(ours.len(), burns.len());
        let size = burns.iter().fold(1.0f32, |size, x| size.max(x.abs()));
        let far = ours.iter().zip(&burns).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(far < 1e-5 * size, "{what}: {far} of {size}");
    }

    /// What comes out and the gradients of `x`, the weights and the bias.
    fn all<const D: usize, const B: usize>(
        given: (&Tensor<D>, &Tensor<D>, &Tensor<B>),
        layer: impl Fn(Tensor<D>, Tensor<D>, Tensor<B>) -> Tensor<D>,
    ) -> [Vec<f32>; 4] {
        let x = given.0.clone().require_grad();
        let (weights, bias) = (given.1.clone().require_grad(), given.2.clone().require_grad());
        let out = layer(x.clone(), weights.clone(), bias.clone());
        // A loss in which every output has a weight of its own.
        let mixed = numbers(9, out.dims(), &out.device());
        let gradients = (out.clone() * mixed).sum().backward();
        [
            read(out.inner()),
            read(x.grad(&gradients).unwrap()),
            read(weights.grad(&gradients).unwrap()),
            read(bias.grad(&gradients).unwrap()),
        ]
    }

    #[test]
    fn a_layer_and_its_gradients_are_those_of_burns_operations() {
        let device = Device::flex().autodiff();
        // Members, rows, inputs, outputs: blocks of rows that end early, few and many outputs, one of each.
        let sizes = [[3, 5, 7, 9], [2, 300, 20, 64], [1, 513, 17, 2], [4, 1, 1, 1], [2, 31, 40, 8], [1, 8, 3, 130]];
        for [members, rows, inputs, outputs] in sizes {
            for then in [Then::Linear, Then::Rectified] {
                let what = format!("{members} × {rows} × {inputs} × {outputs}, {then:?}");
                let rectify = |x: Tensor<3>| if then == Then::Rectified { relu(x) } else { x };
                let x = numbers(1, [members, rows, inputs], &device);
                let weights = numbers(2, [members, inputs, outputs], &device);
                let bias = numbers(3, [members, 1, outputs], &device);
                let given = (&x, &weights, &bias);
                assert!(own::takes(&x, &weights));
                let ours = all(given, |x, weights, bias| dense(x, weights, bias, then));
                let burns = all(given, |x, weights, bias| rectify(x.matmul(weights) + bias));
                ours.clone().into_iter().zip(burns).for_each(|(ours, burns)| near(ours, burns, &what));

                // The first member alone is the same net, to the bit.
                let alone = all(
                    (
                        &x.clone().narrow(0, 0, 1).reshape([rows, inputs]),
                        &weights.clone().narrow(0, 0, 1).reshape([inputs, outputs]),
                        &bias.clone().narrow(0, 0, 1).reshape([outputs]),
                    ),
                    |x, weights, bias: Tensor<1>| dense(x, weights, bias, then),
                );
                if members == 1 {
                    assert_eq!(ours, alone, "{what}");
                } else {
                    assert_eq!(ours[0][..rows * outputs], alone[0][..], "{what}");
                }
            }
        }
    }

    #[test]
    fn what_wants_no_gradient_gets_none() {
        let device = Device::flex().autodiff();
        let x = numbers(1, [6, 4], &device);
        let weights = numbers(2, [4, 3], &device).require_grad();
        let bias = numbers::<1>(3, [3], &device);
        let gradients = dense(x.clone(), weights.clone(), bias.clone(), Then::Rectified).sum().backward();
        assert!(x.grad(&gradients).is_none() && bias.grad(&gradients).is_none());
        assert_eq!(weights.grad(&gradients).unwrap().dims(), [4, 3]);
    }

    #[test]
    fn what_is_no_number_stays_seen() {
        let device = Device::flex();
        let x = Tensor::<2>::from_floats([[f32::NAN, 1.0], [1.0, 1.0]], &device);
        let weights = Tensor::<2>::from_floats([[-1.0], [-1.0]], &device);
        let out = read(dense(x, weights, Tensor::<1>::zeros([1], &device), Then::Rectified));
        assert!(out[0].is_nan() && out[1] == 0.0, "{out:?}");
    }

    #[test]
    fn wide_layers_are_left_to_burn() {
        let device = Device::flex();
        let (x, weights) = (Tensor::<2>::zeros([1 << 12, 64], &device), Tensor::<2>::zeros([64, 64], &device));
        assert!(!own::takes(&x, &weights) && own::takes(&x.narrow(0, 0, 256), &weights));
        let bias = Tensor::<1>::ones([64], &device);
        let x = numbers(1, [1 << 12, 64], &device);
        let out = read(dense(x, weights, bias, Then::Rectified));
        assert!(out.len() == 1 << 18 && out.iter().all(|&x| x == 1.0));
    }
}
