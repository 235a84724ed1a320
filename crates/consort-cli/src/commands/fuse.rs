//! `consort fuse`: one prediction of many.

use std::{path::Path, sync::Arc};

use consort::{
    core::{Estimates, Fuser, Fusion, Gives, Matrix, Metric, Predictions, Truth, Warning},
    data::files::{self, Fused, Loaded, publish},
    fusion::{
        SavedFusion, rule,
        verdict::{Conclusion, Judgement, NestedSplit, Partitions, judge},
    },
    metrics::significance::{Bootstrap, Difference, paired_bootstrap},
    plot::{
        self,
        chart::{Gain, Gains},
        report::{Tone, Verdict},
    },
};
use serde_json::{Value, json};

use crate::{
    args::Fuse,
    failure::{Failure, Result},
    inputs, listing, method,
    score_card::ScoreCard,
    session::Session,
};

pub(crate) fn run(args: &Fuse) -> Result<()> {
    let mut session = Session::start("fuse", &args.running)?;
    if args.rule.as_deref() == Some("list") {
        return list_rules(session);
    }
    // Where the results go is looked at before the work, not after it.
    for path in [&args.output, &args.report, &args.save].into_iter().flatten() {
        writable(path)?;
    }
    match &args.with {
        Some(saved) => apply(&mut session, args, saved)?,
        None => fit(&mut session, args)?,
    }
    session.finish()
}

/// Fits what was asked on the members, fuses them, and says what that gains.
fn fit(session: &mut Session, args: &Fuse) -> Result<()> {
    let options = inputs::options(&args.reading);
    let loaded = inputs::load(session, &args.members, &args.reading, &options)?;
    let predictions = &loaded.predictions;
    let metric = method::metric(args.metric.as_deref(), predictions)?;
    let fuser = method::fuser(args, &loaded, options.classes_missing, &metric)?;
    let truth = inputs::truth(&loaded)?;
    session.doing(format!("fitting {}", fuser.name()));
    let fusion = match &truth {
        Some(truth) => fuser.fit(predictions, truth, session.seed)?,
        None => without_truth(args, &loaded, options.classes_missing)?,
    };
    session.doing("fusing");
    let fused = fusion.fuse(predictions)?;
    let gives = fusion.gives(predictions.outputs());
    session.put("method", fusion.name().into());
    session.put("metric", metric.name().into());
    session.put("fusion", serde_json::to_value(&*fusion)?);
    undecided(session, &fused);
    let mut best_member = None;
    if let Some(truth) = &truth {
        // What a rule gives need not be what its members give: a vote has no probabilities to take the logarithm of.
        let metric = match args.metric {
            Some(_) => metric,
            None => method::metric_of(gives, predictions, metric)?,
        };
        session.put("metric", metric.name().into());
        let fitted = Fitted { fuser: &*fuser, fusion: &*fusion, fused: &fused, metric: &metric };
        best_member = judged(session, args, &loaded, truth, &fitted)?;
    } else {
        members_without_truth(session, predictions, &*fusion);
        if let Some(path) = &args.report {
            let mut subject =
                plot::overview::Subject::new(title(&*fusion), predictions).ensemble(fusion.name(), &fused, gives);
            let weights = fusion.weights();
            if let Some(weights) = &weights {
                subject = subject.weights(weights);
            }
            write_report(session, path, plot::overview::from_predictions(&subject)?)?;
        }
    }
    write_output(session, args, &loaded, &fused, gives)?;
    if let Some(path) = &args.save {
        let saved = SavedFusion { best_member, ..SavedFusion::new(predictions, fusion) };
        let json = saved.to_json()?;
        publish(path, |file| std::io::Write::write_all(file, json.as_bytes()))?;
        session.put("saved", path.display().to_string().into());
        session.say(format!("fusion saved to {}", path.display()));
    }
    Ok(())
}

/// A fusion that needs no truth, or the error that says that one is needed.
fn without_truth(args: &Fuse, loaded: &Loaded, classes_missing: files::ClassesMissing) -> Result<Box<dyn Fusion>> {
    if args.calibrate.is_some() || args.select.is_some() || args.weights.is_some() || args.stack.is_some() {
        inputs::needed_truth(loaded, "a fitted fusion")?;
    }
    method::rule(args, loaded, classes_missing)
}

/// What was fitted, and on what it is judged.
struct Fitted<'a> {
    fuser: &'a dyn Fuser,
    fusion: &'a dyn Fusion,
    fused: &'a Matrix,
    metric: &'a Arc<dyn Metric>,
}

