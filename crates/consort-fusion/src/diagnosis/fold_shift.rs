use std::collections::BTreeMap;

use consort_core::{Result, Target};
use consort_metrics::significance::normal_limit;

use super::{Case, Check, Examined, Finding, Severity, row_loss::row_losses};

/// A fold that differs from the others: its rows cost much more or less, or their truth is another.
///
/// The mean loss, and the mean truth (of classes: the share of each), of the fold are held against the fold in the middle
/// by their standard errors over rows, so that one odd fold does not make the others look odd; the doubt is shared among
/// all comparisons. A difference must also matter: a loss 1.25 times as great or as small, a truth a quarter of its
/// standard deviation off.
///
/// ```
/// use consort_fusion::diagnosis::{Check, FoldShift};
/// assert_eq!(FoldShift.name(), "fold-shift");
/// assert!(FoldShift.question().ends_with('?'));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct FoldShift;

impl Check for FoldShift {
    fn name(&self) -> &'static str {
        "fold-shift"
    }

    fn question(&self) -> &'static str {
        "Is a fold unlike the others?"
    }

    fn examine(&self, case: &Case<'_>) -> Result<Examined> {
        let Some(folds) = case.folds else { return Ok(Examined::Lacks("the fold of each row".into())) };
        let Some((answer, gives)) = case.answer()? else {
            return Ok(Examined::Lacks("an ensemble, or members whose mean makes sense".into()));
        };
        let mut groups = BTreeMap::<u32, usize>::new();
        (0..folds.len())
            .filter(|&i| case.truth.weight(i) > 0.0)
            .for_each(|i| *groups.entry(folds[i]).or_default() += 1);
        groups.retain(|_, rows| *rows >= 10);
        if groups.len() < 2 {
            return Ok(Examined::Lacks("at least two folds of ten rows or more".into()));
        }
        let losses = row_losses(&answer, gives, &case.truth);
        // What of the truth is compared: the share of each class, or the mean.
        let truths: Vec<(String, Vec<f64>)> = match case.truth.target() {
            Target::Classes { codes, classes } if classes.len() <= 30 => {
                let is = |c: usize| codes.iter().map(|&code| f64::from(u8::from(code as usize == c))).collect();
                let first = usize::from(classes.len() == 2);
                (first..classes.len())
                    .map(|c| (format!("the share of class `{}`", classes.names()[c]), is(c)))
                    .collect()
            }
            Target::Values { values, names } if names.len() == 1 => {
                vec![("the mean of the truth".into(), values.clone())]
            }
            _ => Vec::new(),
        };
        let comparisons = (groups.len() * (1 + truths.len())) as f64;
        let sure = normal_limit(0.01 / comparisons);
        let mut found = Vec::new();
        let moments = |values: &[f64]| -> Option<(Vec<Moments>, Moments)> {
            let of = |fold: Option<u32>| {
                let rows = (0..values.len())
                    .filter(move |&i| case.truth.weight(i) > 0.0 && fold.is_none_or(|fold| folds[i] == fold));
                Moments::of(rows.map(|i| values[i]).filter(|x| x.is_finite()))
            };
            let parts: Vec<Moments> = groups.keys().map(|&fold| of(Some(fold))).collect::<Option<_>>()?;
            let mut means: Vec<f64> = parts.iter().map(|part| part.mean).collect();
            means.sort_by(f64::total_cmp);
            let middle = (means[(means.len() - 1) / 2] + means[means.len() / 2]) / 2.0;
            // How far rows of one fold are apart; what folds differ in is no part of it.
            let within = parts.iter().map(|part| part.variance).sum::<f64>() / parts.len() as f64;
            Some((parts, Moments { mean: middle, variance: within, rows: of(None)?.rows }))
        };
        if let Some((parts, usual)) = moments(&losses) {
            for (&fold, here) in groups.keys().zip(&parts) {
                let ratio = here.mean / usual.mean;
                if here.differs(&usual) > sure && !(0.8..=1.25).contains(&ratio) {
                    let name = case.fold_name(fold);
                    let how = if ratio > 1.0 { "harder" } else { "easier" };
                    found.push(
                        Finding::new(
                            Severity::Warning,
                            format!("The rows of fold {name} are {how} than those of the others."),
                            "Look what its rows share (a time, a place, a source). If new rows will be like them, split by \
                             that; if the fold is easier, look for rows that its members have seen.",
                        )
                        .of(name)
                        .number("mean loss in the fold", here.mean)
                        .number("mean loss of the fold in the middle", usual.mean)
                        .number("standard errors apart", here.differs(&usual)),
                    );
                }
            }
        }
        for (what, values) in &truths {
            let Some((parts, usual)) = moments(values) else { continue };
            for (&fold, here) in groups.keys().zip(&parts) {
                let apart = (here.mean - usual.mean).abs() / usual.variance.sqrt().max(1e-12);
                if here.differs(&usual) > sure && apart > 0.25 {
                    let name = case.fold_name(fold);
                    found.push(
                        Finding::new(
                            Severity::Warning,
                            format!("In fold {name} {what} is another than elsewhere."),
                            "Stratify the folds by the target, unless they follow time or groups on purpose; then expect \
                             new rows to differ, too.",
                        )
                        .of(name)
                        .number("in the fold", here.mean)
                        .number("in the fold in the middle", usual.mean)
                        .number("standard errors apart", here.differs(&usual)),
                    );
                }
            }
        }
        Ok(Examined::Found(found))
    }
}

