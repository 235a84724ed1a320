use std::collections::BTreeMap;

use consort_core::{Result, Target};

use super::{Case, Check, Examined, Finding, Severity};

/// Rows have a time, neighbours in time are alike, and the folds mix past and future: members were tested on rows whose
/// neighbours they knew, which new rows will not have.
///
/// Folds that follow each other in time are well. Mixed folds are a fault only if the truth depends on time: its
/// correlation with that of the row before, in the order of time, is beyond 4 standard errors and above 0.1.
///
/// ```
/// use consort_fusion::diagnosis::{Check, TimeOrder};
/// assert_eq!(TimeOrder.name(), "time-order");
/// assert!(TimeOrder.question().ends_with('?'));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct TimeOrder;

impl Check for TimeOrder {
    fn name(&self) -> &'static str {
        "time-order"
    }

    fn question(&self) -> &'static str {
        "Were members tested on the past, knowing the future?"
    }

    fn examine(&self, case: &Case<'_>) -> Result<Examined> {
        let (Some(times), Some(folds)) = (case.times, case.folds) else {
            return Ok(Examined::Lacks("the time and the fold of each row".into()));
        };
        let truth: Vec<f64> = match case.truth.target() {
            // The share of the largest class stands for many: which class it is changes nothing.
            Target::Classes { codes, classes } => {
                let mut count = vec![0usize; classes.len()];
                codes.iter().for_each(|&code| count[code as usize] += 1);
                let largest = (0..count.len()).max_by_key(|&c| (count[c], std::cmp::Reverse(c))).unwrap_or(0);
                codes.iter().map(|&code| f64::from(u8::from(code as usize == largest))).collect()
            }
            Target::Values { values, names } if names.len() == 1 => values.clone(),
            _ => return Ok(Examined::Lacks("classes, or one number a row".into())),
        };
        let mut order: Vec<usize> =
            (0..truth.len()).filter(|&i| case.truth.weight(i) > 0.0 && times[i].is_finite()).collect();
        order.sort_by(|&a, &b| times[a].total_cmp(&times[b]));
        let mut spans = BTreeMap::<u32, (f64, f64)>::new();
        for &i in &order {
            let span = spans.entry(folds[i]).or_insert((times[i], times[i]));
            *span = (span.0.min(times[i]), span.1.max(times[i]));
        }
        if spans.len() < 2 || order.len() < 30 {
            return Ok(Examined::Lacks("at least two folds and 30 rows with a time".into()));
        }
        let mut following: Vec<(f64, f64)> = spans.values().copied().collect();
        following.sort_by(|a, b| a.0.total_cmp(&b.0));
        if following.windows(2).all(|pair| pair[0].1 <= pair[1].0) {
            return Ok(Examined::Found(Vec::new()));
        }
        let series: Vec<f64> = order.iter().map(|&i| truth[i]).collect();
        let correlation = lag_one(&series);
        let limit = (4.0 / (series.len() as f64).sqrt()).max(0.1);
        if correlation <= limit {
            return Ok(Examined::Found(Vec::new()));
        }
        let finding = Finding::new(
            Severity::Fault,
            "The folds mix past and future, and rows that follow each other in time are alike: the scores flatter.",
            "Split by time (`--time COLUMN`): members learn from the past and are tested on what came later, with a gap \
             where the answer is known late.",
        )
        .number("correlation of the truth with that of the row before", correlation)
        .number("limit", limit);
        Ok(Examined::Found(vec![finding]))
    }
}

/// The correlation of a series with itself one step later; 0 for a constant one.
fn lag_one(series: &[f64]) -> f64 {
    let mean = series.iter().sum::<f64>() / series.len() as f64;
    let variance: f64 = series.iter().map(|x| (x - mean).powi(2)).sum();
    let covariance: f64 = series.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
    if variance > 0.0 { covariance / variance } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::planted::{Plant, found, lacks};

    #[test]
    fn mixed_folds_of_a_series_are_found_and_blocks_or_rows_without_a_course_are_not() {
        let times: Vec<f64> = (0..300).map(f64::from).collect();
        let mixed: Vec<u32> = (0..300).map(|i| i % 5).collect();
        let blocks: Vec<u32> = (0..300).map(|i| i / 60).collect();
        // A plant's truth is a slow wave; in another order it has no course.
        let series = Plant::wave(300);
        let findings = found(&TimeOrder, &series.case().times(&times).folds(&mixed));
        assert_eq!((findings.len(), findings[0].severity), (1, Severity::Fault));
        assert!(found(&TimeOrder, &series.case().times(&times).folds(&blocks)).is_empty());
        let noise = Plant::numbers(300);
        assert!(found(&TimeOrder, &noise.case().times(&times).folds(&mixed)).is_empty());
        assert!(lacks(&TimeOrder, &series.case().times(&times)));
    }
}
