use burn::tensor::Tensor;

/// `level · max(r, 0) + (1 − level) · max(−r, 0)`.
pub(super) fn pinball(residual: Tensor<2>, level: f64) -> Tensor<2> {
    let over = residual.clone().clamp_min(0.0).mul_scalar(level);
    over + residual.neg().clamp_min(0.0).mul_scalar(1.0 - level)
}
