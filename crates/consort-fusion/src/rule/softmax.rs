use super::exp::exp;

/// Makes logits into probabilities, row by row; the greatest logit is subtracted first, so that nothing overflows.
pub(super) fn rows(values: &mut [f32], columns: usize) {
    for row in values.chunks_exact_mut(columns) {
        let top = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut sum = 0.0;
        for x in row.iter_mut() {
            let grown = exp(f64::from(*x) - f64::from(top));
            sum += grown;
            *x = grown as f32;
        }
        let scale = (1.0 / sum) as f32;
        for x in row.iter_mut() {
            *x *= scale;
        }
    }
}

/// Makes the logit of each yes-or-no label into its probability.
pub(super) fn sigmoid(values: &mut [f32]) {
    for x in values {
        *x = (1.0 / (1.0 + exp(-f64::from(*x)))) as f32;
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn huge_logits_stay_finite() {
        let mut row = [1e30f32, -1e30, 1e30, 700.0];
        super::rows(&mut row, 2);
        assert_eq!(row[..2], [1.0, 0.0]);
        assert_eq!(row[2..], [1.0, 0.0]);
        let mut labels = [-1e4f32, 0.0, 1e4];
        super::sigmoid(&mut labels);
        assert_eq!(labels, [0.0, 0.5, 1.0]);
    }

    #[test]
    fn a_missing_row_stays_missing() {
        let mut row = [f32::NAN; 3];
        super::rows(&mut row, 3);
        assert!(row.iter().all(|x| x.is_nan()));
    }
}
