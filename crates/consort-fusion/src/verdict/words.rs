use consort_metrics::significance::{Difference, Drawn};

use super::{Conclusion, Verdict};

/// A score on unseen rows that is worse than the one on seen rows by this share of it is worth a word.
const LARGE_GAP: f64 = 0.25;
/// An interval over fewer groups is rough (Cameron, Gelbach, Miller 2008).
const FEW_GROUPS: usize = 30;

impl Verdict {
    /// The verdict in plain words, a few sentences.
    pub fn text(&self) -> String {
        let mut sentences = Vec::new();
        // A choice that changes from fold to fold is no longer one member.
        let best = match self.chosen.as_slice() {
            [_] | [] => format!("its best member, `{}`", self.best_member),
            _ => "whichever member was best without the rows in question".into(),
        };
        if let Some(main) = self.gains.first() {
            sentences.push(match self.conclusion {
                Conclusion::Better => format!("The ensemble is better than {best}, by {}.", amount(main, 1.0)),
                Conclusion::Worse => format!("The ensemble is worse than {best}, by {}.", amount(main, -1.0)),
                Conclusion::NoClearGain => {
                    format!("There is no clear gain over {best}: the difference is {}.", amount(main, 1.0))
                }
                Conclusion::Unknown => format!(
                    "Whether the ensemble is better than {best}, cannot be said: {}.",
                    main.difference.reason().unwrap_or("there are too few rows for an interval")
                ),
            });
        }
        if let [first, others @ ..] = self.chosen.as_slice()
            && !others.is_empty()
        {
            let others: Vec<String> = others.iter().map(|(name, folds)| format!("`{name}` in {folds}")).collect();
            sentences.push(format!(
                "That was `{}` in {} of the folds, {}; on all rows it is `{}`.",
                first.0,
                first.1,
                others.join(", "),
                self.best_member
            ));
        }
        for other in self.gains.iter().skip(1) {
            let name = words(&other.metric);
            let verb = match (other.gain(), Conclusion::of(other)) {
                (None, _) | (_, Conclusion::Unknown) => continue,
                (_, Conclusion::Better) => "improves",
                (_, Conclusion::Worse) => "gets worse",
                (_, Conclusion::NoClearGain) => "does not clearly change",
            };
            let sign = if verb == "gets worse" { -1.0 } else { 1.0 };
            sentences.push(match Conclusion::of(other) {
                Conclusion::NoClearGain => format!("Its {name} {verb} ({} of the gain).", bounds(other, sign)),
                _ => format!("Its {name} {verb}: {}.", interval_of(other, sign)),
            });
        }
        if let (Some(seen), Some(unseen)) = (self.in_sample.value(), self.nested.value())
            && let Some(main) = self.gains.first()
        {
            let name = words(&main.metric);
            sentences.push(format!(
                "On rows that the fit did not see its {name} is {}, on those that it saw {}.",
                short(unseen),
                short(seen)
            ));
            if main.direction.cost(unseen) - main.direction.cost(seen) > LARGE_GAP * seen.abs() {
                sentences
                    .push("That gap is large: a few rows decide much, so look at them before you trust either.".into());
            }
        }
        sentences.push(if self.used < self.members {
            format!("It needs {} of the {} members.", self.used, self.members)
        } else {
            format!("It needs all {} members.", self.members)
        });
        if let (Some(oracle), Some(disagreement)) = (self.oracle, self.disagreement) {
            sentences.push(format!(
                "Some member is right in {} of the rows, and two members differ in being right in {}.",
                percent(oracle),
                percent(disagreement)
            ));
        } else if let Some(correlation) = self.correlation {
            sentences.push(format!("The errors of two members correlate by {} on average.", short(correlation)));
        }
        match self.gains.first().map(|main| main.drawn) {
            Some(Drawn::Groups(count)) if count < FEW_GROUPS => sentences.push(format!(
                "The intervals draw whole groups of rows, and {count} groups are few: take them as a hint."
            )),
            Some(Drawn::Groups(count)) => {
                sentences.push(format!("The intervals draw whole groups of rows, of which there are {count}."));
            }
            Some(Drawn::Sets(count)) => {
                sentences.push(format!("The intervals draw {count} sets, to which the rows were dealt at random."));
            }
            Some(Drawn::Rows(_)) | None => {}
        }
        if self.unanswered > 0 {
            sentences.push(format!("{} rows without an answer are not judged.", self.unanswered));
        }
        sentences.join(" ")
    }
}

/// `0.012 log loss (95 % interval 0.006 to 0.018)`, turned by `sign` so that it reads as an amount.
fn amount(difference: &Difference, sign: f64) -> String {
    let gain = difference.gain().map_or("an unknown amount".into(), |gain| short(sign * gain));
    match difference.gain_interval() {
        None => format!("{gain} {}", words(&difference.metric)),
        Some(_) => format!("{gain} {} ({})", words(&difference.metric), bounds(difference, sign)),
    }
}

fn interval_of(difference: &Difference, sign: f64) -> String {
    let gain = difference.gain().map_or("unknown".into(), |gain| short(sign * gain));
    format!("by {gain} ({})", bounds(difference, sign))
}

fn bounds(difference: &Difference, sign: f64) -> String {
    let Some(interval) = difference.gain_interval() else { return "no interval".into() };
    let (a, b) = (sign * interval.low, sign * interval.high);
    let level = (interval.level * 1000.0).round() / 10.0;
    format!("{level} % interval {} to {}", short(a.min(b)), short(a.max(b)))
}

/// A metric's name as people write it.
fn words(metric: &str) -> String {
    match metric {
        "rmse" => "RMSE".into(),
        "ece" => "calibration error (ECE)".into(),
        "roc_auc" => "ROC AUC".into(),
        other => other.replace('_', " "),
    }
}

/// Three digits that matter; no more than six after the point.
fn short(x: f64) -> String {
    if x == 0.0 || !x.is_finite() {
        return "0".into();
    }
    let decimals = (2 - x.abs().log10().floor() as i32).clamp(0, 6) as usize;
    let text = format!("{x:.decimals$}");
    if text.trim_start_matches('-').chars().all(|c| c == '0' || c == '.') { "0".into() } else { text }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_that_matter() {
        assert_eq!(short(0.012345), "0.0123");
        assert_eq!(short(-12.345), "-12.3");
        assert_eq!(short(23456.7), "23457");
        assert_eq!(short(1e-9), "0");
        assert_eq!(short(-1e-9), "0");
        assert_eq!(percent(0.9714), "97.1 %");
    }
}
