//! `consort evaluate`: scores of prediction files.

use std::sync::Arc;

use consort::{
    core::{Error, Metric, Predictions, Reads, Task},
    metrics::registry,
};
use serde_json::{Value, json};

use super::evaluate_run;
use crate::{
    args::Evaluate,
    failure::{Failure, Result},
    inputs, listing, method,
    score_card::ScoreCard,
    session::Session,
};

pub(crate) fn run(args: &Evaluate) -> Result<()> {
    let mut session = Session::start("evaluate", &args.running)?;
    if args.metrics.as_ref().is_some_and(|names| names.iter().any(|name| name == "list")) {
        return list_metrics(session);
    }
    if args.predictions.is_empty() {
        return Err(Failure::usage("evaluate takes prediction files, or a run and a table"));
    }
    if args.predictions.first().is_some_and(|first| evaluate_run::is_run(first)) {
        evaluate_run::run(&mut session, args)?;
        return session.finish();
    }
    if !args.member.is_empty() {
        return Err(Failure::usage(
            "--member goes with a run and a table; of files, each is given as it is: NAME=FILE",
        ));
    }
    let mut options = inputs::options(&args.reading, None);
    if options.task.is_none() && options.inputs.is_none() && are_of_labels(args)? {
        options.task = Some(Task::Multiclass);
        session.judge(["the task is classification: the metrics asked for compare labels".to_string()]);
    }
    let loaded = inputs::load(&mut session, &args.predictions, &args.reading, &options)?;
    let truth = inputs::needed_truth(&loaded, "evaluate")?;
    let predictions = &loaded.predictions;
    let metrics = metrics(args, predictions)?;
    session.doing("scoring");
    let cards = (0..predictions.members().len())
        .map(|m| ScoreCard::of_member(&mut session, &metrics, predictions, m, &truth))
        .collect::<Result<Vec<_>>>()?;
    tell(&mut session, &metrics, &cards, predictions);
    session.finish()
}

/// Whether metrics are asked for and all of them compare labels, so that numbers are labels too.
fn are_of_labels(args: &Evaluate) -> Result<bool> {
    let Some(names) = &args.metrics else { return Ok(false) };
    let metrics = names.iter().map(|name| registry::by_name(name)).collect::<Result<Vec<_>, Error>>()?;
    Ok(metrics.iter().all(|metric| metric.reads() == Reads::Label && !metric.suits(Task::Regression)))
}

/// The metrics asked for, or those usual for the predictions.
pub(super) fn metrics(args: &Evaluate, predictions: &Predictions) -> Result<Vec<Arc<dyn Metric>>> {
    let task = predictions.outputs().task();
    let metrics: Vec<Arc<dyn Metric>> = match &args.metrics {
        None => method::companions(&method::metric(None, predictions)?, predictions)?,
        Some(names) => names.iter().map(|name| registry::by_name(name)).collect::<Result<_, Error>>()?,
    };
    metrics.into_iter().map(|metric| method::suited(metric, task)).collect()
}

/// Shows the scores, one line a prediction, and puts them into the object.
pub(super) fn tell(session: &mut Session, metrics: &[Arc<dyn Metric>], cards: &[ScoreCard], predictions: &Predictions) {
    let names: Vec<String> = metrics.iter().map(|metric| metric.name()).collect();
    let few = cards.iter().any(|card| card.share < 1.0);
    let mut header: Vec<&str> = std::iter::once("prediction").chain(names.iter().map(String::as_str)).collect();
    header.extend(few.then_some("of rows"));
    let rows: Vec<Vec<String>> = cards
        .iter()
        .map(|card| {
            std::iter::once(card.name.clone())
                .chain(card.scores.iter().map(|(_, score)| listing::score(score)))
                .chain(few.then(|| card.rows_scored()))
                .collect()
        })
        .collect();
    session.say(listing::table(&header, &rows));
    session.say(format!("{} rows, {}", predictions.rows(), predictions.outputs().task()));
    let cards: Vec<Value> = cards
        .iter()
        .map(|card| json!({"name": card.name, "scores": card.to_json(), "share_of_rows": card.share}))
        .collect();
    session.put("predictions", cards.into());
}

fn list_metrics(mut session: Session) -> Result<()> {
    let tasks = |metric: &dyn Metric| -> String {
        let suits = [(Task::Binary, "binary"), (Task::Multiclass, "multiclass"), (Task::Regression, "regression")];
        let suited: Vec<&str> = suits.iter().filter(|(task, _)| metric.suits(*task)).map(|(_, name)| *name).collect();
        suited.join(", ")
    };
    let rows: Vec<Vec<String>> = registry::entries()
        .map(|entry| vec![entry.name.to_string(), tasks(&*(entry.make)()), entry.about.to_string()])
        .collect();
    let object = |row: &Vec<String>| json!({"name": row[0], "tasks": row[1], "what": row[2]});
    session.put("metrics", rows.iter().map(object).collect::<Vec<_>>().into());
    session.say(listing::table(&["metric", "of", "what it is"], &rows));
    session.finish()
}
