use consort_core::{Error, FitContext, Result, Samples};
use serde::{Deserialize, Serialize};

use super::{
    Combine, DeepEnsemble, NetEnsemble,
    deep_ensemble::{expect_full_length, learner},
    net_ensemble::Source,
};
use crate::{
    net::{
        Net,
        follower::{Follower, Nobody, packed, unpacked},
        guarded::guarded,
        objective::Own,
        school::Basis,
        tally::Tally,
        training::{Learning, refresh_norms},
    },
    schedule::Schedule,
    weights::Weights,
};

/// Stochastic weight averaging (Izmailov and others 2018): after a usual training run, some epochs at a constant rate; the
/// mean of the weights after each of them is the net. Running statistics of batch norms are then made anew by one pass
/// over the training rows.
///
/// It is one net of the cost of one, near to what an ensemble of all these weights would say.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WeightAveraging {
    /// The net and its first, usual run.
    pub net: Net,
    /// Over how many epochs weights are averaged.
    pub epochs: usize,
    /// The rate of those epochs, as a share of the net's.
    pub rate: f64,
}

impl Default for WeightAveraging {
    fn default() -> Self {
        Self { net: Net::default(), epochs: 10, rate: 0.5 }
    }
}

/// The mean of sets of weights that come one after another, summed in f64.
#[derive(Default, Serialize, Deserialize)]
struct RunningMean {
    sums: Vec<Vec<f64>>,
    last: Weights,
    count: usize,
}

impl RunningMean {
    fn add(&mut self, weights: Weights) {
        self.count += 1;
        self.sums.resize_with(weights.layers().len(), Vec::new);
        for (sum, layer) in self.sums.iter_mut().zip(weights.layers()) {
            sum.resize(layer.values.len(), 0.0);
            sum.iter_mut().zip(&layer.values).for_each(|(sum, &x)| *sum += f64::from(x));
        }
        self.last = weights;
    }

    fn mean(self) -> Weights {
        let count = self.count as f64;
        let mut layers = self.last.layers().to_vec();
        for (layer, sum) in layers.iter_mut().zip(self.sums) {
            layer.values = sum.into_iter().map(|sum| (sum / count) as f32).collect();
        }
        Weights::new(layers)
    }
}

impl Follower for RunningMean {
    fn see(&mut self, _: usize, group: &[Learning]) -> Result<()> {
        self.add(group[0].network.weights()?);
        Ok(())
    }

    fn state(&self) -> Result<Vec<u8>> {
        packed(self)
    }

    fn restore(&mut self, state: &[u8], _: &[Learning]) -> Result<()> {
        *self = unpacked(state)?;
        Ok(())
    }
}

impl DeepEnsemble for WeightAveraging {
    fn train(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<NetEnsemble> {
        let net = &self.net;
        expect_full_length("weight averaging", net)?;
        if self.epochs == 0 {
            return Err(Error::parameter("epochs", 0, "at least 1"));
        }
        if !(self.rate > 0.0 && self.rate.is_finite()) {
            return Err(Error::parameter("rate", self.rate, "a share above 0"));
        }
        let basis = Basis::new(net, train)?;
        let school = basis.school(net, train, ctx)?;
        let tally = Tally::new(ctx, net.epochs + self.epochs);
        guarded(&net.by(), || {
            let objective = Own { loss: basis.spec.loss };
            let mut course = net.course(&school, &objective, &tally, ctx);
            let mut group = [basis.learning(net, ctx.seed)?];
            let mut history = course.run(&mut group, &mut Nobody)?;
            course.epochs = self.epochs;
            course.rate = net.learning_rate * self.rate;
            course.schedule = Schedule::Constant;
            (course.warm_up, course.goes_on) = (0.0, true);
            course.order = ctx.seed.child("order of averaging");
            course.keeps_best = false;
            let mut mean = RunningMean::default();
            let more = course.run(&mut group, &mut mean)?;
            history.follow(more);
            let network = &mut group[0].network;
            // None is there if its first epoch got out of hand: then the net is that of the usual run.
            if mean.count > 0 {
                network.set_weights(&mean.mean())?;
                refresh_norms(&**network, &school.lesson, net, &school.device, ctx.seed)?;
            }
            let model = basis.model(&**network, history);
            Ok(NetEnsemble::new("swa", Source::Nets(vec![model]), Combine::Mean))
        })
    }
}

learner!(WeightAveraging, "weight_averaged_net", "swa");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::Layer;

    #[test]
    fn the_running_mean_is_the_mean() {
        let of = |x: f32| Weights::new(vec![Layer { name: "w".into(), shape: vec![2], values: vec![x, 2.0 * x] }]);
        let all = [of(1.0), of(4.0), of(-2.0)];
        let mut running = RunningMean::default();
        all.iter().for_each(|weights| running.add(weights.clone()));
        assert_eq!(running.mean(), Weights::mean(&all).unwrap());
    }
}
