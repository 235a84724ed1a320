use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use consort::{
    core::{Dataset, Outputs, Splitter},
    data::{
        split::{self, Bootstrap, By, Predefined, Repeated},
        table::{ColumnSummary, Roles, SchemaOptions},
    },
    ensemble::{NamedLearner, portfolio::MemberRecipe},
};
use serde::{Deserialize, Serialize};

use super::RowsOf;
use crate::{
    args::Method,
    failure::{Failure, Result},
};

/// The format of a plan that this version writes and reads.
pub(crate) const FORMAT: u32 = 1;

/// Each layer fits all members anew: more than a few gain nothing.
pub(crate) const MOST_LAYERS: u32 = 16;

/// What a run is to do. It is written before the first fit and never changed, so that a run which was stopped goes on
/// as it was begun.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    pub(crate) format: u32,
    pub(crate) version: String,
    /// The table, or the pictures, as an absolute path.
    pub(crate) data: PathBuf,
    /// The checksum of the data set made of it.
    pub(crate) data_hash: String,
    pub(crate) roles: Roles,
    pub(crate) options: SchemaOptions,
    pub(crate) schema: RowsOf,
    /// What the table's columns are, for people.
    pub(crate) columns: Vec<ColumnSummary>,
    /// The members of each layer.
    pub(crate) members: Vec<NamedLearner>,
    /// The members as they were asked for; none for those that suit the data.
    pub(crate) asked: Vec<MemberRecipe>,
    pub(crate) method: Method,
    pub(crate) folds: u32,
    pub(crate) repeats: u32,
    pub(crate) layers: u32,
    pub(crate) metric: String,
    pub(crate) keep_folds: bool,
    pub(crate) seed: u64,
    /// How many epochs nets learn, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) epochs: Option<usize>,
    /// Where nets learn, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) device: Option<String>,
    /// In seconds.
    pub(crate) time_limit: Option<f64>,
}

impl Plan {
    /// The plan, unless a newer version made it, or none.
    pub(crate) fn checked(self, run: &Path) -> Result<Self> {
        let wrong = |what: String| Err(Failure::usage(format!("{}: {what}", run.display())));
        if self.format > FORMAT {
            let what = format!("the run has format {}, and this version reads up to {FORMAT}", self.format);
            return wrong(format!("{what}: take a newer consort"));
        }
        if !(1..=MOST_LAYERS).contains(&self.layers) {
            return wrong(format!("its plan has {} layers, but must have 1 to {MOST_LAYERS}", self.layers));
        }
        match self.time_limit {
            Some(seconds) if seconds.is_nan() || seconds <= 0.0 => {
                wrong(format!("its plan has a time limit of {seconds} seconds"))
            }
            _ => Ok(self),
        }
    }

    /// What is predicted.
    pub(crate) fn outputs(&self) -> Outputs {
        self.schema.outputs()
    }

    /// The name of the column of ids in what the run writes: that of the table, unless other columns there bear it.
    pub(crate) fn id(&self) -> &str {
        let is_free = |name: &&str| {
            !["y", "weight", "group", "repeat", "fold", "label", "p", "pred"].contains(name) && !name.starts_with("p_")
        };
        self.roles.id.as_deref().filter(is_free).unwrap_or("id")
    }
}

/// Which rows each fit sees: the labels of the fold column, or folds that heed time, groups and classes.
pub(crate) fn splitter(plan: &Plan, data: &Dataset, labels: Option<&[String]>) -> Result<Arc<dyn Splitter>> {
    if plan.method == Method::Bag {
        let by = match plan.roles.group {
            Some(_) => By::Groups,
            None if is_classification(data) => By::Classes,
            None => By::Rows,
        };
        let bootstrap = Bootstrap::new(plan.repeats).by(by);
        bootstrap.check()?;
        return Ok(Arc::new(bootstrap));
    }
    if let Some(labels) = labels {
        if plan.repeats > 1 {
            return Err(Failure::usage("--repeats goes with folds that are drawn, not with a --fold column"));
        }
        return Ok(Arc::new(Predefined::from_labels(labels.iter().map(String::as_str))?));
    }
    if plan.folds < 2 {
        return Err(Failure::usage(format!("--folds is {}, but must be at least 2", plan.folds)));
    }
    if plan.method == Method::Blend {
        let asked = split::Plan {
            test_size: Some(split::Size::Fraction(1.0 / f64::from(plan.folds.max(2)))),
            stratify: plan.roles.group.is_none() && plan.roles.time.is_none() && is_classification(data),
            group: plan.roles.group.is_some(),
            time: plan.roles.time.is_some(),
            // Named, since a column of times would choose a window.
            method: Some("holdout".into()),
            ..split::Plan::default()
        };
        return Ok(Arc::from(asked.splitter()?));
    }
    let splitter = drawn(&plan.roles, Some(plan.folds), data).splitter()?;
    if plan.repeats <= 1 {
        return Ok(Arc::from(splitter));
    }
    if plan.roles.time.is_some() {
        return Err(Failure::usage("--repeats makes no sense with --time: there is one order of time"));
    }
    let repeated = Repeated::boxed(splitter, plan.repeats);
    repeated.check()?;
    Ok(Arc::new(repeated))
}

/// How many folds are drawn where nobody says: 5, or the most that the rows allow, with what limits them.
pub(crate) fn usual_folds(roles: &Roles, data: &Dataset) -> Result<(u32, Option<&'static str>)> {
    let folds = drawn(roles, None, data).usual_folds(&data.row_info())?;
    let limit = match (&roles.time, &roles.group) {
        (Some(_), _) => "times",
        (_, Some(_)) => "groups",
        _ if is_classification(data) => "rows of the largest class",
        _ => "rows",
    };
    Ok((folds, (folds < split::Plan::USUAL_FOLDS).then_some(limit)))
}

/// Folds that heed time, groups and classes.
fn drawn(roles: &Roles, folds: Option<u32>, data: &Dataset) -> split::Plan {
    split::Plan {
        folds,
        stratify: roles.time.is_none() && is_classification(data),
        group: roles.group.is_some(),
        time: roles.time.is_some(),
        ..split::Plan::default()
    }
}

fn is_classification(data: &Dataset) -> bool {
    data.target().is_some_and(|target| target.outputs().task().is_classification())
}
