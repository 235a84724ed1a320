//! `consort report`: a run, or prediction files, to look at.

use std::path::{Path, PathBuf};

use consort::{
    core::{Estimates, Metric, Predictions, Truth},
    ensemble::run::Bundle,
    fusion::verdict::Conclusion,
    metrics::significance::paired_bootstrap,
    plot,
};

use super::evaluate_run::{is_run, refuse_reading};
use crate::{
    args::Report,
    failure::{Failure, Result},
    inputs,
    judging::resamples,
    listing, method, places,
    report::{self, Wanted},
    session::Session,
    training::{Done, Fits, Found, Outcome},
};

pub(crate) fn run(args: &Report) -> Result<()> {
    let mut session = Session::start("report", &args.running)?;
    if let Some(output) = &args.output {
        let subjects = places::files(&args.subjects);
        places::writable(output)?;
        places::apart(output, subjects.iter().chain(&args.reading.truth).map(PathBuf::as_path))?;
        subjects.iter().try_for_each(|subject| places::outside(output, subject))?;
    }
    // What it cannot be written as is said before the work.
    let wanted = Wanted::asked(args)?;
    match args.subjects.as_slice() {
        [run] if is_run(run) => of_run(&mut session, args, &wanted, Path::new(run))?,
        files if files.iter().any(|file| is_run(file)) => {
            return Err(Failure::usage("report takes one run, or files of predictions, not both"));
        }
        _ => of_files(&mut session, args, &wanted)?,
    }
    session.finish()
}

/// The report of a run, made anew from what it keeps.
fn of_run(session: &mut Session, args: &Report, wanted: &Wanted<'_>, run: &Path) -> Result<()> {
    if run.is_file() {
        return Err(Failure::usage(format!(
            "{}: a bundle predicts, and keeps no rows to report on: give the run",
            run.display()
        )));
    }
    refuse_reading(&args.reading, "report RUN")?;
    let Done { folder, outputs, metric, fuser, roll, rows, .. } = Done::open(session, run)?;
    Found::read(run)?.tell(session)?;
    let bundle = Bundle::load(&run.join("bundle.consort"))?;
    // The fusion is fitted for the run's metric, whatever it is judged by.
    let of_run = metric.name();
    let metric = match &args.metric {
        Some(name) => method::of_outputs(Some(name), &outputs)?,
        None => metric,
    };
    let fits = Fits::of(&roll, metric.name() == of_run);
    let predictions = rows.members(run, &roll, &outputs)?;
    let outcome =
        Outcome { rows: &rows, predictions: &predictions, roll: &roll, fuser: &*fuser, metric: &metric, fits };
    let judged = outcome.tell(session, &bundle.model, &folder, Some(wanted))?;
    outcome.leaderboard(session, &judged, &folder);
    Ok(())
}

/// The report of predictions, none of which is made of the others.
fn of_files(session: &mut Session, args: &Report, wanted: &Wanted<'_>) -> Result<()> {
    let loaded = inputs::load(session, &args.subjects, &args.reading, &inputs::options(&args.reading, None))?;
    let truth = inputs::needed_truth(&loaded, "report")?;
    let predictions = &loaded.predictions;
    let metric = method::metric(args.metric.as_deref(), predictions)?;
    let metrics = method::companions(&metric, predictions)?;
    session.put("metric", metric.name().into());
    session.doing("drawing the report");
    let count = predictions.members().len();
    let title = format!("{count} prediction{}", if count == 1 { "" } else { "s" });
    let subject = plot::overview::Subject::new(title, predictions)
        .truth(truth)
        .metric(metric.clone())
        .others(metrics[1..].iter().cloned())
        .seed(session.seed);
    let mut made = plot::overview::from_predictions(&subject)?;
    if let Some(verdict) = best_and_second(session, predictions, &truth, &*metric)? {
        made = made.verdict(verdict);
    }
    wanted.write(session, made)
}

/// Whether the best prediction is better than the second, in words; nothing where they cannot be compared.
fn best_and_second(
    session: &mut Session,
    predictions: &Predictions,
    truth: &Truth<'_>,
    metric: &dyn Metric,
) -> Result<Option<plot::report::Verdict>> {
    let gives = predictions.members()[0].gives;
    if predictions.has_missing() || predictions.members().iter().any(|member| member.gives != gives) {
        return Ok(None);
    }
    let estimates: Vec<Estimates<'_>> = (0..predictions.members().len()).map(|m| predictions.estimates(m)).collect();
    let mut ranked = Vec::with_capacity(estimates.len());
    for (m, estimates) in estimates.iter().enumerate() {
        ranked.extend(metric.score(estimates, truth)?.value().map(|score| (metric.direction().cost(score), m)));
    }
    ranked.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let [(_, best), (_, second), ..] = ranked[..] else { return Ok(None) };
    let name = |m: usize| &predictions.members()[m].name;
    let seed = session.seed.child("report");
    let gain = paired_bootstrap(metric, &estimates[best], &estimates[second], truth, &resamples(truth.rows()), seed)?;
    let (Some(value), Some(interval)) = (gain.gain(), gain.gain_interval()) else { return Ok(None) };
    let conclusion = Conclusion::of(&gain);
    let verb = match conclusion {
        Conclusion::Better => "is better than",
        Conclusion::Worse => "is worse than",
        Conclusion::NoClearGain | Conclusion::Unknown => "is not clearly different from",
    };
    let text = format!(
        "`{}` is first in {}; it {verb} the second, `{}`: by {} ({:.0} % interval {} to {}). It was chosen on these rows, which flatters it.",
        name(best),
        gain.metric,
        name(second),
        listing::number(value),
        100.0 * interval.level,
        listing::number(interval.low),
        listing::number(interval.high),
    );
    session.say(&text);
    session.put("verdict", serde_json::json!({ "best": name(best), "second": name(second), "gain": value, "gain_interval": [interval.low, interval.high], "text": text }));
    Ok(Some(report::headline(conclusion, &text, std::slice::from_ref(&gain))))
}
