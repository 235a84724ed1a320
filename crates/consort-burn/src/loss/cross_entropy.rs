use burn::tensor::{Tensor, activation::log_softmax};

use super::loss::{mean, sum};

/// `−Σ q_k log softmax(z)_k`, the targets `q` smoothed towards even shares.
pub(super) fn of_classes(outputs: Tensor<2>, targets: Tensor<2>, smoothing: f64) -> Tensor<1> {
    let classes = outputs.dims()[1];
    let targets = if smoothing > 0.0 {
        targets.mul_scalar(1.0 - smoothing).add_scalar(smoothing / classes as f64)
    } else {
        targets
    };
    sum(log_softmax(outputs, 1) * targets).neg()
}

/// `max(z, 0) − z·y + log(1 + e^−|z|)`: the binary cross-entropy of each label, without overflow.
pub(super) fn of_labels(outputs: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    let tail = outputs.clone().abs().neg().exp().log1p();
    mean(outputs.clone().clamp_min(0.0) - outputs * targets + tail)
}
