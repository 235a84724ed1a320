//! From the options of `fuse` to the fuser that they ask for.

use std::{path::Path, sync::Arc};

use consort::{
    core::{Error, Fuser, Fusion, Gives, Metric, Outputs, Predictions, Reads, Task},
    data::files::{ClassesMissing, Loaded},
    fusion::{
        calibrate::{self, Calibrated, Calibrator},
        device::Device,
        dynamic,
        rule::{self, Fixed, KnownOnly},
        select::{GreedySelection, SelectBest, SelectTop},
        stack::{LinearStack, LogisticStack},
        weights::{ByScore, NonNegativeLeastSquares, PerClassWeights, SimplexWeights, WeightLoss},
    },
    metrics::registry,
};

use crate::{
    args::Fuse,
    failure::{Failure, Result},
};

/// The metric asked for, or the usual one for what the members give.
pub(crate) fn metric(asked: Option<&str>, predictions: &Predictions) -> Result<Arc<dyn Metric>> {
    let task = predictions.outputs().task();
    let metric = match asked {
        Some(name) => registry::by_name(name)?,
        None => {
            let gives = [Gives::Labels, Gives::Scores]
                .into_iter()
                .find(|&gives| predictions.members().iter().any(|member| member.gives == gives))
                .unwrap_or(Gives::Probabilities);
            metric_of(gives, predictions, registry::default_for(task))?
        }
    };
    suited(metric, task)
}

/// The metric of this name, or the usual one, for what is to be predicted.
pub(crate) fn of_outputs(name: Option<&str>, outputs: &Outputs) -> Result<Arc<dyn Metric>> {
    let task = outputs.task();
    let metric = match name {
        Some(name) => registry::by_name(name)?,
        None => registry::default_for(task),
    };
    suited(metric, task)
}

/// The metric, if it is for problems of this kind.
pub(crate) fn suited(metric: Arc<dyn Metric>, task: Task) -> Result<Arc<dyn Metric>> {
    if metric.suits(task) {
        return Ok(metric);
    }
    let of_classes = metric.suits(Task::Binary) || metric.suits(Task::Multiclass);
    let hint = if task == Task::Regression && of_classes {
        "if the numbers are classes, say --task classification"
    } else {
        "`consort evaluate --metrics list` says which metric is for what"
    };
    Err(Error::Unsupported { by: format!("metric `{}`", metric.name()), what: task.to_string(), hint: hint.into() }
        .into())
}

/// The metric, or the usual one for labels and for scores if it cannot read them.
pub(crate) fn metric_of(gives: Gives, predictions: &Predictions, metric: Arc<dyn Metric>) -> Result<Arc<dyn Metric>> {
    let is_classification = predictions.outputs().task().is_classification();
    Ok(match gives {
        Gives::Labels if is_classification && metric.reads() != Reads::Label => registry::by_name("accuracy")?,
        Gives::Scores if is_classification && metric.reads() == Reads::Probability => registry::by_name("roc_auc")?,
        _ => metric,
    })
}

