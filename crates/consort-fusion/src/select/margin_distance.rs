use consort_core::{Error, Fuser, Fusion, Predictions, Result, Seed, Truth, blocks};
use consort_metrics::classification::decide;
use serde::{Deserialize, Serialize};

use super::tie::Tie;
use super::{Labelled, WeightedMembers, top::at_least_one};

/// Margin distance minimisation: the members whose votes together come nearest to being right everywhere by a small
/// margin.
///
/// A member's signature has +1 for each row that it has right and −1 for each other. Each time the member m comes
/// in that minimises Σᵢ wᵢ·(p − (Sᵢ + cₘᵢ) / M)², where S is the sum of the signatures chosen so far, M the number
/// of members in all and p the margin aimed at; the first on ties. Rows that are right by more than p weigh against
/// a member, so that help goes where it is needed. All that are chosen count the same.
///
/// O(chosen × members × rows).
///
/// Source: Martínez-Muñoz and Suárez (2006), Pruning in ordered bagging ensembles.
///
/// ```
/// use consort_core::{Classes, Gives, Ids, Outputs, Predictions, Target, Truth};
/// use consort_fusion::select::MarginDistance;
/// let classes = Classes::new(["no", "yes"])?;
/// let target = Target::from_labels(["yes", "no"], &classes, "y")?;
/// let predictions = Predictions::builder(Outputs::Classes(classes), Ids::positions(2))
///     .member("right", Gives::Probabilities, &[0.25, 0.75, 0.75, 0.25])?
///     .member("wrong", Gives::Probabilities, &[0.75, 0.25, 0.25, 0.75])?
///     .build()?;
/// let pruned = MarginDistance::default().members(1).prune(&predictions, &Truth::new(&target))?;
/// assert_eq!(pruned.member_weights(), [1.0, 0.0]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MarginDistance {
    /// How many members remain at most. The default is 5.
    pub members: usize,
    /// The margin aimed at, in (0, 1). The default is 0.075, as in the source.
    pub margin: f64,
}

impl Default for MarginDistance {
    fn default() -> Self {
        Self { members: 5, margin: 0.075 }
    }
}

impl MarginDistance {
    /// Down to so many members.
    pub fn members(mut self, members: usize) -> Self {
        self.members = members;
        self
    }

    /// Aiming at another margin.
    pub fn margin(mut self, margin: f64) -> Self {
        self.margin = margin;
        self
    }

    /// The members that remain.
    ///
    /// # Errors
    /// If the margin is out of range or no member is asked for, the problem has no classes, the truth is not
    /// parallel, or a member gives logits or scores or lacks a row that has weight.
    pub fn prune(&self, predictions: &Predictions, truth: &Truth<'_>) -> Result<WeightedMembers> {
        const BY: &str = "margin_distance";
        if !(self.margin > 0.0 && self.margin < 1.0) {
            return Err(Error::parameter("margin", self.margin, "above 0 and below 1"));
        }
        let names: Vec<&str> = predictions.names().collect();
        at_least_one(self.members)?;
        let data = Labelled::new(predictions, truth, BY)?;
        let labelled = data.truth()?;
        let (codes, classes) = labelled.classes(BY)?;
        let signatures: Vec<Vec<i8>> = (0..names.len())
            .map(|m| {
                let positive = (classes.len() == 2).then_some(classes.positive());
                let choices = decide(&data.predictions().estimates(m), positive);
                choices.iter().zip(codes).map(|(choice, code)| if choice == code { 1 } else { -1 }).collect()
            })
            .collect();

        let share = 1.0 / names.len() as f64;
        let mut sum = vec![0i32; codes.len()];
        let mut weights = vec![0.0; names.len()];
        for _ in 0..self.members.min(names.len()) {
            let left: Vec<usize> = (0..names.len()).filter(|&m| weights[m] == 0.0).collect();
            let parts = blocks::map(codes.len(), |rows| {
                let distance = |&m: &usize| -> f64 {
                    let of_row = |i: usize| self.margin - f64::from(sum[i] + i32::from(signatures[m][i])) * share;
                    rows.clone().map(|i| data.weight(i) * of_row(i).powi(2)).sum()
                };
                left.iter().map(distance).collect::<Vec<f64>>()
            });
            let mut costs = vec![0.0; left.len()];
            for part in parts {
                costs.iter_mut().zip(part).for_each(|(cost, part)| *cost += part);
            }
            let Some(chosen) = Tie::choose(&left, &costs, 1e-12, 0.0, |_| 0.0) else { break };
            weights[chosen] = 1.0;
            sum.iter_mut().zip(&signatures[chosen]).for_each(|(sum, &c)| *sum += i32::from(c));
        }
        Ok(WeightedMembers::new(BY, &names, &weights, vec![None; names.len()]))
    }
}

#[typetag::serde]
impl Fuser for MarginDistance {
    fn name(&self) -> String {
        "margin_distance".into()
    }

    fn fit(&self, predictions: &Predictions, truth: &Truth<'_>, _: Seed) -> Result<Box<dyn Fusion>> {
        Ok(Box::new(self.prune(predictions, truth)?))
    }
}
