use consort_core::{Error, FitContext, Result, Samples};
use serde::{Deserialize, Serialize};

use super::{
    Combine, DeepEnsemble, NetEnsemble,
    deep_ensemble::{expect_full_length, expect_members, learner},
    net_ensemble::Source,
    parallel,
};
use crate::{
    loss::Loss,
    net::{
        History, Net,
        follower::Nobody,
        guarded::guarded,
        objective::Own,
        school::{Basis, School},
        tally::Tally,
        training::{Learning, refresh_norms},
        watch::loss_of,
    },
    network::Network,
    weights::Weights,
};

/// Which nets go into a [`Soup`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipe {
    /// All.
    #[default]
    Uniform,
    /// The best on the validation rows first, then each that does not make their loss greater.
    Greedy,
}

/// A model soup (Wortsman and others 2022): nets that start from the same weights and go on apart, whose weights are then
/// averaged into one net. Running statistics of batch norms are made anew by one pass over the training rows.
///
/// The common start is a training run of `shared` epochs (or weights from a file, with `shared` 0); then each of the
/// members runs the net's own epochs in its own order of rows.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Soup {
    /// The net and the run of each member.
    pub net: Net,
    /// How many epochs all have in common.
    pub shared: usize,
    /// How many go on apart.
    pub members: usize,
    /// Which of them are averaged. A greedy soup needs validation rows.
    pub recipe: Recipe,
}

impl Default for Soup {
    fn default() -> Self {
        Self { net: Net::default(), shared: 10, members: 5, recipe: Recipe::Uniform }
    }
}

/// A set of weights as a network whose running statistics fit them.
fn cook(
    net: &Net,
    basis: &Basis,
    school: &School<'_>,
    weights: &[Weights],
    ctx: &FitContext<'_>,
) -> Result<Box<dyn Network>> {
    let mut network = basis.network(net, ctx.seed)?;
    network.set_weights(&Weights::mean(weights)?)?;
    if weights.len() > 1 {
        refresh_norms(&*network, &school.lesson, net, &school.device, ctx.seed)?;
    }
    Ok(network)
}

/// The mean loss of the validation rows.
fn validation_loss(school: &School<'_>, loss: Loss, network: &dyn Network) -> Result<f64> {
    let validation = school.validation.as_ref().ok_or_else(|| Error::Unsupported {
        by: "a greedy soup".into(),
        what: "a fit without validation rows".into(),
        hint: "give validation rows in the context, or take a uniform soup".into(),
    })?;
    let (lesson, device) = (&validation.lesson, school.device.clone().without_autodiff());
    loss_of(lesson, &Own { loss }, &[network.inference()], 1, &device)
}

