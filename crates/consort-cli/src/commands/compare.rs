//! `consort compare`: which predictions are better than which.

use std::sync::Arc;

use consort::{
    core::{Estimates, Metric, Predictions, Task, Truth},
    metrics::{
        diversity::Correctness,
        significance::{Bootstrap, DeLong, Drawn, bootstrap, cochran_q, holm, mcnemar},
    },
};
use serde_json::{Value, json};

use crate::{
    args::Compare,
    failure::{Failure, Result},
    inputs, listing, method,
    session::Session,
};

/// Fewer resamples say little of the ends of an interval.
const FEWEST_RESAMPLES: usize = 100;
/// Intervals over fewer groups are rough.
const FEW_GROUPS: usize = 30;

pub(crate) fn run(args: &Compare) -> Result<()> {
    let mut session = Session::start("compare", &args.running)?;
    if args.resamples < FEWEST_RESAMPLES {
        return Err(Failure::usage(format!(
            "--resamples is {}, but must be at least {FEWEST_RESAMPLES}: the ends of an interval are of the rarest of them",
            args.resamples
        )));
    }
    if !(args.confidence > 0.0 && args.confidence < 1.0) {
        return Err(Failure::usage(format!("--confidence is {}, but must be above 0 and below 1", args.confidence)));
    }
    let options = inputs::options(&args.reading, args.group.as_deref());
    let loaded = inputs::load(&mut session, &args.predictions, &args.reading, &options)?;
    let truth = inputs::needed_truth(&loaded, "compare")?;
    let predictions = &loaded.predictions;
    let count = predictions.members().len();
    if count < 2 {
        return Err(Failure::usage("compare needs at least two predictions; `consort evaluate` scores one"));
    }
    if predictions.has_missing() {
        return Err(Failure::usage("compare needs predictions of the same rows; some are missing here"));
    }
    let metric = method::metric(args.metric.as_deref(), predictions)?;
    session.put("metric", metric.name().into());
    session.put("direction", serde_json::to_value(metric.direction())?);

    session.doing(format!("drawing {} resamples", args.resamples));
    let params = Bootstrap::default().replicates(args.resamples).level(args.confidence);
    let estimates: Vec<Estimates<'_>> = (0..count).map(|m| predictions.estimates(m)).collect();
    let replicates = bootstrap(&*metric, &estimates, &truth, &params, session.seed.child("compare"))?;

    session.put("resampled", serde_json::to_value(replicates.drawn())?);
    if let Some(groups) = inputs::groups(&truth) {
        if groups < 2 {
            return Err(Failure::usage(
                "all rows are of one group, so there is nothing to resample; leave out --group",
            ));
        }
        if groups < FEW_GROUPS {
            session.note(format!("{groups} groups are few: take the intervals as a hint"));
        }
    }

    // Best first; of equals, by name.
    let mut order: Vec<usize> = (0..count).collect();
    let cost = |m: usize| replicates.observed(m).value().map_or(f64::INFINITY, |score| metric.direction().cost(score));
    order.sort_by(|&a, &b| cost(a).total_cmp(&cost(b)));
    let names: Vec<&str> = predictions.names().collect();
    let level = format!("{} % interval", listing::percent(args.confidence));

    let rows: Vec<Vec<String>> = order
        .iter()
        .map(|&m| {
            let interval = replicates.interval(m).map_or_else(
                || listing::NOTHING.into(),
                |interval| format!("{} to {}", listing::number(interval.low), listing::number(interval.high)),
            );
            vec![names[m].to_string(), listing::score(replicates.observed(m)), interval]
        })
        .collect();
    let metric_name = metric.name();
    session.say(listing::table(&["prediction", &metric_name, &level], &rows));
    if !matches!(replicates.drawn(), Drawn::Rows(_)) {
        session.say(format!("The intervals draw {}.", replicates.drawn()));
    }
    let scores: Vec<Value> = order
        .iter()
        .map(
            |&m| json!({"name": names[m], "score": replicates.observed(m).value(), "interval": replicates.interval(m)}),
        )
        .collect();
    session.put("scores", scores.into());

    let pairs = pairs(&order, &replicates, &estimates, predictions, &truth, &metric, args.confidence)?;
    say_pairs(&mut session, &pairs, &level, 1.0 - args.confidence);
    let listed: Vec<Value> = pairs.iter().map(Pair::to_json).collect::<Result<_, serde_json::Error>>()?;
    session.put("pairs", listed.into());
    if predictions.outputs().task().is_classification() && count > 2 && truth.weights().is_none() {
        let test = cochran_q(&Correctness::new(predictions, &truth)?)?;
        if let Some(p) = test.p_value.value() {
            session.say(format!("Cochran's Q over all {count}, for equal accuracy: p = {}", listing::number(p)));
        }
        session.put("cochran_q", serde_json::to_value(&test)?);
    }
    session.finish()
}

