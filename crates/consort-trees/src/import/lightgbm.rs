use std::{collections::HashMap, str::FromStr, sync::Arc};

use consort_core::{Error, Result};

use super::{
    foreign::{Foreign, replant},
    threshold::at_most,
};
use crate::{
    boosting::{
        BoostedTrees,
        loss::{Absolute, Gamma, LogLoss, Loss, Poisson, Softmax, Squared, Tweedie},
    },
    model::{Feature, TreeEnsemble},
    tree::{Split, Test, Tree},
};

/// Reads a model in LightGBM's text format (versions 3 and 4: `Booster.save_model`).
///
/// Predictions on `f32` features are those of LightGBM to the rounding of leaf values to `f32`. Supported: gbdt,
/// dart and rf; numeric and categorical splits; all three ways of missing values; the objectives for regression
/// (all but `reg_sqrt`), among them `poisson`, `gamma` and `tweedie` with the logarithm as link; `binary`, `multiclass`
/// and `cross_entropy`. Refused by name: linear trees and all other objectives. A model without objective gives its raw scores. Cover is the count of rows, as LightGBM's own
/// contributions take it. What follows the trees (parameters, levels of pandas columns) is not read.
///
/// Work and memory are bounded by the length of the text.
///
/// # Errors
/// [`Error::Unsupported`] for what is refused, [`Error::Damaged`] for a text that is not such a model; both name the
/// tree and the field.
///
/// ```
/// use consort_core::{Column, Dataset, Features, Model, Samples};
/// let text = "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=0\nobjective=regression\n\
///     feature_names=x\n\nTree=0\nnum_leaves=2\nnum_cat=0\nsplit_feature=0\nsplit_gain=9\nthreshold=0.5\n\
///     decision_type=2\nleft_child=-1\nright_child=-2\nleaf_value=3 7\nleaf_count=5 5\ninternal_value=5\n\
///     internal_count=10\nis_linear=0\nshrinkage=1\n\n\nend of trees\n";
/// let model = consort_trees::import::lightgbm(text)?;
/// let x = Column::Numeric { name: "x".into(), values: vec![0.2, 0.8] };
/// let data = Dataset::new(Features::Columns(vec![x]))?;
/// assert_eq!(model.predict(&Samples::all(&data))?.into_values(), [3.0, 7.0]);
/// # Ok::<(), consort_core::Error>(())
/// ```
pub fn lightgbm(text: &str) -> Result<BoostedTrees> {
    let (header, rest) = text.split_once("\nTree=").unwrap_or((text, ""));
    let header = Fields::new("a LightGBM model".into(), header);
    if !header.text.trim_start().starts_with("tree") {
        return Err(header.damaged("it does not start with `tree`: give the text that `save_model` writes".into()));
    }
    match header.get("version")? {
        "v3" | "v4" => {}
        other => return Err(header.unsupported(format!("version `{other}`"), "save it with LightGBM 3 or 4")),
    }
    let outputs: usize = header.number("num_tree_per_iteration")?;
    let link = Link::of(&header, outputs)?;
    let trees = sections(rest);
    if outputs == 0 || !trees.len().is_multiple_of(outputs) || outputs > trees.len().max(1) {
        return Err(header.damaged(format!("it has {} trees, and {outputs} a round", trees.len())));
    }
    // Random forests give the mean of their trees.
    let rounds = (trees.len() / outputs).max(1) as f64;
    let is_mean = header.text.lines().any(|line| line.trim() == "average_output");
    let factor = if is_mean { link.scale / rounds } else { link.scale };

    let names: Vec<&str> = header.get("feature_names")?.split(' ').filter(|name| !name.is_empty()).collect();
    let last: usize = header.number("max_feature_idx")?;
    if Some(names.len()) != last.checked_add(1) {
        return Err(header.damaged(format!("it names {} features, and the last is number {last}", names.len())));
    }
    let mut zeros = vec![Zeros::Unknown; names.len()];
    // The first trees hold the mean of the target. Scores start from it, so that single precision is spent on the rest.
    let mut base = vec![0.0; outputs];
    let trees = trees
        .into_iter()
        .enumerate()
        .map(|(t, text)| {
            let fields = Fields::new(format!("tree {t} of a LightGBM model"), text);
            let start = if is_mean { None } else { base.get_mut(t) };
            tree(&fields, factor, start, &mut zeros, &names)
        })
        .collect::<Result<Vec<_>>>()?;
    let features = names
        .into_iter()
        .zip(zeros)
        .map(|(name, zeros)| match zeros {
            Zeros::Missing => Feature::Sparse { name: name.into() },
            Zeros::Unknown | Zeros::Numbers => Feature::Numeric { name: name.into() },
        })
        .collect();
    BoostedTrees::new(TreeEnsemble::new(features, base, trees)?, link.loss)
}

/// The texts of the trees, each from the line after `Tree=`.
fn sections(rest: &str) -> Vec<&str> {
    let trees = rest.split("\nend of trees").next().unwrap_or_default();
    if trees.is_empty() {
        return Vec::new();
    }
    trees.split("\nTree=").map(|section| section.split_once('\n').map_or("", |(_, fields)| fields)).collect()
}

