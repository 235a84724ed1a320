use consort_core::{Error, Result, Samples};
use rayon::prelude::*;

use super::{
    plan::Plan,
    rows::{LANES, Rows, Way},
};
use crate::{
    boosting::BoostedTrees,
    decision_tree::FittedTree,
    forest::Forest,
    model::{Blocks, TreeEnsemble},
    tree::Tree,
};

/// What each feature added to each prediction: path-dependent SHAP values (Lundberg and others 2020, "TreeSHAP").
///
/// A set `S` of features is worth what the tree predicts if it knows only these: at a split by another feature, the mean
/// of both sides, weighted by their cover. The contribution of a feature is its Shapley value in this game: what it adds
/// to the sets of the others, averaged over all orders. So the contributions of a row sum to its prediction minus the
/// [expected](Self::expected) one. A missing value is known: it goes where the tree sends it.
///
/// Exact, not sampled: work `rows · nodes · d/2`, with `d` the most features on a way from root to leaf, on all threads,
/// with the same bits for any number of them. Contributions of boosted trees are of the raw **scores**, before the link
/// (for log loss of two classes: of the log odds); those of a forest and a single tree are of the prediction.
///
/// Cover is what the model keeps: Hessian sums in boosted trees of consort and XGBoost, weights of rows in trees and
/// forests of consort, counts of rows in LightGBM's files. The values equal those of `pred_contrib` in LightGBM and
/// `pred_contribs` in XGBoost.
///
/// Path-dependent values describe the model and the correlations that its training rows had; a feature that no split
/// asks always gets 0.
///
/// ```
/// use consort_core::{Column, Dataset, Features, FitContext, Samples, Seed, Target};
/// use consort_trees::{bins::Binned, boosting::GradientBoosting};
/// let column = |name: &str, step| Column::Numeric { name: name.into(), values: (0..200).map(|i| (i / step % 10) as f32).collect() };
/// let y = Target::from_values((0..200).map(|i| f64::from(3 * (i % 10) + i / 10 % 10)).collect(), "y")?;
/// let data = Dataset::new(Features::Columns(vec![column("a", 1), column("b", 10)]))?.with_target(y)?;
/// let boost = GradientBoosting::default();
/// let binned = Binned::shared(&data, &boost.bins)?;
/// let model = boost.fit_binned(&binned, &Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// let why = model.contributions(&Samples::all(&data))?;
/// let row = why.of(199, 0);
/// let score = model.scores(&Samples::all(&data))?[199];
/// assert!((why.expected()[0] + row.iter().sum::<f64>() - score).abs() < 1e-9);
/// assert!(row[0] > 2.0 * row[1]); // `a` counts three times
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Contributions {
    names: Vec<String>,
    expected: Vec<f64>,
    values: Vec<f64>,
}

impl Contributions {
    /// The names of the features.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What the model predicts, one number an output, if it knows no feature.
    pub fn expected(&self) -> &[f64] {
        &self.expected
    }

    /// How many numbers a row is predicted.
    pub fn outputs(&self) -> usize {
        self.expected.len()
    }

    /// How many rows there are; 0 if there is no feature.
    pub fn rows(&self) -> usize {
        self.values.len().checked_div(self.names.len() * self.outputs()).unwrap_or(0)
    }

    /// What each feature added to one output of a row; nothing for a row or output that there is none of.
    pub fn of(&self, row: usize, output: usize) -> &[f64] {
        let start = (row * self.outputs() + output) * self.names.len();
        let is_there = output < self.outputs();
        self.values.get(start..start + self.names.len()).filter(|_| is_there).unwrap_or_default()
    }

    /// All of them, `[rows][outputs][features]`.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The mean of the absolute contributions of each feature to an output: how much it moves predictions.
    pub fn mean_absolute(&self, output: usize) -> Vec<f64> {
        let mut means = vec![0.0; self.names.len()];
        let share = 1.0 / self.rows().max(1) as f64;
        for row in 0..self.rows() {
            means.iter_mut().zip(self.of(row, output)).for_each(|(mean, x)| *mean += share * x.abs());
        }
        means
    }

    fn scale(&mut self, factor: f64) {
        self.values.iter_mut().chain(&mut self.expected).for_each(|x| *x *= factor);
    }
}

/// Plans of so many nodes are kept at a time: about 20 MB.
const NODES: usize = 1 << 16;

