//! A device that fuses and searches in the place of the CPU. `consort-kernels` has one, a GPU; this crate needs none.

use std::fmt::Debug;

use consort_core::{Error, Fusion, Matrix, Predictions, Result};

use serde_json::{Map, Value};

use crate::select::{Selection, WeightedMembers};

/// What fuses and searches beside the CPU, with the same results but for rounding.
///
/// A device that does not do what is asked says so by `None`, and the CPU does it.
pub trait Device: Debug + Send + Sync {
    /// What it is, for people.
    fn name(&self) -> String;

    /// What the rule of this name gives ([`rule::by_name`](crate::rule::by_name)), with one weight a member or none; `None` if the device does
    /// not do the same as that rule for these predictions.
    ///
    /// # Errors
    /// If the device fails.
    fn fuse(&self, rule: &str, weights: Option<Vec<f64>>, predictions: &Predictions) -> Result<Option<Matrix>>;

    /// A search for members whose mean has a small loss, the members being on the device and the ensemble empty. `None` if
    /// the device does not have the loss for these predictions.
    ///
    /// # Errors
    /// If the device fails.
    fn search(&self, loss: Loss<'_>, predictions: &Predictions) -> Result<Option<Box<dyn Search>>>;
}

/// What a search makes small: a mean over rows, with its truth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Loss<'a> {
    /// −ln max(p, eps), p the mean probability of the true class.
    Log {
        /// The least probability.
        eps: f64,
        /// The column of the true class of each row.
        codes: &'a [u32],
    },
    /// Σ (p − y)² over the columns, y being 1 for the true class.
    Brier {
        /// The column of the true class of each row.
        codes: &'a [u32],
    },
    /// (p − y)² of values.
    Squared {
        /// The true values.
        values: &'a [f64],
    },
    /// The share of rows whose greatest mean is not that of the true class.
    ZeroOne {
        /// The column of the true class of each row.
        codes: &'a [u32],
        /// The positive class: it wins where the means of two classes are equal.
        positive: usize,
    },
}

/// An ensemble that grows on a device.
pub trait Search: Send {
    /// The loss that the ensemble would have with each member once more, in one read of all members.
    ///
    /// # Errors
    /// If the device fails.
    fn losses(&mut self) -> Result<Vec<f64>>;

    /// Adds a member.
    ///
    /// # Errors
    /// If the device fails.
    fn add(&mut self, member: usize) -> Result<()>;

    /// Takes all members away.
    ///
    /// # Errors
    /// If the device fails.
    fn clear(&mut self) -> Result<()>;
}

/// The fused prediction, made on the device if there is one that does what the fusion does, else by the fusion itself.
///
/// # Errors
/// Those of the fusion, or of the device.
///
/// ```
/// use consort_core::{Gives, Ids, Outputs, Predictions};
/// use consort_fusion::{device, rule::Mean};
/// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(2))
///     .member("a", Gives::Values, &[1.0, 2.0])?
///     .member("b", Gives::Values, &[3.0, 6.0])?
///     .build()?;
/// assert_eq!(device::fuse(None, &Mean::new(), &predictions)?.values(), [2.0, 4.0]);
/// # Ok::<(), consort_core::Error>(())
/// ```
pub fn fuse(device: Option<&dyn Device>, fusion: &dyn Fusion, predictions: &Predictions) -> Result<Matrix> {
    if let Some(device) = device
        && let Some((rule, weights, members)) = as_rule(fusion, predictions)?
        && let Some(fused) = device.fuse(&rule, weights, members.as_ref().unwrap_or(predictions))?
    {
        return Ok(fused);
    }
    fusion.fuse(predictions)
}

/// The rule that does the same, its weights, and the members that it reads where these are not all.
#[allow(clippy::type_complexity)]
fn as_rule(
    fusion: &dyn Fusion,
    predictions: &Predictions,
) -> Result<Option<(String, Option<Vec<f64>>, Option<Predictions>)>> {
    let Some((kind, data)) = as_data(fusion) else { return Ok(None) };
    // What is serialised can be had again as what it was.
    let copy = || Value::Object(data.clone());
    let named = match kind.as_str() {
        "Selection" => serde_json::from_value::<Selection>(copy())
            .ok()
            .map(|selection| (selection.members().to_vec(), selection.member_weights().to_vec())),
        "WeightedMembers" => serde_json::from_value::<WeightedMembers>(copy())
            .ok()
            .map(|weighted| (weighted.members().to_vec(), weighted.member_weights().to_vec())),
        _ => None,
    };
    if let Some((members, weights)) = named {
        // Those of weight 0 need not be there.
        let (names, weights): (Vec<&String>, Vec<f64>) =
            members.iter().zip(weights).filter(|(_, weight)| *weight > 0.0).unzip();
        return Ok(Some(("mean".into(), Some(weights), Some(predictions.named(&names)?))));
    }
    Ok(rule_of(fusion).map(|(rule, weights)| (rule, weights, None)))
}

