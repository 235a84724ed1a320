use consort_core::{Error, Estimates, Gives, Metric, Predictions, Result};
use serde::{Deserialize, Serialize};

use crate::significance::GroupJackknife;

/// What one member adds to the weighted mean of all.
///
/// ```
/// use consort_metrics::diversity::MemberGain;
/// let found = MemberGain { member: 0, gain: Some(0.02), standard_error: Some(0.005) };
/// // Four standard errors above 0: it helps.
/// assert!(found.gain.unwrap() > 2.0 * found.standard_error.unwrap());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MemberGain {
    /// The member, by its place.
    pub member: usize,
    /// By how much the score is better with it than without it; above 0 where it helps. `None` where undefined.
    pub gain: Option<f64>,
    /// The standard error of the gain, over rows.
    pub standard_error: Option<f64>,
}

/// What each member of weight above 0 adds: the score of the weighted mean (all weights 1 where none are given) minus
/// that of the mean without it, in which the others keep their weights.
///
/// Both are scored on the rows of the jackknife, and so is their difference. Weights are not fitted again, so a member
/// that others could replace after a new fit may look better than it is. O(members × 20 scores).
///
/// ```
/// use consort_core::{Gives, Ids, Outputs, Predictions, Seed, Target, Truth};
/// use consort_metrics::{diversity::leave_one_out, regression::RootMeanSquaredError, significance::GroupJackknife};
/// let near: Vec<f32> = (0..60).map(|i| i as f32 + 0.1).collect();
/// let far: Vec<f32> = (0..60).map(|i| i as f32 + 9.0 + (i % 3) as f32).collect();
/// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(60))
///     .member("near", Gives::Values, &near)?
///     .member("far", Gives::Values, &far)?
///     .build()?;
/// let target = Target::from_values((0..60).map(f64::from).collect(), "y")?;
/// let rows: Vec<u32> = (0..60).collect();
/// let jackknife = GroupJackknife::new(&Truth::new(&target), &rows, 60, Seed::new(0)).unwrap();
/// let gains = leave_one_out(&predictions, None, &RootMeanSquaredError, &jackknife)?;
/// assert!(gains[0].gain.unwrap() > 4.0 && gains[1].gain.unwrap() < -4.0);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Unsupported`] for members whose mean makes no sense (labels, scores, logits, or a mixture),
/// [`Error::Parameter`] for weights that are not one a member, negative or not finite; as [`Metric::score`].
pub fn leave_one_out(
    predictions: &Predictions,
    weights: Option<&[f64]>,
    metric: &dyn Metric,
    jackknife: &GroupJackknife,
) -> Result<Vec<MemberGain>> {
    let members = predictions.members();
    let gives = members.first().map_or(Gives::Values, |member| member.gives);
    if !can_be_averaged(predictions) {
        return Err(Error::Unsupported {
            by: "leaving each member out".into(),
            what: format!("members that give {gives}, or not all the same"),
            hint: "all must give probabilities, or all values".into(),
        });
    }
    let plain = vec![1.0; members.len()];
    let weights = weights.unwrap_or(&plain);
    if weights.len() != members.len() || !weights.iter().all(|w| *w >= 0.0 && w.is_finite()) {
        let text = format!("{} numbers", weights.len());
        return Err(Error::parameter("weights", text, "one a member, at least 0"));
    }
    let used: Vec<usize> = (0..members.len()).filter(|&m| weights[m] > 0.0).collect();
    let (rows, columns) = (jackknife.rows(), predictions.columns());
    let mut sum = vec![0.0f64; rows.len() * columns];
    for &m in &used {
        add(&mut sum, predictions.member(m), rows, columns, weights[m]);
    }
    let total: f64 = used.iter().map(|&m| weights[m]).sum();
    let truth = jackknife.truth()?;
    let judge = |sum: &[f64], total: f64| -> Result<Option<(f64, Vec<f64>)>> {
        // A sum from which a member was taken away may miss 0 or 1 by its last bits.
        let within = |x: f64| if gives == Gives::Probabilities { x.clamp(0.0, 1.0) } else { x };
        let mean: Vec<f64> = sum.iter().map(|x| within(x / total)).collect();
        let estimates = Estimates::f64(&mean, columns, gives)?;
        let Some(score) = metric.score(&estimates, &truth)?.value() else { return Ok(None) };
        Ok(jackknife.scores(metric, &estimates)?.map(|scores| (score, scores)))
    };
    let all = if used.len() > 1 { judge(&sum, total)? } else { None };
    let cost = |score: f64| metric.direction().cost(score);
    let mut gains = Vec::with_capacity(used.len());
    for &m in &used {
        let mut found = MemberGain { member: m, gain: None, standard_error: None };
        if let Some((all, with)) = &all {
            let mut without = sum.clone();
            add(&mut without, predictions.member(m), rows, columns, -weights[m]);
            if let Some((score, scores)) = judge(&without, total - weights[m])? {
                let differences: Vec<f64> = scores.iter().zip(with).map(|(a, b)| cost(*a) - cost(*b)).collect();
                found.gain = Some(cost(score) - cost(*all));
                found.standard_error = Some(jackknife.standard_error(&differences));
            }
        }
        gains.push(found);
    }
    Ok(gains)
}

