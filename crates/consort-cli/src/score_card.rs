//! The scores of one prediction.

use std::sync::Arc;

use consort::core::{Estimates, Gives, Matrix, Metric, Predictions, Reads, Score, Target, Truth, Warning};
use serde_json::{Map, Value};

use crate::{failure::Result, session::Session};

/// A prediction under a name, and what it scores in each metric.
pub(crate) struct ScoreCard {
    pub(crate) name: String,
    pub(crate) scores: Vec<(String, Score)>,
    /// The share of the rows, by weight, that the scores are of.
    pub(crate) share: f64,
}

impl ScoreCard {
    /// Scores a member.
    pub(crate) fn of_member(
        session: &mut Session,
        metrics: &[Arc<dyn Metric>],
        predictions: &Predictions,
        m: usize,
        truth: &Truth<'_>,
    ) -> Result<Self> {
        let name = predictions.members()[m].name.clone();
        Self::of(session, name, metrics, &predictions.estimates(m), truth)
    }

    /// Scores a fused prediction.
    pub(crate) fn of_matrix(
        session: &mut Session,
        name: &str,
        metrics: &[Arc<dyn Metric>],
        matrix: &Matrix,
        gives: Gives,
        truth: &Truth<'_>,
    ) -> Result<Self> {
        Self::of(session, name.into(), metrics, &Estimates::matrix(matrix, gives), truth)
    }

    fn of(
        session: &mut Session,
        name: String,
        metrics: &[Arc<dyn Metric>],
        estimates: &Estimates<'_>,
        truth: &Truth<'_>,
    ) -> Result<Self> {
        // A row without an answer is in no score; how many there are is said.
        let unanswered = estimates.unanswered(truth);
        let answered: Vec<f64>;
        let mut truth = *truth;
        let mut share = 1.0;
        if unanswered > 0 {
            session.warn(Warning::NoDecision {
                rows: unanswered,
                why: format!("`{name}` has no answer there; its scores leave them out"),
            });
            answered =
                (0..truth.rows()).map(|i| if estimates.is_answered(i) { truth.weight(i) } else { 0.0 }).collect();
            share = answered.iter().sum::<f64>() / (0..truth.rows()).map(|i| truth.weight(i)).sum::<f64>();
            match Truth::weighted(truth.target(), &answered) {
                Ok(part) => truth = part,
                Err(_) => {
                    let none = |metric: &Arc<dyn Metric>| (metric.name(), Score::undefined("no row has an answer"));
                    return Ok(Self { name, scores: metrics.iter().map(none).collect(), share: 0.0 });
                }
            }
        }
        saturated(session, &name, estimates, &truth);
        let mut scores = Vec::with_capacity(metrics.len());
        for metric in metrics {
            let score = if reads(&**metric, estimates.gives()) {
                metric.score(estimates, &truth)?
            } else {
                Score::undefined(format!("it does not read {}", estimates.gives()))
            };
            if let Score::Undefined(reason) = &score {
                session.warn(Warning::Undefined { metric: metric.name(), of: name.clone(), reason: reason.clone() });
            }
            scores.push((metric.name(), score));
        }
        Ok(Self { name, scores, share })
    }

    /// The share of the rows that the scores are of, for a table.
    pub(crate) fn rows_scored(&self) -> String {
        let percent = 100.0 * self.share;
        // Never rounded to all or none of them.
        let decimals = if (1.0..99.0).contains(&percent) || percent == 0.0 || percent == 100.0 { 0 } else { 3 };
        format!("{percent:.decimals$} %")
    }

    /// As a JSON object: a number each, or null.
    pub(crate) fn to_json(&self) -> Value {
        self.scores
            .iter()
            .map(|(name, score)| (name.clone(), score.value().into()))
            .collect::<Map<String, Value>>()
            .into()
    }
}

/// Whether a metric can make sense of numbers of this kind.
fn reads(metric: &dyn Metric, gives: Gives) -> bool {
    match metric.reads() {
        Reads::Label => gives != Gives::Values,
        Reads::Probability => gives == Gives::Probabilities,
        Reads::Score => matches!(gives, Gives::Probabilities | Gives::Scores | Gives::Logits),
        Reads::Value => gives == Gives::Values,
    }
}

/// Says where a member was sure and wrong: a few such rows can be all of its log loss.
fn saturated(session: &mut Session, name: &str, estimates: &Estimates<'_>, truth: &Truth<'_>) {
    let Target::Classes { codes, .. } = truth.target() else { return };
    if estimates.gives() != Gives::Probabilities {
        return;
    }
    let wrong = |i: &usize| truth.weight(*i) > 0.0 && estimates.at(*i, codes[*i] as usize) == 0.0;
    let rows = (0..truth.rows()).filter(wrong).count();
    if rows > 0 {
        session.warn(Warning::SaturatedWrong { member: name.into(), rows });
    }
}
