use burn::{
    module::{Module, ModuleVisitor, Param},
    optim::GradientsParams,
    tensor::{FloatDType, Tensor},
};

use crate::device::read;

/// Scales the gradients of a module so that the norm of all of them together is at most `limit` (Pascanu and others
/// 2013). A norm that is not finite leaves them as they are: the loss tells.
pub(crate) fn clip<M: Module>(module: &M, gradients: &mut GradientsParams, limit: f64) {
    let norm = squares(module, gradients).sqrt();
    if norm.is_finite() && norm > limit {
        module.visit(&mut Scale { gradients, factor: limit / norm });
    }
}

/// Divides the gradients of a module by the factor of its loss, and says whether all are finite.
pub(crate) fn unscale<M: Module>(module: &M, gradients: &mut GradientsParams, factor: f64) -> bool {
    module.visit(&mut Scale { gradients, factor: 1.0 / factor });
    squares(module, gradients).is_finite()
}

/// The squares of all gradients together.
fn squares<M: Module>(module: &M, gradients: &GradientsParams) -> f64 {
    let mut squares = Squares { gradients, of_each: Vec::new() };
    module.visit(&mut squares);
    read(squares.of_each).into_iter().map(f64::from).sum()
}

struct Squares<'a> {
    gradients: &'a GradientsParams,
    of_each: Vec<Tensor<1>>,
}

impl ModuleVisitor for Squares<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            self.of_each.push(gradient.square().sum().cast(FloatDType::F32));
        }
    }
}

struct Scale<'a> {
    gradients: &'a mut GradientsParams,
    factor: f64,
}

impl ModuleVisitor for Scale<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.remove::<D>(param.id) {
            self.gradients.register(param.id, gradient.mul_scalar(self.factor));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::{nn::LinearConfig, tensor::Device};

    #[test]
    fn the_norm_of_all_gradients_together_is_the_limit() {
        let device = Device::flex().autodiff();
        let layer = LinearConfig::new(3, 2).init(&device);
        let x = Tensor::<2>::from_floats([[1.0, -2.0, 3.0], [0.5, 1.0, 2.0]], &device);
        let loss = layer.forward(x).square().sum();
        let mut gradients = GradientsParams::from_grads(loss.backward(), &layer);
        let weight: Tensor<2> = gradients.get(layer.weight.id).unwrap();
        clip(&layer, &mut gradients, 0.25);
        let clipped: Tensor<2> = gradients.get(layer.weight.id).unwrap();
        let norm = squares(&layer, &gradients).sqrt();
        assert!((norm - 0.25).abs() < 1e-5, "{norm}");
        // The direction stays.
        let ratio = (clipped / weight).into_data().try_into_vec_as::<f32>().unwrap();
        assert!(ratio.iter().all(|r| (r - ratio[0]).abs() < 1e-5), "{ratio:?}");
        clip(&layer, &mut gradients, 10.0);
        assert!((squares(&layer, &gradients).sqrt() - 0.25).abs() < 1e-5);
    }
}
