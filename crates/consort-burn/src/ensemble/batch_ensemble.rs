use consort_core::{Error, FitContext, Result, Samples};
use serde::{Deserialize, Serialize};

use super::{Combine, DeepEnsemble, NetEnsemble, deep_ensemble::learner, net_ensemble::Source};
use crate::{
    architecture::RankOneMlp,
    net::{
        Net, follower::Nobody, guarded::guarded, objective::MeanOfOwn, school::Basis, tally::Tally, training::Learning,
    },
};

/// BatchEnsemble (Wen and others 2020): members share the weights of one net and differ by vectors beside them; all
/// learn on the same rows by the mean of their losses, and the prediction is the mean of theirs.
///
/// The net's architecture is one with several members, such as [`RankOneMlp`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BatchEnsemble {
    /// The net.
    pub net: Net,
}

impl Default for BatchEnsemble {
    fn default() -> Self {
        Self { net: Net::new(RankOneMlp::default()) }
    }
}

impl DeepEnsemble for BatchEnsemble {
    fn train(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<NetEnsemble> {
        let net = &self.net;
        let basis = Basis::new(net, train)?;
        let school = basis.school(net, train, ctx)?;
        let tally = Tally::new(ctx, net.epochs);
        guarded(&net.by(), || {
            let mut group = [Learning::new(net, basis.shared_network(net, ctx.seed)?, ctx.seed)];
            let members = group[0].network.members();
            if members < 2 {
                return Err(Error::Unsupported {
                    by: "BatchEnsemble".into(),
                    what: format!("the architecture `{}`, which has one member", net.architecture.name()),
                    hint: "take one of several members, such as `RankOneMlp`".into(),
                });
            }
            let objective = MeanOfOwn { loss: basis.spec.loss };
            let mut course = net.course(&school, &objective, &tally, ctx);
            course.members_in_one = members;
            let history = course.run(&mut group, &mut Nobody)?;
            let source = Source::Shared { net: basis.model(&*group[0].network, history), members };
            Ok(NetEnsemble::new("shared", source, Combine::Mean))
        })
    }
}

learner!(BatchEnsemble, "batch_ensemble", "batch-ensemble");
