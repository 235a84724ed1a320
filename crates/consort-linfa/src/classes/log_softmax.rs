/// Takes `ln Σ e^z` from every score, so that `e^z` sum to 1; the greatest is taken off first, so nothing overflows.
pub(crate) fn log_softmax(scores: &mut [f64]) {
    let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    scores.iter_mut().for_each(|z| *z -= top);
    let log = scores.iter().map(|z| z.exp()).sum::<f64>().ln();
    scores.iter_mut().for_each(|z| *z -= log);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_far_below_and_far_above_are_no_trouble() {
        for shift in [-1e5, 0.0, 1e5] {
            let mut scores = [shift, shift + 1.0];
            log_softmax(&mut scores);
            assert!((scores[1] + (1.0 + (-1f64).exp()).ln()).abs() < 1e-9, "{scores:?}");
            assert!((scores.iter().map(|z| z.exp()).sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }
}
