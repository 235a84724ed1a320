use consort_core::Matrix;

use super::round::{Ending, Verdict};

/// One round of SAMME (Zhu, Zou, Rosset and Hastie 2009): with `ε` the share of the weight that the member gets wrong
/// and `K` classes, its weight is `η (log((1 − ε) / ε) + log(K − 1))`, and the weight of a row that it gets wrong is
/// multiplied with `exp` of that.
pub(super) fn round(labels: &[usize], truth: &[u32], classes: usize, rate: f64, weights: &mut [f64]) -> Verdict {
    let wrong = |i: usize| labels[i] != truth[i] as usize;
    let error: f64 = (0..truth.len()).filter(|&i| wrong(i)).map(|i| weights[i]).sum();
    if error <= 0.0 {
        return Verdict { error: 0.0, weight: 1.0, ending: Some(Ending::Perfect) };
    }
    if error >= 1.0 - 1.0 / classes as f64 {
        return Verdict { error, weight: 0.0, ending: Some(Ending::TooWeak) };
    }
    let weight = rate * (((1.0 - error) / error).ln() + (classes as f64 - 1.0).ln());
    for i in (0..truth.len()).filter(|&i| wrong(i)) {
        weights[i] = (weights[i].ln() + weight).exp();
    }
    let total: f64 = weights.iter().sum();
    let ending = (!total.is_finite() || total <= 0.0).then_some(Ending::Overflow);
    Verdict { error, weight, ending }
}

/// The label of each row: the first of the most probable classes.
pub(super) fn labels(predicted: &Matrix) -> Vec<usize> {
    (0..predicted.rows()).map(|i| predicted.argmax(i).unwrap_or(0)).collect()
}

/// Adds a member's vote: 1 for its label and `−1 / (K − 1)` for the others, times its weight.
pub(super) fn vote(labels: &[usize], weight: f64, classes: usize, votes: &mut [f64]) {
    let against = weight / (classes.max(2) - 1) as f64;
    for (votes, &label) in votes.chunks_exact_mut(classes).zip(labels) {
        for (k, vote) in votes.iter_mut().enumerate() {
            *vote += if k == label { weight } else { -against };
        }
    }
}

/// The probabilities of a row: the softmax of its votes by the weight of all members and `K − 1`.
pub(super) fn probabilities(votes: &[f64], weight: f64, out: &mut [f32]) {
    let scale = 1.0 / (weight * (votes.len().max(2) - 1) as f64);
    let most = votes.iter().fold(f64::NEG_INFINITY, |most, &vote| most.max(vote * scale));
    let total: f64 = votes.iter().map(|vote| (vote * scale - most).exp()).sum();
    for (p, vote) in out.iter_mut().zip(votes) {
        *p = ((vote * scale - most).exp() / total) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_round_is_the_closed_form() {
        let mut weights = vec![0.25; 4];
        let verdict = round(&[0, 0, 1, 1], &[0, 0, 1, 0], 2, 1.0, &mut weights);
        assert!((verdict.error - 0.25).abs() < 1e-15 && (verdict.weight - 3f64.ln()).abs() < 1e-15);
        assert!((weights[3] - 0.75).abs() < 1e-12 && weights[0] == 0.25);
        let mut votes = vec![0.0; 2];
        vote(&[1], verdict.weight, 2, &mut votes);
        let mut p = [0.0f32; 2];
        probabilities(&votes, verdict.weight, &mut p);
        // One member that is sure: a score of ±1 for each class.
        assert!((f64::from(p[1]) - 1.0 / (1.0 + (-2f64).exp())).abs() < 1e-6 && (p[0] + p[1] - 1.0).abs() < 1e-6);
    }
}
