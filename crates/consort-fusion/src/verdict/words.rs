use consort_core::Score;
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
        let ensemble = if self.used == 1 { "The ensemble of one member" } else { "The ensemble" };
        if let Some(main) = self.gains.first() {
            let sentence = match self.conclusion {
                _ if self.is_best_member => format!("The ensemble is its best member, `{}`.", self.best_member),
                Conclusion::NoClearGain if Conclusion::of(main) != Conclusion::NoClearGain => format!(
                    "There is no clear gain: over {best} it is {}, but over `{}`, the best on all rows, {}.",
                    amount(main, 1.0),
                    self.best_member,
                    self.over_best.as_ref().map_or("it is unknown".into(), |over| amount(over, 1.0))
                ),
                Conclusion::Better => format!("{ensemble} is better than {best}, by {}.", amount(main, 1.0)),
                Conclusion::Worse => format!("{ensemble} is worse than {best}, by {}.", amount(main, -1.0)),
                Conclusion::NoClearGain => {
                    format!("There is no clear gain over {best}: the difference is {}.", amount(main, 1.0))
                }
                Conclusion::Unknown => format!(
                    "Whether the ensemble is better than {best}, cannot be said: {}.",
                    main.difference.reason().unwrap_or("there are too few rows for an interval")
                ),
            };
            sentences.push(match self.unanswered {
                0 => sentence,
                silent => {
                    let share = silent as f64 / (silent + self.rows) as f64;
                    let sentence = sentence.trim_end_matches('.');
                    format!("{sentence}, without {} of the rows, which have no answer.", percent(share))
                }
            });
            if self.is_best_member && main.gain() != Some(0.0) {
                let found = "as it is fitted without the rows in question";
                sentences.push(match Conclusion::of(main) {
                    Conclusion::Worse => format!(
                        "The search for it costs something: {found}, the ensemble is worse than {best} by {}.",
                        amount(main, -1.0)
                    ),
                    _ => format!("The ensemble {found} gains over {best} {}.", amount(main, 1.0)),
                });
            }
        }
        if let [first, others @ ..] = self.chosen.as_slice()
            && !others.is_empty()
        {
            let others: Vec<String> = others.iter().map(|(name, folds)| format!("`{name}` in {folds}")).collect();
            let over = match (&self.over_best, self.gains.first().map(Conclusion::of)) {
                (Some(over), Some(said)) if said == self.conclusion => {
                    format!(", over which the gain is {}", amount(over, 1.0))
                }
                _ => String::new(),
            };
            sentences.push(format!(
                "That was `{}` in {} of the folds, {}; on all rows it is `{}`{over}.",
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
        sentences.push(match (self.used, self.members) {
            (_, 1) => "It has one member.".into(),
            (1, members) => format!("It needs one of the {members} members."),
            (used, members) if used < members => format!("It needs {used} of the {members} members."),
            (_, members) => format!("It needs all {members} members."),
        });
        if self.repeats > 1 {
            sentences.push(format!(
                "Scores are averaged over {} repeats; gains and choices are of the first.",
                self.repeats
            ));
        }
        if self.used == 1 && self.conclusion == Conclusion::Better {
            sentences.push(
                "One member has no other to put right: a gain over that member comes from how its numbers are mapped, \
                 as by a temperature, a calibration or a stack."
                    .into(),
            );
        }
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
    let gain = difference.gain().map_or("an unknown amount".into(), |gain| beside(sign * gain, size(difference)));
    match difference.gain_interval() {
        None => format!("{gain} {}", words(&difference.metric)),
        Some(_) => format!("{gain} {} ({})", words(&difference.metric), bounds(difference, sign)),
    }
}

fn interval_of(difference: &Difference, sign: f64) -> String {
    let gain = difference.gain().map_or("unknown".into(), |gain| beside(sign * gain, size(difference)));
    format!("by {gain} ({})", bounds(difference, sign))
}

fn bounds(difference: &Difference, sign: f64) -> String {
    let Some(interval) = difference.gain_interval() else { return "no interval".into() };
    let (a, b) = (sign * interval.low, sign * interval.high);
    let level = (interval.level * 1000.0).round() / 10.0;
    let size = size(difference);
    format!("{level} % interval {} to {}", beside(a.min(b), size), beside(a.max(b), size))
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

/// A difference between scores of this size.
fn beside(difference: f64, size: f64) -> String {
    short(if difference.abs() < 1e-9 * size { 0.0 } else { difference })
}

/// The size of the scores that differ.
fn size(difference: &Difference) -> f64 {
    let of = |score: &Score| score.value().map_or(0.0, f64::abs);
    of(&difference.a).max(of(&difference.b))
}

/// Three digits that matter; very small and very large numbers by a power of ten.
fn short(x: f64) -> String {
    if x == 0.0 || !x.is_finite() {
        return x.abs().to_string();
    }
    if !(1e-6..1e15).contains(&x.abs()) {
        return format!("{x:.2e}");
    }
    let decimals = (2 - x.abs().log10().floor() as i32).clamp(0, 6) as usize;
    format!("{x:.decimals$}")
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
        assert_eq!((short(0.0), short(3.2471e-31), short(-4.5e30)), ("0".into(), "3.25e-31".into(), "-4.50e30".into()));
        // Of scores near 1, what is lost in rounding is nothing; of scores that small, it is a lot.
        assert_eq!((beside(1e-12, 1.0), beside(1e-12, 1e-11)), ("0".into(), "1.00e-12".into()));
        assert_eq!(percent(0.9714), "97.1 %");
    }
}