/// Whether the plain mean of the members makes sense: all give probabilities, or all give values.
///
/// ```
/// use consort_core::{Gives, Ids, Outputs, Predictions};
/// let builder = Predictions::builder(Outputs::target("y"), Ids::positions(1));
/// let predictions = builder.member("a", Gives::Values, &[1.0])?.build()?;
/// assert!(consort_metrics::diversity::can_be_averaged(&predictions));
/// # Ok::<(), consort_core::Error>(())
/// ```
pub fn can_be_averaged(predictions: &Predictions) -> bool {
    let members = predictions.members();
    members
        .iter()
        .all(|member| member.gives == members[0].gives && matches!(member.gives, Gives::Probabilities | Gives::Values))
}

/// Adds a member's numbers of these rows, so many times.
fn add(sum: &mut [f64], member: &[f32], rows: &[u32], columns: usize, weight: f64) {
    for (sum, &i) in sum.chunks_exact_mut(columns).zip(rows) {
        let from = i as usize * columns;
        for (sum, &x) in sum.iter_mut().zip(&member[from..from + columns]) {
            *sum += weight * f64::from(x);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LogLoss;
    use consort_core::{Classes, Ids, Outputs, Seed, Target, Truth};

    #[test]
    fn certain_members_of_odd_weights_leave_probabilities() {
        // Taking a member away from a sum of thirds leaves 1 and 0 off by their last bits.
        let classes = Classes::new(["a", "b"]).unwrap();
        let codes: Vec<u32> = (0..200).map(|i| i % 2).collect();
        let sure: Vec<f32> = codes.iter().flat_map(|&code| [1.0 - code as f32, code as f32]).collect();
        let mut builder = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(200));
        for name in ["a", "b", "c"] {
            builder = builder.member(name, Gives::Probabilities, &sure).unwrap();
        }
        let (predictions, target) = (builder.build().unwrap(), Target::Classes { codes, classes });
        let rows: Vec<u32> = (0..200).collect();
        let jackknife = GroupJackknife::new(&Truth::new(&target), &rows, 200, Seed::new(0)).unwrap();
        for weights in [[0.1, 0.2, 0.7], [1.0 / 3.0, 0.6, 0.3], [0.12, 0.34, 0.54]] {
            let gains = leave_one_out(&predictions, Some(&weights), &LogLoss::default(), &jackknife).unwrap();
            assert!(gains.iter().all(|one| one.gain.unwrap().abs() < 1e-9), "{gains:?}");
        }
    }
}
