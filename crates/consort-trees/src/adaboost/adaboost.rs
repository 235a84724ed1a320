use std::sync::Arc;

use consort_core::{
    Error, FitContext, Learner, Matrix, Model, PresentRows, Result, Samples, Seed, Silent, Takes, Target,
};
use consort_split::{Draw, Drawer};
use serde::{Deserialize, Serialize};

use super::{Adaptive, Ending, R2Loss, r2, round, samme};
use crate::decision_tree::{DecisionTree, target_of};

/// Adaptive boosting: SAMME for classes (Freund and Schapire 1997; Zhu and others 2009), R2 for numbers (Drucker 1997).
///
/// Members are fitted with weights; nothing is drawn, unless the learner takes no weights or [`Reweight::Resampling`] is
/// asked for: then each member sees as many rows as there are, drawn in proportion to the weights. Boosting ends early with
/// a member that makes no error, or one that is no better than chance.
///
/// ```
/// use consort_core::{Classes, Column, Dataset, Features, FitContext, Model, Samples, Seed, Target};
/// use consort_trees::adaboost::AdaBoost;
/// let x = Column::Numeric { name: "x".into(), values: (0..30).map(|i| i as f32).collect() };
/// let target = Target::Classes {
///     codes: (0..30).map(|i| u32::from((10..20).contains(&i))).collect(),
///     classes: Classes::new(["outside", "inside"])?,
/// };
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(target)?;
/// let all = Samples::all(&data);
/// let model = AdaBoost::default().rounds(10).fit_members(&all, &FitContext::new(Seed::new(0)))?;
/// assert_eq!(model.predict(&all)?.argmax(15), Some(1)); // a stump alone cannot
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdaBoost {
    /// What each member is; `None` for a tree of depth 1 for classes, and of depth 3 for numbers. It cuts between any
    /// two values where there are at most 2,048 rows; on more, 255 bins lose nothing that shows.
    pub base: Option<Arc<dyn Learner>>,
    /// The most members.
    pub rounds: usize,
    /// What the weight of each member is multiplied with.
    pub learning_rate: f64,
    /// How errors of numbers become losses.
    pub loss: R2Loss,
    /// How members see the weights; `None` for weights where the learner takes them, and for draws where it does not.
    pub reweight: Option<Reweight>,
}

/// Up to so many rows members cut between any two values: a bin then holds so few rows that its edge may stand far
/// from the best cut, and sorting costs little.
const EXACT_ROWS: usize = 2048;

/// How the members of adaptive boosting see the weights of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reweight {
    /// As weights.
    Weights,
    /// As draws with replacement in proportion to them (Freund and Schapire 1996; Drucker 1997).
    Resampling,
}

impl Default for AdaBoost {
    fn default() -> Self {
        Self { base: None, rounds: 50, learning_rate: 1.0, loss: R2Loss::Linear, reweight: None }
    }
}

impl AdaBoost {
    /// Over this learner.
    pub fn base(mut self, learner: impl Learner + 'static) -> Self {
        self.base = Some(Arc::new(learner));
        self
    }

    /// With at most so many members.
    pub fn rounds(mut self, rounds: usize) -> Self {
        self.rounds = rounds;
        self
    }

    /// With this learning rate.
    pub fn learning_rate(mut self, rate: f64) -> Self {
        self.learning_rate = rate;
        self
    }

    /// With this loss for numbers.
    pub fn loss(mut self, loss: R2Loss) -> Self {
        self.loss = loss;
        self
    }

