//! The charts of how good the predictions are.

use consort_core::{Gives, Result, Target, Truth};
use consort_metrics::calibration::{CalibrationError, ReliabilityTable};

use super::{LEVEL, models::Model, subject::Subject};
use crate::{
    chart::{Reliability, ReliabilityBin, ReliabilityCurve},
    report::{Report, Topic},
};

/// Whether probabilities are true: of the ensemble, of it before calibration, of the best member.
pub(super) fn with_reliability(
    report: Report,
    subject: &Subject<'_>,
    truth: &Truth<'_>,
    models: &[Model<'_>],
    judged: &Model<'_>,
    best: Option<&str>,
) -> Result<Report> {
    let before = subject.before.as_ref().map(|before| Model::fused(before, truth.rows(), Some(truth))).transpose()?;
    let best = models.iter().find(|model| Some(model.name.as_str()) == best && !model.ensemble);
    // The error beside a curve is that of the leaderboard.
    let ece = CalibrationError::ece();
    let mut curves = Vec::new();
    for model in best.filter(|best| best.name != judged.name).into_iter().chain(before.as_ref()).chain([judged]) {
        let Some(truth) = model.truth(truth).filter(|_| model.estimates.gives() == Gives::Probabilities) else {
            continue;
        };
        for table in ReliabilityTable::of(&model.estimates, &truth, ece.of, &ece.bins)? {
            let bins = table.bins().iter().map(|bin| ReliabilityBin {
                range: (bin.lower, bin.upper),
                rows: bin.weight,
                predicted: bin.confidence,
                observed: bin.frequency,
                interval: bin.interval(LEVEL),
            });
            curves.push(ReliabilityCurve {
                name: model.name.clone(),
                ece: table.error(ece.norm).value(),
                bins: bins.collect(),
                ensemble: std::ptr::eq(model, judged),
            });
        }
    }
    if curves.is_empty() {
        return Ok(report);
    }
    let of = match truth.target() {
        Target::Classes { classes, .. } if classes.len() == 2 => {
            format!("the probability of class {}", classes.names()[classes.positive()])
        }
        _ => "the probability of the chosen class".into(),
    };
    Ok(report.chart(Topic::Quality, &Reliability { of, curves, notes: Vec::new() }))
}
