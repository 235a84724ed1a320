use consort_core::Matrix;

use super::round::{Ending, Verdict};

/// The classes that boosting knows: those that some row has. The others get no vote and the probability 0.
pub(super) fn seen(truth: &[u32], classes: usize) -> Vec<u32> {
    let mut is_seen = vec![false; classes];
    truth.iter().for_each(|&code| is_seen[code as usize] = true);
    (0..classes as u32).filter(|&code| is_seen[code as usize]).collect()
}

/// One round of SAMME (Zhu, Zou, Rosset and Hastie 2009): with `ε` the share of the weight that the member gets wrong
/// and `K` classes seen, its weight is `η (log((1 − ε) / ε) + log(K − 1))`, and the weight of a row that it gets wrong
/// is multiplied with `exp` of that.
pub(super) fn round(labels: &[usize], truth: &[usize], classes: usize, rate: f64, weights: &mut [f64]) -> Verdict {
    let wrong = |i: usize| labels[i] != truth[i];
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

/// The label of each row, by its place among the classes seen: the first of the most probable of them.
pub(super) fn labels(predicted: &Matrix, seen: &[u32]) -> Vec<usize> {
    let of = |i: usize| {
        let row = predicted.row(i);
        (1..seen.len()).fold(0, |best, k| if row[seen[k] as usize] > row[seen[best] as usize] { k } else { best })
    };
    (0..predicted.rows()).map(of).collect()
}

/// Adds a member's votes: its weight, for its label of each row.
pub(super) fn vote(labels: &[usize], weight: f64, classes: usize, votes: &mut [f64]) {
    for (votes, &label) in votes.chunks_exact_mut(classes).zip(labels) {
        votes[label] += weight;
    }
}

/// The probabilities of a row: for each class seen the share of the members' weight that votes for it.
pub(super) fn probabilities(votes: &[f64], weight: f64, seen: &[u32], out: &mut [f32]) {
    for (&class, vote) in seen.iter().zip(votes) {
        out[class as usize] = (vote / weight) as f32;
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
        let mut votes = vec![0.0; 4];
        vote(&[1, 0], verdict.weight, 2, &mut votes);
        vote(&[1, 1], 2.0 * verdict.weight, 2, &mut votes);
        let mut p = [0.0f32; 2];
        probabilities(&votes[2..], 3.0 * verdict.weight, &[0, 1], &mut p);
        assert!((p[0] - 1.0 / 3.0).abs() < 1e-6 && (p[1] - 2.0 / 3.0).abs() < 1e-6);
    }

    #[test]
    fn a_class_that_no_row_has_gets_nothing() {
        let seen = seen(&[3, 0, 3], 4);
        assert_eq!(seen, [0, 3]);
        let predicted = Matrix::new(2, 4, vec![0.3, 0.5, 0.0, 0.2, 0.1, 0.5, 0.2, 0.2]).unwrap();
        assert_eq!(labels(&predicted, &seen), [0, 1]);
        let mut out = [0.0f32; 4];
        probabilities(&[3.0, 1.0], 4.0, &seen, &mut out);
        assert_eq!(out, [0.75, 0.0, 0.0, 0.25]);
    }
}
