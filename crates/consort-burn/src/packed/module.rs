use burn::{
    module::{Module, Param},
    tensor::{Device, Int, Tensor, TensorData},
};
use consort_core::{Error, Result, Stream};

use crate::{
    dense::{Then, dense},
    network::{draw_mask, filled, layers},
    weights::{Layer, Weights},
};

/// So many MLPs as one module: each weight has the members as its first axis.
#[derive(Module, Debug)]
pub(super) struct PackedMlp {
    /// `[members × levels][width]`
    tables: Vec<Param<Tensor<2>>>,
    /// `[members][inputs][outputs]`
    weights: Vec<Param<Tensor<3>>>,
    /// `[members][1][outputs]`
    biases: Vec<Param<Tensor<3>>>,
    #[module(skip)]
    members: usize,
    #[module(skip)]
    dropout: f64,
}

impl PackedMlp {
    /// The nets of these weights, side by side.
    ///
    /// # Errors
    /// [`Error::Custom`] if they are not those of equal MLPs.
    pub(super) fn new(nets: &[Weights], dropout: f64, device: &Device) -> Result<Self> {
        let members = nets.len();
        let (mut tables, mut weights, mut biases) = (Vec::new(), Vec::new(), Vec::new());
        let first = nets.first().ok_or_else(|| Error::custom("there is no net to pack"))?;
        for layer in first.layers() {
            let mut values = Vec::with_capacity(members * layer.values.len());
            for net in nets {
                let own = net.layer(&layer.name).filter(|own| own.shape == layer.shape);
                values.extend_from_slice(&own.ok_or_else(|| Error::custom("packed nets must be equal"))?.values);
            }
            let three = |values, inputs, outputs| {
                Param::from_tensor(Tensor::from_data(TensorData::new(values, [members, inputs, outputs]), device))
            };
            match (&layer.shape[..], layer.name.starts_with("embeddings"), layer.name.ends_with("weight")) {
                (&[levels, width], true, _) => {
                    let shape = [members * levels, width];
                    tables.push(Param::from_tensor(Tensor::from_data(TensorData::new(values, shape), device)));
                }
                (&[inputs, outputs], false, true) => weights.push(three(values, inputs, outputs)),
                (&[outputs], false, false) => biases.push(three(values, 1, outputs)),
                _ => return Err(Error::custom(format!("`{}` is no layer of an MLP", layer.name))),
            }
        }
        Ok(Self { tables, weights, biases, members, dropout })
    }

    /// The module with other weights, named as its own.
    ///
    /// # Errors
    /// [`Error::Damaged`] that lists what is missing, too many or of another shape.
    pub(super) fn filled(self, weights: &Weights) -> Result<Self> {
        filled(self, weights)
    }

    /// The outputs, `[members × rows][outputs]`, of rows member after member: numbers `[members × rows][numbers]`, categories
    /// `[members × rows][categories]`. `noise` has a stream for each member while the nets learn.
    pub(super) fn forward(
        &self,
        numbers: Tensor<2>,
        categories: Option<Tensor<2, Int>>,
        mut noise: Option<&mut [Stream]>,
    ) -> Tensor<2> {
        let all = numbers.dims()[0];
        let rows = all / self.members;
        let device = numbers.device();
        let mut parts = vec![numbers];
        if let Some(categories) = categories {
            for (k, table) in self.tables.iter().enumerate() {
                let [levels, width] = table.dims();
                let levels = levels / self.members;
                let start: Vec<i32> =
                    (0..self.members).flat_map(|m| std::iter::repeat_n((m * levels) as i32, rows)).collect();
                let start = Tensor::<2, Int>::from_data(TensorData::new(start, [all, 1]), &device);
                let codes = categories.clone().narrow(1, k, 1) + start;
                let vectors = burn::tensor::module::embedding(table.val(), codes);
                parts.push(vectors.reshape([all, width]));
            }
        }
        parts.retain(|part| part.dims()[1] > 0);
        let x = if parts.len() == 1 { parts.swap_remove(0) } else { Tensor::cat(parts, 1) };
        let width = x.dims()[1];
        let mut x = x.reshape([self.members, rows, width]);
        let last = self.weights.len() - 1;
        for (i, (weight, bias)) in self.weights.iter().zip(&self.biases).enumerate() {
            let then = if i < last { Then::Rectified } else { Then::Linear };
            x = dense(x, weight.val(), bias.val(), then);
            if let Some(noise) = noise.as_deref_mut()
                && i < last
                && self.dropout > 0.0
            {
                let units = x.dims()[2];
                let mut mask = Vec::with_capacity(all * units);
                noise.iter_mut().for_each(|own| draw_mask(own, rows * units, self.dropout, &mut mask));
                x = x * Tensor::from_data(TensorData::new(mask, [self.members, rows, units]), &device);
            }
        }
        let outputs = x.dims()[2];
        x.reshape([all, outputs])
    }

    /// The weights of each member, named as a net of its own names them.
    ///
    /// # Errors
    /// If they cannot be read from the device.
    pub(super) fn unpack(&self) -> Result<Vec<Weights>> {
        let mut nets: Vec<Vec<Layer>> = vec![Vec::new(); self.members];
        for Layer { name: place, shape, values } in layers(self)? {
            let (kind, number) = place.split_once('.').unwrap_or((&place, "0"));
            let (name, shape) = match kind {
                "tables" => (format!("embeddings.levels.{number}.weight"), vec![shape[0] / self.members, shape[1]]),
                "weights" => (format!("layers.{number}.weight"), shape[1..].to_vec()),
                _ => (format!("layers.{number}.bias"), shape[2..].to_vec()),
            };
            let each = values.len() / self.members;
            for (net, values) in nets.iter_mut().zip(values.chunks(each.max(1))) {
                net.push(Layer { name: name.clone(), shape: shape.clone(), values: values.to_vec() });
            }
        }
        Ok(nets.into_iter().map(Weights::new).collect())
    }
}
