use burn::optim::{
    AdamConfig, AdamWConfig, ModuleOptimizer, SgdConfig, decay::WeightDecayConfig, momentum::MomentumConfig,
};
use consort_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// The optimizer of a net. The learning rate belongs to the net's recipe.
///
/// Its constants are PyTorch's: epsilon 1e-8, betas 0.9 and 0.999, no dampening.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Optimizer {
    /// Adam (Kingma and Ba 2015); the decay is added to the gradient.
    Adam {
        /// The factor of the squared weights in the loss, halved.
        weight_decay: f64,
    },
    /// Adam with decoupled decay (Loshchilov and Hutter 2019): weights shrink by `rate × weight_decay` a step.
    AdamW {
        /// The decay.
        weight_decay: f64,
    },
    /// Gradient descent with momentum (Polyak 1964).
    Sgd {
        /// Which share of the last step is made again; 0 for none.
        momentum: f64,
        /// The factor of the squared weights in the loss, halved.
        weight_decay: f64,
    },
}

impl Default for Optimizer {
    fn default() -> Self {
        Optimizer::AdamW { weight_decay: 1e-4 }
    }
}

impl Optimizer {
    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check(&self) -> Result<()> {
        let (Optimizer::Adam { weight_decay }
        | Optimizer::AdamW { weight_decay }
        | Optimizer::Sgd { weight_decay, .. }) = *self;
        if !(weight_decay.is_finite() && weight_decay >= 0.0) {
            return Err(Error::parameter("weight_decay", weight_decay, "finite and at least 0"));
        }
        match *self {
            Optimizer::Sgd { momentum, .. } if !(0.0..1.0).contains(&momentum) => {
                Err(Error::parameter("momentum", momentum, "at least 0 and below 1"))
            }
            _ => Ok(()),
        }
    }

    /// The optimizer before its first step.
    pub(crate) fn start(&self) -> ModuleOptimizer {
        let decay = |weight_decay: f64| (weight_decay > 0.0).then(|| WeightDecayConfig::new(weight_decay as f32));
        match *self {
            Optimizer::Adam { weight_decay } => {
                AdamConfig::new().with_epsilon(1e-8).with_weight_decay(decay(weight_decay)).init()
            }
            Optimizer::AdamW { weight_decay } => {
                AdamWConfig::new().with_epsilon(1e-8).with_weight_decay(weight_decay as f32).init()
            }
            Optimizer::Sgd { momentum, weight_decay } => {
                let momentum =
                    (momentum > 0.0).then(|| MomentumConfig::new().with_momentum(momentum).with_dampening(0.0));
                SgdConfig::new().with_momentum(momentum).with_weight_decay(decay(weight_decay)).init()
            }
        }
    }
}