/// The fuser asked for: greedy selection where there is a truth and nothing was asked, else a mean or a vote.
pub(crate) fn fuser(
    args: &Fuse,
    loaded: &Loaded,
    classes_missing: ClassesMissing,
    metric: &Arc<dyn Metric>,
    device: Option<&Arc<dyn Device>>,
) -> Result<Box<dyn Fuser>> {
    let predictions = &loaded.predictions;
    let is_regression = !predictions.outputs().task().is_classification();
    let labels = predictions.members().iter().any(|member| member.gives == Gives::Labels);
    let usual = || if labels { "vote" } else { "mean" };
    let known_only = classes_missing == ClassesMissing::KnownOnly;
    let fuser: Box<dyn Fuser> = match (&args.rule, &args.select, &args.weights, &args.stack) {
        (None, None, None, None) if loaded.target.is_none() || labels || known_only => {
            rule_fuser(usual(), args, loaded, known_only)?
        }
        (Some(name), ..) => rule_fuser(name, args, loaded, known_only)?,
        _ if known_only => {
            return Err(Failure::usage(
                "--classes-missing known-only goes with --rule mean only: other methods read a full table",
            ));
        }
        (_, Some(select), ..) => selection(select, args, metric, device)?,
        (_, _, Some(weights), _) => match weights.as_str() {
            "optimise" | "optimize" => {
                let squared = is_regression || matches!(metric.name().as_str(), "brier" | "mse" | "rmse");
                Box::new(SimplexWeights::default().loss(if squared { WeightLoss::Squared } else { WeightLoss::Log }))
            }
            "nnls" => Box::new(NonNegativeLeastSquares::default()),
            "per-class" => Box::new(PerClassWeights::default()),
            "score" => Box::new(ByScore::default().metric(metric.clone())),
            other => return Err(unknown("--weights", other, "optimise, nnls, per-class and score")),
        },
        (_, _, _, Some(stack)) => match stack.as_str() {
            "linear" => Box::new(LinearStack::default()),
            "logistic" => Box::new(LogisticStack::default()),
            other => return Err(unknown("--stack", other, "linear and logistic")),
        },
        (None, None, None, None) => selection("greedy", args, metric, device)?,
    };
    let Some(name) = &args.calibrate else { return Ok(fuser) };
    let calibrator: Arc<dyn Calibrator> = match name.as_str() {
        "platt" => Arc::new(calibrate::Platt::default()),
        "isotonic" => Arc::new(calibrate::Isotonic),
        "beta" => Arc::new(calibrate::Beta),
        "temperature" => Arc::new(calibrate::Temperature),
        "smoothed-temperature" => Arc::new(calibrate::SmoothedTemperature),
        "vector" => Arc::new(calibrate::VectorScaling::default()),
        "venn-abers" => Arc::new(calibrate::VennAbers),
        other => {
            return Err(unknown(
                "--calibrate",
                other,
                "platt, isotonic, beta, temperature, smoothed-temperature, vector and venn-abers",
            ));
        }
    };
    Ok(Box::new(Calibrated::new(Arc::from(fuser), calibrator)))
}

/// That all members vote since some give labels, where nothing else was asked and others give more than that.
pub(crate) fn voters(args: &Fuse, predictions: &Predictions) -> Option<String> {
    let is_asked = [&args.rule, &args.select, &args.weights, &args.stack].into_iter().any(Option::is_some);
    let members = predictions.members();
    let labels: Vec<String> = members
        .iter()
        .filter(|member| member.gives == Gives::Labels)
        .map(|member| format!("`{}`", member.name))
        .collect();
    if is_asked || labels.is_empty() || labels.len() == members.len() {
        return None;
    }
    let verb = if labels.len() == 1 { "gives" } else { "give" };
    Some(format!(
        "{} {verb} labels, so all members vote: leave labels out to fuse the probabilities of the others",
        labels.join(", ")
    ))
}

/// The rule asked for, ready to use without a truth.
pub(crate) fn rule(args: &Fuse, loaded: &Loaded, classes_missing: ClassesMissing) -> Result<Box<dyn Fusion>> {
    let labels = loaded.predictions.members().iter().any(|member| member.gives == Gives::Labels);
    let name = args.rule.as_deref().unwrap_or(if labels { "vote" } else { "mean" });
    if classes_missing == ClassesMissing::KnownOnly {
        return known_only_mean(name, args, loaded);
    }
    Ok(rule::by_name(name, &rule::Options { weights: given_weights(args, loaded)? })?)
}

fn given_weights(args: &Fuse, loaded: &Loaded) -> Result<Option<Vec<f64>>> {
    args.member_weights.as_deref().map(|file| member_weights(file, &loaded.predictions)).transpose()
}

