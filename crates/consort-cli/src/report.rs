//! The report, made of what was judged.

use std::{path::Path, sync::Arc};

use consort::{
    core::{Fusion, Metric, Predictions, Truth},
    data::files::publish,
    fusion::verdict::{Conclusion, Judgement},
    metrics::significance::Difference,
    plot::{
        self,
        chart::{Gain, Gains},
        report::{Tone, Verdict},
    },
};
use serde_json::Value;

use crate::{failure::Result, judging::Fitted, listing, session::Session};

/// The report of a fusion that was judged.
pub(crate) fn of_judged(
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
pub(crate) fn headline(conclusion: Conclusion, text: &str, gains: &[Difference]) -> Verdict {
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

/// Writes a report, with all that there is to warn of.
pub(crate) fn write(session: &mut Session, path: &Path, report: plot::report::Report) -> Result<()> {
    let html = report.warnings(session.warnings()).to_html()?;
    publish(path, |file| std::io::Write::write_all(file, html.as_bytes()))?;
    session.put("report", path.display().to_string().into());
    session.say(format!("report written to {}", path.display()));
    Ok(())
}

/// What a report of this fusion is called.
pub(crate) fn title(fusion: &dyn Fusion) -> String {
    format!("Ensemble by {}", fusion.name())
}
