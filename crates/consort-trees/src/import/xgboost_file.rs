//! XGBoost's JSON, field by field. Numbers of parameters are texts there.

use std::str::FromStr;

use consort_core::{Error, Result};
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct File {
    pub(super) learner: Learner,
}

#[derive(Deserialize)]
pub(super) struct Learner {
    #[serde(default)]
    pub(super) attributes: Attributes,
    #[serde(default)]
    pub(super) feature_names: Vec<String>,
    pub(super) gradient_booster: Booster,
    pub(super) learner_model_param: Parameters,
    pub(super) objective: Objective,
}

#[derive(Deserialize, Default)]
pub(super) struct Attributes {
    pub(super) best_iteration: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Parameters {
    pub(super) base_score: String,
    num_class: String,
    pub(super) num_feature: String,
    /// Older files have one target.
    num_target: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Objective {
    pub(super) name: String,
    quantile_loss_param: Option<QuantileParameters>,
    tweedie_regression_param: Option<TweedieParameters>,
}

#[derive(Deserialize)]
struct QuantileParameters {
    quantile_alpha: String,
}

#[derive(Deserialize)]
struct TweedieParameters {
    tweedie_variance_power: String,
}

#[derive(Deserialize)]
pub(super) struct Booster {
    name: String,
    model: Option<Trees>,
    gbtree: Option<Box<Booster>>,
    weight_drop: Option<Vec<f32>>,
}

/// The trees of `gbtree`. What a linear booster lacks is left out by default, so that it is refused by its name.
#[derive(Deserialize)]
pub(super) struct Trees {
    gbtree_model_param: Option<TreeParameters>,
    #[serde(default)]
    pub(super) tree_info: Vec<usize>,
    #[serde(default)]
    pub(super) trees: Vec<Tree>,
    pub(super) cats: Option<Categories>,
}

#[derive(Deserialize)]
struct TreeParameters {
    num_parallel_tree: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Tree {
    #[serde(default)]
    tree_param: Shape,
    pub(super) left_children: Vec<i32>,
    pub(super) right_children: Vec<i32>,
    pub(super) split_indices: Vec<u32>,
    pub(super) split_conditions: Vec<f32>,
    pub(super) default_left: Vec<Flag>,
    pub(super) sum_hessian: Vec<f32>,
    pub(super) loss_changes: Vec<f32>,
    #[serde(default)]
    pub(super) split_type: Vec<u8>,
    #[serde(default)]
    pub(super) categories: Vec<u32>,
    #[serde(default)]
    pub(super) categories_nodes: Vec<usize>,
    #[serde(default)]
    pub(super) categories_segments: Vec<usize>,
    #[serde(default)]
    pub(super) categories_sizes: Vec<usize>,
}

#[derive(Deserialize, Default)]
struct Shape {
    size_leaf_vector: Option<String>,
}

/// A truth value, or a number in newer files.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Flag {
    Truth(bool),
    Number(u8),
}

impl Flag {
    pub(super) fn is_set(&self) -> bool {
        matches!(self, Flag::Truth(true) | Flag::Number(1..))
    }
}

/// The levels of features that were categories of a data frame; of the others an entry without values.
#[derive(Deserialize)]
pub(super) struct Categories {
    #[serde(default)]
    pub(super) enc: Vec<Levels>,
}

/// Texts as bytes one after another, each from one offset to the next; or numbers, without offsets.
#[derive(Deserialize)]
pub(super) struct Levels {
    offsets: Option<Vec<usize>>,
    #[serde(default)]
    values: Vec<f64>,
}

impl File {
    pub(super) fn parse(text: &str) -> Result<Self> {
        if !text.trim_start().starts_with('{') {
            return Err(damaged("it is not JSON: save it with a name that ends with `.json`".into()));
        }
        serde_json::from_str(text).map_err(|error| damaged(error.to_string()))
    }
}

impl Learner {
    /// How many scores a row has.
    pub(super) fn outputs(&self) -> Result<usize> {
        let classes: usize = number("num_class", &self.learner_model_param.num_class)?;
        let targets: usize = match &self.learner_model_param.num_target {
            Some(targets) => number("num_target", targets)?,
            None => 1,
        };
        let outputs = classes.max(1).saturating_mul(targets.max(1));
        let trees = self.gradient_booster.trees()?.0.trees.len();
        // Without any tree there are at most as many as a file names starts for.
        if outputs > trees.max(self.learner_model_param.base_score.len()) {
            return Err(damaged(format!("it has {outputs} outputs and {trees} trees")));
        }
        Ok(outputs)
    }
}

impl Objective {
    pub(super) fn quantiles(&self) -> Result<Vec<f64>> {
        let text = self.quantile_loss_param.as_ref().map(|param| param.quantile_alpha.as_str());
        text.map_or(Ok(Vec::new()), |text| list("quantile_alpha", text))
    }

    pub(super) fn tweedie_power(&self) -> Result<f64> {
        let text = self.tweedie_regression_param.as_ref().map(|param| param.tweedie_variance_power.as_str());
        text.map_or(Ok(1.5), |text| number("tweedie_variance_power", text))
    }
}

impl Booster {
    /// The trees, and of `dart` the weight of each.
    pub(super) fn trees(&self) -> Result<(&Trees, Option<&[f32]>)> {
        let (booster, drop) = match (self.name.as_str(), &self.gbtree, &self.weight_drop) {
            ("gbtree", ..) => (self, None),
            ("dart", Some(inner), Some(drop)) => (&**inner, Some(drop.as_slice())),
            ("dart", ..) => return Err(damaged("it has no `gbtree` or no `weight_drop`".into())),
            (name, ..) => {
                let hint = "models of `gbtree` and `dart` can be read; consort-linfa has linear models";
                return Err(unsupported(format!("booster `{name}`"), hint));
            }
        };
        let trees = booster.model.as_ref().ok_or_else(|| damaged("it has no `model`".into()))?;
        if let Some(drop) = drop.filter(|drop| drop.len() != trees.trees.len()) {
            return Err(damaged(format!("it has {} trees and {} weights", trees.trees.len(), drop.len())));
        }
        if trees.trees.iter().any(Tree::has_vectors) {
            let hint = "fit it with `multi_strategy=one_output_per_tree`";
            return Err(unsupported("leaves of several numbers (`multi_output_tree`)".into(), hint));
        }
        Ok((trees, drop))
    }
}

impl Trees {
    /// How many trees a round has for each output.
    pub(super) fn parallel(&self) -> Result<usize> {
        let text = self.gbtree_model_param.as_ref().and_then(|param| param.num_parallel_tree.as_deref());
        Ok(text.map_or(Ok(1), |text| number("num_parallel_tree", text))?.max(1))
    }
}

impl Tree {
    fn has_vectors(&self) -> bool {
        self.tree_param.size_leaf_vector.as_deref().is_some_and(|size| size != "0" && size != "1")
    }
}

impl Levels {
    /// The levels as texts; `None` for a feature of numbers.
    pub(super) fn texts(&self) -> Result<Option<Vec<String>>> {
        let Some(offsets) = &self.offsets else {
            return Ok((!self.values.is_empty()).then(|| self.values.iter().map(f64::to_string).collect()));
        };
        if offsets.is_empty() {
            return Ok(None);
        }
        let bytes: Vec<u8> = self.values.iter().map(|&byte| byte as i64 as u8).collect();
        // XGBoost 3.2 takes characters of a level from pandas for bytes, and writes it cut and shifted.
        if !bytes.is_ascii() {
            let hint = "rename the levels of the data frame in ASCII, or fit on their numbers";
            return Err(unsupported("levels of categories beyond ASCII, which XGBoost cuts".into(), hint));
        }
        let texts = offsets.windows(2).map(|ends| {
            let text = bytes.get(ends[0]..ends[1]).and_then(|bytes| std::str::from_utf8(bytes).ok());
            text.map(str::to_owned).ok_or_else(|| damaged("a level of its categories lies beyond the list".into()))
        });
        texts.collect::<Result<Vec<_>>>().map(Some)
    }
}

/// A number that the file writes as a text.
pub(super) fn number<T: FromStr>(name: &str, text: &str) -> Result<T> {
    text.trim().parse().map_err(|_| damaged(format!("`{name}` is `{}`", short(text))))
}

/// One number, or several in brackets, as a text.
pub(super) fn list(name: &str, text: &str) -> Result<Vec<f64>> {
    let inner = text.trim();
    let inner = inner.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(inner);
    inner.split(',').map(|word| number(name, word)).collect()
}

/// The first characters of a text, for a message.
pub(super) fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

pub(super) fn damaged(problem: String) -> Error {
    Error::Damaged { place: "an XGBoost model".into(), problem }
}

pub(super) fn unsupported(what: String, hint: &str) -> Error {
    Error::Unsupported { by: "reading an XGBoost model".into(), what, hint: hint.into() }
}
