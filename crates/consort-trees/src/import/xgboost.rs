use std::sync::Arc;

use consort_core::{Error, Result};

use super::{
    foreign::{Foreign, replant},
    threshold::below,
    xgboost_file::{self as file, File},
};
use crate::{
    boosting::{
        BoostedTrees,
        loss::{Absolute, Gamma, LogLoss, Loss, Poisson, Quantile, Softmax, Squared, Tweedie},
    },
    model::{Feature, TreeEnsemble},
    tree::{Split, Test, Tree},
};

/// Reads a model in XGBoost's JSON format (`Booster.save_model("model.json")`; made for versions 1.0 to 3.2).
///
/// Predictions are those of `Booster.predict`, which counts **all** rounds, to the rounding of its sums in `f32`.
/// After early stopping the scikit-learn wrapper counts the rounds up to the best only: that is [`xgboost_best`].
///
/// Supported: `gbtree` and `dart`; numeric and categorical splits, missing values, several trees a round
/// (`num_parallel_tree`), several targets with one tree each. Objectives: squared, squared logarithmic, absolute,
/// quantile and pseudo-Huber error, `reg:logistic`, `binary:logistic` and `binary:logitraw`, `multi:softprob` and
/// `multi:softmax` (both give probabilities here), `count:poisson`, `reg:gamma`, `reg:tweedie`, `rank:…`. Refused by
/// name: `gblinear`, vector leaves (`multi_strategy=multi_output_tree`) and all other objectives.
///
/// A split of XGBoost asks `x < t` in single precision, one of consort `x ≤ t`: each threshold becomes the greatest
/// number below it, so no row takes another way. Cover is the sum of Hessians; the value of an inner node is the mean
/// of its leaves. Where the file holds the levels of a feature (fitted on a data frame), the feature is a column of
/// categories; else categories are numbers. Levels beyond ASCII are refused, since XGBoost 3.2 writes them cut.
///
/// Work and memory are bounded by a multiple of the length of the text.
///
/// # Errors
/// [`Error::Unsupported`] for what is refused, [`Error::Damaged`] for a text that is not such a model.
///
/// ```
/// use consort_core::{Column, Dataset, Features, Model, Samples};
/// let text = r#"{"version": [3, 2, 0], "learner": {
///     "feature_names": ["x"], "feature_types": ["float"], "attributes": {},
///     "learner_model_param": {"base_score": "[5E-1]", "num_class": "0", "num_feature": "1", "num_target": "1"},
///     "objective": {"name": "reg:squarederror"},
///     "gradient_booster": {"name": "gbtree", "model": {
///         "gbtree_model_param": {"num_parallel_tree": "1"}, "tree_info": [0], "trees": [{
///             "left_children": [1, -1, -1], "right_children": [2, -1, -1], "split_indices": [0, 0, 0],
///             "split_conditions": [0.5, -1, 2], "default_left": [1, 0, 0], "split_type": [0, 0, 0],
///             "sum_hessian": [10, 4, 6], "loss_changes": [9, 0, 0]}]}}}}"#;
/// let model = consort_trees::import::xgboost(text)?;
/// let x = Column::Numeric { name: "x".into(), values: vec![0.4, 0.5, f32::NAN] };
/// let data = Dataset::new(Features::Columns(vec![x]))?;
/// assert_eq!(model.predict(&Samples::all(&data))?.into_values(), [-0.5, 2.5, -0.5]);
/// # Ok::<(), consort_core::Error>(())
/// ```
pub fn xgboost(text: &str) -> Result<BoostedTrees> {
    Ok(read(text)?.0)
}

/// The same as [`xgboost`], up to the best round of early stopping: what `XGBClassifier` and `XGBRegressor` predict. All
/// rounds, where fitting was not stopped early.
///
/// # Errors
/// As [`xgboost`].
pub fn xgboost_best(text: &str) -> Result<BoostedTrees> {
    let (mut model, best) = read(text)?;
    if let Some(rounds) = best {
        model.truncate(rounds.min(model.rounds()));
    }
    Ok(model)
}

