//! What members and ensemble score, the ensemble on rows that its fit did not see: of files and of runs.

use std::sync::Arc;

use consort::{
    core::{Estimates, Fuser, Fusion, Matrix, Metric, Predictions, Seed, Truth, comparable},
    fusion::verdict::{Judgement, Partitions, judge},
    metrics::significance::{Bootstrap, GroupJackknife},
    plot,
};
use serde_json::{Value, json};

use crate::{failure::Result, method, report, score_card::ScoreCard, session::Session, training::Fits};

/// What was fitted, and on what it is judged.
pub(crate) struct Fitted<'a> {
    pub(crate) fuser: &'a dyn Fuser,
    pub(crate) fusion: &'a dyn Fusion,
    pub(crate) metric: &'a Arc<dyn Metric>,
    /// What the fusion was fitted with, so that it comes out the same where it is fitted to be judged.
    pub(crate) seed: Seed,
}

/// Scores of the members, and of the ensemble twice: on the rows that its fusion was fitted on, and on others.
pub(crate) struct Judged {
    pub(crate) cards: Vec<ScoreCard>,
    pub(crate) honest: ScoreCard,
    pub(crate) in_sample: ScoreCard,
    pub(crate) weights: Option<Vec<f64>>,
    /// The interval of each member's score in the metric that decides, and that of the ensemble's on rows unseen by its fit.
    pub(crate) intervals: Vec<Option<(f64, f64)>>,
    pub(crate) honest_interval: Option<(f64, f64)>,
    metrics: Vec<Arc<dyn Metric>>,
    pub(crate) judgement: Judgement,
}

impl Judged {
    /// Scores all, with `fused` as what the fusion makes of these predictions; it is let go as soon as it is scored,
    /// since judging takes memory.
    pub(crate) fn new(
        session: &mut Session,
        predictions: &Predictions,
        truth: &Truth<'_>,
        fitted: &Fitted<'_>,
        fused: Matrix,
        partitions: &Partitions,
    ) -> Result<Self> {
        let metrics = method::companions(fitted.metric, predictions)?;
        session.doing("scoring");
        let gives = fitted.fusion.gives(predictions.outputs());
        let in_sample = ScoreCard::of_matrix(session, "ensemble", &metrics, &fused, gives, truth)?;
        drop(fused);
        session.doing("scoring members");
        let cards = (0..predictions.members().len())
            .map(|m| ScoreCard::of_member(session, &metrics, predictions, m, truth))
            .collect::<Result<Vec<_>>>()?;
        session.doing("judging the ensemble on rows that its fit did not see");
        let rows = (0..truth.rows()).filter(|&i| truth.weight(i) > 0.0).count();
        let (fuser, metric) = (fitted.fuser, &**fitted.metric);
        let judgement = judge(fuser, predictions, truth, metric, partitions, &resamples(rows), fitted.seed)?;
        let ensemble = &judgement.ensemble;
        let honest = ScoreCard::of_matrix(session, "ensemble", &metrics, &ensemble.fused, ensemble.gives, truth)?;
        let intervals = Intervals::new(metric, truth, session.seed);
        let of_members = cards.iter().enumerate().map(|(m, card)| intervals.of(card, &predictions.estimates(m)));
        let of_members = of_members.collect::<Result<Vec<_>>>()?;
        let of_ensemble = intervals.of(&honest, &Estimates::matrix(&ensemble.fused, ensemble.gives))?;
        Ok(Self {
            cards,
            honest,
            in_sample,
            weights: fitted.fusion.weights(),
            intervals: of_members,
            honest_interval: of_ensemble,
            metrics,
            judgement,
        })
    }

    /// Puts members, ensemble and verdict into the object.
    pub(crate) fn put(&self, session: &mut Session, predictions: &Predictions) -> Result<()> {
        session.put("members", members_json(predictions, &self.cards, self.weights.as_deref()));
        let (nested, interval) = (self.honest.to_json(), self.honest_interval);
        session.put(
            "ensemble",
            json!({ "nested": nested, "nested_interval": interval, "in_sample": self.in_sample.to_json() }),
        );
        let Judgement { verdict, ensemble, .. } = &self.judgement;
        let mut told = serde_json::to_value(verdict)?;
        if let Value::Object(map) = &mut told {
            map.insert("text".into(), verdict.text().into());
            map.insert("folds".into(), serde_json::to_value(&ensemble.folds)?);
        }
        session.put("verdict", told);
        Ok(())
    }

    /// The members' numbers, best first by the metric that decides, and those last whose scores are of much fewer rows
    /// than others'; of equals, by place.
    pub(crate) fn best_first(&self, metric: &dyn Metric) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.cards.len()).collect();
        let cost = |m: &usize| {
            self.cards[*m].scores[0].1.value().map_or(f64::INFINITY, |score| metric.direction().cost(score))
        };
        let nearly_all = comparable(&self.cards.iter().map(|card| card.share).collect::<Vec<_>>());
        order.sort_by(|a, b| nearly_all[*b].cmp(&nearly_all[*a]).then(cost(a).total_cmp(&cost(b))));
        order
    }

    /// The report of it.
    pub(crate) fn report(
        &self,
        session: &Session,
        predictions: &Predictions,
        truth: &Truth<'_>,
        fitted: &Fitted<'_>,
        fits: Option<&Fits>,
    ) -> Result<plot::report::Report> {
        session.doing("drawing the report");
        report::of_judged(session, predictions, truth, fitted, &self.metrics, &self.judgement, fits)
    }
}

/// How sure intervals of scores are meant to be.
const LEVEL: f64 = 0.95;
/// The most rows that they are computed from.
const INTERVAL_ROWS: usize = 60_000;

/// What intervals of scores are made of: those of the report, too.
struct Intervals<'a> {
    metric: &'a dyn Metric,
    truth: &'a Truth<'a>,
    jackknife: Option<GroupJackknife>,
}

impl<'a> Intervals<'a> {
    fn new(metric: &'a dyn Metric, truth: &'a Truth<'_>, seed: Seed) -> Self {
        let rows: Vec<u32> = (0..truth.rows() as u32).filter(|&i| truth.weight(i as usize) > 0.0).collect();
        Self { metric, truth, jackknife: GroupJackknife::new(truth, &rows, INTERVAL_ROWS, seed) }
    }

    /// The interval of the score in the metric that decides; none for few rows, and where a row has no answer.
    fn of(&self, card: &ScoreCard, estimates: &Estimates<'_>) -> Result<Option<(f64, f64)>> {
        match (&self.jackknife, card.scores[0].1.value()) {
            (Some(jackknife), Some(score)) if estimates.unanswered(self.truth) == 0 => {
                Ok(jackknife.interval(self.metric, estimates, score, LEVEL)?)
            }
            _ => Ok(None),
        }
    }
}

/// The members as JSON: name, what they give, weight, scores.
pub(crate) fn members_json(predictions: &Predictions, cards: &[ScoreCard], weights: Option<&[f64]>) -> Value {
    predictions
        .members()
        .iter()
        .enumerate()
        .map(|(m, member)| {
            json!({
                "name": member.name,
                "gives": member.gives,
                "weight": weights.map(|weights| weights[m]),
                "scores": cards.get(m).map(ScoreCard::to_json),
                "share_of_rows": cards.get(m).map(|card| card.share),
            })
        })
        .collect()
}

/// The bootstrap of a verdict: 2,000 resamples, fewer of very many rows, whose intervals are narrow anyway.
pub(crate) fn resamples(rows: usize) -> Bootstrap {
    Bootstrap::default().replicates((200_000_000 / rows.max(1)).clamp(500, 2000))
}
