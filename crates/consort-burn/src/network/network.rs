use std::{fmt::Debug, path::Path};

use burn::{
    module::{Flag, Module, ModuleMapper, Param},
    optim::{GradientsParams, ModuleOptimizer},
    tensor::{Gradients, Tensor, TensorData},
};
use consort_core::{Error, Result};

use super::{
    Forward, Inputs, Pass, Precision, layers,
    numbering::{ids, renumbered},
};
use crate::{
    optimizer::{clip, unscale},
    weights::{Loaded, Weights, torch},
};

/// A network whose module type is not known: what training and prediction need of it.
pub trait Network: Debug + Send + Sync {
    /// The outputs of some rows, `[rows][outputs]`.
    fn forward(&self, inputs: &Inputs, pass: &mut Pass) -> Tensor<2>;

    /// A copy that shares nothing that training moves, running statistics included.
    fn copy(&self) -> Box<dyn Network>;

    /// A copy without automatic differentiation.
    fn inference(&self) -> Box<dyn Network>;

    /// A copy that can be trained.
    fn trainable(&self) -> Box<dyn Network>;

    /// Moves the weights by one step; `clip` is the greatest norm of all gradients together.
    fn step(&mut self, rate: f64, gradients: &mut Gradients, clip: Option<f64>, optimizer: &mut ModuleOptimizer);

    /// All weights and running statistics, by name.
    ///
    /// # Errors
    /// If they cannot be read from the device.
    fn weights(&self) -> Result<Weights>;

    /// Takes weights over.
    ///
    /// # Errors
    /// [`Error::Damaged`] that lists the names that are missing, too many or of another shape.
    fn set_weights(&mut self, weights: &Weights) -> Result<()>;

    /// Weights whose name starts with one of these no longer move, nor do the running statistics beside them.
    ///
    /// # Errors
    /// [`Error::UnknownName`] for a start that no name has.
    fn freeze(&mut self, starts: &[String]) -> Result<()>;

    /// Reads weights that PyTorch wrote (`.pt`, `.pth`, `.safetensors`). Names that start with one of `skip` are left as they are;
    /// `rename` holds patterns and what to put in their place.
    ///
    /// # Errors
    /// [`Error::Damaged`] that names the file, and the names that are missing, too many or of another shape.
    fn read_torch(&mut self, file: &Path, skip: &[String], rename: &[(&str, &str)]) -> Result<Loaded>;

    /// The numbers by which an optimizer knows the weights, in the order of [`weights`](Self::weights).
    fn ids(&self) -> Vec<u64>;

    /// Takes over the numbers by which an optimizer knew the weights.
    ///
    /// # Errors
    /// [`Error::Damaged`] if they are not as many as the weights.
    fn renumber(&mut self, ids: &[u64]) -> Result<()>;

    /// How many numbers training moves.
    fn size(&self) -> usize;

    /// How many members share the network.
    fn members(&self) -> usize;

    /// In which numbers it is trained.
    fn set_precision(&mut self, precision: Precision);
}

/// A [`Forward`] module as a [`Network`].
#[derive(Debug, Clone)]
pub struct Trainable<M: Forward>(M, Precision);

impl<M: Forward> Trainable<M> {
    /// The module, boxed.
    pub fn boxed(module: M) -> Box<dyn Network> {
        Box::new(Self(module, Precision::Full))
    }

    /// The module.
    pub fn module(&self) -> &M {
        &self.0
    }

    fn is_autodiff(&self) -> bool {
        is_autodiff(&self.0)
    }
}

fn is_autodiff<M: Module>(module: &M) -> bool {
    module.devices().first().is_some_and(burn::tensor::Device::is_autodiff)
}

/// A module with other weights; where it learns, it still does.
///
/// # Errors
/// [`Error::Damaged`] that lists the names that are missing, too many or of another shape.
pub(crate) fn filled<M: Module>(module: M, weights: &Weights) -> Result<M> {
    let mut writer = Writer { path: Vec::new(), weights, wrong: Vec::new(), known: Vec::new() };
    let filled = module.valid().map(&mut writer);
    let extra = weights.layers().iter().filter(|layer| !writer.known.contains(&layer.name));
    let wrong: Vec<String> =
        writer.wrong.iter().cloned().chain(extra.map(|layer| format!("`{}` is too many", layer.name))).collect();
    if !wrong.is_empty() {
        return Err(Error::Damaged {
            place: "the weights".into(),
            problem: format!("they are of another architecture: {}", wrong.join(", ")),
        });
    }
    Ok(if is_autodiff(&module) { filled.train() } else { filled })
}