/// Scores members and ensemble, the ensemble on rows that its fit did not see, and writes the report. Gives the best
/// member, where there are rows enough to choose one.
fn judged(
    session: &mut Session,
    args: &Fuse,
    loaded: &Loaded,
    truth: &Truth<'_>,
    fitted: &Fitted<'_>,
) -> Result<Option<String>> {
    let predictions = &loaded.predictions;
    let metrics = method::companions(fitted.metric, predictions)?;
    session.doing("scoring members");
    let mut cards = Vec::with_capacity(predictions.members().len());
    for m in 0..predictions.members().len() {
        cards.push(ScoreCard::of_member(session, &metrics, predictions, m, truth)?);
    }
    let gives = fitted.fusion.gives(predictions.outputs());
    let in_sample = ScoreCard::of_matrix(session, "ensemble", &metrics, fitted.fused, gives, truth)?;

    session.doing("judging the ensemble on rows that its fit did not see");
    let rows = (0..truth.rows()).filter(|&i| truth.weight(i) > 0.0).count();
    let folds = args.folds.unwrap_or(rows.min(5));
    if folds < 2 {
        session.note("one row cannot be split: the ensemble is not judged on rows that its fit did not see");
        return Ok(None);
    }
    let partitions = match &loaded.folds {
        // The folds of the members are those in which the ensemble is judged, too.
        Some(folds) if args.folds.is_none() && args.repeats == 1 && folds.names.len() > 1 => {
            Partitions::given(&folds.codes)?
        }
        _ => NestedSplit::default().folds(folds).repeats(args.repeats).draw(
            predictions,
            truth,
            None,
            session.seed.child("nested"),
        )?,
    };
    let bootstrap = Bootstrap::default();
    let judgement = judge(fitted.fuser, predictions, truth, &**fitted.metric, &partitions, &bootstrap, session.seed)?;
    let Judgement { verdict, ensemble, best_member } = &judgement;
    let honest = ScoreCard::of_matrix(session, "ensemble", &metrics, &ensemble.fused, ensemble.gives, truth)?;

    let weights = fitted.fusion.weights();
    say_scores(session, predictions, fitted.metric, &cards, [&honest, &in_sample], weights.as_deref());
    session.say(verdict.text());
    session.put("members", members_json(predictions, &cards, weights.as_deref()));
    session.put("ensemble", json!({ "nested": honest.to_json(), "in_sample": in_sample.to_json() }));
    let mut told = serde_json::to_value(verdict)?;
    if let Value::Object(map) = &mut told {
        map.insert("text".into(), verdict.text().into());
        map.insert("folds".into(), serde_json::to_value(&ensemble.folds)?);
    }
    session.put("verdict", told);

    if let Some(path) = &args.report {
        session.doing("drawing the report");
        let report = report(session, predictions, truth, fitted, &metrics, &judgement)?;
        write_report(session, path, report)?;
    }
    Ok(Some(best_member.name.clone()))
}

fn report(
    session: &Session,
    predictions: &Predictions,
    truth: &Truth<'_>,
    fitted: &Fitted<'_>,
    metrics: &[Arc<dyn Metric>],
    judgement: &Judgement,
) -> Result<plot::report::Report> {
    let Judgement { verdict, ensemble, .. } = judgement;
    let weights = fitted.fusion.weights();
    // The scores shown are those on rows that the fit did not see.
    let mut subject = plot::overview::Subject::new(title(fitted.fusion), predictions)
        .truth(*truth)
        .ensemble("ensemble", &ensemble.fused, ensemble.gives)
        .metric(fitted.metric.clone())
        .others(metrics[1..].iter().cloned())
        .seed(session.seed);
    if let Some(weights) = &weights {
        subject = subject.weights(weights);
    }
    let path = serde_json::to_value(fitted.fusion)?;
    let (picks, scores, best) = selection_path(&path);
    if !picks.is_empty() {
        subject = subject.selection(plot::overview::Selection { picks: &picks, scores: &scores, chosen: best });
    }
    Ok(plot::overview::from_predictions(&subject)?
        .verdict(headline(verdict.conclusion, &verdict.text(), &verdict.gains))
        .chart(plot::report::Topic::Verdict, &gains(&verdict.best_member, &verdict.gains)))
}

/// The gains as a chart.
fn gains(best_member: &str, gains: &[Difference]) -> Gains {
    let level = gains.iter().find_map(Difference::gain_interval).map_or(0.95, |interval| interval.level);
    let gains = gains.iter().map(|gain| Gain {
        measure: gain.metric.clone(),
        gain: gain.gain(),
        interval: gain.gain_interval().map(|interval| (interval.low, interval.high)),
    });
    Gains { against: format!("the best member, {best_member}"), level, gains: gains.collect() }
}

