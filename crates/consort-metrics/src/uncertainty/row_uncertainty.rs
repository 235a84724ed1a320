use consort_core::{Error, Gives, Outputs, Predictions, Result, Score, Truth, blocks};
use serde::{Deserialize, Serialize};

/// How sure the members are of each row. Entropies are in nats; one number a row.
///
/// With p̄ the mean of the M members' probabilities p_m, and v_k the share of members whose greatest probability (the first
/// of equals) is that of class k:
///
/// | measure | formula | says |
/// |---|---|---|
/// | predictive entropy | H(p̄) = −Σ p̄ ln p̄ | how unsure, in all |
/// | expected entropy | mean of H(p_m) | what more members do not mend (aleatoric) |
/// | mutual information | H(p̄) − mean of H(p_m) | how much the members differ (epistemic; Houlsby et al. 2011) |
/// | variation ratio | 1 − max v_k | the share that votes against the plurality (Freeman 1965) |
/// | margin | greatest minus second greatest p̄ | how near to another decision |
/// | disagreement | 1 − Σ v_k(Mv_k − 1)/(M − 1) | the share of pairs of members that vote differently |
///
/// One pass over the cube, O(members × rows × classes); 48 bytes a row. A member that lacks a row is left out of it; a row
/// that all lack is NaN, as in a fusion.
///
/// ```
/// use consort_core::{Classes, Gives, Ids, Outputs, Predictions};
/// use consort_metrics::uncertainty::Uncertainty;
/// let outputs = Outputs::Classes(Classes::new(["no", "yes"])?);
/// let predictions = Predictions::builder(outputs, Ids::positions(2))
///     .member("a", Gives::Probabilities, &[1.0, 0.0, 0.5, 0.5])?
///     .member("b", Gives::Probabilities, &[0.0, 1.0, 0.5, 0.5])?
///     .build()?;
/// let found = Uncertainty::of(&predictions)?;
/// let ln2 = 2f64.ln();
/// assert!((found.mutual_information[0] - ln2).abs() < 1e-12); // sure, and of two minds
/// assert!((found.expected_entropy[1] - ln2).abs() < 1e-12); // of one mind, and unsure
/// assert_eq!(found.disagreement, [1.0, 0.0]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Uncertainty {
    /// The entropy of the mean.
    pub predictive_entropy: Vec<f64>,
    /// The mean of the entropies.
    pub expected_entropy: Vec<f64>,
    /// The difference of the two.
    pub mutual_information: Vec<f64>,
    /// The share of members that vote against the plurality.
    pub variation_ratio: Vec<f64>,
    /// The greatest minus the second greatest mean probability.
    pub margin: Vec<f64>,
    /// The share of pairs of members that vote differently; 0 for one member.
    pub disagreement: Vec<f64>,
}

/// The measures of [`Uncertainty`], averaged over rows.
///
/// ```
/// use consort_core::{Classes, Gives, Ids, Outputs, Predictions};
/// use consort_metrics::uncertainty::Uncertainty;
/// let predictions = Predictions::builder(Outputs::Classes(Classes::new(["no", "yes"])?), Ids::positions(2))
///     .member("a", Gives::Probabilities, &[1.0, 0.0, 0.5, 0.5])?
///     .member("b", Gives::Probabilities, &[0.0, 1.0, 0.5, 0.5])?
///     .build()?;
/// assert_eq!(Uncertainty::of(&predictions)?.means().disagreement.value(), Some(0.5));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UncertaintyMeans {
    /// The entropy of the mean.
    pub predictive_entropy: Score,
    /// The mean of the entropies.
    pub expected_entropy: Score,
    /// The difference of the two.
    pub mutual_information: Score,
    /// The share of members that vote against the plurality.
    pub variation_ratio: Score,
    /// The greatest minus the second greatest mean probability.
    pub margin: Score,
    /// The share of pairs of members that vote differently.
    pub disagreement: Score,
}

const MEASURES: usize = 6;

