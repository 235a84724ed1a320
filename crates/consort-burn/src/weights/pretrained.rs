use std::path::PathBuf;

use consort_core::Result;
use serde::{Deserialize, Serialize};

use crate::network::Network;

/// Weights that a net starts from instead of random ones: a file that PyTorch wrote.
///
/// Names are the module's, which for [`ResNet`](crate::architecture::ResNet) are those of torchvision.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pretrained {
    /// A `.pt`, `.pth` or `.safetensors` file with a `state_dict`.
    pub file: PathBuf,
    /// Layers that keep their random start, by the start of their names: such as `fc` for a new head.
    pub skip: Vec<String>,
    /// Layers that training does not move, by the start of their names.
    pub freeze: Vec<String>,
}

impl Pretrained {
    /// Reads the file into a network and freezes what is asked for.
    ///
    /// # Errors
    /// If the file is not there or of another architecture (missing and extra names are listed), or nothing has a name
    /// that is to be frozen.
    pub(crate) fn apply(&self, network: &mut dyn Network, rename: &[(&str, &str)]) -> Result<()> {
        if !self.file.as_os_str().is_empty() {
            network.read_torch(&self.file, &self.skip, rename)?;
        }
        if self.freeze.is_empty() { Ok(()) } else { network.freeze(&self.freeze) }
    }
}
