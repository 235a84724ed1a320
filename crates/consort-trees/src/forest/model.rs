use consort_core::{Error, FitContext, Gives, Ids, Matrix, Model, Outputs, Predictions, Result, Samples, Seed};
use serde::{Deserialize, Serialize};

use super::RandomForest;
use crate::{decision_tree::importances, model::TreeEnsemble};

/// A fitted forest: its prediction is the mean of its trees'.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct Forest {
    recipe: RandomForest,
    seed: Seed,
    /// How many rows the trees could see.
    rows: usize,
    outputs: Outputs,
    trees: TreeEnsemble,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    recipe: RandomForest,
    seed: Seed,
    rows: usize,
    outputs: Outputs,
    trees: TreeEnsemble,
}

impl From<Forest> for Parts {
    fn from(Forest { recipe, seed, rows, outputs, trees }: Forest) -> Self {
        Parts { recipe, seed, rows, outputs, trees }
    }
}

impl TryFrom<Parts> for Forest {
    type Error = Error;

    fn try_from(Parts { recipe, seed, rows, outputs, trees }: Parts) -> Result<Self> {
        Forest::new(recipe, seed, rows, outputs, trees)
    }
}

impl Forest {
    pub(crate) fn new(
        recipe: RandomForest,
        seed: Seed,
        rows: usize,
        outputs: Outputs,
        trees: TreeEnsemble,
    ) -> Result<Self> {
        let columns = outputs.len();
        if trees.outputs() != columns || trees.trees().is_empty() || trees.trees().iter().any(|t| t.width() != columns)
        {
            let problem = format!("its trees have not {columns} numbers a leaf, or there is none");
            return Err(Error::Damaged { place: "a forest".into(), problem });
        }
        Ok(Self { recipe, seed, rows, outputs, trees })
    }

    /// How it was grown.
    pub fn recipe(&self) -> &RandomForest {
        &self.recipe
    }

    /// Where its randomness came from.
    pub fn seed(&self) -> Seed {
        self.seed
    }

    /// How many rows its trees could see.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// What it predicts.
    pub fn outputs(&self) -> &Outputs {
        &self.outputs
    }

    /// Its trees, whose leaves add up.
    pub fn trees(&self) -> &TreeEnsemble {
        &self.trees
    }

    /// What the predicted numbers mean.
    pub fn gives(&self) -> Gives {
        self.outputs.gives()
    }

    /// The same forest with more trees: to the bit the one that has so many from the start.
    ///
    /// # Errors
    /// If it has more trees already, the samples are not those that it was fitted on (as far as their number and
    /// features tell), or as [`RandomForest::fit_forest`].
    pub fn grow_to(&self, trees: usize, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Forest> {
        let have = self.trees.trees().len();
        if trees < have {
            return Err(Error::parameter("trees", trees, format!("at least {have}, the trees that are there")));
        }
        let recipe = self.recipe.clone().trees(trees);
        let (more, rows) = ctx.install(|| recipe.grow(train, ctx, self.seed, have..trees))?;
        self.expect_rows(rows)?;
        if more.features() != self.trees.features() {
            return Err(Error::Unsupported {
                by: "a fitted forest".into(),
                what: "samples with other features than it was fitted on".into(),
                hint: "give the samples that it was fitted on".into(),
            });
        }
        let all = self.trees.trees().iter().chain(more.trees()).cloned().collect();
        let all = TreeEnsemble::new(self.trees.features().to_vec(), self.trees.base().to_vec(), all)?;
        Forest::new(recipe, self.seed, rows, self.outputs.clone(), all)
    }

    /// Refuses samples of another number than it was fitted on.
    pub(super) fn expect_rows(&self, rows: usize) -> Result<()> {
        if rows == self.rows {
            return Ok(());
        }
        Err(Error::Length {
            what: "the samples".into(),
            got: rows,
            expected: self.rows,
            unit: "rows with weight",
            hint: "give the samples that the forest was fitted on".into(),
        })
    }

    /// What each tree predicts, as members named `tree 1`, `tree 2`, …
    ///
    /// # Errors
    /// If a feature is missing or of another kind.
    pub fn members(&self, rows: &Samples<'_>) -> Result<Predictions> {
        let leaves = self.trees.leaves(rows)?;
        let ids = match rows.row_numbers() {
            None => rows.dataset().ids().clone(),
            // A row may be named twice, and then ids would not be unique.
            Some(_) => Ids::positions(rows.len()),
        };
        let (count, columns) = (self.trees.trees().len(), self.outputs.len());
        let mut builder = Predictions::builder(self.outputs.clone(), ids).reserve(count);
        for (t, tree) in self.trees.trees().iter().enumerate() {
            builder.add(format!("tree {}", t + 1), self.gives(), |out| {
                for (out, leaves) in out.chunks_exact_mut(columns).zip(leaves.chunks_exact(count)) {
                    out.copy_from_slice(tree.value(leaves[t] as usize));
                }
                Ok(())
            })?;
        }
        builder.build()
    }

    /// The mean decrease of impurity of each feature (Breiman 2001): the mean over the trees, summing to 1. It prefers
    /// features of many values and is blind to overfitting; see [`permutation_importance`](Self::permutation_importance).
    pub fn importances(&self) -> Vec<f64> {
        let features = self.trees.features().len();
        let mut sums = vec![0.0; features];
        for tree in self.trees.trees() {
            let own = importances::of_tree(tree, features);
            sums.iter_mut().zip(own).for_each(|(sum, x)| *sum += x);
        }
        importances::normalise(&mut sums);
        sums
    }
}

#[typetag::serde(name = "forest")]
impl Model for Forest {
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        let share = 1.0 / self.trees.trees().len() as f64;
        let values = self.trees.sums(rows)?.into_iter().map(|sum| (sum * share) as f32).collect();
        Matrix::new(rows.len(), self.outputs.len(), values)
    }
}