/// The mean of some rows.
struct Moments {
    mean: f64,
    variance: f64,
    rows: f64,
}

impl Moments {
    fn of(values: impl Iterator<Item = f64> + Clone) -> Option<Self> {
        let (count, sum) = values.clone().fold((0.0, 0.0), |(n, sum), x| (n + 1.0, sum + x));
        if count < 2.0 {
            return None;
        }
        let mean = sum / count;
        Some(Self { mean, variance: values.map(|x| (x - mean).powi(2)).sum::<f64>() / (count - 1.0), rows: count })
    }

    /// How many standard errors apart (Welch).
    fn differs(&self, other: &Self) -> f64 {
        let error = (self.variance / self.rows + other.variance / other.rows).sqrt();
        let apart = (self.mean - other.mean).abs();
        if apart == 0.0 { 0.0 } else { apart / error.max(1e-300) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::planted::{Plant, found, lacks};

    #[test]
    fn a_hard_fold_and_a_fold_of_another_truth_are_found_and_equal_folds_are_not() {
        let folds: Vec<u32> = (0..500).map(|i| i % 5).collect();
        let even = Plant::numbers(500);
        assert!(found(&FoldShift, &even.case().folds(&folds)).is_empty());
        let mut hard = Plant::numbers(500);
        let mut i = 0;
        let folds_of = folds.clone();
        hard.clear();
        hard.add_numbers("m", |truth, noise| {
            i += 1;
            truth + if folds_of[i - 1] == 3 { 4.0 } else { 1.0 } * noise
        });
        let findings = found(&FoldShift, &hard.case().folds(&folds));
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].of.as_deref() == Some("3") && findings[0].what.contains("harder"));
        let names: Vec<String> = (1..6).map(|fold| format!("{fold}0")).collect();
        let findings = found(&FoldShift, &hard.case().folds(&folds).fold_names(&names));
        assert!(findings[0].of.as_deref() == Some("40") && findings[0].what.contains("fold 40"), "{findings:?}");
        // Sorted by the truth: each fold has another.
        let mut order: Vec<usize> = (0..500).collect();
        let values = even.values();
        order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
        let mut sorted = vec![0; 500];
        order.iter().enumerate().for_each(|(rank, &i)| sorted[i] = (rank / 100) as u32);
        let findings = found(&FoldShift, &even.case().folds(&sorted));
        assert!(findings.iter().filter(|f| f.what.contains("mean of the truth")).count() >= 4, "{findings:?}");
        assert!(lacks(&FoldShift, &even.case()));
    }
}
