use consort_core::{Metric, Result};
use consort_metrics::{
    classification::Accuracy,
    generalisation::{FitReading, blind_score},
};

use super::{Case, Check, Examined, Finding, Severity};

/// A member knows the answer: it is all but perfect where others are not, or better on unseen rows than on seen ones.
///
/// Its skill is the share of the way from a blind guess to a perfect score. Above 97 %, and with less than a quarter of
/// the distance to perfection that the next best has, it is too good to be true: a feature that holds the answer, rows
/// that are in training and test, an encoder fitted on all rows. Not so where another member has 95 % of the labels right:
/// that is far from perfect if it is too sure, but shows that the problem is an easy one.
///
/// ```
/// use consort_fusion::diagnosis::{Check, Leakage};
/// assert_eq!(Leakage.name(), "leakage");
/// assert!(Leakage.question().ends_with('?'));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Leakage;

/// As near to perfect as honest members of hard problems do not come.
const TOO_GOOD: f64 = 0.97;
/// A member must be further on unseen rows than on its own by so much of the whole way: near chance all differences are small.
const NOTICED: f64 = 0.02;

/// What others have right where a problem is an easy one.
const NEARLY_RIGHT: f64 = 0.95;

/// Whether a member has nearly all labels right, however sure it is of them.
fn is_nearly_right(case: &Case<'_>, member: usize) -> bool {
    case.predictions.outputs().task().is_classification()
        && Accuracy.score(&case.predictions.estimates(member), &case.truth).ok().and_then(|score| score.value())
            >= Some(NEARLY_RIGHT)
}

impl Check for Leakage {
    fn name(&self) -> &'static str {
        "leakage"
    }

    fn question(&self) -> &'static str {
        "Has a member seen the answers?"
    }

    fn examine(&self, case: &Case<'_>) -> Result<Examined> {
        let blind = blind_score(case.metric.as_ref(), &case.truth).ok().and_then(|score| score.value());
        let (Some(blind), Some(perfect)) = (blind.map(|b| case.metric.direction().cost(b)), case.perfect_loss()) else {
            return Ok(Examined::Lacks("a metric in which a blind guess and a perfect answer have scores".into()));
        };
        if perfect >= blind {
            return Ok(Examined::Lacks("a truth that a blind guess does not know".into()));
        }
        let members = case.predictions.members().len();
        let losses: Vec<Option<f64>> = (0..members).map(|m| case.loss(&case.predictions.estimates(m))).collect();
        let skill = |loss: f64| (blind - loss) / (blind - perfect);
        let mut order: Vec<(usize, f64)> =
            losses.iter().enumerate().filter_map(|(m, loss)| Some((m, skill((*loss)?)))).collect();
        order.sort_by(|a, b| b.1.total_cmp(&a.1));
        let mut found = Vec::new();
        // Those at the top that are followed by a gap.
        let honest = order.iter().position(|(_, skill)| *skill < TOO_GOOD).unwrap_or(order.len());
        let gap = match (honest.checked_sub(1).map(|last| order[last].1), order.get(honest)) {
            (Some(last), Some(&(_, next))) => 1.0 - last < 0.25 * (1.0 - next),
            _ => false,
        };
        if gap && !order[honest..].iter().any(|&(m, _)| is_nearly_right(case, m)) {
            for &(m, skill) in &order[..honest] {
                let text = format!(
                    "`{}` is all but perfect on rows it should not have seen; the next member is not.",
                    case.name(m)
                );
                found.push(
                    Finding::new(
                        Severity::Fault,
                        text,
                        "Look for a feature that is made from the answer or known only after it, for rows that occur \
                         twice, and for encoders or scalers that were fitted on all rows. Leave the member out until \
                         then.",
                    )
                    .of(case.name(m))
                    .number("share of the way from a blind guess to perfect", skill)
                    .number("the same of the next member", order[honest].1),
                );
            }
        } else if honest == order.len() && !order.is_empty() {
            found.push(
                Finding::new(
                    Severity::Warning,
                    "Every member is all but perfect.",
                    "Either the problem is easy, or a feature holds the answer. Look at the most important feature of \
                     any member.",
                )
                .number("share of the way from a blind guess to perfect, the worst member", order[order.len() - 1].1),
            );
        }
        if let Some(train) = case.train_scores {
            let best = losses.iter().flatten().copied().fold(f64::INFINITY, f64::min);
            for (m, (train, loss)) in train.iter().zip(&losses).enumerate() {
                let (Some(train), Some(loss)) = (train.map(|t| case.metric.direction().cost(t)), *loss) else {
                    continue;
                };
                let further = skill(loss) - skill(train);
                if further > NOTICED && FitReading::of(Some(blind), train, loss, 0.0, best) == FitReading::Leaks {
                    let text = format!("`{}` is better on rows it should not have seen than on its own.", case.name(m));
                    found.push(
                        Finding::new(
                            Severity::Warning,
                            text,
                            "Check that its predictions are of models that did not see the row, and that the scores are \
                             of the same metric. Nets with dropout or noise may do so rightly.",
                        )
                        .of(case.name(m))
                        .number("loss on its own rows", train)
                        .number("loss on unseen rows", loss),
                    );
                }
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
    fn a_member_that_knows_the_answer_is_found_and_an_honest_one_is_not() {
        let mut plant = Plant::classes(400);
        assert!(found(&Leakage, &plant.case()).is_empty());
        plant.add_classes("oracle", |truth, _| if truth { 0.999 } else { 0.001 });
        let findings = found(&Leakage, &plant.case());
        assert_eq!((findings.len(), findings[0].of.as_deref()), (1, Some("oracle")));
        assert_eq!(findings[0].severity, Severity::Fault);
    }

    #[test]
    fn a_good_member_of_an_easy_problem_is_no_leak() {
        // The other is right as often, but sure where it is wrong, which costs it much log loss.
        let mut plant = Plant::blank_classes(400, 0.5);
        plant.add_classes("good", |truth, _| if truth { 0.99 } else { 0.01 });
        plant.add_classes("sure", |truth, noise| {
            let right = if truth { 1.0 } else { 0.0 };
            if noise > 0.03 { right } else { 1.0 - right }
        });
        assert_eq!(found(&Leakage, &plant.case()), []);
    }

    #[test]
    fn a_member_that_knows_numbers_is_found() {
        let mut plant = Plant::numbers(300);
        assert!(found(&Leakage, &plant.case()).is_empty());
        plant.add_numbers("oracle", |truth, noise| truth + 0.001 * noise);
        assert_eq!(found(&Leakage, &plant.case())[0].of.as_deref(), Some("oracle"));
    }

    #[test]
    fn a_member_that_is_better_on_unseen_rows_is_found() {
        let plant = Plant::classes(400);
        let train = [Some(0.68), Some(0.2), None];
        let case = plant.case().train_scores(&train);
        let findings = found(&Leakage, &case);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].of.as_deref(), Some("a"));
    }

    #[test]
    fn a_member_that_knows_nothing_of_seen_and_unseen_rows_is_no_leak() {
        let mut plant = Plant::blank_classes(400, 0.5);
        plant.add_classes("chance", |_, noise| 0.49 + 0.02 * noise);
        let loss = plant.case().loss(&plant.predictions().estimates(0)).unwrap();
        let train = [Some(loss + 0.002)];
        assert_eq!(found(&Leakage, &plant.case().train_scores(&train)), []);
    }
}
