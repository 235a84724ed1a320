use std::{
    fs,
    path::{Path, PathBuf},
};

use consort::{
    core::Task,
    data::table::{Infinite, MissingTarget},
    ensemble::{NamedLearner, portfolio::MemberRecipe},
};
use serde::{Deserialize, Serialize};

use super::{Plan, RowsOf};
use crate::{
    args::{Fit, InfinitePolicy, Method, TaskName},
    failure::{Failure, Result},
};

/// What a run is asked to do: a TOML file, which options of the command line override. What is `None` is judged from the
/// data, or the usual.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Recipe {
    /// The table; a relative path is relative to the recipe's folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) weight: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fold: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) ignore: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) task: Option<TaskName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) positive: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) drop_missing_target: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) missing_values: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) categorical: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) numeric: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) infinite: Option<InfinitePolicy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) method: Option<Method>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) folds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) repeats: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) layers: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) metric: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) epochs: Option<usize>,
    /// Where nets learn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) device: Option<String>,
    /// To how many pixels pictures are made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) time_limit: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) keep_folds: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seed: Option<u64>,
    /// None for those that suit the data.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) members: Vec<MemberRecipe>,
    /// The file and its text, for messages that name a line.
    #[serde(skip)]
    source: Option<(PathBuf, String)>,
}

impl Recipe {
    /// The name of the recipe that a run keeps.
    pub(crate) const FILE: &str = "recipe.toml";

    /// What the options ask for, over what the recipe says.
    pub(crate) fn asked(args: &Fit) -> Result<Self> {
        let recipe = args.recipe.as_deref().map(Self::read).transpose()?.unwrap_or_default();
        let over = |flag: &Option<String>, own: Option<String>| flag.clone().or(own);
        let either = |flag: &Vec<String>, own: Vec<String>| if flag.is_empty() { own } else { flag.clone() };
        // Folds are made one way: what the command line asks for puts the recipe's way aside.
        let splits = args.group.is_some() || args.time.is_some() || args.fold.is_some();
        let unless_split = |own: Option<String>| own.filter(|_| !splits);
        Ok(Self {
            data: args.data.clone().or(recipe.data),
            target: over(&args.target, recipe.target),
            id: over(&args.id, recipe.id),
            weight: over(&args.weight, recipe.weight),
            group: over(&args.group, unless_split(recipe.group)),
            time: over(&args.time, unless_split(recipe.time)),
            fold: over(&args.fold, unless_split(recipe.fold)),
            ignore: either(&args.ignore, recipe.ignore),
            task: args.task.or(recipe.task),
            positive: over(&args.positive, recipe.positive),
            drop_missing_target: args.drop_missing_target || recipe.drop_missing_target,
            missing_values: either(&args.missing_values, recipe.missing_values),
            categorical: either(&args.categorical, recipe.categorical),
            numeric: either(&args.numeric, recipe.numeric),
            infinite: args.infinite.or(recipe.infinite),
            method: args.method.or(recipe.method),
            folds: args.folds.or(recipe.folds),
            repeats: args.repeats.or(recipe.repeats),
            layers: args.layers.or(recipe.layers),
            metric: over(&args.metric, recipe.metric),
            epochs: args.epochs.or(recipe.epochs),
            device: over(&args.device, recipe.device),
            size: over(&args.size, recipe.size),
            time_limit: over(&args.time_limit, recipe.time_limit),
            keep_folds: args.keep_folds || recipe.keep_folds,
            seed: args.running.seed.or(recipe.seed),
            members: members(args.members.as_deref(), recipe.members),
            source: recipe.source,
        })
    }

