use consort_core::{Error, FitContext, Result, Samples};
use serde::{Deserialize, Serialize};

use super::{
    Combine, DeepEnsemble, NetEnsemble,
    deep_ensemble::{expect_full_length, expect_members, expect_some, learner},
    net_ensemble::Source,
};
use crate::{
    net::{Net, follower::Snapshots, guarded::guarded, objective::Own, school::Basis, tally::Tally},
    schedule::Schedule,
};

/// Snapshots of one training run (Huang and others 2017): the learning rate falls along a cosine and jumps up again,
/// cycle after cycle, and the weights at the end of each cycle are a member. Several members for the time of one.
///
/// The net's epochs are those of all cycles together; they must be a multiple of the members. Its own schedule gives
/// way to [`Schedule::CyclicCosine`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Snapshot {
    /// The net.
    pub net: Net,
    /// How many snapshots.
    pub members: usize,
}

impl Default for Snapshot {
    fn default() -> Self {
        Self { net: Net { epochs: 25, ..Net::default() }, members: 5 }
    }
}

impl DeepEnsemble for Snapshot {
    fn train(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<NetEnsemble> {
        let (net, members) = (&self.net, self.members);
        expect_members(members)?;
        expect_full_length("a snapshot ensemble", net)?;
        if net.epochs % members != 0 {
            return Err(Error::parameter("epochs", net.epochs, format!("a multiple of the {members} members")));
        }
        let basis = Basis::new(net, train)?;
        let school = basis.school(net, train, ctx)?;
        let tally = Tally::new(ctx, net.epochs);
        guarded(&net.by(), || {
            let objective = Own { loss: basis.spec.loss };
            let mut course = net.course(&school, &objective, &tally, ctx);
            course.schedule = Schedule::CyclicCosine { cycles: members };
            course.keeps_best = false;
            let mut group = [basis.learning(net, ctx.seed)?];
            let cycle = net.epochs / members;
            let mut snapshots = Snapshots::new(cycle, cycle);
            let mut history = course.run(&mut group, &mut snapshots)?;
            history.snapshots = snapshots.epochs();
            let taken = snapshots.taken;
            expect_some(&taken)?;
            let models = taken.iter().map(|network| basis.model(&**network, history.clone())).collect();
            Ok(NetEnsemble::new("snapshot", Source::Nets(models), Combine::Mean))
        })
    }
}

learner!(Snapshot, "snapshot_nets", "snapshot");