impl DeepEnsemble for Soup {
    fn train(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<NetEnsemble> {
        let net = &self.net;
        expect_members(self.members)?;
        expect_full_length("a soup", net)?;
        if self.shared == 0 && net.pretrained.is_none() {
            let allowed = "at least 1 where no weights are loaded: nets that have nothing in common have no mean";
            return Err(Error::parameter("shared", 0, allowed));
        }
        let basis = Basis::new(net, train)?;
        let school = basis.school(net, train, ctx)?;
        let loss = basis.spec.loss;
        let tally = Tally::new(ctx, self.shared + self.members * net.epochs);
        let objective = Own { loss };
        guarded(&net.by(), || {
            if self.recipe == Recipe::Greedy {
                // Said before hours of training, not after.
                validation_loss(&school, loss, &*basis.network(net, ctx.seed)?)?;
            }
            let mut first = [basis.learning(net, ctx.seed)?];
            let mut history = History::default();
            if self.shared > 0 {
                let mut course = net.course(&school, &objective, &tally, ctx);
                course.epochs = self.shared;
                history = course.run(&mut first, &mut Nobody)?;
            }
            let start = first[0].network.weights()?;
            let cooked = parallel::each(ctx, self.members, |m| {
                guarded(&net.by(), || {
                    let ctx = FitContext { seed: ctx.seed.nth("member", m as u64), threads: 1, ..*ctx };
                    let mut network = basis.network(net, ctx.seed)?;
                    network.set_weights(&start)?;
                    let mut group = [Learning::new(net, network, ctx.seed)];
                    let mut course = net.course(&school, &objective, &tally, &ctx);
                    course.goes_on = self.shared > 0;
                    let own = course.run(&mut group, &mut Nobody)?;
                    Ok((group[0].network.weights()?, own))
                })
            })?;
            let (cooked, mut runs): (Vec<Weights>, Vec<History>) = cooked.into_iter().unzip();
            for (m, run) in runs.iter_mut().enumerate() {
                run.stopped = run.stopped.take().map(|why| format!("net {} of the soup: {why}", m + 1));
            }
            let (chosen, how): (Vec<usize>, _) = match self.recipe {
                Recipe::Uniform => ((0..self.members).collect(), format!("all {} nets", self.members)),
                Recipe::Greedy => {
                    let taste = |weights: &[Weights]| {
                        validation_loss(&school, loss, &*cook(net, &basis, &school, weights, ctx)?)
                    };
                    let chosen = greedy(&cooked, taste)?;
                    let how = format!("{} of {} nets", chosen.len(), self.members);
                    (chosen, how)
                }
            };
            // The curve of the whole way is that of the first net which is in, and of what all have in common.
            let others = runs.iter().enumerate().filter(|(m, _)| *m != chosen[0]);
            let stopped: Vec<String> = others.filter_map(|(_, run)| run.stopped.clone()).collect();
            history.follow(runs[chosen[0]].clone());
            history.went_wrong |= !stopped.is_empty();
            history.stopped = history.stopped.into_iter().chain(stopped).reduce(|a, b| format!("{a}; {b}"));
            let chosen: Vec<Weights> = chosen.into_iter().map(|m| cooked[m].clone()).collect();
            let network = cook(net, &basis, &school, &chosen, ctx)?;
            let model = basis.model(&*network, history);
            Ok(NetEnsemble::new("soup", Source::Nets(vec![model]), Combine::Mean).trained(how))
        })
    }
}

/// The nets that are averaged: the best alone first, then, from better to worse, each with which the loss is not greater.
fn greedy(cooked: &[Weights], taste: impl Fn(&[Weights]) -> Result<f64>) -> Result<Vec<usize>> {
    let mut alone = Vec::with_capacity(cooked.len());
    for (m, weights) in cooked.iter().enumerate() {
        alone.push((taste(std::slice::from_ref(weights))?, m));
    }
    alone.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let (mut best, first) = alone[0];
    let mut chosen = vec![first];
    for &(_, m) in &alone[1..] {
        let mut with: Vec<Weights> = chosen.iter().map(|&m| cooked[m].clone()).collect();
        with.push(cooked[m].clone());
        let loss = taste(&with)?;
        if loss <= best {
            best = loss;
            chosen.push(m);
        }
    }
    Ok(chosen)
}

learner!(Soup, "soup_of_nets", "soup");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::Layer;

    #[test]
    fn a_greedy_soup_is_never_worse_than_its_best_net() {
        let of = |x: f32| Weights::new(vec![Layer { name: "w".into(), shape: vec![1], values: vec![x] }]);
        let cooked = [of(3.0), of(0.5), of(-0.7), of(9.0)];
        // The loss is the distance from 0.
        let taste = |weights: &[Weights]| Ok(f64::from(Weights::mean(weights)?.layers()[0].values[0].abs()));
        let chosen = greedy(&cooked, taste).unwrap();
        assert_eq!(chosen, [1, 2]);
        let soup: Vec<Weights> = chosen.iter().map(|&m| cooked[m].clone()).collect();
        assert!(taste(&soup).unwrap() <= 0.5);
    }
}
