use consort_core::{Estimates, Result};
use consort_metrics::classification::decide;

use super::{Case, Check, Examined, Finding, Severity};

/// Classes that occur in the truth and are never chosen, by the ensemble or by a member.
///
/// ```
/// use consort_fusion::diagnosis::{Check, NeverPredicted};
/// assert_eq!(NeverPredicted.name(), "never-predicted");
/// assert!(NeverPredicted.question().ends_with('?'));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct NeverPredicted;

impl Check for NeverPredicted {
    fn name(&self) -> &'static str {
        "never-predicted"
    }

    fn question(&self) -> &'static str {
        "Is a class never chosen?"
    }

    fn examine(&self, case: &Case<'_>) -> Result<Examined> {
        let Ok((codes, classes)) = case.truth.classes("classes never predicted") else {
            return Ok(Examined::Lacks("classes".into()));
        };
        let k = classes.len();
        let positive = (k == 2).then(|| classes.positive());
        let mut rows = vec![0usize; k];
        (0..codes.len()).filter(|&i| case.truth.weight(i) > 0.0).for_each(|i| rows[codes[i] as usize] += 1);
        let unchosen = |estimates: &Estimates<'_>| -> Vec<usize> {
            let mut chosen = vec![false; k];
            for (i, class) in decide(estimates, positive).into_iter().enumerate() {
                chosen[class as usize] |= case.truth.weight(i) > 0.0 && estimates.at(i, 0).is_finite();
            }
            (0..k).filter(|&c| rows[c] > 0 && !chosen[c]).collect()
        };
        let mut found = Vec::new();
        let advice = "Is the class too rare for a fit, missing from the rows fitted on, or under another name? Weigh its rows, \
                      lower its threshold, or say that the model does not know it.";
        if let Some((answer, gives)) = case.answer()? {
            for c in unchosen(&Estimates::matrix(&answer, gives)) {
                let name = &classes.names()[c];
                found.push(
                    Finding::new(Severity::Warning, format!("The ensemble never chooses class `{name}`."), advice)
                        .of(name)
                        .number("rows of the class", rows[c] as f64),
                );
            }
        }
        for m in 0..case.predictions.members().len() {
            let lacking = unchosen(&case.predictions.estimates(m));
            if let Some(&first) = lacking.first() {
                let more = lacking.len() - 1;
                let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
                let text = format!("`{}` never chooses class `{}`{more}.", case.name(m), classes.names()[first]);
                found.push(
                    Finding::new(Severity::Note, text, advice)
                        .of(case.name(m))
                        .number("classes it never chooses", lacking.len() as f64),
                );
            }
        }
        Ok(Examined::Found(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::planted::{Plant, found};

    #[test]
    fn a_class_that_nobody_chooses_is_found_and_one_that_is_chosen_is_not() {
        assert!(found(&NeverPredicted, &Plant::classes(200).case()).is_empty());
        let mut plant = Plant::blank_classes(200, 0.2);
        plant.add_classes("shy", |_, noise| 0.4 * noise);
        let findings = found(&NeverPredicted, &plant.case());
        assert_eq!(findings.len(), 2, "{findings:?}");
        assert_eq!((findings[0].of.as_deref(), findings[1].of.as_deref()), (Some("yes"), Some("shy")));
    }
}
