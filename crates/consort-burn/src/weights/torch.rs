//! Files that PyTorch wrote.

use std::path::Path;

use burn::{
    module::{Module, ModuleMapper, Param},
    store::{ModuleSnapshot, ModuleStore, PyTorchToBurnAdapter, PytorchStore, SafetensorsStore},
    tensor::{DType, FloatDType, Tensor},
};
use consort_core::{Error, Result};

/// What was read of a file of weights.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Loaded {
    /// The names that were taken over.
    pub taken: Vec<String>,
    /// The names of the network that kept their values, as was asked for.
    pub kept: Vec<String>,
}

/// Numbers of any precision as 32-bit numbers.
struct Single;

impl ModuleMapper for Single {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|x| if x.dtype() == DType::F32 { x } else { x.cast(FloatDType::F32) })
    }
}

/// Reads a `state_dict` into a module: linear weights are transposed, norms renamed. Counters of batches are passed over.
pub(crate) fn read<M: Module>(module: &mut M, file: &Path, skip: &[String], rename: &[(&str, &str)]) -> Result<Loaded> {
    let damaged = |problem: String| Error::Damaged { place: file.display().to_string(), problem };
    if !file.is_file() {
        return Err(damaged("there is no such file: give a .pt, .pth or .safetensors file".into()));
    }
    let tensors = if file.extension().is_some_and(|end| end == "safetensors") {
        let mut store = SafetensorsStore::from_file(file).map_indices_contiguous(true);
        for (from, to) in rename {
            store = store.with_key_remapping(*from, *to);
        }
        store.get_all_tensors().map(|tensors| tensors.values().cloned().collect::<Vec<_>>()).map_err(|e| e.to_string())
    } else {
        let mut store = PytorchStore::from_file(file);
        for (from, to) in rename {
            store = store.with_key_remapping(*from, *to);
        }
        store.get_all_tensors().map(|tensors| tensors.values().cloned().collect::<Vec<_>>()).map_err(|e| e.to_string())
    }
    .map_err(|problem| damaged(format!("it cannot be read as a state_dict: {problem}")))?;
    let is_skipped = |name: &str| skip.iter().any(|start| name.starts_with(start.as_str()));
    let tensors: Vec<_> = tensors
        .into_iter()
        .filter(|tensor| !is_skipped(&tensor.name) && !tensor.name.ends_with("num_batches_tracked"))
        .collect();
    let result = module.apply(tensors, None, Some(Box::new(PyTorchToBurnAdapter)), true);
    let (kept, missing): (Vec<String>, Vec<String>) =
        result.missing.iter().map(|(name, _)| name.clone()).partition(|name| is_skipped(name));
    if missing.is_empty() && result.unused.is_empty() && result.errors.is_empty() {
        // Numbers come in the file's own precision, half or double.
        *module = module.clone().map(&mut Single);
        return Ok(Loaded { taken: result.applied, kept });
    }
    let list = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let errors: Vec<String> = result.errors.iter().map(ToString::to_string).collect();
    Err(damaged(format!(
        "its weights are of another architecture: missing {}; too many {}; of another shape {}",
        list(&missing),
        list(&result.unused),
        list(&errors)
    )))
}