/// The most splits on a way times points: what a thread keeps of a way is then at most 64 MB an output.
const LONGEST: usize = 1 << 18;

impl TreeEnsemble {
    /// What each feature added to the sum of leaves of each row.
    ///
    /// # Errors
    /// If a feature is missing or of another kind; [`Error::Unsupported`] if a tree has no covers (an imported file
    /// without counts), or ways of a hundred thousand splits.
    pub fn contributions(&self, rows: &Samples<'_>) -> Result<Contributions> {
        let names: Vec<String> = self.features().iter().map(|feature| feature.name().to_owned()).collect();
        let (outputs, features) = (self.outputs(), names.len());
        let mut expected = self.base().to_vec();
        for (t, tree) in self.trees().iter().enumerate() {
            expect_covers(t, tree)?;
            let means = tree.means();
            expected[self.outputs_of(t)].iter_mut().zip(means).for_each(|(sum, mean)| *sum += mean);
        }
        let mut values = vec![0.0; rows.len() * outputs * features];
        let blocks = Blocks::new(self.features(), self.trees(), rows)?;
        let mut first = 0;
        while first < self.trees().len() {
            let mut nodes = 0;
            let fits = |tree: &&Tree| {
                let before = nodes;
                nodes += tree.nodes().len();
                before == 0 || nodes <= NODES
            };
            let count = self.trees()[first..].iter().take_while(fits).count();
            let plans: Vec<Plan<'_>> = self.trees()[first..first + count].par_iter().map(Plan::new).collect();
            if let Some(plan) = plans.iter().find(|plan| plan.depth.saturating_mul(plan.points) > LONGEST) {
                return Err(unsupported(
                    format!("a tree with ways of {} splits and {} points", plan.depth, plan.points),
                    "grow trees of less depth",
                ));
            }
            let scratch = || (Way::default(), vec![[0.0; LANES]; features * outputs]);
            blocks.for_each(&mut values, outputs * features, scratch, |block, values, (way, sums)| {
                for start in (0..block.rows).step_by(LANES) {
                    sums.fill([0.0; LANES]);
                    for (t, plan) in plans.iter().enumerate() {
                        pulp::Arch::new().dispatch(Rows {
                            plan,
                            values: block.values,
                            place: blocks.place(),
                            stride: block.stride,
                            start,
                            way,
                            out: sums,
                            outputs,
                            output: self.outputs_of(first + t).start,
                        });
                    }
                    let values = values.chunks_exact_mut(outputs * features).skip(start).take(LANES);
                    for (lane, values) in values.enumerate() {
                        for (f, sums) in sums.chunks_exact(outputs).enumerate() {
                            sums.iter().enumerate().for_each(|(k, sum)| values[k * features + f] += sum[lane]);
                        }
                    }
                }
            });
            first += count;
        }
        Ok(Contributions { names, expected, values })
    }
}

impl BoostedTrees {
    /// What each feature added to the raw scores of each row.
    ///
    /// # Errors
    /// As [`TreeEnsemble::contributions`].
    pub fn contributions(&self, rows: &Samples<'_>) -> Result<Contributions> {
        self.trees().contributions(rows)
    }
}

impl Forest {
    /// What each feature added to the prediction of each row.
    ///
    /// # Errors
    /// As [`TreeEnsemble::contributions`].
    pub fn contributions(&self, rows: &Samples<'_>) -> Result<Contributions> {
        let mut contributions = self.trees().contributions(rows)?;
        contributions.scale(1.0 / self.trees().trees().len() as f64);
        Ok(contributions)
    }
}

impl FittedTree {
    /// What each feature added to the prediction of each row.
    ///
    /// # Errors
    /// As [`TreeEnsemble::contributions`].
    pub fn contributions(&self, rows: &Samples<'_>) -> Result<Contributions> {
        self.ensemble().contributions(rows)
    }
}

fn expect_covers(number: usize, tree: &Tree) -> Result<()> {
    let Some(split) = tree.nodes()[0].split else { return Ok(()) };
    if split.children().iter().any(|&child| tree.nodes()[child].cover > 0.0) {
        return Ok(());
    }
    Err(unsupported(format!("tree {number}, whose nodes have no cover"), "save the model with its counts of rows"))
}

fn unsupported(what: String, hint: &str) -> Error {
    Error::Unsupported { by: "the contribution of features".into(), what, hint: hint.into() }
}
