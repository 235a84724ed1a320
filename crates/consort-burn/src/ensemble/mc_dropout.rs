use consort_core::{Error, FitContext, Result, Samples};
use serde::{Deserialize, Serialize};

use super::{
    Combine, DeepEnsemble, NetEnsemble,
    deep_ensemble::{expect_members, learner},
    net_ensemble::Source,
};
use crate::net::{History, Net, school::Basis, tally::Tally};

/// Monte Carlo dropout (Gal and Ghahramani 2016): one net trained with dropout, asked several times with other units
/// dropped each time. The prediction is the mean; how the passes differ says how sure the net is.
///
/// In one pass the same units are dropped for all rows, so that each pass is a network of its own and no row's prediction
/// depends on the others. An architecture that drops no units would give the same each time, and is refused.
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
        let basis = Basis::new(&self.net, train)?;
        if !train.is_empty() {
            let fresh = basis.model(&*basis.network(&self.net, ctx.seed)?, History::default());
            if !fresh.drops_units(&Samples::rows(train.dataset(), &[train.row(0) as u32])?)? {
                return Err(Error::Unsupported {
                    by: "MC dropout".into(),
                    what: format!("the architecture `{}`, of which no unit is dropped", self.net.architecture.name()),
                    hint: "take an MLP or a tabular ResNet with `dropout` above 0".into(),
                });
            }
        }
        let net = self.net.train_on(&basis, train, ctx, &Tally::new(ctx, self.net.epochs))?;
        let source = Source::Dropped { net, members: self.members, seed: ctx.seed.child("passes") };
        Ok(NetEnsemble::new("pass", source, Combine::Mean))
    }
}

learner!(McDropout, "mc_dropout", "mc-dropout");
