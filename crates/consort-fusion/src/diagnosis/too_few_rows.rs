use consort_core::{Result, Target};

use super::{Case, Check, Examined, Finding, Severity};

/// A fusion that learns more numbers than the rows can teach.
///
/// Ten rows a number are asked for, rows counted as events where there are classes: those outside the largest class
/// (Peduzzi and others 1996, events per variable).
///
/// ```
/// use consort_fusion::diagnosis::{Check, TooFewRows};
/// assert_eq!(TooFewRows.name(), "too-few-rows");
/// assert!(TooFewRows.question().ends_with('?'));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct TooFewRows;

const ROWS_A_NUMBER: f64 = 10.0;

impl Check for TooFewRows {
    fn name(&self) -> &'static str {
        "too-few-rows"
    }

    fn question(&self) -> &'static str {
        "Are there rows enough for what the fusion learns?"
    }

    fn examine(&self, case: &Case<'_>) -> Result<Examined> {
        let learnt = case.parameters.or_else(|| case.honest?.weights.as_ref().map(Vec::len));
        let Some(learnt) = learnt else {
            return Ok(Examined::Lacks("how many numbers the fusion learns".into()));
        };
        let weighty = || (0..case.truth.rows()).filter(|&i| case.truth.weight(i) > 0.0);
        let (rows, of) = match case.truth.target() {
            Target::Classes { codes, classes } => {
                let mut count = vec![0usize; classes.len()];
                weighty().for_each(|i| count[codes[i] as usize] += 1);
                let largest = count.iter().copied().max().unwrap_or(0);
                (count.iter().sum::<usize>() - largest, "rows outside the largest class")
            }
            _ => (weighty().count(), "rows"),
        };
        if learnt == 0 || rows as f64 >= ROWS_A_NUMBER * learnt as f64 {
            return Ok(Examined::Found(Vec::new()));
        }
        let severity = if rows < learnt { Severity::Fault } else { Severity::Warning };
        let finding = Finding::new(
            severity,
            format!("The fusion learns {learnt} numbers from {rows} {of}."),
            "Use the plain mean or a vote, a greedy selection with few rounds, or fewer members.",
        )
        .number(of, rows as f64)
        .number("numbers learnt", learnt as f64);
        Ok(Examined::Found(vec![finding]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::planted::{Plant, found, lacks};

    #[test]
    fn many_numbers_from_few_rows_are_found_and_few_from_many_are_not() {
        let plant = Plant::classes(100);
        assert_eq!(found(&TooFewRows, &plant.case().parameters(20))[0].severity, Severity::Warning);
        assert_eq!(found(&TooFewRows, &plant.case().parameters(200))[0].severity, Severity::Fault);
        assert!(found(&TooFewRows, &plant.case().parameters(3)).is_empty());
        assert!(found(&TooFewRows, &plant.case().parameters(0)).is_empty());
        assert!(lacks(&TooFewRows, &plant.case()));
    }
}
