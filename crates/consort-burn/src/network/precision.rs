use burn::{
    module::{Module, ModuleMapper, Param},
    tensor::{DType, Device, FloatDType, Tensor},
};
use consort_core::{Error, Result};
use serde::{Deserialize, Serialize};

use super::Inputs;

/// In which numbers a net is trained (Micikevicius and others 2018). The weights themselves, norms, losses and predictions
/// keep 32 bits; with 16 bits, what a pass through the net leaves for the way back takes half the memory, and cards with
/// units for them are faster. On a CPU they take longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// 32 bits.
    #[default]
    Full,
    /// 16 bits with the range of 32 and three digits.
    Bf16,
    /// 16 bits of less range and four digits. The loss is multiplied by 1024 so that small gradients are not lost, and a
    /// step whose gradient is not finite is left out.
    F16,
}

impl Precision {
    /// Refuses what a device cannot calculate with.
    ///
    /// # Errors
    /// [`Error::Unsupported`]; `by` is the device.
    pub(crate) fn check(self, device: &Device, by: &str) -> Result<()> {
        if self.dtype().is_none_or(|dtype| device.supports_dtype(DType::from(dtype))) {
            return Ok(());
        }
        Err(Error::Unsupported {
            by: format!("the device `{by}`"),
            what: format!("training in the precision {self:?}"),
            hint: "set `precision` to full".into(),
        })
    }

    fn dtype(self) -> Option<FloatDType> {
        match self {
            Precision::Full => None,
            Precision::Bf16 => Some(FloatDType::BF16),
            Precision::F16 => Some(FloatDType::F16),
        }
    }

    /// What the loss is multiplied by before its gradient is taken.
    pub(crate) fn loss_scale(self) -> f64 {
        if self == Precision::F16 { 1024.0 } else { 1.0 }
    }

    /// A pass through a copy of a module in fewer bits. Gradients flow to the module itself.
    pub(super) fn pass<M: Module>(
        self,
        module: &M,
        inputs: &Inputs,
        forward: impl FnOnce(&M, &Inputs) -> Tensor<2>,
    ) -> Tensor<2> {
        let Some(dtype) = self.dtype() else { return forward(module, inputs) };
        let narrow = module.clone().map(&mut Narrow { dtype, in_norm: 0 });
        let inputs = Inputs { numbers: inputs.numbers.clone().cast(dtype), ..inputs.clone() };
        forward(&narrow, &inputs).cast(FloatDType::F32)
    }
}

/// Casts all but norms, whose running statistics are shared with the module itself.
struct Narrow {
    dtype: FloatDType,
    in_norm: usize,
}

impl ModuleMapper for Narrow {
    fn enter_module(&mut self, _: &str, container: &str) {
        self.in_norm += usize::from(is_norm(container));
    }

    fn exit_module(&mut self, _: &str, container: &str) {
        self.in_norm -= usize::from(is_norm(container));
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if self.in_norm > 0 { param } else { param.map(|tensor| tensor.cast(self.dtype)) }
    }
}

fn is_norm(container: &str) -> bool {
    container == "Struct:BatchNorm"
}
