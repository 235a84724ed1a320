use consort_core::{Fusion, Matrix, Predictions, Result};
use serde::{Deserialize, Serialize};

use crate::rule::Mean;

/// A weighted mean of members that are known by name, and the scores that the weights came from.
///
/// Members of weight 0 are not needed to [`fuse`](Fusion::fuse), and the order of the members does not matter.
///
/// ```
/// use consort_core::{Classes, Fuser, Gives, Ids, Outputs, Predictions, Seed, Target, Truth};
/// use consort_fusion::select::SelectBest;
/// let classes = Classes::new(["no", "yes"])?;
/// let target = Target::from_labels(["yes", "no"], &classes, "y")?;
/// let predictions = Predictions::builder(Outputs::Classes(classes), Ids::positions(2))
///     .member("poor", Gives::Probabilities, &[0.6, 0.4, 0.5, 0.5])?
///     .member("good", Gives::Probabilities, &[0.2, 0.8, 0.9, 0.1])?
///     .build()?;
/// let fusion = SelectBest::default().choose(&predictions, &Truth::new(&target))?;
/// assert_eq!(fusion.members(), ["poor", "good"]);
/// assert_eq!(fusion.member_weights(), [0.0, 1.0]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightedMembers {
    method: String,
    members: Vec<String>,
    weights: Vec<f64>,
    single_scores: Vec<Option<f64>>,
}

impl WeightedMembers {
    /// From weights that need not sum to 1.
    pub(crate) fn new(method: &str, names: &[&str], weights: &[f64], single_scores: Vec<Option<f64>>) -> Self {
        Self {
            method: method.into(),
            members: names.iter().map(|&name| name.into()).collect(),
            weights: exact_weights(weights, names),
            single_scores,
        }
    }

    /// The names of the members, those of weight 0 included.
    pub fn members(&self) -> &[String] {
        &self.members
    }

    /// One weight a member; they sum to exactly 1.
    pub fn member_weights(&self) -> &[f64] {
        &self.weights
    }

    /// The score of each member alone, where the method asks for it and it is defined.
    pub fn single_scores(&self) -> &[Option<f64>] {
        &self.single_scores
    }
}

#[typetag::serde]
impl Fusion for WeightedMembers {
    fn name(&self) -> String {
        self.method.clone()
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        mean_of_named(&self.members, &self.weights, predictions)
    }

    fn row_by_row(&self) -> bool {
        true
    }

    fn weights(&self) -> Option<Vec<f64>> {
        Some(self.weights.clone())
    }
}

/// The weighted mean of the members that have weight, in the order of their names, so that the order in which they
/// are given changes no bit.
pub(crate) fn mean_of_named(members: &[String], weights: &[f64], predictions: &Predictions) -> Result<Matrix> {
    let mut used: Vec<(&String, f64)> = members.iter().zip(weights.iter().copied()).filter(|(_, w)| *w > 0.0).collect();
    used.sort_unstable_by_key(|(name, _)| *name);
    let (names, weights): (Vec<&String>, Vec<f64>) = used.into_iter().unzip();
    Mean::new().with_weights(weights).fuse(&predictions.named(&names)?)
}

/// The weights as multiples of 2⁻⁵³ that sum to exactly 1, added in any order.
///
/// The rest that rounding leaves goes to the greatest weight, the first by name on ties. Weights must be finite, at
/// least 0, and not all 0.
pub(crate) fn exact_weights(weights: &[f64], names: &[&str]) -> Vec<f64> {
    const ONE: u64 = 1 << 53;
    // Summed in the order of size, so that the order of members changes no bit.
    let mut sorted = weights.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let total: f64 = sorted.iter().sum();
    let mut parts: Vec<u64> = weights.iter().map(|weight| (weight / total * ONE as f64).round() as u64).collect();
    let greatest = (0..parts.len()).max_by(|&a, &b| parts[a].cmp(&parts[b]).then(names[b].cmp(names[a])));
    if let Some(greatest) = greatest {
        let others: u64 = parts.iter().sum::<u64>() - parts[greatest];
        parts[greatest] = ONE.saturating_sub(others);
    }
    parts.into_iter().map(|part| part as f64 / ONE as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_sum_to_exactly_one_in_any_order() {
        let mut stream = consort_core::Seed::new(2).stream();
        for members in [1, 2, 3, 7, 49, 200] {
            let names: Vec<String> = (0..members).map(|m| format!("m{m}")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let raw: Vec<f64> = (0..members).map(|_| stream.below(50) as f64 + 1.0).collect();
            let mut weights = exact_weights(&raw, &names);
            let total: f64 = raw.iter().sum();
            assert!(weights.iter().zip(&raw).all(|(w, raw)| (w - raw / total).abs() < 1e-14));
            for _ in 0..10 {
                assert_eq!(weights.iter().sum::<f64>(), 1.0);
                stream.shuffle(&mut weights);
            }
        }
        assert_eq!(exact_weights(&[3.0, 0.0, 1.0], &["a", "b", "c"]), [0.75, 0.0, 0.25]);
    }
}
