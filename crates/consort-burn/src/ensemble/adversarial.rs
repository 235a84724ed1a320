use consort_core::{Error, FitContext, Result, Samples};
use serde::{Deserialize, Serialize};

use super::{
    Combine, DeepEnsemble, NetEnsemble,
    deep_ensemble::{expect_members, learner},
    net_ensemble::Source,
    parallel,
};
use crate::net::{Net, school::Basis, tally::Tally};

/// Nets trained apart, each also on rows moved against it by the fast gradient sign method (Goodfellow and others 2015;
/// Lakshminarayanan and others 2017): the loss is the mean of that of `x` and of `x + ε · range · sign(∂loss/∂x)`.
///
/// A step is a share of the range that each number has in the training rows, so nothing is assumed of its units; images
/// have the range of each pixel. Categories do not move.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Adversarial {
    /// The net.
    pub net: Net,
    /// How many members.
    pub members: usize,
    /// The step `ε`, as a share of the range of each number.
    pub epsilon: f64,
}

impl Default for Adversarial {
    fn default() -> Self {
        Self { net: Net::default(), members: 5, epsilon: 0.01 }
    }
}

impl DeepEnsemble for Adversarial {
    fn train(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<NetEnsemble> {
        expect_members(self.members)?;
        if !(self.epsilon > 0.0 && self.epsilon <= 1.0) {
            return Err(Error::parameter("epsilon", self.epsilon, "a share above 0, at most 1"));
        }
        let basis = Basis::new(&self.net, train)?;
        let tally = Tally::new(ctx, self.members * self.net.epochs);
        let members = parallel::each(ctx, self.members, |m| {
            let ctx = FitContext { seed: ctx.seed.nth("member", m as u64), threads: 1, ..*ctx };
            self.net.train_against(&basis, train, &ctx, &tally, Some(self.epsilon))
        })?;
        Ok(NetEnsemble::new("adversarial", Source::Nets(members), Combine::Mean))
    }
}

learner!(Adversarial, "adversarial_nets", "adversarial-nets");