/// What the scores are turned into predictions by.
struct Link {
    loss: Arc<dyn Loss>,
    /// What scores are multiplied with before the link.
    scale: f64,
}

impl Link {
    fn of(header: &Fields<'_>, outputs: usize) -> Result<Self> {
        let objective = header.find("objective").unwrap_or_default();
        let mut words = objective.split(' ').filter(|word| !word.is_empty());
        let name = words.next().unwrap_or_default();
        let mut scale = 1.0;
        for word in words {
            match word.split_once(':') {
                Some(("sigmoid", value)) => {
                    scale = value
                        .parse()
                        .ok()
                        .filter(|scale: &f64| scale.is_finite() && *scale > 0.0)
                        .ok_or_else(|| header.damaged(format!("`{word}` of the objective is no scale")))?;
                }
                // Known from elsewhere, or of no use once the trees are grown.
                Some(("num_class" | "alpha" | "c" | "fair_c" | "rho" | "tweedie_variance_power", _)) => {}
                _ => return Err(header.unsupported(format!("objective `{objective}`"), OBJECTIVES)),
            }
        }
        let loss: Arc<dyn Loss> = match name {
            // Of these the file keeps no parameter; their predictions are the scores, as those of squared error.
            "" | "custom" | "regression" | "huber" | "fair" | "quantile" | "mape" => Arc::new(Squared),
            "regression_l1" => Arc::new(Absolute),
            "poisson" => Arc::new(Poisson::default()),
            "gamma" => Arc::new(Gamma),
            "tweedie" => Arc::new(Tweedie::default()),
            "binary" | "cross_entropy" if outputs == 1 => Arc::new(LogLoss),
            "multiclass" => Arc::new(Softmax),
            _ => return Err(header.unsupported(format!("objective `{objective}`"), OBJECTIVES)),
        };
        Ok(Self { loss, scale })
    }
}

const OBJECTIVES: &str = "models for regression, `binary`, `multiclass` and `cross_entropy` can be read";

/// What a 0 is to the splits of a feature.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Zeros {
    Unknown,
    Numbers,
    Missing,
}

/// Bits of LightGBM's `decision_type`.
const CATEGORICAL: u32 = 1;
const DEFAULT_LEFT: u32 = 2;
const MISSING_KIND: u32 = 3 << 2;
const NAN_IS_ZERO: u32 = 0;
const ZERO_IS_MISSING: u32 = 1 << 2;
const NAN_IS_MISSING: u32 = 2 << 2;

fn tree(
    fields: &Fields<'_>,
    factor: f64,
    start: Option<&mut f64>,
    zeros: &mut [Zeros],
    names: &[&str],
) -> Result<Tree> {
    if fields.find("is_linear").is_some_and(|is_linear| is_linear != "0") {
        return Err(fields.unsupported("linear trees".into(), "fit the model with `linear_tree=false`"));
    }
    let leaves: usize = fields.number("num_leaves")?;
    if leaves == 0 {
        return Err(fields.damaged("it has no leaf".into()));
    }
    let leaf_values: Vec<f64> = fields.list("leaf_value", leaves)?;
    let inner = leaves - 1;
    let leaf_counts: Vec<f64> = fields.list_or("leaf_count", leaves, 0.0)?;
    // A tree of one leaf has none of the lists of splits.
    let features: Vec<usize> = fields.list("split_feature", inner)?;
    let gains: Vec<f32> = fields.list_or("split_gain", inner, 0.0)?;
    let thresholds: Vec<f64> = fields.list("threshold", inner)?;
    let decisions: Vec<u32> = fields.list("decision_type", inner)?;
    let lefts: Vec<i64> = fields.list("left_child", inner)?;
    let rights: Vec<i64> = fields.list("right_child", inner)?;
    let values: Vec<f64> = fields.list_or("internal_value", inner, 0.0)?;
    let counts: Vec<f64> = fields.list_or("internal_count", inner, 0.0)?;
    let sets = sets(fields)?;
    let mut shift = 0.0;
    if let Some(start) = start {
        shift = values.first().copied().unwrap_or(leaf_values[0]);
        *start = shift * factor;
    }

    // Inner nodes come first; leaf `l` is written as −1 − l.
    let number = |child: i64| if child >= 0 { child as usize } else { inner + child.unsigned_abs() as usize - 1 };
    let mut nodes = Vec::with_capacity(inner + leaves);
    for i in 0..inner {
        let (feature, threshold, decision) = (features[i], thresholds[i], decisions[i]);
        let Some(zeros) = zeros.get_mut(feature) else {
            return Err(fields.damaged(format!("split {i} asks feature {feature} of {}", names.len())));
        };
        let (test, missing_left, here) = if decision & CATEGORICAL != 0 {
            let set = threshold as usize;
            if set as f64 != threshold || set >= sets.len() {
                return Err(fields.damaged(format!("split {i} asks for set {threshold} of {}", sets.len())));
            }
            // Whatever is not in the set goes right, and so does what is missing.
            (Test::Among(set as u32), false, Zeros::Numbers)
        } else {
            let default_left = decision & DEFAULT_LEFT != 0;
            let (missing_left, here) = match decision & MISSING_KIND {
                NAN_IS_ZERO => (0.0 <= threshold, Zeros::Numbers),
                ZERO_IS_MISSING => (default_left, Zeros::Missing),
                NAN_IS_MISSING => (default_left, Zeros::Numbers),
                _ => return Err(fields.damaged(format!("split {i} is of the unknown kind {decision}"))),
            };
            if threshold.is_nan() {
                return Err(fields.damaged(format!("the threshold of split {i} is NaN")));
            }
            (Test::AtMost(at_most(threshold)), missing_left, here)
        };
        if *zeros != Zeros::Unknown && *zeros != here {
            let what = format!("feature `{}`, whose zeros are missing to some splits only", names[feature]);
            return Err(fields.unsupported(what, "fit the whole model with the same `zero_as_missing`"));
        }
        *zeros = here;
        let split = Split { feature: feature as u32, test, missing_left, left: 0, gain: gains[i] };
        let children = [number(lefts[i]), number(rights[i])];
        let value = ((values[i] - shift) * factor) as f32;
        nodes.push(Foreign { split: Some((split, children)), value, cover: counts[i] as f32 });
    }
    for (value, count) in leaf_values.iter().zip(leaf_counts) {
        nodes.push(Foreign { split: None, value: ((value - shift) * factor) as f32, cover: count as f32 });
    }
    let tree = replant(&fields.place, &nodes, sets)?;
    if tree.nodes().len() != nodes.len() {
        return Err(fields.damaged(format!("no way leads to {} of its nodes", nodes.len() - tree.nodes().len())));
    }
    Ok(tree)
}

