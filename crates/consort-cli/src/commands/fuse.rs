//! `consort fuse`: one prediction of many.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use consort::{
    core::{Fusion, Gives, Matrix, Metric, Predictions, Truth, Warning},
    data::files::{self, Fused, Loaded, publish},
    fusion::{
        SavedFusion, device, rule,
        verdict::{NestedSplit, Partitions},
    },
    plot::{self, overview::Subject},
};
use serde_json::json;

use super::apply;
use crate::{
    args::Fuse,
    device as devices,
    failure::{Failure, Result},
    inputs,
    judging::{Fitted, Judged, members_json},
    listing, method, places,
    report::{self, Wanted},
    score_card::ScoreCard,
    session::Session,
};

pub(crate) fn run(args: &Fuse) -> Result<()> {
    let mut session = Session::start("fuse", &args.running)?;
    if args.rule.as_deref() == Some("list") {
        return list_rules(session);
    }
    if args.members.is_empty() {
        return Err(Failure::usage("fuse takes prediction files, one a member"));
    }
    // Where the results go is looked at before the work, not after it.
    let members = places::files(&args.members);
    let read = || members.iter().chain(&args.reading.truth).chain(&args.with).chain(&args.member_weights);
    for path in [&args.output, &args.report, &args.save].into_iter().flatten() {
        places::writable(path)?;
        places::apart(path, read().map(PathBuf::as_path))?;
    }
    places::distinct([("-o", &args.output), ("--report", &args.report), ("--save", &args.save)])?;
    if let Some(folds) = args.folds.filter(|&folds| folds < 2) {
        return Err(Failure::usage(format!("--folds is {folds}, but must be at least 2")));
    }
    args.report.as_deref().map(report::page_format).transpose()?;
    match &args.with {
        Some(saved) => apply::apply(&mut session, args, saved)?,
        None => fit(&mut session, args)?,
    }
    session.finish()
}

/// Fits what was asked on the members, fuses them, and says what that gains.
fn fit(session: &mut Session, args: &Fuse) -> Result<()> {
    let device = devices::open(session, &args.device)?;
    let options = inputs::options(&args.reading, args.group.as_deref());
    let loaded = inputs::load(session, &args.members, &args.reading, &options)?;
    let predictions = &loaded.predictions;
    let metric = method::metric(args.metric.as_deref(), predictions)?;
    let fuser = method::fuser(args, &loaded, options.classes_missing, &metric, device.as_ref())?;
    session.judge(method::voters(args, predictions));
    let truth = inputs::truth(&loaded)?;
    if let (Some(column), Some(weights)) = (&args.reading.weight, &loaded.weights) {
        inputs::warn_of_small_weights(session, column, weights, "a stack or a calibration with a penalty takes");
    }
    session.doing(format!("fitting {}", fuser.name()));
    let fusion = match &truth {
        Some(truth) => fuser.fit(predictions, truth, session.seed)?,
        None => without_truth(args, &loaded, options.classes_missing)?,
    };
    // Folds are drawn before anything is fused: what drawing needs is gone then.
    let partitions = truth.as_ref().map(|truth| partitions(session, args, &loaded, truth)).transpose()?.flatten();
    session.doing("fusing");
    let fused = device::fuse(device.as_deref(), &*fusion, predictions)?;
    let gives = fusion.gives(predictions.outputs());
    session.put("method", fusion.name().into());
    session.put("metric", metric.name().into());
    session.put("fusion", serde_json::to_value(&*fusion)?);
    undecided(session, &fused);
    silenced(session, args, predictions, fusion.weights().as_deref());
    let (mut best_member, mut judged_by) = (None, None);
    let mut kept = None;
    if let Some(truth) = &truth {
        // What a rule gives need not be what its members give: a vote has no probabilities to take the logarithm of.
        let metric = match args.metric {
            Some(_) => metric,
            None => method::metric_of(gives, predictions, metric)?,
        };
        session.put("metric", metric.name().into());
        judged_by = Some(metric.name());
        let fitted = Fitted { fuser: &*fuser, fusion: &*fusion, metric: &metric, seed: session.seed };
        if let Some(partitions) = &partitions {
            best_member = Some(judged(session, args, predictions, truth, partitions, &fitted, fused)?);
        } else if let Some(path) = &args.report {
            // What an ensemble scores on the rows that it was fitted on says nothing.
            let subject = Subject::new(report::title(&*fusion), predictions).truth(*truth).metric(metric.clone());
            Wanted::page(path)?.write(session, plot::overview::from_predictions(&subject)?.note(NOT_JUDGED))?;
        }
    } else {
        members_without_truth(session, predictions, &*fusion);
        if let Some(path) = &args.report {
            report_without_truth(session, path, predictions, &*fusion, &fused)?;
        }
        kept = Some(fused);
    }
    let saved = SavedFusion { best_member, metric: judged_by, ..SavedFusion::new(predictions, fusion) };
    let fused = match kept {
        Some(fused) => fused,
        None => device::fuse(device.as_deref(), &*saved.fusion, predictions)?,
    };
    write_output(session, args, loaded, &fused, gives)?;
    if let Some(path) = &args.save {
        let json = saved.to_json()?;
        publish(path, |file| std::io::Write::write_all(file, json.as_bytes()))?;
        session.put("saved", path.display().to_string().into());
        session.say(format!("fusion saved to {}", path.display()));
    }
    Ok(())
}

