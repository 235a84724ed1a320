use consort_core::{Fuser, Fusion, Predictions, Result, Seed, Truth};
use consort_metrics::classification::decide;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Labelled, WeightedMembers, top::at_least_one};

/// Kappa pruning: the pairs of members that agree least beyond chance, until there are enough members.
///
/// κ = (Θ₁ − Θ₂) / (1 − Θ₂), with Θ₁ the share of rows on which the two choose the same class and Θ₂ the share that
/// chance would give them. Pairs come by ascending κ, the first pair on ties; the last pair may give one member
/// only, its first. Two members that both always choose one and the same class agree by chance alone: κ = 1.
/// The truth gives nothing but the weights of the rows.
///
/// O(members² × rows).
///
/// Source: Margineantu and Dietterich (1997), Pruning adaptive boosting.
///
/// ```
/// use consort_core::{Classes, Gives, Ids, Outputs, Predictions, Target, Truth};
/// use consort_fusion::select::KappaPruning;
/// let classes = Classes::new(["no", "yes"])?;
/// let target = Target::from_labels(["yes", "no"], &classes, "y")?;
/// let predictions = Predictions::builder(Outputs::Classes(classes), Ids::positions(2))
///     .member("a", Gives::Probabilities, &[0.25, 0.75, 0.75, 0.25])?
///     .member("like_a", Gives::Probabilities, &[0.25, 0.75, 0.75, 0.25])?
///     .member("other", Gives::Probabilities, &[0.75, 0.25, 0.25, 0.75])?
///     .build()?;
/// let pruned = KappaPruning::default().members(2).prune(&predictions, &Truth::new(&target))?;
/// assert_eq!(pruned.member_weights(), [0.5, 0.0, 0.5]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KappaPruning {
    /// How many members remain at most. The default is 5.
    pub members: usize,
}

impl Default for KappaPruning {
    fn default() -> Self {
        Self { members: 5 }
    }
}

impl KappaPruning {
    /// Down to so many members.
    pub fn members(mut self, members: usize) -> Self {
        self.members = members;
        self
    }

    /// The members that remain.
    ///
    /// # Errors
    /// If no member is asked for, the problem has no classes, the truth is not parallel, or a member gives logits or
    /// scores or lacks a row that has weight.
    pub fn prune(&self, predictions: &Predictions, truth: &Truth<'_>) -> Result<WeightedMembers> {
        const BY: &str = "kappa";
        let names: Vec<&str> = predictions.names().collect();
        at_least_one(self.members)?;
        let data = Labelled::new(predictions, truth, BY)?;
        let classes = predictions.outputs().classes(BY)?;
        let (rows, total) = (data.target.rows(), data.total_weight());
        let choices: Vec<Vec<u32>> = (0..names.len())
            .map(|m| decide(&data.predictions().estimates(m), (classes.len() == 2).then_some(classes.positive())))
            .collect();
        let shares: Vec<Vec<f64>> = choices
            .iter()
            .map(|choices| {
                let mut shares = vec![0.0; classes.len()];
                for (i, &k) in choices.iter().enumerate() {
                    shares[k as usize] += data.weight(i) / total;
                }
                shares
            })
            .collect();
        let pairs: Vec<(usize, usize)> =
            (0..names.len()).flat_map(|a| (a + 1..names.len()).map(move |b| (a, b))).collect();
        let mut ranked: Vec<(f64, usize, usize)> = pairs
            .into_par_iter()
            .map(|(a, b)| {
                let same = (0..rows).filter(|&i| choices[a][i] == choices[b][i]);
                let agreed = same.map(|i| data.weight(i)).sum::<f64>() / total;
                let chance: f64 = shares[a].iter().zip(&shares[b]).map(|(a, b)| a * b).sum();
                (if chance < 1.0 { (agreed - chance) / (1.0 - chance) } else { 1.0 }, a, b)
            })
            .collect();
        ranked.sort_by(|x, y| x.0.total_cmp(&y.0).then((x.1, x.2).cmp(&(y.1, y.2))));

        let mut weights = vec![0.0; names.len()];
        let mut missing = self.members;
        // One member makes no pair.
        let order = ranked.iter().flat_map(|&(_, a, b)| [a, b]).chain(0..names.len());
        for m in order {
            if missing > 0 && weights[m] == 0.0 {
                weights[m] = 1.0;
                missing -= 1;
            }
        }
        Ok(WeightedMembers::new(BY, &names, &weights, vec![None; names.len()]))
    }
}

#[typetag::serde]
impl Fuser for KappaPruning {
    fn name(&self) -> String {
        "kappa".into()
    }

    fn fit(&self, predictions: &Predictions, truth: &Truth<'_>, _: Seed) -> Result<Box<dyn Fusion>> {
        Ok(Box::new(self.prune(predictions, truth)?))
    }
}
