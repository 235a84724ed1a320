use consort_core::{Estimates, Gives, Result};
use consort_metrics::calibration::{CalibrationError, ReliabilityTable};

use super::{Case, Check, Examined, Finding, Severity};

/// Probabilities that do not come true: the calibration error is large, and larger than chance makes it.
///
/// The expected calibration error of a perfect forecaster is not 0, for the bins have few rows: about √(2/π) of the
/// standard error of each, which goes by the effective number of rows, whatever the weights sum to. A finding needs an error above 0.02 and above twice that.
///
/// ```
/// use consort_fusion::diagnosis::{Check, PoorCalibration};
/// assert_eq!(PoorCalibration.name(), "calibration");
/// assert!(PoorCalibration.question().ends_with('?'));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct PoorCalibration;

/// Errors below this matter to nobody.
const SMALL: f64 = 0.02;

impl Check for PoorCalibration {
    fn name(&self) -> &'static str {
        "calibration"
    }

    fn question(&self) -> &'static str {
        "Do the probabilities come true?"
    }

    fn examine(&self, case: &Case<'_>) -> Result<Examined> {
        let Some((answer, gives)) = case.answer()?.filter(|(_, gives)| *gives == Gives::Probabilities) else {
            return Ok(Examined::Lacks("an ensemble that gives probabilities of classes".into()));
        };
        let estimates = Estimates::matrix(&answer, gives);
        let mut weights = Vec::new();
        let Some(truth) = case.answered(&estimates, &mut weights) else {
            return Ok(Examined::Lacks("a row with an answer".into()));
        };
        if truth.classes("calibration").is_err() {
            return Ok(Examined::Lacks("classes".into()));
        }
        // The error that is said is that of the metric.
        let ece = CalibrationError::ece();
        let mut found = Vec::new();
        for table in ReliabilityTable::of(&estimates, &truth, ece.of, &ece.bins)? {
            let Some(error) = table.error(ece.norm).value() else { continue };
            let total: f64 = table.bins().iter().map(|bin| bin.weight).sum();
            let (mut chance, mut sure) = (0.0, 0.0);
            for bin in table.bins() {
                let p = bin.confidence.clamp(0.0, 1.0);
                chance +=
                    bin.weight / total * (std::f64::consts::FRAC_2_PI * p * (1.0 - p) / bin.effective_rows).sqrt();
                // Above 0 where it says more extreme probabilities than come true.
                let side = if p >= 0.5 { 1.0 } else { -1.0 };
                sure += bin.weight / total * side * (bin.confidence - bin.frequency);
            }
            if error > SMALL && error > 2.0 * chance {
                let how = if sure > 0.0 { "too sure" } else { "too modest" };
                found.push(
                    Finding::new(
                        Severity::Warning,
                        format!("The ensemble's probabilities do not come true: it is {how}."),
                        "Calibrate the fusion (`--calibrate temperature`, or isotonic with thousands of rows), fitted on \
                         rows that the weights have not seen.",
                    )
                    .number("expected calibration error", error)
                    .number("what chance alone would give", chance),
                );
            }
        }
        Ok(Examined::Found(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::planted::{Plant, found, lacks};

    #[test]
    fn probabilities_that_are_too_sure_are_found_and_true_ones_are_not() {
        let mut honest = Plant::blank_classes(4000, 0.5);
        honest.add_classes("m", |truth, noise| if truth == (noise < 0.8) { 0.8 } else { 0.2 });
        assert!(found(&PoorCalibration, &honest.case()).is_empty(), "{:?}", found(&PoorCalibration, &honest.case()));
        let mut sure = Plant::blank_classes(4000, 0.5);
        sure.add_classes("m", |truth, noise| if truth == (noise < 0.8) { 0.99 } else { 0.01 });
        let findings = found(&PoorCalibration, &sure.case());
        assert_eq!(findings.len(), 1);
        assert!(findings[0].what.contains("too sure"), "{findings:?}");
        assert!(lacks(&PoorCalibration, &Plant::numbers(50).case()));
    }

    #[test]
    fn what_the_weights_sum_to_does_not_make_chance_a_finding() {
        for rows in [150, 200, 250, 300, 350, 400] {
            let mut honest = Plant::blank_classes(rows, 0.5);
            honest.add_classes("m", |truth, noise| if truth == (noise < 0.8) { 0.8 } else { 0.2 });
            let found = |weight: f64| {
                let weights = vec![weight; rows];
                let truth = honest.truth().reweighted(&weights).unwrap();
                found(&PoorCalibration, &Case { truth, ..honest.case() })
            };
            assert_eq!((found(1.0).len(), found(100.0).len()), (0, 0), "{rows} rows: {:?}", found(100.0));
        }
    }
}
