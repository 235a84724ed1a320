//! The charts of how members differ.

use consort_core::{Estimates, Metric, Outputs, Predictions, Result, Target, Truth};
use consort_metrics::{
    classification::decide,
    diversity::{Correctness, PairTable, can_be_averaged, residual_correlation},
};

use super::{models::Model, part::Part, subject::Subject};
use crate::{
    chart::{EnsembleSize, ErrorSplit, KappaError, Likeness, LikenessMeasure, VoteMargins, WhoIsRight},
    report::{Report, Topic},
};

/// Votes, agreement against error, and where the error of the mean comes from: of a part of the rows if they are many.
pub(super) fn with_disagreement(
    mut report: Report,
    subject: &Subject<'_>,
    truth: &Truth<'_>,
    models: &[Model<'_>],
    present: &[u32],
) -> Result<Report> {
    let predictions = subject.predictions;
    let members = predictions.members().len();
    if members < 2 || present.is_empty() {
        return Ok(report);
    }
    // At most 40 million numbers are looked at.
    let rows = (40_000_000 / (members * predictions.columns()).max(1)).clamp(2_000, 200_000);
    let part = Part::drawn(subject, truth, present, rows, "rows of disagreement");
    let truth = part.truth()?;
    if let (Target::Classes { codes, classes }, Outputs::Classes(_)) = (truth.target(), predictions.outputs()) {
        let mut pairs = KappaError::of(&part.predictions, &truth)?;
        if let Some(model) = models.iter().find(|model| model.ensemble) {
            let chosen = decide(&model.estimates, (classes.len() == 2).then(|| classes.positive()));
            let weight = |i: usize| truth.weight(i);
            let wrong = (0..codes.len()).filter(|&i| chosen[part.rows[i] as usize] != codes[i]).map(weight);
            pairs.ensemble = Some(wrong.sum::<f64>() / truth.total_weight());
        }
        pairs.notes.extend(part.note());
        let mut margins = VoteMargins::of(&part.predictions, &truth, subject.vote_weights())?;
        margins.notes.extend(part.note());
        report = report.chart(Topic::Diversity, &pairs).chart(Topic::Diversity, &margins);
    }
    let splits = matches!(truth.target(), Target::Classes { .. } | Target::Values { .. });
    if splits && can_be_averaged(predictions) {
        let mut split = ErrorSplit::of(&part.predictions, &truth)?;
        split.notes.extend(part.note());
        report = report.chart(Topic::Diversity, &split);
    }
    Ok(report)
}

/// Score against the number of members, where their plain mean makes sense.
pub(super) fn with_size(
    report: Report,
    subject: &Subject<'_>,
    truth: &Truth<'_>,
    metric: &dyn Metric,
    present: &[u32],
) -> Result<Report> {
    const ROWS: usize = 20_000;
    let members = subject.predictions.members();
    if members.len() < 3 || !can_be_averaged(subject.predictions) || present.is_empty() {
        return Ok(report);
    }
    let part = Part::drawn(subject, truth, present, ROWS, "rows of sizes");
    let orders = if members.len() > 50 { 10 } else { 30 };
    let mut chart = EnsembleSize::of_mean(&part.predictions, &part.truth()?, metric, orders, subject.seed)?;
    chart.notes.extend(part.note());
    Ok(report.chart(Topic::Diversity, &chart))
}

/// Who is right where, on the rows that all models predict.
pub(super) fn with_overlap(
    report: Report,
    models: &[Model<'_>],
    codes: &[u32],
    positive: Option<usize>,
    present: &[u32],
) -> Report {
    let right = |estimates: &Estimates<'_>| -> Vec<bool> {
        let chosen = decide(estimates, positive);
        present.iter().map(|&i| chosen[i as usize] == codes[i as usize]).collect()
    };
    let names: Vec<String> = models.iter().filter(|model| !model.ensemble).map(|model| model.name.clone()).collect();
    if names.len() < 2 || present.is_empty() {
        return report;
    }
    let members: Vec<Vec<bool>> =
        models.iter().filter(|model| !model.ensemble).map(|model| right(&model.estimates)).collect();
    let ensemble = models.iter().find(|model| model.ensemble).map(|model| right(&model.estimates));
    let chart = WhoIsRight::new(&names, &members, ensemble.as_deref(), |i| models[0].weight(present[i] as usize));
    report.chart(Topic::Diversity, &chart)
}

/// Which members err together.
pub(super) fn with_likeness(report: Report, predictions: &Predictions, truth: &Truth<'_>, any: bool) -> Result<Report> {
    if predictions.members().len() < 2 || !any {
        return Ok(report);
    }
    let names: Vec<String> = predictions.names().map(String::from).collect();
    match truth.target() {
        Target::Classes { .. } => {
            let correctness = Correctness::new(predictions, truth)?;
            let pairs = correctness.pairs();
            let errors = pairs.matrix(|pair: PairTable| pair.correlation())?;
            let differ = pairs.matrix(|pair: PairTable| pair.disagreement())?;
            Ok(report
                .chart(
                    Topic::Diversity,
                    &Likeness::new(LikenessMeasure::ErrorCorrelation, &names, |i, k| errors.at(i, k)),
                )
                .chart(Topic::Diversity, &Likeness::new(LikenessMeasure::Disagreement, &names, |i, k| differ.at(i, k))))
        }
        Target::Values { .. } if !predictions.has_missing() => {
            let errors = residual_correlation(predictions, truth)?;
            let chart = Likeness::new(LikenessMeasure::ErrorCorrelation, &names, |i, k| errors.at(i, k));
            Ok(report.chart(Topic::Diversity, &chart))
        }
        _ => Ok(report),
    }
}
