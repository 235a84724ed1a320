use consort_core::{Error, Result};

/// Holm's correction of p-values for how many they are (Holm 1979): each is as honest after it as one alone before.
///
/// The i-th smallest of m is multiplied by m − i + 1; none becomes smaller than one before it; at most 1. In the order
/// given. O(m log m).
///
/// ```
/// use consort_metrics::significance::holm;
/// let adjusted = holm(&[0.01, 0.04, 0.03])?;
/// assert!((adjusted[0] - 0.03).abs() < 1e-12 && (adjusted[1] - 0.06).abs() < 1e-12 && (adjusted[2] - 0.06).abs() < 1e-12);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] for a p-value outside of \[0, 1\].
pub fn holm(p_values: &[f64]) -> Result<Vec<f64>> {
    if let Some(p) = p_values.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        return Err(Error::parameter("p_values", p, "from 0 to 1"));
    }
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut least = 0.0f64;
    for (rank, &i) in order.iter().enumerate() {
        least = least.max(p_values[i] * (p_values.len() - rank) as f64).min(1.0);
        adjusted[i] = least;
    }
    Ok(adjusted)
}
