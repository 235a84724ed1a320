use std::sync::Arc;

use burn::tensor::Device;
use consort_core::{Error, LossHistory, Matrix, Model, Result, Samples, Seed};
use rayon::prelude::*;
use serde::{Deserialize, Serialize, Serializer};

use super::{History, guarded::guarded, spec::Spec};
use crate::{
    device::choose,
    input::TrainingRows,
    loss::{Loss, gaussian},
    network::{Init, Network, Pass},
    threads::alone,
    weights::Weights,
};

/// A fitted net. Saved, its weights are a safetensors file within.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Parts")]
pub struct NetModel {
    spec: Arc<Spec>,
    network: Box<dyn Network>,
    history: History,
    device: Device,
}

/// What is saved of a net.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    spec: Spec,
    history: History,
    weights: Weights,
}

/// The same, while it is saved.
#[derive(Serialize)]
#[serde(rename = "Parts")]
struct Views<'a> {
    spec: &'a Spec,
    history: &'a History,
    weights: Weights,
}

impl Clone for NetModel {
    fn clone(&self) -> Self {
        let network = self.network.inference();
        Self { spec: Arc::clone(&self.spec), network, history: self.history.clone(), device: self.device.clone() }
    }
}

impl Serialize for NetModel {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let weights = self.network.weights().map_err(serde::ser::Error::custom)?;
        Views { spec: &self.spec, history: &self.history, weights }.serialize(serializer)
    }
}

impl TryFrom<Parts> for NetModel {
    type Error = Error;

    fn try_from(parts: Parts) -> Result<Self> {
        // A card that this program cannot use is as good as one that is not there.
        let device = choose(&parts.spec.device).or_else(|_| choose("cpu"))?.device;
        let mut network = parts.spec.blank(&device)?;
        network.set_weights(&parts.weights)?;
        Ok(Self { spec: Arc::new(parts.spec), network: network.inference(), history: parts.history, device })
    }
}

impl Spec {
    /// A network of this kind whose weights are to be replaced.
    pub(crate) fn blank(&self, device: &Device) -> Result<Box<dyn Network>> {
        let (shape, outputs) = (self.intake.shape(), self.head.width(&self.loss));
        guarded("a saved net", || self.architecture.build(&shape, outputs, &mut Init::blank(device)))
    }
}

impl NetModel {
    pub(crate) fn new(spec: Arc<Spec>, network: Box<dyn Network>, history: History, device: Device) -> Self {
        Self { spec, network, history, device }
    }

    /// How training went.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Notes what went wrong after it, so that no more was learnt.
    pub(crate) fn stopped(&mut self, why: String) {
        (self.history.stopped, self.history.went_wrong) = (Some(why), true);
    }

    /// The weights, by name.
    ///
    /// # Errors
    /// If they cannot be read from the device.
    pub fn weights(&self) -> Result<Weights> {
        self.network.weights()
    }

    /// The network, to be asked for more than predictions.
    pub fn network(&self) -> &dyn Network {
        &*self.network
    }

    /// What columns its predictions have.
    pub fn outputs(&self) -> &consort_core::Outputs {
        self.spec.head.outputs()
    }

    /// The raw outputs, `[samples][outputs]`: logits, or scaled numbers.
    ///
    /// # Errors
    /// If the features are not those that it was fitted on.
    pub fn raw(&self, rows: &Samples<'_>) -> Result<Matrix> {
        self.raw_by(rows, &|| Pass::predicting(), 0)
    }

    /// What the last layer reads, `[samples][units]`: the rows as the net sees them. Of an architecture that knows no
    /// [embedding](Pass::is_embedding) the raw outputs.
    ///
    /// # Errors
    /// As [`raw`](Self::raw).
    pub fn embed(&self, rows: &Samples<'_>) -> Result<Matrix> {
        self.raw_by(rows, &|| Pass::embedding(), 0)
    }