impl<M: Forward> Network for Trainable<M> {
    fn forward(&self, inputs: &Inputs, pass: &mut Pass) -> Tensor<2> {
        self.1.pass(&self.0, inputs, |module, inputs| module.forward(inputs, pass))
    }

    fn copy(&self) -> Box<dyn Network> {
        // Burn's clone shares running statistics; `valid` and `train` make new ones.
        if self.is_autodiff() { self.trainable() } else { self.inference() }
    }

    fn inference(&self) -> Box<dyn Network> {
        Box::new(Self(self.0.valid(), Precision::Full))
    }

    fn trainable(&self) -> Box<dyn Network> {
        Box::new(Self(self.0.valid().train(), self.1))
    }

    fn step(&mut self, rate: f64, gradients: &mut Gradients, limit: Option<f64>, optimizer: &mut ModuleOptimizer) {
        let mut own = GradientsParams::from_module(gradients, &self.0);
        if self.1 == Precision::F16 && !unscale(&self.0, &mut own, self.1.loss_scale()) {
            return;
        }
        if let Some(limit) = limit {
            clip(&self.0, &mut own, limit);
        }
        self.0 = optimizer.step(rate, self.0.clone(), own);
    }

    fn weights(&self) -> Result<Weights> {
        // Running statistics that the last pass moved are seen only in a copy.
        Ok(Weights::new(layers(&self.0.valid())?))
    }

    fn set_weights(&mut self, weights: &Weights) -> Result<()> {
        self.0 = filled(self.0.clone(), weights)?;
        Ok(())
    }

    fn freeze(&mut self, starts: &[String]) -> Result<()> {
        let mut ice = Freeze { path: Vec::new(), starts, met: vec![false; starts.len()] };
        let module = self.0.clone().map(&mut ice);
        if let Some(unmet) = ice.met.iter().position(|met| !met) {
            let names: Vec<String> = self.weights()?.layers().iter().map(|layer| layer.name.clone()).collect();
            return Err(Error::UnknownName {
                what: "layer",
                name: starts[unmet].clone(),
                known: format!("the weights are {}", names.join(", ")),
            });
        }
        self.0 = module;
        Ok(())
    }

    fn read_torch(&mut self, file: &Path, skip: &[String], rename: &[(&str, &str)]) -> Result<Loaded> {
        let mut module = self.0.valid();
        let loaded = torch::read(&mut module, file, skip, rename)?;
        self.0 = if self.is_autodiff() { module.train() } else { module };
        Ok(loaded)
    }

    fn ids(&self) -> Vec<u64> {
        ids(&self.0)
    }

    fn renumber(&mut self, ids: &[u64]) -> Result<()> {
        self.0 = renumbered(self.0.clone(), ids)?;
        Ok(())
    }

    fn size(&self) -> usize {
        self.0.num_params()
    }

    fn members(&self) -> usize {
        self.0.members()
    }

    fn set_precision(&mut self, precision: Precision) {
        self.1 = precision;
    }
}

/// Puts weights into a module.
struct Writer<'a> {
    path: Vec<String>,
    weights: &'a Weights,
    wrong: Vec<String>,
    known: Vec<String>,
}

impl ModuleMapper for Writer<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.path.join(".");
        let shape = param.lazy_shape().dims::<D>().to_vec();
        self.known.push(name.clone());
        match self.weights.layer(&name) {
            None => self.wrong.push(format!("`{name}` is missing")),
            Some(layer) if layer.shape != shape => {
                self.wrong.push(format!("`{name}` has shape {:?} instead of {shape:?}", layer.shape));
            }
            Some(layer) => {
                let values = TensorData::new(layer.values.clone(), shape);
                return param.map(|old| Tensor::from_data(values, &old.device()));
            }
        }
        param
    }
}

/// Freezes what is named.
struct Freeze<'a> {
    path: Vec<String>,
    starts: &'a [String],
    met: Vec<bool>,
}

impl Freeze<'_> {
    fn is_frozen(&mut self) -> bool {
        let name = self.path.join(".");
        let mut is_frozen = false;
        for (start, met) in self.starts.iter().zip(&mut self.met) {
            if name.starts_with(start.as_str()) {
                *met = true;
                is_frozen = true;
            }
        }
        is_frozen
    }
}

impl ModuleMapper for Freeze<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if self.is_frozen() { param.set_require_grad(false) } else { param }
    }

    fn map_flag(&mut self, flag: Param<Flag>) -> Param<Flag> {
        if self.is_frozen() { flag.with_value(false) } else { flag }
    }
}
