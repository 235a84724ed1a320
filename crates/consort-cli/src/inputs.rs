//! From the command line to predictions in memory.

use std::path::Path;

use consort::{
    core::{Error, Fusion, Gives, Missing, Predictions, Target, Task, Truth},
    data::files::{ClassesMissing, Join, Loaded, ReadOptions, Source, read_members},
    fusion::rule::Mean,
};

use crate::{
    args::{ClassesPolicy, Inputs, JoinPolicy, MissingPolicy, Reading, TaskName},
    failure::{Failure, Result},
    listing,
    session::Session,
};

/// `NAME=FILE` or `FILE`.
pub(crate) fn source(text: &str) -> Source {
    match text.split_once('=') {
        // A path that exists is a path, whatever is in its name.
        Some((name, file)) if !name.is_empty() && !name.contains(['/', '\\']) && !Path::new(text).exists() => {
            Source::new(name, file)
        }
        _ => Source::stem(text),
    }
}

pub(crate) fn options(reading: &Reading, group: Option<&str>) -> ReadOptions {
    ReadOptions {
        group: group.map(String::from),
        id: reading.id.clone(),
        target: reading.target.clone(),
        weight: reading.weight.clone(),
        fold: reading.fold.clone(),
        positive: reading.positive.clone(),
        classes: reading.classes.clone(),
        inputs: reading.inputs.map(|inputs| match inputs {
            Inputs::Probabilities => Gives::Probabilities,
            Inputs::Logits => Gives::Logits,
            Inputs::Labels => Gives::Labels,
            Inputs::Scores => Gives::Scores,
        }),
        task: reading.task.map(|task| match task {
            TaskName::Binary => Task::Binary,
            TaskName::Multiclass | TaskName::Classification => Task::Multiclass,
            TaskName::Regression => Task::Regression,
        }),
        missing: match reading.missing {
            MissingPolicy::Error => Missing::Error,
            MissingPolicy::Available => Missing::Available,
            MissingPolicy::Propagate => Missing::Propagate,
        },
        join: match reading.join {
            JoinPolicy::Exact => Join::Exact,
            JoinPolicy::Inner => Join::Inner,
        },
        classes_missing: match reading.classes_missing {
            ClassesPolicy::Zero => ClassesMissing::Zero,
            ClassesPolicy::KnownOnly => ClassesMissing::KnownOnly,
        },
        wide: reading.wide,
    }
}

/// Reads and aligns the files, and says what was judged.
pub(crate) fn load(
    session: &mut Session,
    files: &[String],
    reading: &Reading,
    options: &ReadOptions,
) -> Result<Loaded> {
    session.doing(format!("reading {} file{}", files.len(), if files.len() == 1 { "" } else { "s" }));
    let sources: Vec<Source> = files.iter().map(|file| source(file)).collect();
    let truth = reading.truth.as_ref().map(Source::stem);
    let loaded = read_members(&sources, truth.as_ref(), options)?;
    let loaded = Loaded { predictions: without_logits(session, loaded.predictions)?, ..loaded };
    share_a_class(&loaded)?;
    session.judge(loaded.judged.iter().cloned());
    for warning in &loaded.warnings {
        session.warn(warning.clone());
    }
    let outputs = loaded.predictions.outputs();
    session.put("rows", loaded.predictions.rows().into());
    session.put("task", serde_json::to_value(outputs.task())?);
    if let Ok(classes) = outputs.classes("") {
        session.put("classes", classes.names().into());
        session.put("positive", classes.names()[classes.positive()].as_str().into());
    }
    session.put("columns", serde_json::to_value(&loaded.columns)?);
    Ok(loaded)
}

/// Refuses a member that knows none of the classes which the truth has: its names are spelt otherwise.
fn share_a_class(loaded: &Loaded) -> Result<()> {
    let Some(Target::Classes { codes, classes }) = &loaded.target else { return Ok(()) };
    let mut occurs = vec![false; classes.len()];
    codes.iter().for_each(|&code| occurs[code as usize] = true);
    let named = |is: &dyn Fn(usize) -> bool| -> String {
        let names: Vec<String> =
            (0..classes.len()).filter(|&k| is(k)).map(|k| format!("`{}`", classes.names()[k])).collect();
        names.join(", ")
    };
    for (member, known) in loaded.predictions.members().iter().zip(&loaded.known) {
        if known.iter().zip(&occurs).any(|(known, occurs)| *known && *occurs) {
            continue;
        }
        return Err(Failure::usage(format!(
            "member `{}`: it has the classes {}, and the truth has {}: give its columns the names that the truth has",
            member.name,
            named(&|k| known[k]),
            named(&|k| occurs[k])
        )));
    }
    Ok(())
}

/// The same predictions, with the probabilities that logits stand for in their place.
fn without_logits(session: &mut Session, predictions: Predictions) -> Result<Predictions> {
    if predictions.members().iter().all(|member| member.gives != Gives::Logits) {
        return Ok(predictions);
    }
    session.judge(["logits are read as the probabilities that they stand for".to_string()]);
    let mut builder = Predictions::builder(predictions.outputs().clone(), predictions.ids())
        .missing(predictions.missing())
        .reserve(predictions.members().len());
    for (m, member) in predictions.members().iter().enumerate() {
        builder = match member.gives {
            Gives::Logits => {
                let fused = Mean::default().fuse(&predictions.subset(&[m]))?;
                builder.member(&member.name, Gives::Probabilities, fused.values())?
            }
            gives => builder.member(&member.name, gives, predictions.member(m))?,
        };
    }
    Ok(builder.build()?)
}

/// The truth of what was read.
pub(crate) fn truth(loaded: &Loaded) -> Result<Option<Truth<'_>>> {
    let truth = match (&loaded.target, &loaded.weights) {
        (None, _) if loaded.groups.is_some() => return Err(without_truth("--group")),
        (None, _) => return Ok(None),
        (Some(target), weights) => Truth::with(target, weights.as_deref())?,
    };
    Ok(Some(match &loaded.groups {
        None => truth,
        Some(groups) => truth.grouped(groups)?,
    }))
}

/// Says it where weights sum to so little that rows count as few; `who` takes them as few.
pub(crate) fn warn_of_small_weights(session: &mut Session, column: &str, weights: &[f64], who: &str) {
    let present = weights.iter().filter(|&&weight| weight > 0.0).count();
    let total: f64 = weights.iter().sum();
    if present > 0 && 10.0 * total < present as f64 {
        session.note(format!(
            "the weights of column `{column}` sum to {}, so {present} rows count as so many: {who} them as few; divide the \
             weights by their mean",
            listing::number(total)
        ));
    }
}

/// How many groups have rows of weight, where rows are in groups.
pub(crate) fn groups(truth: &Truth<'_>) -> Option<usize> {
    let groups = truth.groups()?;
    let mut seen: Vec<u32> = (0..truth.rows()).filter(|&i| truth.weight(i) > 0.0).map(|i| groups[i]).collect();
    seen.sort_unstable();
    seen.dedup();
    Some(seen.len())
}

/// The truth, which the command cannot do without.
pub(crate) fn needed_truth<'a>(loaded: &'a Loaded, by: &str) -> Result<Truth<'a>> {
    truth(loaded)?.ok_or_else(|| without_truth(by))
}

fn without_truth(by: &str) -> Failure {
    Failure::from(Error::Unsupported {
        by: by.into(),
        what: "predictions without a truth".into(),
        hint: "give the truth with --truth FILE, or name its column with --target COL".into(),
    })
}