    /// What a run does, with all that was judged or usual filled in.
    pub(crate) fn of(plan: &Plan) -> Result<Self> {
        let (roles, options) = (plan.roles.clone(), &plan.options);
        let task = options.task.and_then(|task| match task {
            Task::Binary => Some(TaskName::Binary),
            Task::Multiclass => Some(TaskName::Multiclass),
            Task::Regression => Some(TaskName::Regression),
            _ => None,
        });
        Ok(Self {
            data: Some(plan.data.clone()),
            target: matches!(plan.schema, RowsOf::Table(_)).then_some(roles.target),
            // One that was judged is judged again.
            id: roles.id.filter(|_| !matches!(&plan.schema, RowsOf::Table(schema) if schema.id_is_judged())),
            weight: roles.weight,
            group: roles.group,
            time: roles.time,
            fold: roles.fold,
            ignore: roles.ignore,
            task,
            positive: options.positive.clone(),
            drop_missing_target: options.missing_target == MissingTarget::Drop,
            missing_values: match &plan.schema {
                RowsOf::Table(schema) => schema.missing_values().texts().to_vec(),
                RowsOf::Pictures(_) => Vec::new(),
            },
            categorical: options.categorical.clone(),
            numeric: options.numeric.clone(),
            infinite: (options.infinite == Infinite::Missing).then_some(InfinitePolicy::Missing),
            method: Some(plan.method),
            folds: (plan.method != Method::Bag).then_some(plan.folds),
            repeats: Some(plan.repeats),
            layers: Some(plan.layers),
            metric: Some(plan.metric.clone()),
            epochs: plan.epochs,
            device: plan.device.clone(),
            size: plan.schema.size(),
            time_limit: plan.time_limit.map(|seconds| format!("{seconds}s")),
            keep_folds: plan.keep_folds,
            seed: Some(plan.seed),
            // What makes members of members is asked for by those.
            members: match plan.method {
                Method::Adaboost | Method::Boost => plan.asked.clone(),
                method if method.trains_nets() || plan.epochs.is_some() || plan.device.is_some() => plan.asked.clone(),
                _ => exact(&plan.members, &plan.asked)?,
            },
            source: None,
        })
    }

    fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(|error| Failure::file(path, "it cannot be read", error))?;
        let mut recipe: Self =
            toml::from_str(&text).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
        recipe.data = recipe.data.map(|data| path.parent().unwrap_or(Path::new("")).join(data));
        recipe.source = Some((path.to_owned(), text));
        Ok(recipe)
    }

    /// An error about one of its members, with the file and the line where the recipe has it.
    pub(crate) fn at_member(&self, member: &MemberRecipe, error: consort::core::Error) -> Failure {
        let Some((path, text)) = &self.source else { return error.into() };
        let problem = error.to_string();
        let line = line_of(text, member.name(), &problem).map_or_else(String::new, |line| format!(", line {line}"));
        Failure::usage(format!("{}{line}: {problem}", path.display()))
    }

    /// Its text, for the run that keeps it.
    pub(crate) fn to_toml(&self) -> Result<String> {
        let unwritable = |problem: String| Failure::usage(format!("the recipe cannot be written as TOML: {problem}"));
        let mut table = toml::Table::try_from(Self { members: Vec::new(), ..self.clone() })
            .map_err(|error| unwritable(error.to_string()))?;
        let mut members = Vec::with_capacity(self.members.len());
        for member in &self.members {
            members.push(toml_of(serde_json::to_value(member)?).map_err(unwritable)?);
        }
        let members: Vec<toml::Value> = members.into_iter().flatten().collect();
        if !members.is_empty() {
            table.insert("members".into(), members.into());
        }
        let text = toml::to_string(&table).map_err(|error| unwritable(error.to_string()))?;
        Ok(format!(
            "# What this run was asked to do: `consort fit --recipe {} -o RUN` does it again.\n{text}",
            Self::FILE
        ))
    }
}

/// The members named on the command line, as the recipe describes those that it knows; else the recipe's.
fn members(names: Option<&[String]>, recipe: Vec<MemberRecipe>) -> Vec<MemberRecipe> {
    let Some(names) = names else { return recipe };
    let found = |name: &String| {
        recipe.iter().find(|member| member.name() == name).cloned().unwrap_or_else(|| MemberRecipe::named(name))
    };
    names.iter().filter(|name| *name != "auto").map(found).collect()
}