impl Uncertainty {
    /// The measures of each row.
    ///
    /// # Errors
    /// [`Error::Unsupported`] unless all members give probabilities (or labels) of classes.
    pub fn of(predictions: &Predictions) -> Result<Self> {
        const BY: &str = "uncertainty";
        let Outputs::Classes(classes) = predictions.outputs() else {
            return Err(Error::Unsupported {
                by: BY.into(),
                what: predictions.outputs().task().to_string(),
                hint: "it needs probabilities of classes".into(),
            });
        };
        if let Some(m) = predictions.members().iter().find(|m| !matches!(m.gives, Gives::Probabilities | Gives::Labels))
        {
            return Err(Error::Unsupported {
                by: BY.into(),
                what: format!("the {} of member `{}`", m.gives, m.name),
                hint: "turn them into probabilities first".into(),
            });
        }
        let (rows, columns) = (predictions.rows(), classes.len());
        let parts = blocks::map(rows, |range| block(predictions, range, columns));
        let measure = |k: usize| parts.iter().flat_map(|part| part.iter().skip(k).step_by(MEASURES)).copied().collect();
        Ok(Self {
            predictive_entropy: measure(0),
            expected_entropy: measure(1),
            mutual_information: measure(2),
            variation_ratio: measure(3),
            margin: measure(4),
            disagreement: measure(5),
        })
    }

    /// The measures averaged over the rows that some member predicts.
    pub fn means(&self) -> UncertaintyMeans {
        self.average(|_| 1.0)
    }

    /// The measures averaged with the weights of these rows.
    ///
    /// # Errors
    /// [`Error::Length`] unless the truth is parallel.
    pub fn weighted_means(&self, truth: &Truth<'_>) -> Result<UncertaintyMeans> {
        truth.check_rows(self.margin.len())?;
        Ok(self.average(|i| truth.weight(i)))
    }

    fn average(&self, weight: impl Fn(usize) -> f64 + Sync) -> UncertaintyMeans {
        let mean = |numbers: &[f64]| {
            let [sum, total] = blocks::sum(numbers.len(), |range| {
                let mut sums = [0.0; 2];
                for i in range.filter(|&i| weight(i) > 0.0 && !numbers[i].is_nan()) {
                    sums[0] += weight(i) * numbers[i];
                    sums[1] += weight(i);
                }
                sums
            });
            Score::ratio(sum, total, "no member predicts any row")
        };
        UncertaintyMeans {
            predictive_entropy: mean(&self.predictive_entropy),
            expected_entropy: mean(&self.expected_entropy),
            mutual_information: mean(&self.mutual_information),
            variation_ratio: mean(&self.variation_ratio),
            margin: mean(&self.margin),
            disagreement: mean(&self.disagreement),
        }
    }
}

/// The measures of a block of rows, row after row. Members are read one after another, so that memory is read in order.
fn block(predictions: &Predictions, range: std::ops::Range<usize>, columns: usize) -> Vec<f64> {
    let rows = range.len();
    let (mut sums, mut votes) = (vec![0.0f64; rows * columns], vec![0u32; rows * columns]);
    let (mut entropies, mut members) = (vec![0.0f64; rows], vec![0u32; rows]);
    for m in 0..predictions.members().len() {
        let member = predictions.member_rows(m, range.clone());
        for (i, row) in member.chunks_exact(columns).enumerate().filter(|(_, row)| !row[0].is_nan()) {
            let (mut top, mut entropy) = (0, 0.0);
            for (k, &p) in row.iter().enumerate() {
                sums[i * columns + k] += f64::from(p);
                entropy -= p_ln_p(f64::from(p));
                if p > row[top] {
                    top = k;
                }
            }
            votes[i * columns + top] += 1;
            entropies[i] += entropy;
            members[i] += 1;
        }
    }
    let mut out = Vec::with_capacity(rows * MEASURES);
    for i in 0..rows {
        if members[i] == 0 {
            out.extend([f64::NAN; MEASURES]);
            continue;
        }
        let m = f64::from(members[i]);
        let (mut entropy, mut first, mut second) = (0.0, f64::NEG_INFINITY, f64::NEG_INFINITY);
        for sum in &sums[i * columns..(i + 1) * columns] {
            let p = sum / m;
            entropy -= p_ln_p(p);
            if p > first {
                (first, second) = (p, first);
            } else if p > second {
                second = p;
            }
        }
        let votes = &votes[i * columns..(i + 1) * columns];
        let most = votes.iter().copied().max().unwrap_or(0);
        let alike: f64 = votes.iter().map(|&v| f64::from(v) * (f64::from(v) - 1.0)).sum();
        let expected = entropies[i] / m;
        // Concavity makes it at least 0; rounding may not.
        let information = (entropy - expected).max(0.0);
        let margin = if columns > 1 { first - second } else { first };
        let disagreement = if m > 1.0 { 1.0 - alike / (m * (m - 1.0)) } else { 0.0 };
        out.extend([entropy, expected, information, 1.0 - f64::from(most) / m, margin, disagreement]);
    }
    out
}

/// p ln p, 0 for p = 0.
fn p_ln_p(p: f64) -> f64 {
    if p > 0.0 { p * p.ln() } else { 0.0 }
}
