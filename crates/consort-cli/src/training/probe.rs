use std::sync::Arc;

use consort::{
    core::{Dataset, FitContext, Fuser, Metric, Samples, Seed, Silent},
    ensemble::{
        NamedLearner,
        cross_fit::{OnError, Skipped},
        estimate::{Probe, ShuffledTarget, Told},
        stack::{Refit, StackFit, StackOptions, Stacking},
    },
    fusion::verdict::HonestScore,
};

use super::{Plan, TestedRows};
use crate::{failure::Result, session::Session};

/// A run whose estimate is made again with a shuffled target, as the leaderboard's first line was made with the true one.
pub(crate) struct Probed<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) stacking: &'a Stacking,
    /// The members that are not in the run.
    pub(crate) skipped: &'a [Skipped],
    pub(crate) fuser: &'a dyn Fuser,
    pub(crate) metric: &'a Arc<dyn Metric>,
}

impl Probed<'_> {
    /// Probes, and says what was found.
    pub(crate) fn tell(&self, session: &mut Session, data: &Dataset, context: &FitContext<'_>) -> Result<()> {
        let probe = self.probe(data, context)?;
        session.put("probe", serde_json::to_value(&probe)?);
        let text = format!("probe: {probe}");
        if probe.leaks() {
            session.note(text);
        } else {
            session.say(text);
        }
        Ok(())
    }

    fn probe(&self, data: &Dataset, context: &FitContext<'_>) -> Result<Probe> {
        // Models of all rows are in no estimate.
        let mut stacking = self.stacking.clone().refit(Refit::KeepFolds);
        for (layer, members) in (0..).zip(&mut stacking.layers) {
            let is_it =
                |member: &NamedLearner, skipped: &Skipped| (skipped.layer, &skipped.name) == (layer, &member.name);
            members.retain(|member| !self.skipped.iter().any(|skipped| is_it(member, skipped)));
        }
        stacking.layers.retain(|members| !members.is_empty());
        let estimate = |samples: &Samples<'_>, seed: Seed| {
            let own = FitContext { seed, progress: &Silent, ..*context };
            let options = StackOptions { on_error: OnError::Skip, ..StackOptions::default() };
            let fit = stacking.fit_with(samples, &own, &options)?;
            let honest = self.honest(&fit, samples.dataset(), seed).map_err(consort::core::Error::custom)?;
            Ok(Told { rows: fit.seen.rows, gives: honest.gives, predictions: honest.fused })
        };
        let probe = ShuffledTarget { metric: Some(Arc::clone(self.metric)), ..ShuffledTarget::default() };
        let own = FitContext { seed: context.seed.child("probe"), ..*context };
        Ok(probe.of(&Samples::all(data), &own, estimate)?)
    }

    /// The ensemble on rows that its fusion was not fitted on.
    fn honest(&self, fit: &StackFit, data: &Dataset, seed: Seed) -> Result<HonestScore> {
        let rows = TestedRows::of_fit(fit, data, self.plan)?;
        let predictions = &fit.seen.predictions;
        let partitions = rows.partitions(predictions, seed)?;
        Ok(HonestScore::of(self.fuser, predictions, &rows.truth()?, &**self.metric, &partitions, seed)?)
    }
}