/// Recipes that give exactly these members on any data; the one that was asked for where TOML, which has no null, cannot
/// tell it.
fn exact(members: &[NamedLearner], asked: &[MemberRecipe]) -> Result<Vec<MemberRecipe>> {
    let exact = |member: &NamedLearner| -> Result<MemberRecipe> {
        let recipe = MemberRecipe::of(member)?;
        let told = serde_json::to_value(&recipe)?;
        let back = toml_of(told).ok().flatten().map(toml::Value::try_into::<MemberRecipe>);
        let same = |back: &MemberRecipe| {
            let parse = || -> Option<serde_json::Value> {
                let learner: std::sync::Arc<dyn consort::core::Learner> = back.without_data().ok()?.learner;
                serde_json::to_value(&*learner).ok()
            };
            parse().is_some_and(|value| serde_json::to_value(&*member.learner).is_ok_and(|whole| whole == value))
        };
        Ok(match back {
            Some(Ok(back)) if same(&back) => back,
            _ => {
                let was_asked = asked.iter().find(|recipe| recipe.name() == member.name);
                was_asked.cloned().unwrap_or_else(|| MemberRecipe::named(&member.name))
            }
        })
    };
    members.iter().map(exact).collect()
}

/// The same in TOML; nothing for a null, which TOML lacks.
fn toml_of(value: serde_json::Value) -> Result<Option<toml::Value>, String> {
    use serde_json::Value as Json;
    Ok(Some(match value {
        Json::Null => return Ok(None),
        Json::Bool(is) => is.into(),
        Json::String(text) => text.into(),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole.into(),
            (None, Some(real)) if !number.is_u64() => real.into(),
            _ => return Err(format!("{number} is too large")),
        },
        Json::Array(list) => {
            let list = list.into_iter().map(toml_of).collect::<Result<Vec<_>, _>>()?;
            toml::Value::Array(list.into_iter().flatten().collect())
        }
        Json::Object(map) => {
            let mut table = toml::Table::new();
            for (key, value) in map {
                table.extend(toml_of(value)?.map(|value| (key, value)));
            }
            table.into()
        }
    }))
}

/// The line of a recipe, from 1, where a member has the key that a message calls unknown; else where the member is named.
fn line_of(text: &str, member: &str, problem: &str) -> Option<usize> {
    let names = |line: &str, key: &str, value: Option<&str>| {
        line.match_indices(key).any(|(at, _)| {
            let before = line[..at].trim_end();
            let after = line[at + key.len()..].trim_start().strip_prefix('=').map(str::trim_start);
            (before.is_empty() || before.ends_with(['{', ',', '.', '[']))
                && after.is_some_and(|after| {
                    value.is_none_or(|value| after.trim_start_matches(['"', '\'']).starts_with(value))
                })
        })
    };
    let lines = || text.lines().enumerate();
    let start = lines()
        .find(|(_, line)| names(line, "name", Some(member)) || names(line, "like", Some(member)))
        .or_else(|| lines().find(|(_, line)| line.contains(member)))?
        .0;
    let unknown = problem.split_once("unknown field `").and_then(|(_, rest)| rest.split_once('`'));
    let found = unknown
        .and_then(|(key, _)| lines().skip(start).find(|(_, line)| names(line, key, None)).map(|(number, _)| number));
    Some(found.unwrap_or(start) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_a_key_is_found_within_its_member() {
        let text = "target = \"y\"\n\n[[members]]\nname = \"a\"\nround = 1\n\n[[members]]\nname = \"b\"\n\
                    tree = { leaves = 3, leafs = 4 }\nround = 2\n";
        let unknown = |key: &str| format!("member: unknown field `{key}`, expected one of");
        assert_eq!(line_of(text, "a", &unknown("round")), Some(5));
        assert_eq!(line_of(text, "b", &unknown("round")), Some(10));
        assert_eq!(line_of(text, "b", &unknown("leafs")), Some(9));
        assert_eq!(line_of(text, "b", "something else"), Some(8));
        assert_eq!(line_of("members = [\"a\", \"magic\"]", "magic", "unknown member"), Some(1));
    }

    #[test]
    fn a_recipe_goes_to_toml_and_back() {
        let text = "data = \"t.csv\"\nfolds = 3\nmethod = \"stack\"\ntarget = \"y\"\ntask = \"binary\"\n\n\
                    [[members]]\nlearner = \"random_forest\"\nname = \"f\"\ntrees = 7\n\n[[members]]\nname = \"boost\"\n";
        let recipe: Recipe = toml::from_str(text).unwrap();
        let again: Recipe = toml::from_str(&recipe.to_toml().unwrap()).unwrap();
        assert_eq!(again.to_toml().unwrap(), recipe.to_toml().unwrap());
        assert_eq!((again.folds, again.method, again.members.len()), (Some(3), Some(Method::Stack), 2));
        assert_eq!(again.members, recipe.members);
    }
}
