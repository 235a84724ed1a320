use consort_core::{Error, FitContext, Result, Samples};
use serde::{Deserialize, Serialize};

use super::{
    Combine, DeepEnsemble, NetEnsemble,
    deep_ensemble::{expect_members, learner},
    net_ensemble::Source,
    parallel,
};
use crate::net::{Net, school::Basis, tally::Tally};

/// Bagging of nets (Breiman 1996): each learns from rows drawn at random. The prediction is the mean of theirs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bagging {
    /// The net.
    pub net: Net,
    /// How many members.
    pub members: usize,
    /// How many rows each draws, as a share of all.
    pub share: f64,
    /// Whether a row may be drawn twice.
    pub replacement: bool,
}

impl Default for Bagging {
    fn default() -> Self {
        Self { net: Net::default(), members: 5, share: 1.0, replacement: true }
    }
}

impl Bagging {
    /// The rows that member `m` learns from, among so many.
    fn draw(&self, present: &[u32], ctx: &FitContext<'_>) -> Vec<u32> {
        let count = ((present.len() as f64 * self.share).round() as usize).max(1);
        let mut stream = ctx.seed.child("rows").stream();
        if self.replacement {
            return (0..count).map(|_| present[stream.below(present.len() as u64) as usize]).collect();
        }
        let mut rows = present.to_vec();
        stream.shuffle(&mut rows);
        rows.truncate(count);
        rows
    }
}

impl DeepEnsemble for Bagging {
    fn train(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<NetEnsemble> {
        expect_members(self.members)?;
        if !(self.share > 0.0 && self.share <= 1.0) {
            return Err(Error::parameter("share", self.share, "a share above 0, at most 1"));
        }
        // What is wrong with a row is said even if no member draws it.
        Basis::new(&self.net, train)?;
        // A row of weight 0 is absent: it is not drawn.
        let present = (0..train.len()).filter(|&i| train.weight(i) > 0.0);
        let present: Vec<u32> = present.map(|i| train.row(i) as u32).collect();
        if present.is_empty() {
            return Err(Error::Empty {
                what: "the training part".into(),
                hint: "give at least one row with a weight above 0".into(),
            });
        }
        let tally = Tally::new(ctx, self.members * self.net.epochs);
        let members = parallel::each(ctx, self.members, |m| {
            let ctx = FitContext { seed: ctx.seed.nth("member", m as u64), threads: 1, ..*ctx };
            let rows = self.draw(&present, &ctx);
            let mut drawn = Samples::rows(train.dataset(), &rows)?;
            if let Some(weights) = train.weights() {
                drawn = drawn.with_weights(weights)?;
            }
            self.net.train_on(&Basis::new(&self.net, &drawn)?, &drawn, &ctx, &tally)
        })?;
        Ok(NetEnsemble::new("bag", Source::Nets(members), Combine::Mean))
    }
}

learner!(Bagging, "bagged_nets", "net-bagging");
