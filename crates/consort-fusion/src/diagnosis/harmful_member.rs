use consort_core::Result;
use consort_metrics::{
    diversity::{can_be_averaged, leave_one_out},
    significance::GroupJackknife,
};

use super::{Case, Check, Examined, Finding, Severity};

/// Members without which the weighted mean is better, beyond doubt.
///
/// The change of the score has a standard error over rows, and the doubt is shared among the members (Bonferroni), so
/// that of two hundred harmless members none is called harmful by luck.
///
/// ```
/// use consort_fusion::diagnosis::{Check, HarmfulMember};
/// assert_eq!(HarmfulMember.name(), "harmful-member");
/// assert!(HarmfulMember.question().ends_with('?'));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct HarmfulMember;

impl Check for HarmfulMember {
    fn name(&self) -> &'static str {
        "harmful-member"
    }

    fn question(&self) -> &'static str {
        "Would the ensemble be better without a member?"
    }

    fn examine(&self, case: &Case<'_>) -> Result<Examined> {
        let members = case.predictions.members().len();
        let usable = case.weights.is_none_or(|w| w.iter().all(|w| *w >= 0.0) && w.iter().any(|w| *w > 0.0));
        if members < 2 || !can_be_averaged(case.predictions) || !usable {
            return Ok(Examined::Lacks(
                "at least two members whose mean makes sense, with weights of at least 0".into(),
            ));
        }
        let most = (2_000_000 / (members * case.predictions.columns()).max(1)).clamp(2_000, 20_000);
        let rows = case.rows(usize::MAX, "rows of members left out");
        let Some(jackknife) = GroupJackknife::new(&case.truth, &rows, most, case.seed) else {
            return Ok(Examined::Lacks("at least 40 rows that all members predict".into()));
        };
        let gains = leave_one_out(case.predictions, case.weights, case.metric.as_ref(), &jackknife)?;
        let sure = GroupJackknife::quantile(1.0 - 0.05 / members as f64);
        let mut found = Vec::new();
        for one in &gains {
            let (Some(gain), Some(error)) = (one.gain, one.standard_error) else { continue };
            if gain + sure * error < 0.0 {
                let name = case.name(one.member);
                found.push(
                    Finding::new(
                        Severity::Warning,
                        format!("Without `{name}` the ensemble is better."),
                        "Leave it out, or let the fusion choose: a greedy selection or non-negative weights give it none.",
                    )
                    .of(name)
                    .number(format!("gain in {} without it", case.metric.name()), -gain)
                    .number("standard error", error),
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
    fn a_member_that_is_often_sure_and_wrong_is_found_and_good_ones_are_not() {
        let mut plant = Plant::classes(600);
        assert!(found(&HarmfulMember, &plant.case()).is_empty());
        plant.add_classes("liar", |truth, noise| if truth == (noise < 0.3) { 0.98 } else { 0.02 });
        let findings = found(&HarmfulMember, &plant.case());
        assert_eq!((findings.len(), findings[0].of.as_deref()), (1, Some("liar")), "{findings:?}");
        // Of no weight it does no harm.
        assert!(found(&HarmfulMember, &plant.case().weights(&[1.0, 1.0, 1.0, 0.0])).is_empty());
    }
}