/// The sets of categories that go left.
fn sets(fields: &Fields<'_>) -> Result<Vec<Vec<u64>>> {
    let count: usize = fields.find("num_cat").map_or(Ok(0), |_| fields.number("num_cat"))?;
    if count == 0 {
        return Ok(Vec::new());
    }
    let ends: Vec<usize> = fields.list("cat_boundaries", count.saturating_add(1))?;
    let words: Vec<u32> = fields.list("cat_threshold", ends[count])?;
    ends.windows(2)
        .map(|ends| {
            let words = words.get(ends[0]..ends[1]).ok_or_else(|| {
                fields.damaged(format!("a set of categories lies at {}..{}, beyond the list", ends[0], ends[1]))
            })?;
            Ok(words
                .chunks(2)
                .map(|pair| u64::from(pair[0]) | u64::from(pair.get(1).copied().unwrap_or(0)) << 32)
                .collect())
        })
        .collect()
}

/// The lines `name=value` of one section.
struct Fields<'a> {
    place: String,
    text: &'a str,
    values: HashMap<&'a str, &'a str>,
}

impl<'a> Fields<'a> {
    fn new(place: String, text: &'a str) -> Self {
        let values = text.lines().filter_map(|line| line.split_once('=')).collect();
        Self { place, text, values }
    }

    fn find(&self, name: &str) -> Option<&'a str> {
        self.values.get(name).map(|value| value.trim())
    }

    fn get(&self, name: &str) -> Result<&'a str> {
        self.find(name).ok_or_else(|| self.damaged(format!("it has no `{name}`")))
    }

    fn number<T: FromStr>(&self, name: &str) -> Result<T> {
        let text = self.get(name)?;
        text.parse().map_err(|_| self.damaged(format!("`{name}` is `{}`", short(text))))
    }

    /// A list of just so many numbers; an empty one may be left out.
    fn list<T: FromStr>(&self, name: &str, count: usize) -> Result<Vec<T>> {
        if count == 0 {
            return Ok(Vec::new());
        }
        // As long as the text has numbers, whatever count it claims.
        let list = self
            .get(name)?
            .split_ascii_whitespace()
            .map(|word| word.parse().map_err(|_| self.damaged(format!("`{name}` holds `{}`", short(word)))))
            .collect::<Result<Vec<T>>>()?;
        if list.len() != count {
            return Err(self.damaged(format!("`{name}` has {} numbers instead of {count}", list.len())));
        }
        Ok(list)
    }

    /// The same for a list that older files lack. `count` must be that of a list read before.
    fn list_or<T: FromStr + Clone>(&self, name: &str, count: usize, default: T) -> Result<Vec<T>> {
        if self.find(name).is_some() { self.list(name, count) } else { Ok(vec![default; count]) }
    }

    fn damaged(&self, problem: String) -> Error {
        Error::Damaged { place: self.place.clone(), problem }
    }

    fn unsupported(&self, what: String, hint: &str) -> Error {
        Error::Unsupported { by: format!("reading {}", self.place), what, hint: hint.into() }
    }
}

/// The first characters of a text, for a message.
fn short(text: &str) -> String {
    text.chars().take(40).collect()
}
