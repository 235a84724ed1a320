use burn::tensor::{Tensor, activation::softplus};

/// What is added to every variance, so that no row can be certain.
const LEAST: f64 = 1e-4;

/// `(log v + r² / v) / 2` with `v = softplus(raw) + 1e-4`; the first half of the outputs are means, the second raw
/// variances.
pub(super) fn negative_log_density(outputs: Tensor<2>, targets: Tensor<2>) -> Tensor<2> {
    let width = targets.dims()[1];
    let mean = outputs.clone().narrow(1, 0, width);
    let variance = softplus(outputs.narrow(1, width, width), 1.0).add_scalar(LEAST);
    (variance.clone().log() + (targets - mean).square() / variance).mul_scalar(0.5)
}

/// The variance that a raw output stands for.
pub(crate) fn variance(raw: f64) -> f64 {
    // log(1 + e^x) without overflow.
    raw.max(0.0) + (-raw.abs()).exp().ln_1p() + LEAST
}