/// The name of the rule that a fusion is, and its weights; `None` for a fusion that is no rule, or looks for members by
/// name.
///
/// ```
/// use consort_fusion::{device, rule::{Trim, Trimmed}};
/// let trimmed = Trimmed::new(Trim::Count(2));
/// assert_eq!(device::rule_of(&trimmed), Some(("trimmed:2".into(), None)));
/// ```
pub fn rule_of(fusion: &dyn Fusion) -> Option<(String, Option<Vec<f64>>)> {
    const RULES: [&str; 14] = [
        "Mean",
        "Vote",
        "Geometric",
        "LogitMean",
        "Harmonic",
        "Power",
        "Median",
        "Trimmed",
        "Winsorised",
        "Minimum",
        "Maximum",
        "Product",
        "RankAverage",
        "Borda",
    ];
    let (kind, _) = as_data(fusion)?;
    RULES.contains(&kind.as_str()).then(|| (fusion.name(), fusion.weights()))
}

/// The kind of a fusion, which no other type of the program has, and what it holds: its serialised form.
fn as_data(fusion: &dyn Fusion) -> Option<(String, Map<String, Value>)> {
    let Ok(Value::Object(mut data)) = serde_json::to_value(fusion) else { return None };
    match data.remove("fusion") {
        Some(Value::String(kind)) => Some((kind, data)),
        _ => None,
    }
}

/// What a device says of its failure.
pub fn failure(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Custom(Box::new(error))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use consort_core::{Classes, Gives, Ids, Outputs};

    use super::*;

    /// A rule, its weights, and how many members it was to fuse.
    type Asked = (String, Option<Vec<f64>>, usize);

    /// Notes what it is asked, and gives one answer.
    #[derive(Debug, Default)]
    struct Notes {
        asked: Mutex<Vec<Asked>>,
        answer: Option<Matrix>,
    }

    impl Device for Notes {
        fn name(&self) -> String {
            "notes".into()
        }

        fn fuse(&self, rule: &str, weights: Option<Vec<f64>>, predictions: &Predictions) -> Result<Option<Matrix>> {
            self.asked.lock().unwrap().push((rule.into(), weights, predictions.members().len()));
            Ok(self.answer.clone())
        }

        fn search(&self, _: Loss<'_>, _: &Predictions) -> Result<Option<Box<dyn Search>>> {
            Ok(None)
        }
    }

    fn predictions() -> Predictions {
        let outputs = Outputs::Classes(Classes::new(["no", "yes"]).unwrap());
        Predictions::builder(outputs, Ids::positions(1))
            .member("a", Gives::Probabilities, &[0.25, 0.75])
            .unwrap()
            .member("b", Gives::Probabilities, &[0.5, 0.5])
            .unwrap()
            .build()
            .unwrap()
    }

    #[test]
    fn a_device_is_asked_for_a_rule_and_the_cpu_does_what_it_declines() {
        let device = Notes::default();
        let rule = crate::rule::by_name("trimmed:0.2", &crate::rule::Options::default()).unwrap();
        let fused = fuse(Some(&device), &*rule, &predictions()).unwrap();
        assert_eq!(fused, rule.fuse(&predictions()).unwrap());
        assert_eq!(device.asked.lock().unwrap().as_slice(), [("trimmed:0.2".to_string(), None, 2)]);
    }

    #[test]
    fn every_rule_that_needs_no_fit_is_known_or_left_to_the_cpu() {
        let options = crate::rule::Options::default();
        let left = ["weighted-median", "dempster-shafer"];
        for rule in crate::rule::names().iter().filter(|rule| !rule.fitted) {
            let known = rule_of(&*crate::rule::by_name(rule.name, &options).unwrap()).map(|(name, _)| name);
            assert_eq!(known.is_none(), left.contains(&rule.name), "{}", rule.name);
        }
    }

    #[test]
    fn a_weighting_of_members_is_the_mean_of_those_that_have_weight() {
        let answer = Matrix::new(1, 2, vec![0.0, 1.0]).unwrap();
        let device = Notes { answer: Some(answer.clone()), ..Notes::default() };
        let weighted = WeightedMembers::new("best", &["a", "b", "c"], &[1.0, 0.0, 0.0], Vec::new());
        assert_eq!(fuse(Some(&device), &weighted, &predictions()).unwrap(), answer);
        assert_eq!(device.asked.lock().unwrap().as_slice(), [("mean".to_string(), Some(vec![1.0]), 1)]);
    }
}
