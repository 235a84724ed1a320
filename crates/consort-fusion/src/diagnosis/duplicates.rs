use consort_core::Result;

use super::{Case, Check, Examined, Finding, Severity};

/// Members that say the same: one of them would do, and in a plain mean the doubled one counts twice.
///
/// Two members are copies if the root mean square of their difference is below 1 % of the spread of the numbers; looked
/// at on at most 4,000 rows.
///
/// ```
/// use consort_fusion::diagnosis::{Check, Duplicates};
/// assert_eq!(Duplicates.name(), "duplicates");
/// assert!(Duplicates.question().ends_with('?'));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Duplicates;

/// So near, in shares of the spread.
const NEAR: f64 = 0.01;

impl Check for Duplicates {
    fn name(&self) -> &'static str {
        "duplicates"
    }

    fn question(&self) -> &'static str {
        "Do members say the same?"
    }

    fn examine(&self, case: &Case<'_>) -> Result<Examined> {
        const ROWS: usize = 4_000;
        let (members, columns) = (case.predictions.members().len(), case.predictions.columns());
        let rows = case.rows(ROWS, "rows of duplicates");
        if members < 2 || rows.is_empty() {
            return Ok(Examined::Lacks("at least two members that predict the same rows".into()));
        }
        let numbers: Vec<Vec<f32>> = (0..members)
            .map(|m| {
                let values = case.predictions.member(m);
                rows.iter().flat_map(|&i| &values[i as usize * columns..(i as usize + 1) * columns]).copied().collect()
            })
            .collect();
        let spread: Vec<f64> = numbers.iter().map(|values| spread(values, columns)).collect();
        let mut of = vec![usize::MAX; members];
        let mut found = Vec::new();
        for second in 1..members {
            for first in 0..second {
                // A copy of a copy is named once, as a copy of the first.
                let alike = case.predictions.members()[first].gives == case.predictions.members()[second].gives;
                if of[first] != usize::MAX || !alike {
                    continue;
                }
                let apart = distance(&numbers[first], &numbers[second]);
                if apart <= NEAR * spread[first].max(spread[second]) {
                    of[second] = first;
                    let (a, b) = (case.name(first), case.name(second));
                    let what = if apart == 0.0 { "exactly" } else { "almost" };
                    found.push(
                        Finding::new(
                            Severity::Warning,
                            format!("`{b}` says {what} the same as `{a}`."),
                            "Leave one of them out, unless it is meant to count twice. If they should differ: is a file \
                             there under two names, or a seed fixed?",
                        )
                        .of(b)
                        .number("root mean square difference", apart)
                        .number("spread of the numbers", spread[first]),
                    );
                    break;
                }
            }
        }
        Ok(Examined::Found(found))
    }
}

/// The root mean square difference.
fn distance(a: &[f32], b: &[f32]) -> f64 {
    let sum: f64 = a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum();
    (sum / a.len() as f64).sqrt()
}

/// The standard deviation within the columns.
fn spread(values: &[f32], columns: usize) -> f64 {
    let rows = (values.len() / columns).max(1) as f64;
    let mut sum = 0.0;
    for k in 0..columns {
        let column = || values.iter().skip(k).step_by(columns).map(|&x| f64::from(x));
        let mean = column().sum::<f64>() / rows;
        sum += column().map(|x| (x - mean).powi(2)).sum::<f64>() / rows;
    }
    (sum / columns as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::planted::{Plant, found};

    #[test]
    fn a_copy_and_a_near_copy_are_found_once_each_and_members_that_differ_are_not() {
        let mut plant = Plant::numbers(200);
        assert!(found(&Duplicates, &plant.case()).is_empty());
        let first = plant.predictions().member(0).to_vec();
        plant.add_values("copy", first.clone());
        plant.add_values("near copy", first.iter().map(|x| x + 1e-4).collect());
        let findings = found(&Duplicates, &plant.case());
        let names: Vec<&str> = findings.iter().map(|finding| finding.of.as_deref().unwrap()).collect();
        assert_eq!(names, ["copy", "near copy"]);
        assert!(findings[0].what.contains("exactly") && findings[1].what.contains("almost"));
    }
}
