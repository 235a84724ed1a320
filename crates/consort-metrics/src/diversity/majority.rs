/// The least and the greatest accuracy that an absolute majority of members of these accuracies can have.
///
/// With accuracies in ascending order p₁ ≤ … ≤ p_L and k = ⌊L/2⌋ + 1 votes needed, the limits are
/// max(0, maxₘ ((Σᵢ₌ₖ₋ₘ₊₁ᴸ pᵢ − (L − k)) / m)) and min(1, minₘ (Σᵢ₌₁ᴸ⁻ᵏ⁺ᵐ pᵢ / m)), m = 1 … k (Matan 1996).
/// O(L log L). `None` without a member.
///
/// ```
/// use consort_metrics::diversity::majority_limits;
/// let (low, high) = majority_limits(&[0.6, 0.6, 0.6]).unwrap();
/// assert!((low - 0.4).abs() < 1e-12 && (high - 0.9).abs() < 1e-12);
/// ```
pub fn majority_limits(accuracies: &[f64]) -> Option<(f64, f64)> {
    if accuracies.is_empty() {
        return None;
    }
    let mut p = accuracies.to_vec();
    p.sort_unstable_by(f64::total_cmp);
    let (l, k) = (p.len(), p.len() / 2 + 1);
    let (mut low, mut high) = (0.0f64, 1.0f64);
    for m in 1..=k {
        high = high.min(p[..l - k + m].iter().sum::<f64>() / m as f64);
        low = low.max((p[k - m..].iter().sum::<f64>() - (l - k) as f64) / m as f64);
    }
    Some((low, high))
}
