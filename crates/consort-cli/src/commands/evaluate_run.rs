//! `consort evaluate RUN TABLE`: what a run scores on rows that it has not seen.

use std::path::Path;

use consort::{
    core::{Gives, Outputs, Samples, Truth},
    data::table::{self, Schema},
    ensemble::run::Bundle,
    metrics::registry,
};
use serde_json::json;

use super::predict::bundle_of;
use crate::{
    args::Evaluate,
    failure::{Failure, Result},
    listing, method,
    score_card::ScoreCard,
    session::Session,
};

/// Whether a path is a run or a bundle, and no file of predictions.
pub(crate) fn is_run(path: &str) -> bool {
    let path = Path::new(path);
    path.join("run.json").is_file() || path.extension().is_some_and(|ending| ending == "consort")
}

pub(crate) fn run(session: &mut Session, args: &Evaluate) -> Result<()> {
    let [run, data] = args.predictions.as_slice() else {
        return Err(Failure::usage("evaluate RUN takes one table of rows whose target is known"));
    };
    let bundle = Bundle::load(&bundle_of(Path::new(run)))?;
    let schema: Schema = bundle.schema()?;
    session.doing("reading the table");
    let applied = schema.apply(&table::read(data)?, true)?;
    applied.warnings.iter().for_each(|warning| session.warn(warning.clone()));
    let data = applied.dataset;
    let Some(target) = data.target() else {
        return Err(Failure::usage("the table has no target"));
    };
    let truth = match data.weights() {
        Some(weights) => Truth::weighted(target, weights)?,
        None => Truth::new(target),
    };
    session.doing("predicting");
    let all = Samples::all(&data);
    let members = bundle.model.member_predictions(&all)?;
    let fused = bundle.predict(&all)?;
    let metric = match &args.metrics {
        Some(names) if names.len() == 1 => registry::by_name(&names[0])?,
        _ => registry::default_for(bundle.outputs.task()),
    };
    let metrics = match &args.metrics {
        Some(names) => names.iter().map(|name| registry::by_name(name)).collect::<Result<Vec<_>, _>>()?,
        None => method::companions(&metric, &members)?,
    };
    if let Some(metric) = metrics.iter().find(|metric| !metric.suits(bundle.outputs.task())) {
        return Err(consort::core::Error::Unsupported {
            by: format!("metric `{}`", metric.name()),
            what: bundle.outputs.task().to_string(),
            hint: "`--metrics list` says which metric is for what".into(),
        }
        .into());
    }
    session.doing("scoring");
    let gives = match bundle.outputs {
        Outputs::Classes(_) | Outputs::Labels(_) => Gives::Probabilities,
        Outputs::Targets(_) | Outputs::Quantiles(_) => Gives::Values,
    };
    let gives = bundle.model.fusion().map_or(gives, |fusion| fusion.gives(&bundle.outputs));
    let mut cards = vec![ScoreCard::of_matrix(session, "ensemble", &metrics, &fused, gives, &truth)?];
    for m in 0..members.members().len() {
        cards.push(ScoreCard::of_member(session, &metrics, &members, m, &truth)?);
    }
    let names: Vec<String> = metrics.iter().map(|metric| metric.name()).collect();
    let header: Vec<&str> = std::iter::once("prediction").chain(names.iter().map(String::as_str)).collect();
    let row = |card: &ScoreCard| {
        let scores = card.scores.iter().map(|(_, score)| listing::score(score));
        std::iter::once(card.name.clone()).chain(scores).collect()
    };
    session.say(listing::table(&header, &cards.iter().map(row).collect::<Vec<Vec<String>>>()));
    session.say(format!("{} rows, {}", data.rows(), bundle.outputs.task()));
    let cards: Vec<_> = cards.iter().map(|card| json!({"name": card.name, "scores": card.to_json()})).collect();
    session.put("predictions", cards.into());
    Ok(())
}
