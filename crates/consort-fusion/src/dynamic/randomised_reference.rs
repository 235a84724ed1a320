use consort_core::{Error, Result};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use statrs::function::beta::checked_beta_reg;

use super::{Case, Competence, Judge, Training, competence::keep_above};

/// Randomised reference classifier (RRC): asks the members that, by how they spread their probabilities, would be right more often than a
/// guess near the row.
///
/// A member's probabilities for a known row are taken as means of beta-distributed supports, of parameters K·p and
/// K − K·p; its competence there is the probability that the support of the right class is the greatest. The competence at a row is the mean over
/// all known rows, or its nearest, each by exp(−d²), and members above 1 / K are asked.
///
/// Distances should be of the order of 1: scale the features. By default every known row counts, so a row costs as many
/// operations as there are known rows times members.
///
/// Source: Woloszynski and Kurzynski 2011; the integral is a sum over 19 intervals.
///
/// ```
/// use consort_fusion::dynamic::{Competence, RandomisedReference};
/// assert_eq!((RandomisedReference.name(), RandomisedReference.neighbours()), ("rrc".into(), None));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RandomisedReference;

/// The competences at the known rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RandomisedReferenceJudge {
    /// `[row][member]`
    sources: Vec<f64>,
}

/// The ends of the intervals of the sum.
const POINTS: usize = 20;

#[typetag::serde(name = "randomised_reference")]
impl Competence for RandomisedReference {
    fn name(&self) -> String {
        "rrc".into()
    }

    fn neighbours(&self) -> Option<usize> {
        None
    }

    fn fit(&self, training: &Training<'_>) -> Result<Box<dyn Judge>> {
        training.expect_classes()?;
        let (known, columns) = (training.known(), training.known().columns());
        let source = |cell: usize| {
            let (row, m) = (cell / known.members(), cell % known.members());
            let supports = training.outputs(row, m);
            let curves: Vec<[f64; POINTS]> = supports.iter().map(|&p| curve(f64::from(p), columns)).collect();
            greatest(&curves, known.class_of(row) as usize)
        };
        let sources: Vec<f64> = (0..known.rows() * known.members()).into_par_iter().map(source).collect();
        if let Some(bad) = sources.iter().position(|x| !x.is_finite()) {
            let problem = format!("the competence at known row {} is not finite", bad / known.members() + 1);
            return Err(Error::NotConverged { method: "dynamic selection `rrc`", problem });
        }
        Ok(Box::new(RandomisedReferenceJudge { sources }))
    }
}

/// The distribution function of a class's support at equal steps from 0 to 1.
fn curve(p: f64, classes: usize) -> [f64; POINTS] {
    let all = classes as f64;
    let a = all * p.clamp(0.0, 1.0);
    std::array::from_fn(|t| {
        let x = t as f64 / (POINTS - 1) as f64;
        match (t, a > 0.0, a < all) {
            (0, ..) => 0.0,
            (t, ..) if t == POINTS - 1 => 1.0,
            // All its weight is at 0, or at 1.
            (_, false, _) => 1.0,
            (_, _, false) => 0.0,
            _ => checked_beta_reg(a, all - a, x).unwrap_or(f64::NAN),
        }
    })
}

/// The probability that the support of one class is above all others.
fn greatest(curves: &[[f64; POINTS]], class: usize) -> f64 {
    let interval = |t: usize| {
        let others = curves.iter().enumerate().filter(|&(k, _)| k != class);
        let below: f64 = others.map(|(_, curve)| (curve[t] + curve[t + 1]) / 2.0).product();
        (curves[class][t + 1] - curves[class][t]) * below
    };
    (0..POINTS - 1).map(interval).sum()
}

#[typetag::serde(name = "randomised_reference")]
impl Judge for RandomisedReferenceJudge {
    fn competence(&self, case: &Case<'_>, competences: &mut [f64]) {
        let members = competences.len();
        let mut total = 0.0;
        competences.fill(0.0);
        // Weights as parts of the nearest row's, so that a row far from all still has an answer.
        let nearest = case.region().first().map_or(0.0, |n| n.distance);
        for n in case.region() {
            let weight = n.weight * (nearest * nearest - n.distance * n.distance).exp();
            let sources = self.sources.get(n.row * members..(n.row + 1) * members).unwrap_or_default();
            competences.iter_mut().zip(sources).for_each(|(sum, x)| *sum += weight * x);
            total += weight;
        }
        competences.iter_mut().for_each(|x| *x /= total);
    }

    fn select(&self, case: &Case<'_>, competences: &mut [f64]) {
        keep_above(1.0 / case.known().columns() as f64, competences);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sure_member_is_competent_if_it_is_right_and_a_guess_is_worth_one_in_k() {
        let curves = |supports: [f64; 2]| supports.map(|p| curve(p, 2));
        let sure = curves([1.0, 0.0]);
        assert!((greatest(&sure, 0) - 1.0).abs() < 1e-12 && greatest(&sure, 1) < 0.06);
        // Of two uniform supports either is the greater half of the time.
        assert!((greatest(&curves([0.5, 0.5]), 0) - 0.5).abs() < 1e-12);
    }
}