    /// With members that see the weights this way.
    pub fn reweight(mut self, reweight: Reweight) -> Self {
        self.reweight = Some(reweight);
        self
    }

    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`], or [`Error::Unsupported`] for weights that the learner does not take.
    pub fn check(&self) -> Result<()> {
        if self.rounds == 0 {
            return Err(Error::parameter("rounds", 0, "at least 1"));
        }
        if !(self.learning_rate.is_finite() && self.learning_rate > 0.0) {
            return Err(Error::parameter("learning_rate", self.learning_rate, "finite and above 0"));
        }
        match &self.base {
            Some(learner) if self.reweight == Some(Reweight::Weights) && !learner.takes().weights => {
                Err(Error::Unsupported {
                    by: "adaptive boosting".into(),
                    what: format!("the learner `{}`, which takes no weights", learner.name()),
                    hint: "choose one that takes weights, such as a tree, or reweight by resampling".into(),
                })
            }
            _ => Ok(()),
        }
    }

    fn learner_for(&self, target: &Target, rows: usize) -> Arc<dyn Learner> {
        self.base.clone().unwrap_or_else(|| {
            let depth = if matches!(target, Target::Classes { .. }) { 1 } else { 3 };
            let tree = DecisionTree::default().depth(depth);
            Arc::new(if rows <= EXACT_ROWS { tree.exact() } else { tree })
        })
    }

    /// The members fitted on these samples, and their weights.
    ///
    /// # Errors
    /// If a parameter is out of range, the target is not one class or one number a row, the first member is no better
    /// than chance on classes, or a member cannot be fitted.
    pub fn fit_members(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Adaptive> {
        self.check()?;
        ctx.install(|| self.boost(train, ctx))
    }

    fn boost(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Adaptive> {
        let by = "adaptive boosting";
        let data = train.dataset();
        let PresentRows { rows, mut weights } = PresentRows::of(train)?;
        let target = target_of(data, &rows, by)?;
        let learner = self.learner_for(target, rows.len());
        let present = Samples::rows(data, &rows)?;
        let total: f64 = weights.iter().sum();
        round::normalise(&mut weights)?;
        let truth = target.take(&rows);
        let mut of_rows = vec![0.0; data.rows()];
        let (seen, truth) = match truth {
            Target::Classes { codes, classes } => {
                let seen = samme::seen(&codes, classes.len());
                let places = codes.iter().map(|code| seen.partition_point(|known| known < code)).collect();
                (seen, Truth::Places(places))
            }
            Target::Values { values, names } if names.len() == 1 => (Vec::new(), Truth::Values(values)),
            other => {
                return Err(Error::Unsupported {
                    by: by.into(),
                    what: format!("{} of {} outputs", other.outputs().task(), other.outputs().len()),
                    hint: "give it one class or one number a row".into(),
                });
            }
        };
        let draws = self.draws(&*learner);
        let mut model = Adaptive::empty(target.outputs(), seen.clone(), draws);
        let (total_rounds, outputs) = (self.rounds as u64, target.outputs().len());
        for member in 0..self.rounds {
            ctx.check()?;
            let own = FitContext { seed: ctx.seed.nth("member", member as u64), progress: &Silent, ..*ctx };
            let fitted = if draws {
                let drawn = drawn(&rows, &weights, target, own.seed.child("rows"))?;
                learner.fit(&Samples::rows(data, &drawn)?.unweighted(), &own)?
            } else {
                // Members see weights of the size that the samples had.
                rows.iter().zip(&weights).for_each(|(&row, weight)| of_rows[row as usize] = weight * total);
                learner.fit(&present.with_weights(&of_rows)?, &own)?
            };
            let predicted = fitted.predict(&present)?;
            if predicted.columns() != outputs {
                return Err(Error::Unsupported {
                    by: by.into(),
                    what: format!(
                        "the learner `{}`, which gives {} numbers a row",
                        learner.name(),
                        predicted.columns()
                    ),
                    hint: format!("choose one that gives {outputs} for this target"),
                });
            }
            let mut verdict = self.judge(&predicted, &seen, &truth, &mut weights);
            if verdict.ending == Some(Ending::TooWeak) {
                if member > 0 {
                    model.end(Ending::TooWeak);
                    ctx.progress.step(total_rounds, total_rounds, "ended with a member no better than chance");
                    break;
                }
                if matches!(truth, Truth::Places(_)) {
                    let problem = format!(
                        "its first member `{}` has an error of {:.3}, no better than chance: give it a stronger learner, such as a deeper tree",
                        learner.name(),
                        verdict.error
                    );
                    return Err(Error::NotConverged { method: by, problem });
                }
                verdict.weight = 1.0;
            }
            model.push(fitted, verdict.weight, verdict.error);
            let done = if verdict.ending.is_some() { total_rounds } else { member as u64 + 1 };
            ctx.progress.step(done, total_rounds, &format!("error {:.4}", verdict.error));
            if let Some(ending) = verdict.ending {
                model.end(ending);
                break;
            }
            round::normalise(&mut weights)?;
        }
        Ok(model)
    }

    /// Whether members see draws instead of weights.
    fn draws(&self, learner: &dyn Learner) -> bool {
        match self.reweight {
            Some(reweight) => reweight == Reweight::Resampling,
            None => !learner.takes().weights,
        }
    }

    fn judge(&self, predicted: &Matrix, seen: &[u32], truth: &Truth, weights: &mut [f64]) -> round::Verdict {
        match truth {
            Truth::Places(truth) => {
                samme::round(&samme::labels(predicted, seen), truth, seen.len(), self.learning_rate, weights)
            }
            Truth::Values(truth) => r2::round(predicted.values(), |i| truth[i], self.loss, self.learning_rate, weights),
        }
    }
}

/// What members should have said of each row.
enum Truth {
    /// The class, by its place among those seen.
    Places(Vec<usize>),
    /// The number.
    Values(Vec<f64>),
}

/// As many rows as there are, drawn in proportion to their weights; a row is named as often as it was drawn.
fn drawn(rows: &[u32], weights: &[f64], target: &Target, seed: Seed) -> Result<Vec<u32>> {
    // A weight may have become so small that it is 0.
    let present = rows.iter().zip(weights).filter(|(_, weight)| **weight > 0.0);
    let (left, weights): (Vec<u32>, Vec<f64>) = present.map(|(&row, &weight)| (row, weight)).unzip();
    let share = rows.len() as f64 / left.len().max(1) as f64;
    let (drawn, times) = if weights.iter().all(|weight| weight.fract() == 0.0) {
        // One row has all the weight.
        (left, vec![rows.len() as f64])
    } else {
        Drawer::new(Draw::Bootstrap { share: share.min(16.0) }, left, weights, target)?.draw(seed)
    };
    Ok(drawn.iter().zip(times).flat_map(|(&row, times)| std::iter::repeat_n(row, times as usize)).collect())
}

#[typetag::serde(name = "adaboost")]
impl Learner for AdaBoost {
    fn name(&self) -> String {
        "adaboost".into()
    }

    fn takes(&self) -> Takes {
        match &self.base {
            Some(learner) => Takes { weights: true, ..learner.takes() },
            None => Takes { categories: true, missing: true, weights: true },
        }
    }

    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Box<dyn Model>> {
        Ok(Box::new(self.fit_members(train, ctx)?))
    }
}
