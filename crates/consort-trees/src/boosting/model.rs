use std::sync::Arc;

use consort_core::{Column, Error, Features, Matrix, Model, Result, Samples};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::loss::Loss;
use crate::{
    bins::{FeatureBins, Kind},
    tree::{Node, Test, Tree},
};

/// A fitted sum of trees.
#[derive(Debug, Serialize, Deserialize)]
pub struct BoostedTrees {
    /// The features, as the trees know them.
    pub features: Vec<FeatureBins>,
    /// What the scores were fitted to.
    pub loss: Arc<dyn Loss>,
    /// The scores before the first tree, one an output.
    pub base: Vec<f64>,
    /// The trees, shrunk: round after round, in a round one an output.
    pub trees: Vec<Tree>,
}

/// Rows that walk through a tree together: their loads overlap.
const LANES: usize = 8;
/// Rows whose features are kept at hand while all trees pass.
const BLOCK: usize = 512;

/// A tree in two arrays, made for walking: a leaf points at itself, so that all rows take the same number of steps.
struct Walk {
    /// Feature, and where its left child is; the right one is next to it.
    steps: Vec<Step>,
    /// The codes that go left, of the steps that ask for a category.
    sets: Vec<[u64; 4]>,
    values: Vec<f64>,
    depth: usize,
}

#[derive(Clone, Copy)]
struct Step {
    threshold: f32,
    feature: u32,
    left: u32,
    /// Whether NaN goes left.
    missing_left: bool,
    /// Which set of codes goes left, or [`NUMERIC`].
    set: u32,
}

/// A step that asks for a number.
const NUMERIC: u32 = u32::MAX;

impl BoostedTrees {
    /// The raw scores, `[rows][outputs]`.
    ///
    /// # Errors
    /// If a feature is missing or of another kind.
    pub fn scores(&self, rows: &Samples<'_>) -> Result<Vec<f64>> {
        let columns = self.columns(rows)?;
        let outputs = self.base.len();
        let walks: Vec<Walk> = self.trees.iter().map(Walk::new).collect();
        let width = self.features.len();
        let mut scores = vec![0.0; rows.len() * outputs];
        scores.par_chunks_mut(BLOCK * outputs).enumerate().for_each(|(block, scores)| {
            let start = block * BLOCK;
            let count = scores.len() / outputs;
            let mut values = vec![0.0f32; count * width];
            for (f, column) in columns.iter().enumerate() {
                for (i, values) in values.chunks_exact_mut(width).enumerate() {
                    values[f] = column.at(rows.row(start + i));
                }
            }
            for row in scores.chunks_exact_mut(outputs) {
                row.copy_from_slice(&self.base);
            }
            for (t, walk) in walks.iter().enumerate() {
                walk.add(&values, width, scores, outputs, t % outputs);
            }
        });
        Ok(scores)
    }

    fn columns<'a>(&self, rows: &Samples<'a>) -> Result<Vec<View<'a>>> {
        let missing = |name: &str| Error::UnknownName {
            what: "feature",
            name: name.into(),
            known: "the model was fitted with it, and the data set does not have it".into(),
        };
        match rows.dataset().features() {
            Features::Columns(columns) => self
                .features
                .iter()
                .enumerate()
                .map(|(f, bins)| {
                    // The same place is the usual case.
                    let column = columns
                        .get(f)
                        .filter(|column| column.name() == bins.name)
                        .or_else(|| columns.iter().find(|column| column.name() == bins.name))
                        .ok_or_else(|| missing(&bins.name))?;
                    View::new(column, bins)
                })
                .collect(),
            Features::Dense { values, shape } => {
                let width: usize = shape.iter().product();
                if width != self.features.len() {
                    return Err(Error::Length {
                        what: "the data set".into(),
                        got: width,
                        expected: self.features.len(),
                        unit: "features",
                        hint: "give the features that the model was fitted with".into(),
                    });
                }
                Ok((0..width).map(|f| View::Dense { values, width, f }).collect())
            }
        }
    }
}

/// One feature of the rows to be predicted.
enum View<'a> {
    Numbers(&'a [f32]),
    Dense {
        values: &'a [f32],
        width: usize,
        f: usize,
    },
    /// The bin of each level, as a number.
    Levels {
        codes: &'a [u32],
        bin_of: Vec<f32>,
    },
}

