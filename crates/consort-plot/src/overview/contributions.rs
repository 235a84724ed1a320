use consort_core::{Matrix, Metric, Predictions, Result, Truth};
use consort_metrics::{
    diversity::{can_be_averaged, leave_one_out},
    significance::GroupJackknife,
};

use super::{LEVEL, subject::Subject};
use crate::{
    chart::{Contribution, Contributions},
    draw::number::count,
    report::{Report, Topic},
};

/// What each member adds to the weighted mean (the plain one where no weights are known).
///
/// Scores with and without the member are of the same rows, and so is the interval of their difference. Of many rows or
/// members a random part of the rows is looked at.
pub(super) fn with_contributions(
    report: Report,
    subject: &Subject<'_>,
    truth: &Truth<'_>,
    metric: &dyn Metric,
    present: &[u32],
) -> Result<Report> {
    let predictions = subject.predictions;
    let members = predictions.members().len();
    if !can_be_averaged(predictions) || (subject.weights.is_some() && subject.vote_weights().is_none()) {
        return Ok(report);
    }
    let used = subject.vote_weights().map_or(members, |weights| weights.iter().filter(|w| **w > 0.0).count());
    let most = (2_000_000 / (members * predictions.columns()).max(1)).clamp(2_000, 20_000);
    let jackknife = GroupJackknife::new(truth, present, most, subject.seed.child("contributions"));
    let Some(jackknife) = jackknife.filter(|_| used >= 2) else { return Ok(report) };
    let half = GroupJackknife::quantile(LEVEL);
    let found = leave_one_out(predictions, subject.vote_weights(), metric, &jackknife)?
        .into_iter()
        .map(|one| Contribution {
            name: predictions.members()[one.member].name.clone(),
            gain: one.gain,
            interval: one.gain.zip(one.standard_error).map(|(gain, error)| (gain - half * error, gain + half * error)),
        })
        .collect();
    let mut chart = Contributions::new(metric.name(), metric.direction(), LEVEL, found);
    if subject.weights.is_some() {
        chart.notes.push("The weighted mean; the other weights are kept, not fitted again.".into());
    } else {
        chart.notes.push("The plain mean of the members.".into());
        if subject.ensemble.as_ref().is_some_and(|fused| !is_plain_mean(fused.matrix, predictions, present)) {
            chart.notes.push("The ensemble is another: it has no weights that tell what a member adds to it.".into());
            chart.of = Some("the plain mean".into());
        }
    }
    if used < members {
        chart.notes.push(format!("{} members of weight 0 are not shown.", members - used));
    }
    if jackknife.rows().len() < present.len() {
        chart.notes.push(format!("From {} rows, drawn at random.", count(jackknife.rows().len() as f64)));
    }
    Ok(report.chart(Topic::Members, &chart))
}

/// Whether these are the means of the members, by some of the rows.
fn is_plain_mean(fused: &Matrix, predictions: &Predictions, present: &[u32]) -> bool {
    const LOOKED_AT: usize = 1000;
    let members = predictions.members().len();
    let is_mean = |i: usize, k: usize| {
        let mean = (0..members).map(|m| f64::from(predictions.at(m, i, k))).sum::<f64>() / members as f64;
        (f64::from(fused.at(i, k)) - mean).abs() <= 1e-5 * mean.abs().max(1e-3)
    };
    let step = present.len().div_ceil(LOOKED_AT).max(1);
    present.iter().step_by(step).all(|&i| (0..predictions.columns()).all(|k| is_mean(i as usize, k)))
}