/// The model, and how many of its rounds are the best by early stopping.
fn read(text: &str) -> Result<(BoostedTrees, Option<usize>)> {
    let File { learner, .. } = File::parse(text)?;
    let (trees, drop) = learner.gradient_booster.trees()?;
    let outputs = learner.outputs()?;
    let link = Link::of(&learner.objective, outputs)?;
    let base = base(&learner, outputs, &link)?;
    let features = features(&learner, trees)?;

    // Trees of one output after each other become rounds of one tree an output.
    let mut by_output = vec![Vec::new(); outputs];
    if trees.trees.len() != trees.tree_info.len() {
        let problem = format!("it has {} trees, and outputs of {}", trees.trees.len(), trees.tree_info.len());
        return Err(file::damaged(problem));
    }
    // A set is as long as its greatest category, so a few bytes of a hostile text could ask for much.
    let mut budget = (64usize << 20).saturating_add(text.len().saturating_mul(16));
    for (t, (tree, &output)) in trees.trees.iter().zip(&trees.tree_info).enumerate() {
        let own = by_output
            .get_mut(output)
            .ok_or_else(|| file::damaged(format!("tree {t} is for output {output} of {outputs}")))?;
        let place = format!("tree {t} of an XGBoost model");
        own.push(self::tree(&place, tree, features.len(), drop.map_or(1.0, |drop| drop[t]), &mut budget)?);
    }
    let rounds = by_output[0].len();
    if let Some(k) = by_output.iter().position(|trees| trees.len() != rounds) {
        let problem = format!("output 0 has {rounds} trees, and output {k} has {}", by_output[k].len());
        return Err(file::damaged(problem));
    }
    let mut by_output: Vec<_> = by_output.into_iter().map(Vec::into_iter).collect();
    let ordered = (0..rounds).flat_map(|_| by_output.iter_mut().filter_map(Iterator::next).collect::<Vec<_>>());
    let model = TreeEnsemble::new(features, base, ordered.collect())?;
    let best = match &learner.attributes.best_iteration {
        None => None,
        Some(best) => {
            let last: usize = file::number("best_iteration", best)?;
            Some(last.saturating_add(1).saturating_mul(trees.parallel()?))
        }
    };
    Ok((BoostedTrees::new(model, link.loss)?, best))
}

/// What turns scores into predictions, and the base score into a score.
struct Link {
    loss: Arc<dyn Loss>,
    start: fn(f64) -> f64,
}

impl Link {
    fn of(objective: &file::Objective, outputs: usize) -> Result<Self> {
        let identity: fn(f64) -> f64 = |x| x;
        let logit: fn(f64) -> f64 = |p| -(1.0 / p - 1.0).ln();
        let name = objective.name.as_str();
        let (loss, start): (Arc<dyn Loss>, _) = match name {
            "reg:squarederror"
            | "reg:linear"
            | "reg:squaredlogerror"
            | "reg:pseudohubererror"
            | "rank:pairwise"
            | "rank:ndcg"
            | "rank:map"
            | "binary:logitraw" => (Arc::new(Squared), identity),
            "reg:absoluteerror" => (Arc::new(Absolute), identity),
            "reg:quantileerror" => match objective.quantiles()?.as_slice() {
                [share] => (Arc::new(Quantile { share: *share }), identity),
                // Several quantiles have no loss of one share; the link is the same.
                _ => (Arc::new(Squared), identity),
            },
            "binary:logistic" | "reg:logistic" if outputs == 1 => (Arc::new(LogLoss), logit),
            "multi:softprob" | "multi:softmax" => (Arc::new(Softmax), identity),
            "count:poisson" => (Arc::new(Poisson::default()), f64::ln),
            "reg:gamma" => (Arc::new(Gamma), f64::ln),
            "reg:tweedie" => (Arc::new(Tweedie { power: objective.tweedie_power()? }), f64::ln),
            _ => {
                let what = match outputs {
                    1 => format!("objective `{name}`"),
                    _ => format!("objective `{name}` with {outputs} targets"),
                };
                return Err(file::unsupported(what, OBJECTIVES));
            }
        };
        Ok(Self { loss, start })
    }
}

const OBJECTIVES: &str = "models of regression (`reg:…`), `binary:logistic`, `binary:logitraw`, `multi:softprob`, \
    `multi:softmax`, `count:poisson` and `rank:…` can be read; save another one's predictions as a file";

/// Where each output starts from, as a score.
fn base(learner: &file::Learner, outputs: usize, link: &Link) -> Result<Vec<f64>> {
    let text = &learner.learner_model_param.base_score;
    let mut base = file::list("base_score", text)?;
    if base.len() == 1 {
        base = vec![base[0]; outputs];
    }
    let base: Vec<f64> = base.into_iter().map(link.start).collect();
    if base.len() != outputs || base.iter().any(|start| !start.is_finite()) {
        return Err(file::damaged(format!("`base_score` is `{}`, for {outputs} outputs", file::short(text))));
    }
    Ok(base)
}

