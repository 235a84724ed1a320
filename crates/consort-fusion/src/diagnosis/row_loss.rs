use consort_core::{Gives, Matrix, Target, Truth};

/// What each row costs: of probabilities the logarithm of that of the truth (as in log loss, at most 36), of other
/// answers 1 where the choice is wrong, of numbers the squared error. NaN where there is no answer or no weight.
pub(super) fn row_losses(answer: &Matrix, gives: Gives, truth: &Truth<'_>) -> Vec<f64> {
    let loss = |i: usize| {
        let row = answer.row(i);
        if truth.weight(i) == 0.0 || row.iter().any(|x| !x.is_finite()) {
            return f64::NAN;
        }
        match truth.target() {
            Target::Classes { codes, .. } if gives == Gives::Probabilities => {
                -f64::from(row[codes[i] as usize]).max(2e-16).ln()
            }
            Target::Classes { codes, classes } => {
                f64::from(u8::from(classes.choice(row, gives) != Some(codes[i] as usize)))
            }
            Target::Values { values, .. } => {
                let columns = row.len();
                row.iter().zip(&values[i * columns..]).map(|(x, y)| (f64::from(*x) - y).powi(2)).sum()
            }
            _ => f64::NAN,
        }
    };
    (0..truth.rows()).map(loss).collect()
}