fn known_only_mean(name: &str, args: &Fuse, loaded: &Loaded) -> Result<Box<dyn Fusion>> {
    if name != "mean" {
        return Err(Failure::usage(format!("--classes-missing known-only goes with --rule mean, not with `{name}`")));
    }
    let rule = KnownOnly::new(loaded.known.clone());
    Ok(Box::new(match given_weights(args, loaded)? {
        Some(weights) => rule.with_weights(weights),
        None => rule,
    }))
}

const SELECTIONS: &str = "greedy, best and top:K";

fn selection(
    name: &str,
    args: &Fuse,
    metric: &Arc<dyn Metric>,
    device: Option<&Arc<dyn Device>>,
) -> Result<Box<dyn Fuser>> {
    Ok(match name.split_once(':') {
        None if name == "greedy" => {
            let greedy = GreedySelection::new(metric.clone()).rounds(args.rounds);
            Box::new(GreedySelection { device: device.cloned(), ..greedy })
        }
        None if name == "best" => Box::new(SelectBest::new(metric.clone())),
        Some(("top", count)) => {
            let count = count.parse().map_err(|_| unknown("--select", name, SELECTIONS))?;
            Box::new(SelectTop::new(metric.clone(), count))
        }
        _ => match dynamic::by_name(name) {
            Err(Error::UnknownName { .. }) => {
                let known = format!("{SELECTIONS}; for each row anew: {}", dynamic::NAMES.join(", "));
                return Err(unknown("--select", name, &known));
            }
            dynamic => Box::new(dynamic?),
        },
    })
}

fn rule_fuser(name: &str, args: &Fuse, loaded: &Loaded, known_only: bool) -> Result<Box<dyn Fuser>> {
    if known_only {
        return Ok(Box::new(Fixed::new(known_only_mean(name, args, loaded)?)));
    }
    Ok(rule::fuser_by_name(name, &rule::Options { weights: given_weights(args, loaded)? })?)
}

/// One weight a member, from a file of `model,weight`; a member that the file does not name is an error.
fn member_weights(file: &Path, predictions: &Predictions) -> Result<Vec<f64>> {
    let named = consort::data::files::read_member_weights(&consort::data::files::Source::stem(file))?;
    for (name, _) in &named {
        if predictions.find(name).is_none() {
            let members = predictions.names().collect::<Vec<_>>().join(", ");
            let known = format!("{} names it, and the members are {members}", file.display());
            return Err(Error::UnknownName { what: "member", name: name.clone(), known }.into());
        }
    }
    predictions
        .names()
        .map(|member| {
            named.iter().find(|(name, _)| name == member).map(|(_, weight)| *weight).ok_or_else(|| {
                let known = format!("{} gives it no weight; write 0 to leave it out", file.display());
                Error::UnknownName { what: "member", name: member.into(), known }.into()
            })
        })
        .collect()
}

fn unknown(option: &str, value: &str, known: &str) -> Failure {
    Failure::usage(format!("{option} `{value}` is not known: there are {known}"))
}

/// What every log-loss and report needs even if another metric decides.
pub(crate) fn companions(metric: &Arc<dyn Metric>, predictions: &Predictions) -> Result<Vec<Arc<dyn Metric>>> {
    let task = predictions.outputs().task();
    let labels = predictions.members().iter().any(|member| member.gives == Gives::Labels);
    let names: &[&str] = match task {
        Task::Binary => &["log_loss", "brier", "roc_auc", "average_precision", "accuracy", "ece"],
        Task::Multiclass => &["log_loss", "brier", "accuracy", "f1_macro", "roc_auc_ovr_macro", "ece"],
        Task::Regression => &["rmse", "mae", "r2", "median_absolute_error"],
        _ => &[],
    };
    let mut metrics = vec![metric.clone()];
    // Of labels alone nothing else can be told.
    for name in names.iter().filter(|name| !labels || matches!(**name, "accuracy" | "f1_macro")) {
        let other = registry::by_name(name)?;
        if other.name() != metric.name() {
            metrics.push(other);
        }
    }
    Ok(metrics)
}
