//! What all fits of nets share: the rows, ready to be learnt from, on a device.

use std::sync::Arc;

use burn::tensor::Device;
use consort_core::{Error, FitContext, Result, Samples, Seed};

use super::{History, Net, NetModel, spec::Spec, training::Learning, watch::Validation};
use crate::{
    device::{Chosen, choose, is_card},
    input::{Head, Intake, Lesson, TrainingRows},
    loss::Loss,
    network::{Init, Network},
};

/// What was learnt of features and target before any net learns.
pub(crate) struct Basis {
    pub(crate) spec: Arc<Spec>,
    rows: TrainingRows,
    chosen: Chosen,
}

/// Rows to learn from, and to stop on.
pub(crate) struct School<'a> {
    pub(crate) lesson: Lesson<'a>,
    pub(crate) validation: Option<Validation<'a>>,
    /// The device, with automatic differentiation.
    pub(crate) device: Device,
}

impl Basis {
    /// Learns scales, levels and classes from the rows of a fit.
    pub(crate) fn new(net: &Net, train: &Samples<'_>) -> Result<Self> {
        net.check()?;
        let by = net.by();
        let target = train.dataset().target_for(&by)?;
        let rows = TrainingRows::new(&by, train)?;
        let loss = net.loss.unwrap_or_else(|| Loss::usual(target));
        loss.check(target)?;
        let head = Head::fit(train.dataset(), target, &rows)?;
        let intake = Intake::fit(train.dataset(), &rows, &net.scale)?;
        if let Some(augment) = &net.augment {
            augment.check(&intake.shape())?;
        }
        let chosen = choose(&net.device)?;
        net.precision.check(&chosen.device, &chosen.name)?;
        let spec = Spec { architecture: Arc::clone(&net.architecture), loss, head, intake, device: net.device.clone() };
        Ok(Self { spec: Arc::new(spec), rows, chosen })
    }

    /// Whether nets are trained on a card.
    pub(crate) fn is_on_card(&self) -> bool {
        is_card(&self.chosen.device)
    }

    /// The rows, ready.
    pub(crate) fn school<'a>(&'a self, net: &Net, train: &Samples<'a>, ctx: &FitContext<'a>) -> Result<School<'a>> {
        #[cfg(feature = "cpu")]
        if !self.is_on_card() {
            crate::cpu::keep_heap();
        }
        let by = net.by();
        let (data, spec) = (train.dataset(), &*self.spec);
        let target = data.target_for(&by)?;
        let factors = net.class_weights.factors(target, &self.rows)?;
        let weights = (self.rows.weights.is_some() || factors.is_some()).then(|| {
            let codes = match target {
                consort_core::Target::Classes { codes, .. } => Some(codes),
                _ => None,
            };
            let own = self.rows.rows.iter().enumerate().map(|(i, &row)| {
                let factor = codes.zip(factors.as_ref()).map_or(1.0, |(codes, f)| f[codes[row as usize] as usize]);
                self.rows.weight(i) * factor
            });
            let own: Vec<f64> = own.collect();
            let mean = own.iter().sum::<f64>() / own.len() as f64;
            own.into_iter().map(|w| (w / mean) as f32).collect::<Vec<f32>>()
        });
        let lesson = Lesson {
            table: spec.intake.table(&by, data, &self.rows)?,
            targets: spec.head.answers(data, target, &self.rows)?,
            width: spec.head.targets(),
            weights,
        };
        let validation = match &ctx.validation {
            Some(rows) => Validation::new(&by, rows, &spec.head, &spec.intake)?,
            None => None,
        };
        Ok(School { lesson, validation, device: self.chosen.device.clone().autodiff() })
    }

    /// A network with fresh weights, or those that the recipe starts from.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if it is shared by several members.
    pub(crate) fn network(&self, net: &Net, seed: Seed) -> Result<Box<dyn Network>> {
        let network = self.shared_network(net, seed)?;
        if network.members() == 1 {
            return Ok(network);
        }
        Err(Error::Unsupported {
            by: "this way of training".into(),
            what: format!("the architecture `{}`, which has several members", net.architecture.name()),
            hint: "train it by `BatchEnsemble`".into(),
        })
    }

    /// The same, which several members may share.
    pub(crate) fn shared_network(&self, net: &Net, seed: Seed) -> Result<Box<dyn Network>> {
        let device = self.chosen.device.clone().autodiff();
        let mut init = Init::new(seed.child("weights"), &device);
        let (spec, architecture) = (&self.spec, &net.architecture);
        let mut network = architecture.build(&spec.intake.shape(), spec.head.width(&spec.loss), &mut init)?;
        network.set_precision(net.precision);
        if let Some(start) = &net.pretrained {
            start.apply(&mut *network, architecture.torch_names())?;
        }
        Ok(network)
    }

    /// A network before its first step.
    pub(crate) fn learning(&self, net: &Net, seed: Seed) -> Result<Learning> {
        Ok(Learning::new(net, self.network(net, seed)?, seed))
    }

    /// The model of a network.
    pub(crate) fn model(&self, network: &dyn Network, mut history: History) -> NetModel {
        history.device.clone_from(&self.chosen.name);
        history.fallback.clone_from(&self.chosen.fallback);
        NetModel::new(Arc::clone(&self.spec), network.inference(), history, self.chosen.device.clone())
    }
}
