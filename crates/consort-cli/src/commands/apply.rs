//! `consort fuse --with`: a saved fusion on new rows.

use std::{path::Path, sync::Arc};

use consort::{
    core::{Estimates, Gives, Matrix, Metric, Truth},
    data::files::Loaded,
    fusion::{SavedFusion, verdict::Conclusion},
    metrics::{
        registry,
        significance::{Difference, paired_bootstrap},
    },
    plot,
};
use serde_json::{Value, json};

use super::fuse::{report_without_truth, undecided, write_output};
use crate::{
    args::Fuse,
    device as devices,
    failure::{Failure, Result},
    inputs,
    judging::{members_json, resamples},
    listing, method,
    report::{self, Wanted},
    score_card::ScoreCard,
    session::Session,
};

/// Applies a saved fusion to new rows.
pub(super) fn apply(session: &mut Session, args: &Fuse, path: &Path) -> Result<()> {
    let device = devices::open(session, &args.device)?;
    let text = std::fs::read_to_string(path).map_err(|error| Failure::file(path, "it cannot be read", error))?;
    let saved = SavedFusion::from_json(&text, &path.display().to_string())?;
    refuse_ignored(args)?;
    let mut options = inputs::options(&args.reading, args.group.as_deref());
    // The classes are those of the fit, whichever occur in the new files.
    if let Ok(classes) = saved.outputs.classes("") {
        options.classes = Some(classes.names().to_vec());
        options.positive = Some(classes.names()[classes.positive()].clone());
    }
    options.task = Some(saved.outputs.task());
    if options.inputs.is_none()
        && let [first, rest @ ..] = saved.members.as_slice()
        && rest.iter().all(|member| member.gives == first.gives)
        && first.gives != Gives::Values
    {
        options.inputs = Some(first.gives);
    }
    if options.missing == consort::core::Missing::Error {
        options.missing = saved.missing;
    }
    let loaded = inputs::load(session, &args.members, &args.reading, &options)?;
    let predictions = &loaded.predictions;
    let needed = saved.needed();
    let idle: Vec<&str> = predictions.names().filter(|name| !needed.contains(name)).collect();
    if !idle.is_empty() {
        session.note(format!("the fusion does not use {}", idle.join(", ")));
    }
    if let Some(lacking) = needed.iter().find(|name| predictions.find(name).is_none()) {
        let given: Vec<String> = predictions.names().map(|name| format!("`{name}`")).collect();
        return Err(Failure::usage(format!(
            "the fusion needs member `{lacking}`, and the members given are {}: add its file, as {lacking}=FILE if that \
             has another name",
            given.join(", ")
        )));
    }
    let truth = inputs::truth(&loaded)?;
    if args.metric.is_some() && truth.is_none() {
        return Err(Failure::usage("--metric goes with a truth: give it with --truth FILE"));
    }
    session.doing("fusing");
    let fused = saved.apply_on(device.as_deref(), predictions)?;
    let gives = saved.fusion.gives(&saved.outputs);
    session.put("method", saved.fusion.name().into());
    undecided(session, &fused);
    if let Some(truth) = truth {
        // As when it was fitted, unless another is asked for.
        let fitted_for = saved.metric.as_deref().filter(|name| registry::by_name(name).is_ok());
        let metric = method::metric(args.metric.as_deref().or(fitted_for), predictions)?;
        session.put("metric", metric.name().into());
        let metrics = method::companions(&metric, predictions)?;
        let mut cards = Vec::new();
        for m in 0..predictions.members().len() {
            cards.push(ScoreCard::of_member(session, &metrics, predictions, m, &truth)?);
        }
        let ensemble = ScoreCard::of_matrix(session, "ensemble", &metrics, &fused, gives, &truth)?;
        session.put("members", members_json(predictions, &cards, None));
        session.put("ensemble", json!({ "scores": ensemble.to_json() }));
        let few = cards.iter().chain([&ensemble]).any(|card| card.share < 1.0);
        let mut names: Vec<&str> = metrics_header(&ensemble);
        names.extend(few.then_some("of rows"));
        let rows: Vec<Vec<String>> = std::iter::once(&ensemble)
            .chain(&cards)
            .map(|card| {
                std::iter::once(card.name.clone())
                    .chain(card.scores.iter().map(|(_, s)| listing::score(s)))
                    .chain(few.then(|| card.rows_scored()))
                    .collect()
            })
            .collect();
        session.say(listing::table(&names, &rows));
        let gain = gain_on_new_rows(session, &saved, &loaded, &truth, (&fused, gives), &metric)?;
        if let Some(path) = &args.report {
            let mut subject = plot::overview::Subject::new(report::title(&*saved.fusion), predictions)
                .truth(truth)
                .ensemble("ensemble", &fused, gives)
                .metric(metric.clone())
                .others(metrics[1..].iter().cloned())
                .seed(session.seed);
            let weights = saved.fusion.weights().filter(|weights| weights.len() == predictions.members().len());
            if let Some(weights) = &weights {
                subject = subject.weights(weights);
            }
            let mut report = plot::overview::from_predictions(&subject)?;
            if let Some((text, gain)) = &gain {
                report = report.verdict(report::headline(Conclusion::of(gain), text, std::slice::from_ref(gain)));
            }
            Wanted::page(path)?.write(session, report)?;
        }
    } else {
        session.say(format!("{} rows fused by {}", predictions.rows(), saved.fusion.name()));
        if let Some(path) = &args.report {
            report_without_truth(session, path, predictions, &*saved.fusion, &fused)?;
        }
    }
    write_output(session, args, loaded, &fused, gives)
}

