use consort_core::{Estimates, Fusion, Result};
use consort_metrics::{diversity::can_be_averaged, generalisation::blind_score};

use super::{Case, Check, Examined, Finding, Severity};
use crate::rule::Mean;

/// The fusion has learnt its rows by heart: its score on unseen rows falls well behind that on seen ones, or behind the
/// plain mean that learns nothing.
///
/// ```
/// use consort_fusion::diagnosis::{Check, OverfitWeights};
/// assert_eq!(OverfitWeights.name(), "overfit-weights");
/// assert!(OverfitWeights.question().ends_with('?'));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct OverfitWeights;

/// So much of the gain over a blind guess may be lost on unseen rows.
const LOST: f64 = 0.1;

impl Check for OverfitWeights {
    fn name(&self) -> &'static str {
        "overfit-weights"
    }

    fn question(&self) -> &'static str {
        "Have the weights been fitted to the noise of these rows?"
    }

    fn examine(&self, case: &Case<'_>) -> Result<Examined> {
        let Some(honest) = case.honest else {
            return Ok(Examined::Lacks("the fusion's scores on seen and on unseen rows (a nested estimate)".into()));
        };
        let cost = |score: f64| honest.direction.cost(score);
        let (Some(seen), Some(unseen)) = (honest.in_sample.value().map(cost), honest.nested.value().map(cost)) else {
            return Ok(Examined::Lacks("a defined score on seen and on unseen rows".into()));
        };
        let mut found = Vec::new();
        let numbers =
            |finding: Finding| finding.number("loss on seen rows", seen).number("loss on unseen rows", unseen);
        let blind = blind_score(case.metric.as_ref(), &case.truth).ok().and_then(|score| score.value()).map(cost);
        let gain = blind.map(|blind| blind - seen).filter(|gain| *gain > 0.0);
        if let Some(lost) = gain.map(|gain| (unseen - seen) / gain).filter(|lost| *lost > LOST) {
            found.push(numbers(
                Finding::new(
                    Severity::Warning,
                    format!(
                        "On unseen rows the fusion `{}` loses much of what it gains on those it was fitted on.",
                        honest.fuser
                    ),
                    "Believe the score on unseen rows only. Use fewer members, a stronger penalty, fewer rounds of a \
                     selection, or the plain mean.",
                )
                .number("share of the gain that is lost", lost),
            ));
        }
        if can_be_averaged(case.predictions) {
            let mean = Mean::new();
            let fused = mean.fuse(case.predictions)?;
            let plain = case.loss(&Estimates::matrix(&fused, mean.gives(case.predictions.outputs())));
            // To fall behind by less than the fit flatters itself may be luck.
            if let Some(plain) = plain.filter(|plain| seen < *plain && unseen > *plain + (unseen - seen) * 0.1) {
                found.push(numbers(
                    Finding::new(
                        Severity::Fault,
                        format!(
                            "On unseen rows the fusion `{}` is worse than the plain mean of the members.",
                            honest.fuser
                        ),
                        "Use the plain mean, or a fusion that learns less.",
                    )
                    .number("loss of the plain mean", plain),
                ));
            }
        }
        Ok(Examined::Found(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        diagnosis::planted::{Plant, found, lacks},
        stack::LinearStack,
        verdict::{HonestScore, NestedSplit},
    };
    use consort_core::{Fuser, Seed};
    use consort_metrics::regression::RootMeanSquaredError;

    fn honest(plant: &Plant, fuser: &dyn Fuser) -> HonestScore {
        let (predictions, truth) = (plant.predictions(), plant.truth());
        let folds = NestedSplit::default().draw(predictions, &truth, Seed::new(0)).unwrap();
        HonestScore::of(fuser, predictions, &truth, &RootMeanSquaredError, &folds, Seed::new(0)).unwrap()
    }

    #[test]
    fn weights_of_forty_members_on_sixty_rows_are_found_and_of_three_on_a_thousand_are_not() {
        let mut wide = Plant::numbers(60);
        for m in 0..40 {
            wide.add_numbers(&format!("m{m}"), |truth, noise| truth + 2.0 * noise);
        }
        let fuser = LinearStack::default().penalty(0.0);
        let score = honest(&wide, &fuser);
        let findings = found(&OverfitWeights, &wide.case().honest(&score));
        assert_eq!(findings.len(), 2, "{findings:?}");
        assert_eq!(findings[1].severity, Severity::Fault);
        let narrow = Plant::numbers(1000);
        let score = honest(&narrow, &fuser);
        assert!(found(&OverfitWeights, &narrow.case().honest(&score)).is_empty());
        assert!(lacks(&OverfitWeights, &narrow.case()));
    }
}