/// The picks and scores of a selection's only run, as it was saved; nothing for another fusion.
fn selection_path(fusion: &Value) -> (Vec<usize>, Vec<f64>, Option<usize>) {
    let Some([run]) = fusion.get("runs").and_then(Value::as_array).map(Vec::as_slice) else {
        return Default::default();
    };
    let list = |key: &str| run.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let picks: Vec<usize> = list("picks").iter().filter_map(|pick| pick.as_u64().map(|pick| pick as usize)).collect();
    let scores: Vec<f64> = list("path").iter().map(|score| score.as_f64().unwrap_or(f64::NAN)).collect();
    let best = run.get("kept_rounds").and_then(Value::as_u64).map(|round| round as usize);
    if picks.len() == scores.len() { (picks, scores, best) } else { Default::default() }
}

/// The verdict at the head of the report.
fn headline(conclusion: Conclusion, text: &str, gains: &[Difference]) -> Verdict {
    let tone = match conclusion {
        Conclusion::Better => Tone::Good,
        Conclusion::Worse => Tone::Bad,
        Conclusion::NoClearGain | Conclusion::Unknown => Tone::Even,
    };
    let (first, rest) =
        text.split_once(". ").map_or((text.to_string(), ""), |(first, rest)| (format!("{first}."), rest));
    let mut verdict = Verdict::new(tone, first);
    if !rest.is_empty() {
        verdict = verdict.paragraph(rest);
    }
    for gain in gains {
        if let (Some(value), Some(interval)) = (gain.gain(), gain.gain_interval()) {
            let text = format!(
                "{} ({} to {})",
                listing::number(value),
                listing::number(interval.low),
                listing::number(interval.high)
            );
            verdict = verdict.number(format!("gain in {}", gain.metric), text);
        }
    }
    verdict
}

fn write_report(session: &mut Session, path: &Path, report: plot::report::Report) -> Result<()> {
    let html = report.warnings(session.warnings()).to_html()?;
    publish(path, |file| std::io::Write::write_all(file, html.as_bytes()))?;
    session.put("report", path.display().to_string().into());
    session.say(format!("report written to {}", path.display()));
    Ok(())
}

fn title(fusion: &dyn Fusion) -> String {
    format!("Ensemble by {}", fusion.name())
}

fn say_scores(
    session: &mut Session,
    predictions: &Predictions,
    metric: &Arc<dyn Metric>,
    cards: &[ScoreCard],
    [honest, in_sample]: [&ScoreCard; 2],
    weights: Option<&[f64]>,
) {
    let names: Vec<&str> = honest.scores.iter().map(|(name, _)| name.as_str()).collect();
    let mut header = vec!["member"];
    header.extend(&names);
    if weights.is_some() {
        header.push("weight");
    }
    let row = |card: &ScoreCard, name: &str, weight: Option<f64>| {
        let mut row = vec![name.to_string()];
        row.extend(card.scores.iter().map(|(_, score)| listing::score(score)));
        if weights.is_some() {
            row.push(weight.map_or_else(String::new, |weight| format!("{weight:.3}")));
        }
        row
    };
    // Best first, by the metric that decides; of equals, by name.
    let mut order: Vec<usize> = (0..cards.len()).collect();
    let cost = |m: &usize| cards[*m].scores[0].1.value().map_or(f64::INFINITY, |score| metric.direction().cost(score));
    order.sort_by(|a, b| cost(a).total_cmp(&cost(b)));
    let mut rows =
        vec![row(honest, "ensemble (rows unseen by its fit)", None), row(in_sample, "ensemble (rows fitted on)", None)];
    rows.extend(order.iter().map(|&m| row(&cards[m], &predictions.members()[m].name, weights.map(|w| w[m]))));
    session.say(listing::table(&header, &rows));
}

fn members_json(predictions: &Predictions, cards: &[ScoreCard], weights: Option<&[f64]>) -> Value {
    predictions
        .members()
        .iter()
        .enumerate()
        .map(|(m, member)| {
            json!({
                "name": member.name,
                "gives": member.gives,
                "weight": weights.map(|weights| weights[m]),
                "scores": cards.get(m).map(ScoreCard::to_json),
            })
        })
        .collect()
}

fn members_without_truth(session: &mut Session, predictions: &Predictions, fusion: &dyn Fusion) {
    let weights = fusion.weights();
    session.put("members", members_json(predictions, &[], weights.as_deref()));
    let rows: Vec<Vec<String>> = predictions
        .members()
        .iter()
        .enumerate()
        .map(|(m, member)| {
            let weight =
                weights.as_ref().map_or_else(|| listing::NOTHING.into(), |weights| format!("{:.3}", weights[m]));
            vec![member.name.clone(), member.gives.to_string(), weight]
        })
        .collect();
    session.say(listing::table(&["member", "gives", "weight"], &rows));
    session.say(format!(
        "{} rows fused by {}; without a truth nothing can be scored",
        predictions.rows(),
        fusion.name()
    ));
}

