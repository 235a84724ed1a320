use consort_core::{Error, FitContext, Result, Samples};
use serde::{Deserialize, Serialize};

use super::{
    Combine, DeepEnsemble, NetEnsemble,
    deep_ensemble::{expect_full_length, expect_members, expect_some, learner},
    net_ensemble::Source,
};
use crate::{
    net::{
        Net,
        follower::{Nobody, Snapshots},
        guarded::guarded,
        objective::Own,
        school::Basis,
        tally::Tally,
    },
    schedule::Schedule,
};

/// Fast geometric ensembling (Garipov and others 2018): after a usual training run, short cycles in which the learning
/// rate falls in a straight line and rises again. The weights in the middle of each cycle, after the step of the
/// least rate, are a member. The prediction is the mean of theirs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FastGeometric {
    /// The net and its first, usual run.
    pub net: Net,
    /// How many cycles, each with a member.
    pub members: usize,
    /// How many epochs a cycle has: an even number.
    pub cycle: usize,
    /// The greatest rate of a cycle, as a share of the net's.
    pub greatest: f64,
    /// The least rate of a cycle, as a share of the greatest.
    pub least: f64,
}

impl Default for FastGeometric {
    fn default() -> Self {
        Self { net: Net::default(), members: 5, cycle: 2, greatest: 0.5, least: 0.01 }
    }
}

impl DeepEnsemble for FastGeometric {
    fn train(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<NetEnsemble> {
        let (net, members) = (&self.net, self.members);
        expect_members(members)?;
        expect_full_length("fast geometric ensembling", net)?;
        if self.cycle == 0 || !self.cycle.is_multiple_of(2) {
            return Err(Error::parameter("cycle", self.cycle, "an even number of epochs, at least 2"));
        }
        if !(self.greatest > 0.0 && self.greatest <= 1.0) {
            return Err(Error::parameter("greatest", self.greatest, "a share above 0, at most 1"));
        }
        let schedule = Schedule::Triangle { cycles: members, least: self.least };
        schedule.check()?;
        let basis = Basis::new(net, train)?;
        let school = basis.school(net, train, ctx)?;
        let rest = members * self.cycle;
        let tally = Tally::new(ctx, net.epochs + rest);
        guarded(&net.by(), || {
            let objective = Own { loss: basis.spec.loss };
            let mut course = net.course(&school, &objective, &tally, ctx);
            let mut group = [basis.learning(net, ctx.seed)?];
            let mut history = course.run(&mut group, &mut Nobody)?;
            course.epochs = rest;
            course.rate = net.learning_rate * self.greatest;
            course.schedule = schedule;
            (course.warm_up, course.goes_on) = (0.0, true);
            course.order = ctx.seed.child("order of cycles");
            course.keeps_best = false;
            let mut snapshots = Snapshots::new(self.cycle, self.cycle / 2);
            let mut more = course.run(&mut group, &mut snapshots)?;
            more.snapshots = snapshots.epochs();
            let taken = snapshots.taken;
            history.follow(more);
            expect_some(&taken)?;
            let models = taken.iter().map(|network| basis.model(&**network, history.clone())).collect();
            Ok(NetEnsemble::new("fge", Source::Nets(models), Combine::Mean))
        })
    }
}

learner!(FastGeometric, "fast_geometric_nets", "fge");