fn features(learner: &file::Learner, trees: &file::Trees) -> Result<Vec<Feature>> {
    let count: usize = file::number("num_feature", &learner.learner_model_param.num_feature)?;
    let named = &learner.feature_names;
    if !named.is_empty() && named.len() != count {
        return Err(file::damaged(format!("it has {count} features and {} names", named.len())));
    }
    // An unnamed feature is made of nothing but its number, so that number must be bounded by the text.
    let asked = trees.trees.iter().flat_map(|tree| &tree.split_indices).max().map_or(0, |&last| last as usize + 1);
    if named.is_empty() && count > asked.saturating_add(UNASKED) {
        let what = format!("{count} features without names, of which splits ask {asked}");
        return Err(file::unsupported(what, "save it with names of features"));
    }
    let levels = trees.cats.as_ref().map(|cats| cats.enc.as_slice()).unwrap_or_default();
    if !levels.is_empty() && levels.len() != count {
        return Err(file::damaged(format!("it has {count} features and levels of {}", levels.len())));
    }
    (0..count)
        .map(|f| {
            let name = named.get(f).cloned().unwrap_or_else(|| format!("f{f}"));
            Ok(match levels.get(f).map(file::Levels::texts).transpose()?.flatten() {
                Some(levels) => Feature::Categorical { name, levels, others: false },
                None => Feature::Numeric { name },
            })
        })
        .collect()
}

/// So many features beyond the last that is asked are taken on trust.
const UNASKED: usize = 1 << 20;

fn tree(place: &str, tree: &file::Tree, features: usize, factor: f32, budget: &mut usize) -> Result<Tree> {
    let damaged = |problem: String| Error::Damaged { place: place.into(), problem };
    let count = tree.left_children.len();
    let lists = [
        ("right_children", tree.right_children.len()),
        ("split_indices", tree.split_indices.len()),
        ("split_conditions", tree.split_conditions.len()),
        ("default_left", tree.default_left.len()),
        ("sum_hessian", tree.sum_hessian.len()),
        ("loss_changes", tree.loss_changes.len()),
        ("split_type", if tree.split_type.is_empty() { count } else { tree.split_type.len() }),
    ];
    if let Some((name, length)) = lists.into_iter().find(|(_, length)| *length != count) {
        return Err(damaged(format!("`{name}` has {length} numbers for {count} nodes")));
    }
    let (sets, set_of) = sets(tree, budget).map_err(damaged)?;
    let child = |child: i32| usize::try_from(child).unwrap_or(usize::MAX);
    let mut nodes = Vec::with_capacity(count);
    for (i, &left) in tree.left_children.iter().enumerate() {
        let cover = tree.sum_hessian[i];
        if left == -1 {
            let value = (f64::from(tree.split_conditions[i]) * f64::from(factor)) as f32;
            nodes.push(Foreign { split: None, value, cover });
            continue;
        }
        let feature = tree.split_indices[i];
        if feature as usize >= features {
            return Err(damaged(format!("node {i} asks feature {feature} of {features}")));
        }
        let (left, right) = (child(left), child(tree.right_children[i]));
        let default_left = tree.default_left[i].is_set();
        let is_categorical = tree.split_type.get(i).is_some_and(|&kind| kind != 0);
        let (test, missing_left, children) = if is_categorical {
            let set = set_of[i].ok_or_else(|| damaged(format!("node {i} has no categories")))?;
            // In XGBoost the set goes right.
            (Test::Among(set), !default_left, [right, left])
        } else {
            (Test::AtMost(below(tree.split_conditions[i])), default_left, [left, right])
        };
        let split = Split { feature, test, missing_left, left: 0, gain: tree.loss_changes[i] };
        nodes.push(Foreign { split: Some((split, children)), value: 0.0, cover });
    }
    let mut tree = replant(place, &nodes, sets)?;
    let means = tree.means();
    tree.values_mut().iter_mut().zip(means).for_each(|(value, mean)| *value = mean as f32);
    Ok(tree)
}

/// The categories of each node that asks for some, and the number of its set.
type Sets = (Vec<Vec<u64>>, Vec<Option<u32>>);

fn sets(tree: &file::Tree, budget: &mut usize) -> std::result::Result<Sets, String> {
    let mut sets = Vec::with_capacity(tree.categories_nodes.len());
    let mut set_of = vec![None; tree.left_children.len()];
    let (starts, sizes) = (&tree.categories_segments, &tree.categories_sizes);
    if starts.len() != tree.categories_nodes.len() || sizes.len() != starts.len() {
        return Err("its lists of categories are of different lengths".into());
    }
    for ((&node, &start), &size) in tree.categories_nodes.iter().zip(starts).zip(sizes) {
        let categories = start.checked_add(size).and_then(|end| tree.categories.get(start..end));
        let categories = categories.ok_or_else(|| format!("the categories of node {node} lie beyond the list"))?;
        let words = categories.iter().max().map_or(0, |&last| last as usize / 64 + 1);
        *budget = budget.checked_sub(8 * words).ok_or("its categories are larger numbers than its file is for")?;
        let mut set = vec![0u64; words];
        categories.iter().for_each(|&category| set[category as usize / 64] |= 1 << (category % 64));
        *set_of.get_mut(node).ok_or_else(|| format!("node {node} has categories, but is not there"))? =
            Some(sets.len() as u32);
        sets.push(set);
    }
    Ok((sets, set_of))
}