/// Refuses options whose answer the saved fusion has already.
fn refuse_ignored(args: &Fuse) -> Result<()> {
    let reading = &args.reading;
    let given = [
        ("--classes", reading.classes.is_some()),
        ("--positive", reading.positive.is_some()),
        ("--task", reading.task.is_some()),
    ];
    match given.into_iter().find(|(_, is_given)| *is_given) {
        None => Ok(()),
        Some((option, _)) => Err(Failure::usage(format!(
            "{option} does not go with --with: task and classes are those of the saved fusion"
        ))),
    }
}

/// Says what the fusion gains on new rows over the member that was best when it was fitted.
fn gain_on_new_rows(
    session: &mut Session,
    saved: &SavedFusion,
    loaded: &Loaded,
    truth: &Truth<'_>,
    (fused, gives): (&Matrix, Gives),
    metric: &Arc<dyn Metric>,
) -> Result<Option<(String, Difference)>> {
    let predictions = &loaded.predictions;
    let Some((name, m)) = saved.best_member.as_ref().and_then(|name| Some((name, predictions.find(name)?))) else {
        return Ok(None);
    };
    let bootstrap = resamples(truth.rows());
    let (ensemble, best) = (Estimates::matrix(fused, gives), predictions.estimates(m));
    if fused.values().iter().any(|x| x.is_nan()) || predictions.has_missing() || predictions.members()[m].gives != gives
    {
        return Ok(None);
    }
    let gain = paired_bootstrap(&**metric, &ensemble, &best, truth, &bootstrap, session.seed.child("new rows"))?;
    let (Some(value), Some(interval)) = (gain.gain(), gain.gain_interval()) else { return Ok(None) };
    let verb = match Conclusion::of(&gain) {
        Conclusion::Better => "is better than",
        Conclusion::Worse => "is worse than",
        Conclusion::NoClearGain | Conclusion::Unknown => "is not clearly different from",
    };
    let text = format!(
        "On these rows the ensemble {verb} `{name}`, its best member when it was fitted: it {} {} {} ({:.0} % interval of \
         the gain {} to {}{}).",
        if value < 0.0 { "loses" } else { "gains" },
        listing::number(value.abs()),
        gain.metric,
        100.0 * interval.level,
        listing::number(interval.low),
        listing::number(interval.high),
        if interval.low <= 0.0 && interval.high >= 0.0 { ", which holds 0" } else { "" },
    );
    let mut told = serde_json::to_value(&gain)?;
    if let Value::Object(map) = &mut told {
        map.insert("best_member".into(), name.as_str().into());
        map.insert("gain".into(), value.into());
        map.insert("gain_interval".into(), json!([interval.low, interval.high]));
        map.insert("text".into(), text.as_str().into());
    }
    session.put("verdict", told);
    session.say(&text);
    Ok(Some((text, gain)))
}

fn metrics_header(card: &ScoreCard) -> Vec<&str> {
    std::iter::once("prediction").chain(card.scores.iter().map(|(name, _)| name.as_str())).collect()
}
