use std::fmt::Debug;

use consort_core::{Error, Result};

use super::Mlp;
use crate::network::{Init, InputShape, Network};

/// The recipe of a network: sizes and nothing learnt. Serde round-trips it.
///
/// Your own is one `impl` beside that of [`Forward`](crate::network::Forward) for the module; see
/// `examples/custom_net.rs`.
#[typetag::serde(tag = "architecture")]
pub trait Architecture: Debug + Send + Sync {
    /// Its name in tables and on the command line, such as `mlp`.
    fn name(&self) -> String;

    /// A network with fresh weights for such inputs and so many outputs. All weights come from `init`.
    ///
    /// # Errors
    /// If a parameter is out of range, or the inputs are not what it takes.
    fn build(&self, shape: &InputShape, outputs: usize, init: &mut Init) -> Result<Box<dyn Network>>;

    /// The MLP that it is, if it is one: nets of equal MLPs can be trained as one program.
    fn as_mlp(&self) -> Option<&Mlp> {
        None
    }

    /// Patterns (regular expressions) of the names in files of PyTorch, and what the module calls them.
    fn torch_names(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }
}

/// Refuses images smaller than `least` pixels a side, and anything that is no image.
pub(super) fn expect_images(by: &str, shape: &InputShape, least: usize) -> Result<()> {
    let [channels, height, width] = shape.row;
    if !shape.levels.is_empty() || height < least || width < least || channels == 0 {
        return Err(Error::Unsupported {
            by: by.into(),
            what: format!("rows of shape {:?} with {} categories", shape.row, shape.levels.len()),
            hint: format!("give a dense block of shape [channels, height, width], at least {least} pixels a side"),
        });
    }
    Ok(())
}

/// Refuses a share of dropped units out of [0, 1).
pub(super) fn expect_dropout(dropout: f64) -> Result<()> {
    if (0.0..1.0).contains(&dropout) {
        return Ok(());
    }
    Err(Error::parameter("dropout", dropout, "at least 0 and below 1"))
}