/// Two predictions, the better one first.
struct Pair {
    better: String,
    worse: String,
    gain: Option<f64>,
    interval: Option<(f64, f64)>,
    p_value: Option<f64>,
    adjusted: Option<f64>,
    mcnemar: Option<Value>,
    delong: Option<Value>,
}

impl Pair {
    fn to_json(&self) -> Result<Value, serde_json::Error> {
        Ok(json!({
            "better": self.better,
            "worse": self.worse,
            "gain": self.gain,
            "interval": self.interval.map(|(low, high)| [low, high]),
            "p_value": self.p_value,
            "p_value_holm": self.adjusted,
            "mcnemar": self.mcnemar,
            "delong": self.delong,
        }))
    }
}

fn pairs(
    order: &[usize],
    replicates: &consort::metrics::significance::Replicates,
    estimates: &[Estimates<'_>],
    predictions: &Predictions,
    truth: &Truth<'_>,
    metric: &Arc<dyn Metric>,
    level: f64,
) -> Result<Vec<Pair>> {
    let task = predictions.outputs().task();
    let correctness = match task.is_classification() && truth.weights().is_none() {
        true => Some(Correctness::new(predictions, truth)?),
        false => None,
    };
    let delong = match task == Task::Binary && metric.name() == "roc_auc" && truth.weights().is_none() {
        true => Some(DeLong::of(estimates, truth)?),
        false => None,
    };
    let tables = correctness.as_ref().map(Correctness::pairs);
    let mut pairs = Vec::new();
    for (place, &a) in order.iter().enumerate() {
        for &b in &order[place + 1..] {
            let difference = replicates.difference(a, b);
            let disagreement = tables.as_ref().map(|tables| {
                let table = tables.at(a, b);
                mcnemar(table.only_first, table.only_second)
            });
            pairs.push(Pair {
                better: predictions.members()[a].name.clone(),
                worse: predictions.members()[b].name.clone(),
                gain: difference.gain(),
                interval: difference.gain_interval().map(|interval| (interval.low, interval.high)),
                p_value: difference.p_value,
                adjusted: None,
                mcnemar: disagreement.transpose()?.map(serde_json::to_value).transpose()?,
                delong: delong.as_ref().and_then(|delong| delong.difference(a, b, level)).map(|areas| {
                    json!({
                        "difference": areas.difference,
                        "interval": [areas.interval.low, areas.interval.high],
                        "p_value": areas.p_value.value(),
                    })
                }),
            });
        }
    }
    // One correction over all pairs that have a p-value.
    let known: Vec<usize> = (0..pairs.len()).filter(|&i| pairs[i].p_value.is_some()).collect();
    let adjusted = holm(&known.iter().filter_map(|&i| pairs[i].p_value).collect::<Vec<_>>())?;
    for (&i, adjusted) in known.iter().zip(adjusted) {
        pairs[i].adjusted = Some(adjusted);
    }
    Ok(pairs)
}

fn say_pairs(session: &mut Session, pairs: &[Pair], level: &str, doubt: f64) {
    let text = |value: Option<f64>| value.map_or_else(|| listing::NOTHING.into(), listing::number);
    let rows: Vec<Vec<String>> = pairs
        .iter()
        .map(|pair| {
            let interval = pair.interval.map_or_else(
                || listing::NOTHING.into(),
                |(low, high)| format!("{} to {}", listing::number(low), listing::number(high)),
            );
            let verdict = match (pair.interval, pair.adjusted) {
                (Some((low, _)), Some(p)) if low > 0.0 && p < doubt => "better",
                (Some((low, _)), _) if low > 0.0 => "better, if this pair was the only question",
                _ => "no clear difference",
            };
            vec![
                pair.better.clone(),
                pair.worse.clone(),
                text(pair.gain),
                interval,
                text(pair.p_value),
                text(pair.adjusted),
                verdict.into(),
            ]
        })
        .collect();
    session.say(listing::table(&["first", "second", "gain of the first", level, "p", "p (Holm)", "verdict"], &rows));
}
