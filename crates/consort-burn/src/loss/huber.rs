use burn::tensor::Tensor;

/// `c · (|r| − c/2)` with `c = min(|r|, delta)`: squared within `delta`, linear beyond, and one formula for both.
pub(super) fn huber(residual: Tensor<2>, delta: f64) -> Tensor<2> {
    let size = residual.abs();
    let near = size.clone().clamp_max(delta);
    near.clone() * (size - near.mul_scalar(0.5))
}