/// What a report says where the ensemble is not judged.
const NOT_JUDGED: &str =
    "There is one row or one group, so that nothing can be left out of the fit of the ensemble: it is not judged.";

/// Writes the report of a fusion of rows whose truth is not known.
pub(super) fn report_without_truth(
    session: &mut Session,
    path: &Path,
    predictions: &Predictions,
    fusion: &dyn Fusion,
    fused: &Matrix,
) -> Result<()> {
    let gives = fusion.gives(predictions.outputs());
    let mut subject = Subject::new(report::title(fusion), predictions).ensemble(fusion.name(), fused, gives);
    // A fusion may have been fitted on more members than are there.
    let weights = fusion.weights().filter(|weights| weights.len() == predictions.members().len());
    if let Some(weights) = &weights {
        subject = subject.weights(weights);
    }
    Wanted::page(path)?.write(session, plot::overview::from_predictions(&subject)?)
}

/// A fusion that needs no truth, or the error that says that one is needed.
fn without_truth(args: &Fuse, loaded: &Loaded, classes_missing: files::ClassesMissing) -> Result<Box<dyn Fusion>> {
    if args.calibrate.is_some() || args.select.is_some() || args.weights.is_some() || args.stack.is_some() {
        inputs::needed_truth(loaded, "a fitted fusion")?;
    }
    method::rule(args, loaded, classes_missing)
}

/// The folds in which the ensemble is judged; none, with a word about it, where there is too little to split.
fn partitions(session: &mut Session, args: &Fuse, loaded: &Loaded, truth: &Truth<'_>) -> Result<Option<Partitions>> {
    let rows = (0..truth.rows()).filter(|&i| truth.weight(i) > 0.0).count();
    let groups = inputs::groups(truth);
    let folds = args.folds.unwrap_or(groups.unwrap_or(rows).min(5));
    if folds < 2 {
        let one = if groups.is_some() { "group" } else { "row" };
        session.note(format!("one {one} cannot be split: the ensemble is not judged on rows that its fit did not see"));
        return Ok(None);
    }
    match &loaded.folds {
        // The folds of the members are those in which the ensemble is judged, too.
        Some(folds) if args.folds.is_none() && args.repeats == 1 && folds.names.len() > 1 => {
            let partitions = Partitions::given(&folds.codes)?;
            let torn = partitions.torn_groups(truth);
            if torn > 0 {
                session.note(format!(
                    "{torn} groups are in more than one of the folds that were given, so the ensemble is judged on rows \
                     that its fit knew by their group: leave out the folds, or make them by groups"
                ));
            }
            Ok(Some(partitions))
        }
        _ => {
            let split = NestedSplit::default().folds(folds).repeats(args.repeats);
            Ok(Some(split.draw(&loaded.predictions, truth, session.seed.child("nested"))?))
        }
    }
}

/// Scores members and ensemble, the ensemble on rows that its fit did not see, and writes the report. Gives the best
/// member.
///
/// The fused prediction is let go once it is scored, since judging takes memory: to fuse again is cheap.
fn judged(
    session: &mut Session,
    args: &Fuse,
    predictions: &Predictions,
    truth: &Truth<'_>,
    partitions: &Partitions,
    fitted: &Fitted<'_>,
    fused: Matrix,
) -> Result<String> {
    let judged = Judged::new(session, predictions, truth, fitted, fused, partitions)?;
    say_scores(session, predictions, fitted.metric, &judged);
    session.say(judged.judgement.verdict.text());
    judged.put(session, predictions)?;
    if let Some(path) = &args.report {
        let made = judged.report(session, predictions, truth, fitted, None)?;
        Wanted::page(path)?.write(session, made)?;
    }
    Ok(judged.judgement.best_member.name)
}

