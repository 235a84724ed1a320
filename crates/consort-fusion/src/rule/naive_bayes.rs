use consort_core::{Error, Fuser, Fusion, Gives, Matrix, Outputs, Predictions, Result, Seed, Truth, blocks};
use serde::{Deserialize, Serialize};

use super::{
    behaviour_knowledge_space::class_shares,
    fixed::same_rows,
    label::Chooser,
    log_pool::softmax,
    panel::{Panel, Rows},
    roster::{CHOSEN, Roster},
};

/// Naive Bayes combination: what each member's choice says of the truth, multiplied.
///
/// P(k) ∝ πₖ · Πₘ P(member m chooses sₘ | class k), with the probabilities from each member's confusion matrix,
/// (count + s) / (rows of class k + K·s). It assumes that members err independently given the class; it needs n·K²
/// numbers, where [`BehaviourKnowledgeSpace`](super::BehaviourKnowledgeSpace) needs up to Kⁿ.
///
/// Fit and fusion are one pass over the cube each.
///
/// Source: Xu, Krzyżak and Suen 1992; the smoothing with s = 1/K Titterington et al. 1981.
///
/// ```
/// use consort_core::{Classes, Fuser, Gives, Ids, Outputs, Predictions, Seed, Target, Truth};
/// use consort_fusion::rule::NaiveBayesCombination;
/// let classes = Classes::new(["a", "b"])?;
/// // A member that is always wrong is as good as one that is always right.
/// let predictions = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(4))
///     .member("m", Gives::Labels, &[1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0])?
///     .build()?;
/// let truth = Target::from_labels(["b", "b", "a", "a"], &classes, "the truth")?;
/// let fitted = NaiveBayesCombination::default().fit(&predictions, &Truth::new(&truth), Seed::new(0))?;
/// assert_eq!(fitted.fuse(&predictions)?.argmax(0), Some(1));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NaiveBayesCombination {
    /// What is added to each count, above 0. `None`: 1/K.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smoothing: Option<f64>,
}

impl NaiveBayesCombination {
    /// With another number added to each count.
    pub fn with_smoothing(mut self, smoothing: f64) -> Self {
        self.smoothing = Some(smoothing);
        self
    }

    /// Refuses smoothing that is not above 0.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check(&self) -> Result<()> {
        match self.smoothing {
            Some(smoothing) if !(smoothing > 0.0 && smoothing.is_finite()) => {
                Err(Error::parameter("smoothing", smoothing, "above 0 and finite"))
            }
            _ => Ok(()),
        }
    }
}

/// The confusion of each member, fitted.
///
/// ```
/// use consort_fusion::rule::FittedNaiveBayes;
/// let saved = r#"{"roster": {"members": ["m"], "outputs": {"labels": []}}, "prior": [0.5, 0.5], "logs": []}"#;
/// assert_eq!(serde_json::from_str::<FittedNaiveBayes>(saved)?.prior(), [0.5, 0.5]);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedNaiveBayes {
    roster: Roster,
    /// The share of each class.
    prior: Vec<f64>,
    /// `[member][chosen × class]`: ln P(chosen | class).
    logs: Vec<Vec<f64>>,
}

impl FittedNaiveBayes {
    /// The share of each class among the rows that it was fitted on.
    pub fn prior(&self) -> &[f64] {
        &self.prior
    }
}

const NAME: &str = "naive-bayes";

#[typetag::serde]
impl Fuser for NaiveBayesCombination {
    fn name(&self) -> String {
        NAME.into()
    }

    fn fit(&self, predictions: &Predictions, truth: &Truth<'_>, _seed: Seed) -> Result<Box<dyn Fusion>> {
        self.check()?;
        same_rows(NAME, predictions, truth)?;
        let (roster, predictions) = Roster::take(NAME, predictions)?;
        Panel::new(NAME, &predictions, None, &CHOSEN)?;
        let (codes, classes) = truth.classes(NAME)?;
        let k = classes.len();
        let smoothing = self.smoothing.unwrap_or(1.0 / k as f64);
        let chooser = Chooser::new(predictions.outputs());
        let logs = (0..roster.members()).map(|m| {
            let values = predictions.member(m);
            let parts = blocks::map(predictions.rows(), |rows| {
                let mut counts = vec![0.0; k * k];
                for i in rows.filter(|&i| truth.weight(i) > 0.0) {
                    let row = &values[i * k..(i + 1) * k];
                    if !row[0].is_nan() {
                        counts[chooser.choose(row) * k + codes[i] as usize] += truth.weight(i);
                    }
                }
                counts
            });
            let mut counts = vec![0.0; k * k];
            parts.into_iter().for_each(|part| counts.iter_mut().zip(part).for_each(|(sum, part)| *sum += part));
            let of_class = |class: usize| (0..k).map(|chosen| counts[chosen * k + class]).sum::<f64>();
            let totals: Vec<f64> = (0..k).map(of_class).collect();
            let chance = |(at, &count): (usize, &f64)| (count + smoothing) / (totals[at % k] + k as f64 * smoothing);
            counts.iter().enumerate().map(|count| chance(count).ln()).collect()
        });
        let logs = logs.collect();
        Ok(Box::new(FittedNaiveBayes { roster, prior: class_shares(truth, codes, k), logs }))
    }
}

#[typetag::serde]
impl Fusion for FittedNaiveBayes {
    fn name(&self) -> String {
        NAME.into()
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        let predictions = self.roster.call(NAME, predictions)?;
        let k = self.roster.classes();
        let whole = self.logs.len() == self.roster.members() && self.logs.iter().all(|logs| logs.len() == k * k);
        if self.prior.len() != k || !whole {
            let problem = "the tables do not fit the members and classes: fit again".into();
            return Err(Error::Damaged { place: format!("rule `{NAME}`"), problem });
        }
        let panel = Panel::new(NAME, &predictions, None, &CHOSEN)?.keep_logits();
        let chooser = Chooser::new(predictions.outputs());
        let prior: Vec<f64> = self.prior.iter().map(|share| share.ln()).collect();
        panel.fuse(|rows: &Rows<'_>, sums: &mut Vec<f64>, out: &mut [f32]| {
            sums.clear();
            (0..out.len() / k).for_each(|_| sums.extend_from_slice(&prior));
            for (values, &place) in rows.values.iter().zip(rows.places) {
                let logs = &self.logs[place];
                chooser.each(values, k, |i, chosen| {
                    let logs = &logs[chosen * k..(chosen + 1) * k];
                    sums[i * k..(i + 1) * k].iter_mut().zip(logs).for_each(|(sum, log)| *sum += log);
                });
            }
            softmax(sums, k, out);
        })
    }

    fn row_by_row(&self) -> bool {
        true
    }

    fn gives(&self, _outputs: &Outputs) -> Gives {
        Gives::Probabilities
    }
}
