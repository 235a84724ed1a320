use consort_core::Result;
use consort_metrics::generalisation::{FitReading, blind_score};

use super::{Case, Check, Examined, Finding, Severity};

/// Members that lose on unseen rows what they gained on seen ones, or gain little on either. What is worse than a blind guess
/// even on its own rows is a matter of [`WorseThanBlind`](super::WorseThanBlind).
///
/// ```
/// use consort_fusion::diagnosis::{Check, OverfitMembers};
/// assert_eq!(OverfitMembers.name(), "overfit-members");
/// assert!(OverfitMembers.question().ends_with('?'));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct OverfitMembers;

impl Check for OverfitMembers {
    fn name(&self) -> &'static str {
        "overfit-members"
    }

    fn question(&self) -> &'static str {
        "Do members learn their rows by heart, or too little?"
    }

    fn examine(&self, case: &Case<'_>) -> Result<Examined> {
        let Some(train) = case.train_scores.filter(|train| train.iter().any(Option::is_some)) else {
            return Ok(Examined::Lacks("the members' scores on the rows that they were fitted on".into()));
        };
        let cost = |score: f64| case.metric.direction().cost(score);
        let blind = blind_score(case.metric.as_ref(), &case.truth).ok().and_then(|score| score.value()).map(cost);
        let members = case.predictions.members().len();
        let losses: Vec<Option<f64>> = (0..members).map(|m| case.loss(&case.predictions.estimates(m))).collect();
        let best = losses.iter().flatten().copied().fold(f64::INFINITY, f64::min);
        let mut found = Vec::new();
        for (m, (train, loss)) in train.iter().zip(&losses).enumerate() {
            let (Some(train), Some(loss)) = (train.map(cost), *loss) else { continue };
            let name = case.name(m);
            let finding = match FitReading::of(blind, train, loss, 0.0, best) {
                FitReading::Overfits => Finding::new(
                    Severity::Warning,
                    format!("`{name}` overfits: on unseen rows it loses much of what it gains on its own."),
                    "Make it simpler (less depth, more regularisation, fewer features), stop earlier, or bag it; many \
                     such members averaged are good if they err apart.",
                ),
                FitReading::Underfits => Finding::new(
                    Severity::Note,
                    format!("`{name}` underfits: even on its own rows it gains little."),
                    "Give it more freedom or better features. As a member it may still help if it errs apart.",
                ),
                _ => continue,
            };
            let finding = finding.of(name).number("loss on its own rows", train).number("loss on unseen rows", loss);
            found.push(match blind {
                Some(blind) => finding.number("loss of a blind guess", blind),
                None => finding,
            });
        }
        Ok(Examined::Found(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::planted::{Plant, found, lacks};

    #[test]
    fn an_overfit_member_is_found_and_a_fitting_one_is_not() {
        let mut plant = Plant::classes(400);
        plant.add_classes("tree", |truth, noise| if truth == (noise < 0.25) { 0.75 } else { 0.25 });
        plant.add_classes("flat", |_, _| 0.5);
        // Too sure of itself on all rows: more freedom is no help.
        plant.add_classes("sure", |truth, noise| if truth == (noise < 0.55) { 0.99 } else { 0.01 });
        let losses: Vec<f64> = (0..6).map(|m| plant.case().loss(&plant.predictions().estimates(m)).unwrap()).collect();
        let close: Vec<Option<f64>> = losses.iter().copied().map(Some).collect();
        let mut train = close.clone();
        train[3] = Some(0.01);
        let findings = found(&OverfitMembers, &plant.case().train_scores(&train));
        let names: Vec<(&str, Severity)> =
            findings.iter().map(|finding| (finding.of.as_deref().unwrap(), finding.severity)).collect();
        assert_eq!(names, [("tree", Severity::Warning), ("flat", Severity::Note)], "{findings:?}");
        let honest = &close[..3];
        assert!(found(&OverfitMembers, &Plant::classes(400).case().train_scores(honest)).is_empty());
        assert!(lacks(&OverfitMembers, &plant.case()));
    }
}