/// Applies a saved fusion to new rows.
fn apply(session: &mut Session, args: &Fuse, path: &Path) -> Result<()> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::file(path, "it cannot be read", error))?;
    let saved = SavedFusion::from_json(&text, &path.display().to_string())?;
    let mut options = inputs::options(&args.reading);
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
    session.doing("fusing");
    let fused = saved.apply(predictions)?;
    let gives = saved.fusion.gives(&saved.outputs);
    session.put("method", saved.fusion.name().into());
    undecided(session, &fused);
    if let Some(truth) = inputs::truth(&loaded)? {
        let metric = method::metric(None, predictions)?;
        let metrics = method::companions(&metric, predictions)?;
        let mut cards = Vec::new();
        for m in 0..predictions.members().len() {
            cards.push(ScoreCard::of_member(session, &metrics, predictions, m, &truth)?);
        }
        let ensemble = ScoreCard::of_matrix(session, "ensemble", &metrics, &fused, gives, &truth)?;
        session.put("members", members_json(predictions, &cards, None));
        session.put("ensemble", json!({ "scores": ensemble.to_json() }));
        let names: Vec<&str> = metrics_header(&ensemble);
        let rows: Vec<Vec<String>> = std::iter::once(&ensemble)
            .chain(&cards)
            .map(|card| {
                std::iter::once(card.name.clone()).chain(card.scores.iter().map(|(_, s)| listing::score(s))).collect()
            })
            .collect();
        session.say(listing::table(&names, &rows));
        let gain = gain_on_new_rows(session, &saved, &loaded, &truth, (&fused, gives), &metric)?;
        if let Some(path) = &args.report {
            let mut subject = plot::overview::Subject::new(title(&*saved.fusion), predictions)
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
                report = report.verdict(headline(Conclusion::of(gain), text, std::slice::from_ref(gain)));
            }
            write_report(session, path, report)?;
        }
    } else {
        session.say(format!("{} rows fused by {}", predictions.rows(), saved.fusion.name()));
    }
    write_output(session, args, &loaded, &fused, gives)
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
    let bootstrap = Bootstrap::default();
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
        "On these rows the ensemble {verb} `{name}`, its best member when it was fitted: by {} {} ({:.0} % interval {} to {}).",
        listing::number(value),
        gain.metric,
        100.0 * interval.level,
        listing::number(interval.low),
        listing::number(interval.high),
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

/// Says how many rows have no answer.
fn undecided(session: &mut Session, fused: &Matrix) {
    let rows = (0..fused.rows()).filter(|&i| fused.row(i).iter().any(|x| x.is_nan())).count();
    session.put("undecided", rows.into());
    if rows > 0 {
        session.warn(Warning::NoDecision {
            rows,
            why: "no member is available there, or no class has the votes that the rule asks for".into(),
        });
    }
}

fn write_output(session: &mut Session, args: &Fuse, loaded: &Loaded, fused: &Matrix, gives: Gives) -> Result<()> {
    let Some(path) = &args.output else { return Ok(()) };
    session.doing("writing");
    let ids = loaded.predictions.ids();
    let style = match (gives, loaded.style) {
        (Gives::Labels, _) => files::Style::Labels,
        (_, files::Style::Labels) => files::Style::Classes,
        (_, style) => style,
    };
    files::write_fused(
        path,
        &Fused {
            ids: &ids,
            order: &loaded.order,
            outputs: loaded.predictions.outputs(),
            values: fused,
            style,
            id: &args.reading.id,
        },
    )?;
    session.put("output", path.display().to_string().into());
    session.say(format!("{} fused rows written to {}", fused.rows(), path.display()));
    Ok(())
}

/// An error now, if the folder of a result is not there.
fn writable(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let problem = match std::fs::metadata(folder) {
        Ok(found) if !found.is_dir() => std::io::Error::other("its folder is a file"),
        Ok(_) if path.is_dir() => std::io::Error::other("it is a folder"),
        Ok(_) => return Ok(()),
        Err(error) => error,
    };
    Err(Failure::file(path, "it cannot be written", problem))
}

fn list_rules(mut session: Session) -> Result<()> {
    let rows: Vec<Vec<String>> = rule::names()
        .iter()
        .map(|rule| vec![rule.name.to_string(), rule.options.to_string(), rule.about.to_string()])
        .collect();
    let object = |row: &Vec<String>| json!({"name": row[0], "options": row[1], "what": row[2]});
    session.put("rules", rows.iter().map(object).collect::<Vec<_>>().into());
    session.say(listing::table(&["rule", "options", "what it is"], &rows));
    session.finish()
}
