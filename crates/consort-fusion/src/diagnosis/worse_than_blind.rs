use consort_core::{Metric, Result, Task};
use consort_metrics::{generalisation::blind_score, ranking::RocAuc, significance::GroupJackknife};

use super::{Case, Check, Examined, Finding, Severity};

/// Members that are worse than a guess which looks at no feature, beyond doubt.
///
/// The guess is the share of each class, or the mean of the numbers. A member is named if even the good end of the
/// interval of its score is worse than that guess by a fiftieth (the guess knows the shares of these very rows), or if the area under its ROC curve is below ½ as clearly: then it tells
/// the classes apart, and names them the wrong way round. The doubt is shared among the members (Bonferroni).
///
/// ```
/// use consort_fusion::diagnosis::{Check, WorseThanBlind};
/// assert_eq!(WorseThanBlind.name(), "worse-than-blind");
/// assert!(WorseThanBlind.question().ends_with('?'));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct WorseThanBlind;

impl Check for WorseThanBlind {
    fn name(&self) -> &'static str {
        "worse-than-blind"
    }

    fn question(&self) -> &'static str {
        "Is a member worse than a guess that looks at nothing?"
    }

    fn examine(&self, case: &Case<'_>) -> Result<Examined> {
        let blind = blind_score(case.metric.as_ref(), &case.truth).ok().and_then(|score| score.value());
        let Some(blind) = blind.map(|blind| case.metric.direction().cost(blind)) else {
            return Ok(Examined::Lacks("a metric in which a blind guess has a score".into()));
        };
        let members = case.predictions.members().len();
        let rows = case.rows(usize::MAX, "rows of a blind guess");
        let Some(jackknife) = GroupJackknife::new(&case.truth, &rows, MOST_ROWS, case.seed) else {
            return Ok(Examined::Lacks("at least 40 rows that all members predict".into()));
        };
        let level = 1.0 - 0.05 / members as f64;
        let mut found = Vec::new();
        for m in 0..members {
            // The least cost that the member's score in a metric may stand for; none where it has no score.
            let estimates = case.predictions.estimates(m);
            let least = |metric: &dyn Metric| {
                let score = metric.score(&estimates, &case.truth).ok()?.value()?;
                let (low, high) = jackknife.interval(metric, &estimates, score, level).ok()??;
                let cost = |score: f64| metric.direction().cost(score);
                Some((score, cost(low).min(cost(high))))
            };
            let area = (case.predictions.outputs().task() == Task::Binary).then(|| least(&RocAuc::default())).flatten();
            let is_reversed = area.is_some_and(|(_, least)| least > RocAuc::default().direction().cost(0.5));
            let loss = case.loss(&estimates);
            let is_worse = least(case.metric.as_ref()).is_some_and(|(_, least)| least > blind + NOTICED * blind.abs());
            if !is_reversed && !is_worse {
                continue;
            }
            let name = case.name(m);
            let mut finding = if is_reversed {
                Finding::new(
                    Severity::Warning,
                    format!("`{name}` is right more often if its classes are exchanged."),
                    "Is its `p` the probability of the other class? Say which class `p` is of (`--positive`), or name the \
                     columns `p_CLASS`.",
                )
            } else {
                Finding::new(
                    Severity::Warning,
                    format!("`{name}` is worse than a guess that looks at no feature."),
                    "Is it of these rows, in this order, and of this target? If so it is too sure of itself: calibrate it, \
                     regularise it, or leave it out.",
                )
            };
            if let Some(loss) = loss {
                finding = finding.number("loss", loss);
            }
            finding = finding.number("loss of a blind guess", blind);
            if let Some((area, _)) = area {
                finding = finding.number("area under its ROC curve", area);
            }
            found.push(finding.of(name));
        }
        Ok(Examined::Found(found))
    }
}

/// A member must be worse by so much of the loss of the guess.
const NOTICED: f64 = 0.02;
/// The most rows that intervals are made of.
const MOST_ROWS: usize = 20_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::planted::{Plant, found};

    #[test]
    fn a_member_of_the_other_class_and_one_that_is_too_sure_are_found_and_honest_ones_are_not() {
        let mut plant = Plant::classes(600);
        plant.add_classes("flat", |_, _| 0.5);
        assert!(found(&WorseThanBlind, &plant.case()).is_empty());
        // Right in 80 of 100 rows, of the other class; and right in 55 of 100, as if in 99.
        plant.add_classes("reversed", |truth, noise| if truth == (noise < 0.8) { 0.2 } else { 0.8 });
        plant.add_classes("sure", |truth, noise| if truth == (noise < 0.55) { 0.99 } else { 0.01 });
        let findings = found(&WorseThanBlind, &plant.case());
        let names: Vec<&str> = findings.iter().map(|finding| finding.of.as_deref().unwrap()).collect();
        assert_eq!(names, ["reversed", "sure"], "{findings:?}");
        assert!(findings[0].advice.contains("--positive") && findings[1].advice.contains("calibrate"), "{findings:?}");
    }

    #[test]
    fn numbers_of_another_unit_are_worse_than_their_mean_and_honest_ones_are_not() {
        let mut plant = Plant::numbers(200);
        assert!(found(&WorseThanBlind, &plant.case()).is_empty());
        plant.add_numbers("unit", |truth, _| 1000.0 * truth);
        let findings = found(&WorseThanBlind, &plant.case());
        assert_eq!((findings.len(), findings[0].of.as_deref()), (1, Some("unit")), "{findings:?}");
    }
}
