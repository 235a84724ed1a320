use consort_core::{Estimates, Result};
use consort_metrics::classification::ConfusionMatrix;

use super::{Case, Check, Examined, Finding, Severity};

/// A rare class is missed, and accuracy does not show it.
///
/// Found where the largest class has at least 70 % of the rows, and the recall of another with at least 10 rows is below
/// half, or the accuracy is within a hundredth of always choosing the largest.
///
/// ```
/// use consort_fusion::diagnosis::{Check, HiddenImbalance};
/// assert_eq!(HiddenImbalance.name(), "imbalance");
/// assert!(HiddenImbalance.question().ends_with('?'));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct HiddenImbalance;

impl Check for HiddenImbalance {
    fn name(&self) -> &'static str {
        "imbalance"
    }

    fn question(&self) -> &'static str {
        "Does accuracy hide a class that is missed?"
    }

    fn examine(&self, case: &Case<'_>) -> Result<Examined> {
        let Ok((codes, classes)) = case.truth.classes("imbalance") else {
            return Ok(Examined::Lacks("classes".into()));
        };
        let Some((answer, gives)) = case.answer()? else {
            return Ok(Examined::Lacks("an ensemble, or members whose mean makes sense".into()));
        };
        let estimates = Estimates::matrix(&answer, gives);
        let mut weights = Vec::new();
        let Some(truth) = case.answered(&estimates, &mut weights) else {
            return Ok(Examined::Lacks("a row with an answer".into()));
        };
        let k = classes.len();
        let matrix = ConfusionMatrix::of(&estimates, &truth)?;
        let cells = matrix.cells();
        let total: f64 = cells.iter().sum();
        let of_class: Vec<f64> = (0..k).map(|c| cells[c * k..(c + 1) * k].iter().sum()).collect();
        let accuracy = (0..k).map(|c| cells[c * k + c]).sum::<f64>() / total;
        let largest = of_class.iter().copied().fold(0.0, f64::max) / total;
        if largest < 0.7 {
            return Ok(Examined::Found(Vec::new()));
        }
        let mut found = Vec::new();
        for c in (0..k).filter(|&c| of_class[c] / total < 0.5) {
            let rows = (0..codes.len()).filter(|&i| codes[i] as usize == c && truth.weight(i) > 0.0).count();
            let recall = cells[c * k + c] / of_class[c];
            if rows >= 10 && recall < 0.5 {
                let name = &classes.names()[c];
                found.push(
                    Finding::new(
                        Severity::Warning,
                        format!("Most rows of the rare class `{name}` are missed, which accuracy hides."),
                        "Judge by average precision, balanced accuracy or log loss; choose the threshold for what a miss \
                         and an alarm cost; weigh the rows of the class in the fits.",
                    )
                    .of(name)
                    .number("accuracy", accuracy)
                    .number("share of its rows that are found", recall)
                    .number("share of the rows that are of it", of_class[c] / total),
                );
            }
        }
        if found.is_empty() && accuracy <= largest + 0.01 {
            found.push(
                Finding::new(
                    Severity::Note,
                    "Accuracy is no better than always choosing the largest class.",
                    "Judge by average precision, balanced accuracy or log loss.",
                )
                .number("accuracy", accuracy)
                .number("share of the largest class", largest),
            );
        }
        Ok(Examined::Found(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::planted::{Plant, found};

    #[test]
    fn a_rare_class_that_is_missed_is_found_and_one_that_is_met_is_not() {
        let mut missed = Plant::blank_classes(1000, 0.05);
        missed.add_classes("m", |truth, noise| if truth { 0.4 + 0.2 * noise * noise } else { 0.1 });
        let findings = found(&HiddenImbalance, &missed.case());
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].of.as_deref() == Some("yes") && findings[0].evidence[0].1 > 0.9);
        let mut met = Plant::blank_classes(1000, 0.05);
        met.add_classes("m", |truth, noise| if truth { 0.4 + 0.5 * noise } else { 0.1 });
        assert!(found(&HiddenImbalance, &met.case()).is_empty());
        assert!(found(&HiddenImbalance, &Plant::classes(400).case()).is_empty());
    }
}
