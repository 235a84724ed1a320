use consort_core::{Error, Result, Truth};

/// The class of each row, of which there are two; `by` is the loss.
///
/// # Errors
/// [`Error::Unsupported`] for another target, or another number of classes.
pub(super) fn codes<'a>(truth: &Truth<'a>, by: &str) -> Result<&'a [u32]> {
    let (codes, classes) = truth.classes(by)?;
    if classes.len() != 2 {
        return Err(Error::Unsupported {
            by: by.into(),
            what: format!("{} classes", classes.len()),
            hint: "it is for two; take `softmax`".into(),
        });
    }
    Ok(codes)
}

/// How far below others the score of a class without rows starts: its probability is exactly 0, and stays so.
pub(super) const ABSENT: f64 = 1e4;

/// The logarithm of the odds of the second class, by weight, at most [`ABSENT`] either way.
pub(super) fn log_odds(codes: &[u32], truth: &Truth<'_>) -> f64 {
    let positive: f64 = codes.iter().enumerate().filter(|(_, c)| **c == 1).map(|(i, _)| truth.weight(i)).sum();
    let share = positive / truth.total_weight();
    if share > 0.0 && share < 1.0 {
        let share = share.clamp(1e-9, 1.0 - 1e-9);
        return (share / (1.0 - share)).ln();
    }
    if share > 0.0 { ABSENT } else { -ABSENT }
}
