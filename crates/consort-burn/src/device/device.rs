use burn::tensor::{Device, Tensor};
use consort_core::{Error, Result};

/// A device that is there, and what a person should know of how it was picked.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The device, without automatic differentiation.
    pub device: Device,
    /// Its name, such as `cuda:0`.
    pub name: String,
    /// Why it is not the one asked for, where it is not.
    pub fallback: Option<String>,
}

/// The device of a name: `cpu`, `cuda`, `cuda:1`, `wgpu`, `wgpu:0`, or `auto` for the first of CUDA, wgpu and CPU that
/// is there.
///
/// A card that this program could use and that the machine lacks is replaced by the CPU, and
/// [`fallback`](Chosen::fallback) says so. The answer depends on the machine, never only on what was compiled in.
///
/// # Errors
/// [`Error::UnknownName`] for another name; [`Error::Unsupported`] for a runtime that was not compiled in.
///
/// ```
/// let chosen = consort_burn::device::choose("auto")?;
/// assert!(!chosen.name.is_empty());
/// assert!(consort_burn::device::choose("abacus").is_err());
/// # Ok::<(), consort_core::Error>(())
/// ```
pub fn choose(name: &str) -> Result<Chosen> {
    let (kind, index) = match name.split_once(':') {
        None => (name, 0),
        Some((kind, index)) => (kind, index.parse::<usize>().map_err(|_| unknown(name))?),
    };
    match kind {
        "cpu" => cpu(None),
        "auto" => {
            for kind in ["cuda", "wgpu"] {
                if let Some(device) = cards(kind).and_then(|cards| cards.into_iter().next()) {
                    return Ok(Chosen { device, name: format!("{kind}:0"), fallback: None });
                }
            }
            cpu(None)
        }
        "cuda" | "wgpu" => {
            let Some(cards) = cards(kind) else {
                return Err(Error::Unsupported {
                    by: "this program".into(),
                    what: format!("device `{name}`"),
                    hint: format!("build it with the feature `{kind}`, or choose `cpu`"),
                });
            };
            let there = cards.len();
            match cards.into_iter().nth(index) {
                Some(device) => Ok(Chosen { device, name: format!("{kind}:{index}"), fallback: None }),
                None => {
                    cpu(Some(format!("device `{name}` is not there ({there} {kind} cards were found): the CPU works")))
                }
            }
        }
        _ => Err(unknown(name)),
    }
}

/// Whether work on a device is queued for a card, so that whoever reads a number waits for all that was sent before.
#[cfg(feature = "cpu")]
pub(crate) fn is_card(device: &Device) -> bool {
    !matches!(device.clone().without_autodiff().as_dispatch(), burn::backend::DispatchDevice::Flex(_))
}

#[cfg(not(feature = "cpu"))]
pub(crate) fn is_card(_: &Device) -> bool {
    true
}

/// The numbers of some tensors, one after another, for one wait of the device.
pub(crate) fn read(of: Vec<Tensor<1>>) -> Vec<f32> {
    if of.is_empty() { Vec::new() } else { Tensor::cat(of, 0).into_data().iter::<f32>().collect() }
}

fn unknown(name: &str) -> Error {
    Error::UnknownName {
        what: "device",
        name: name.into(),
        known: "there are cpu, cuda, cuda:1, wgpu, wgpu:0, auto".into(),
    }
}

#[cfg(feature = "cpu")]
fn cpu(fallback: Option<String>) -> Result<Chosen> {
    Ok(Chosen { device: Device::flex(), name: "cpu".into(), fallback })
}

#[cfg(not(feature = "cpu"))]
fn cpu(fallback: Option<String>) -> Result<Chosen> {
    Err(Error::Unsupported {
        by: "this program".into(),
        what: fallback.unwrap_or_else(|| "device `cpu`".into()),
        hint: "build it with the feature `cpu`".into(),
    })
}

/// The cards of a runtime, or `None` if it was not compiled in.
fn cards(kind: &str) -> Option<Vec<Device>> {
    match kind {
        #[cfg(feature = "cuda")]
        "cuda" => Some(enumerate(burn::tensor::DeviceType::Cuda)),
        #[cfg(feature = "wgpu")]
        "wgpu" => Some(enumerate(burn::tensor::DeviceType::Wgpu)),
        _ => None,
    }
}

#[cfg(any(feature = "cuda", feature = "wgpu"))]
fn enumerate(kind: burn::tensor::DeviceType) -> Vec<Device> {
    // A driver that is broken panics within its own library instead of listing nothing.
    std::panic::catch_unwind(|| Device::enumerate(kind).into_vec()).unwrap_or_default()
}

/// The devices of this build that are there: the CPU, and a card or a software renderer.
#[cfg(test)]
pub(crate) fn all_there() -> Vec<Device> {
    let chosen = ["cpu", "wgpu", "cuda"].into_iter().filter_map(|name| choose(name).ok());
    chosen.filter(|chosen| chosen.fallback.is_none()).map(|chosen| chosen.device).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "cpu")]
    fn numbers_are_read_in_their_order() {
        let device = Device::flex();
        assert!(!is_card(&device) && !is_card(&device.clone().autodiff()));
        let of = |values: &[f32]| Tensor::<1>::from_floats(values, &device);
        assert_eq!(read(vec![of(&[3.0]), of(&[1.0, 2.0]), of(&[-4.0])]), [3.0, 1.0, 2.0, -4.0]);
        assert!(read(Vec::new()).is_empty());
    }

    #[test]
    fn names_are_known_or_refused() {
        assert_eq!(choose("cpu").unwrap().name, "cpu");
        assert!(choose("cpu").unwrap().fallback.is_none());
        assert!(choose("gpu").unwrap_err().to_string().contains("unknown device `gpu`"));
        assert!(choose("cuda:x").is_err());
        if cfg!(not(feature = "cuda")) {
            assert!(choose("cuda:0").unwrap_err().to_string().contains("feature `cuda`"));
        }
    }
}