    /// The raw outputs of a network drawn by dropout: the same units are dropped for all rows.
    pub(crate) fn raw_sampled(&self, rows: &Samples<'_>, seed: Seed) -> Result<Matrix> {
        self.raw_by(rows, &|| Pass::sampling(seed), 0)
    }

    /// The raw outputs of one of the members that share the network.
    pub(crate) fn raw_of_member(&self, rows: &Samples<'_>, member: usize) -> Result<Matrix> {
        self.raw_by(rows, &|| Pass::predicting(), member)
    }

    fn raw_by(&self, rows: &Samples<'_>, pass: &(dyn Fn() -> Pass + Sync), member: usize) -> Result<Matrix> {
        let by = format!("net `{}`", self.spec.architecture.name());
        let table = self.spec.intake.table(&by, rows.dataset(), &TrainingRows::all(rows))?;
        let all: Vec<usize> = (0..rows.len()).collect();
        // All batches are filled up to one size, so that a row's numbers do not depend on how many others are asked about.
        let size = table.rows_at_once(&self.device);
        let parts: Vec<Result<Vec<f32>>> = all
            .par_chunks(size)
            .map(|rows| {
                let work = || -> Result<Vec<f32>> {
                    let inputs = table.inputs(rows, size, &self.device)?;
                    let outputs = self.network.forward(&inputs, pass().of_member(member));
                    let [_, width] = outputs.dims();
                    let mut values =
                        outputs.try_into_vec_as::<f32>().map_err(|error| Error::custom(error.to_string()))?;
                    values.truncate(rows.len() * width);
                    Ok(values)
                };
                guarded(&by, || if all.len() > size { alone(work) } else { work() })
            })
            .collect();
        let values = parts.into_iter().collect::<Result<Vec<_>>>()?.concat();
        let width = values.len().checked_div(rows.len()).unwrap_or_else(|| self.spec.head.width(&self.spec.loss));
        Matrix::new(rows.len(), width, values)
    }

    /// Whether a pass at random drops units, as asked about one row.
    pub(crate) fn drops_units(&self, row: &Samples<'_>) -> Result<bool> {
        let by = format!("net `{}`", self.spec.architecture.name());
        let table = self.spec.intake.table(&by, row.dataset(), &TrainingRows::all(row))?;
        guarded(&by, || {
            let mut pass = Pass::sampling(Seed::new(0));
            self.network.forward(&table.inputs(&[0], 1, &self.device)?, &mut pass);
            Ok(pass.has_dropped())
        })
    }

    /// Predictions of raw outputs.
    pub(crate) fn decode(&self, raw: &Matrix) -> Result<Matrix> {
        self.spec.head.decode(raw)
    }

    /// The variance of each prediction, `[samples][targets]`, of a net with the loss [`Loss::Gaussian`].
    ///
    /// # Errors
    /// [`Error::Unsupported`] for another loss, and as [`Model::predict`].
    pub fn variances(&self, rows: &Samples<'_>) -> Result<Matrix> {
        let crate::input::Head::Values { deviations, .. } = &self.spec.head else { return Err(self.no_variance()) };
        if self.spec.loss != Loss::Gaussian {
            return Err(self.no_variance());
        }
        let raw = self.raw(rows)?;
        let width = deviations.len();
        let mut out = Matrix::zeros(raw.rows(), width);
        for i in 0..raw.rows() {
            for (k, to) in out.row_mut(i).iter_mut().enumerate() {
                *to = (gaussian::variance(f64::from(raw.at(i, width + k))) * deviations[k].powi(2)) as f32;
            }
        }
        Ok(out)
    }

    fn no_variance(&self) -> Error {
        Error::Unsupported {
            by: format!("a net with the loss {:?}", self.spec.loss),
            what: "variances".into(),
            hint: "train it with the Gaussian loss".into(),
        }
    }
}

#[typetag::serde(name = "net")]
impl Model for NetModel {
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        self.decode(&self.raw(rows)?)
    }

    fn histories(&self) -> Vec<LossHistory> {
        vec![self.history.to_loss_history(self.spec.architecture.name(), self.spec.loss.name().into())]
    }
}