fn say_scores(session: &mut Session, predictions: &Predictions, metric: &Arc<dyn Metric>, judged: &Judged) {
    let names: Vec<&str> = judged.honest.scores.iter().map(|(name, _)| name.as_str()).collect();
    let mut header = vec!["member"];
    header.extend(&names);
    let mut cards = judged.cards.iter().chain([&judged.honest, &judged.in_sample]);
    let few = cards.any(|card| card.share < 1.0);
    header.extend(few.then_some("of rows"));
    let weights = judged.weights.as_deref();
    if weights.is_some() {
        header.push("weight");
    }
    let row = |card: &ScoreCard, name: &str, weight: Option<f64>| {
        let mut row = vec![name.to_string()];
        row.extend(card.scores.iter().map(|(_, score)| listing::score(score)));
        row.extend(few.then(|| card.rows_scored()));
        if weights.is_some() {
            row.push(weight.map_or_else(String::new, |weight| format!("{weight:.3}")));
        }
        row
    };
    let mut rows = vec![
        row(&judged.honest, "ensemble (rows unseen by its fit)", None),
        row(&judged.in_sample, "ensemble (rows fitted on)", None),
    ];
    let of_member = |m: usize| row(&judged.cards[m], &predictions.members()[m].name, weights.map(|weights| weights[m]));
    rows.extend(judged.best_first(&**metric).into_iter().map(of_member));
    session.say(listing::table(&header, &rows));
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

/// Says how many rows have no answer.
pub(super) fn undecided(session: &mut Session, fused: &Matrix) {
    let rows = (0..fused.rows()).filter(|&i| fused.row(i).iter().any(|x| x.is_nan())).count();
    session.put("undecided", rows.into());
    if rows > 0 {
        session.warn(Warning::NoDecision {
            rows,
            why: "no member is available there, or no class has the votes that the rule asks for".into(),
        });
    }
}

/// Says in how many rows a product of probabilities is 0 for every class, so that all of them come out the same.
fn silenced(session: &mut Session, args: &Fuse, predictions: &Predictions, weights: Option<&[f64]>) {
    let Some(rule) = args.rule.as_deref().filter(|rule| rule.starts_with("geometric") || rule.starts_with("product"))
    else {
        return;
    };
    if predictions.members().iter().any(|member| member.gives != Gives::Probabilities) {
        return;
    }
    let (rows, columns) = (predictions.rows(), predictions.columns());
    // A member of weight 0 is not read.
    let is_read = |m: &usize| weights.is_none_or(|weights| weights[*m] > 0.0);
    let members = (0..predictions.members().len()).filter(is_read).map(|m| predictions.member(m));
    let members: Vec<&[f32]> = members.collect();
    let is_zero = |cell: usize| members.iter().any(|member| member[cell] == 0.0);
    let count = (0..rows).filter(|row| (row * columns..(row + 1) * columns).all(is_zero)).count();
    if count > 0 {
        session.note(format!(
            "in {count} of {rows} rows every class has probability 0 from some member, so `{rule}` gives all classes the \
             same: one member that is sure by mistake silences the others"
        ));
    }
}

/// Writes the fused prediction in the order of the first file. The members' predictions are let go before.
pub(super) fn write_output(
    session: &mut Session,
    args: &Fuse,
    loaded: Loaded,
    fused: &Matrix,
    gives: Gives,
) -> Result<()> {
    let Some(path) = &args.output else { return Ok(()) };
    session.doing("writing");
    let Loaded { predictions, order, style, .. } = loaded;
    let (ids, outputs) = (predictions.ids(), predictions.outputs().clone());
    drop(predictions);
    let style = match (gives, style) {
        (Gives::Labels, _) => files::Style::Labels,
        (_, files::Style::Labels) => files::Style::Classes,
        (_, style) => style,
    };
    files::write_fused(
        path,
        &Fused {
            ids: &ids,
            order: &order,
            outputs: &outputs,
            values: fused,
            gives,
            style,
            id: &args.reading.id,
            beside: &[],
        },
    )?;
    session.put("output", path.display().to_string().into());
    let scores = if gives == Gives::Scores { "; the numbers are scores, not probabilities" } else { "" };
    session.say(format!("{} fused rows written to {}{scores}", fused.rows(), path.display()));
    Ok(())
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
