use consort_core::{FitContext, Result, Samples};
use serde::{Deserialize, Serialize};

use super::{
    Combine, DeepEnsemble, NetEnsemble,
    deep_ensemble::{expect_members, learner},
    net_ensemble::Source,
};
use crate::net::Net;

/// Monte Carlo dropout (Gal and Ghahramani 2016): one net trained with dropout, asked several times with other units
/// dropped each time. The prediction is the mean; how the passes differ says how sure the net is.
///
/// In one pass the same units are dropped for all rows, so that each pass is a network of its own and no row's prediction
/// depends on the others. The architecture must drop units; one without dropout gives the same each time.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct McDropout {
    /// The net.
    pub net: Net,
    /// How many passes.
    pub members: usize,
}

impl Default for McDropout {
    fn default() -> Self {
        let mlp = crate::architecture::Mlp { dropout: 0.1, ..Default::default() };
        Self { net: Net::new(mlp), members: 20 }
    }
}

impl DeepEnsemble for McDropout {
    fn train(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<NetEnsemble> {
        expect_members(self.members)?;
        let net = self.net.train(train, ctx)?;
        let source = Source::Dropped { net, members: self.members, seed: ctx.seed.child("passes") };
        Ok(NetEnsemble::new("pass", source, Combine::Mean))
    }
}

learner!(McDropout, "mc_dropout", "mc-dropout");