impl<'a> View<'a> {
    fn new(column: &'a Column, bins: &FeatureBins) -> Result<Self> {
        match (column, &bins.kind) {
            (Column::Numeric { values, .. }, Kind::Numeric { .. }) => Ok(View::Numbers(values)),
            (Column::Categorical { codes, levels, .. }, Kind::Categorical { levels: known, rare, .. }) => {
                let places: std::collections::HashMap<&str, usize> =
                    known.iter().enumerate().map(|(bin, level)| (level.as_str(), bin)).collect();
                let other = if *rare { known.len() as f32 } else { f32::NAN };
                let bin_of =
                    levels.iter().map(|level| places.get(level.as_str()).map_or(other, |&bin| bin as f32)).collect();
                Ok(View::Levels { codes, bin_of })
            }
            (column, _) => Err(Error::Unsupported {
                by: "the model".into(),
                what: format!("the kind of column `{}`", column.name()),
                hint: "it was a number when the model was fitted, and is a category now, or the reverse".into(),
            }),
        }
    }

    #[inline]
    fn at(&self, row: usize) -> f32 {
        match self {
            View::Numbers(values) => values[row],
            View::Dense { values, width, f } => values[row * width + f],
            View::Levels { codes, bin_of } => bin_of.get(codes[row] as usize).copied().unwrap_or(f32::NAN),
        }
    }
}

impl Walk {
    fn new(tree: &Tree) -> Self {
        let mut sets = Vec::new();
        let step = |(i, node): (usize, &Node)| match &node.split {
            Some(split) => {
                let (threshold, set) = match split.test {
                    Test::Numeric { threshold, .. } => (threshold, NUMERIC),
                    Test::Categorical { left } => {
                        sets.push(left);
                        (f32::INFINITY, sets.len() as u32 - 1)
                    }
                };
                let (feature, left, missing_left) = (split.feature, split.children[0], split.missing_left);
                Step { threshold, feature, left, missing_left, set }
            }
            // Every number is at most infinity, and NaN stays too: the leaf is its own left child.
            None => Step { threshold: f32::INFINITY, feature: 0, left: i as u32, missing_left: true, set: NUMERIC },
        };
        let steps = tree.nodes.iter().enumerate().map(step).collect();
        Self { steps, sets, values: tree.nodes.iter().map(|node| node.value).collect(), depth: tree.depth() }
    }

    #[inline(always)]
    fn next<const CATEGORIES: bool>(&self, at: u32, row: &[f32]) -> u32 {
        let step = self.steps[at as usize];
        let x = row[step.feature as usize];
        if CATEGORIES && step.set != NUMERIC && !x.is_nan() {
            // A category comes as the number of its bin.
            let code = (x as usize).min(255);
            let is_left = self.sets[step.set as usize][code / 64] >> (code % 64) & 1 == 1;
            return step.left + u32::from(!is_left);
        }
        // NaN is not above anything, so only its own direction decides.
        step.left + u32::from(x > step.threshold || (x.is_nan() && !step.missing_left))
    }

    fn add(&self, values: &[f32], width: usize, scores: &mut [f64], outputs: usize, output: usize) {
        if self.sets.is_empty() {
            self.add_all::<false>(values, width, scores, outputs, output);
        } else {
            self.add_all::<true>(values, width, scores, outputs, output);
        }
    }

    fn add_all<const CATEGORIES: bool>(
        &self,
        values: &[f32],
        width: usize,
        scores: &mut [f64],
        outputs: usize,
        output: usize,
    ) {
        for (values, scores) in values.chunks(LANES * width).zip(scores.chunks_mut(LANES * outputs)) {
            let mut at = [0u32; LANES];
            for _ in 0..self.depth {
                for (at, row) in at.iter_mut().zip(values.chunks_exact(width)) {
                    *at = self.next::<CATEGORIES>(*at, row);
                }
            }
            for (row, at) in scores.chunks_exact_mut(outputs).zip(at) {
                row[output] += self.values[at as usize];
            }
        }
    }
}

#[typetag::serde(name = "boosted_trees")]
impl Model for BoostedTrees {
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        let outputs = self.base.len();
        let columns = self.loss.columns(outputs);
        let scores = self.scores(rows)?;
        let mut out = Matrix::zeros(rows.len(), columns);
        for (row, scores) in out.values_mut().chunks_exact_mut(columns).zip(scores.chunks_exact(outputs)) {
            self.loss.predict(scores, row);
        }
        Ok(out)
    }
}
