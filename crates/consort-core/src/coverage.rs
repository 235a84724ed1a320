/// From which share of the most that any of them answers on a prediction's score may stand beside those of others.
const NEARLY_ALL: f64 = 0.95;

/// Which predictions answer nearly as many rows as the one that answers most, by the weight of the rows that each answers.
///
/// The score of one that answers fewer is of fewer rows, which may be the easy ones: it is no better for that, and is
/// ranked behind the others.
///
/// ```
/// assert_eq!(consort_core::comparable(&[100.0, 60.0, 97.0]), [true, false, true]);
/// assert_eq!(consort_core::comparable(&[0.0]), [true]);
/// ```
pub fn comparable(answered: &[f64]) -> Vec<bool> {
    let most = answered.iter().copied().fold(0.0, f64::max);
    answered.iter().map(|weight| *weight >= NEARLY_ALL * most).collect()
}
