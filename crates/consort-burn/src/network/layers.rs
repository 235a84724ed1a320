use burn::{
    module::{Module, ModuleVisitor, Param},
    tensor::Tensor,
};
use consort_core::{Error, Result};

use crate::weights::Layer;

/// Name, shape and numbers of every tensor of a module, in its order.
///
/// # Errors
/// If they cannot be read from the device.
pub(crate) fn layers<M: Module>(module: &M) -> Result<Vec<Layer>> {
    let mut reader = Reader::default();
    module.visit(&mut reader);
    match reader.failed {
        None => Ok(reader.layers),
        Some(problem) => Err(Error::custom(format!("the weights cannot be read from the device: {problem}"))),
    }
}

/// What is read on the way through a module.
#[derive(Default)]
struct Reader {
    path: Vec<String>,
    layers: Vec<Layer>,
    failed: Option<String>,
}

impl ModuleVisitor for Reader {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let shape = tensor.dims().to_vec();
        match tensor.try_into_vec_as::<f32>() {
            Ok(values) => self.layers.push(Layer { name: self.path.join("."), shape, values }),
            Err(error) => self.failed = Some(error.to_string()),
        }
    }
}
