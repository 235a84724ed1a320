//! The device that `--device` names. Devices are compiled in by the features `cuda` and `wgpu`.

use std::sync::Arc;

use consort::fusion::device::Device;

use crate::{
    failure::{Failure, Result},
    session::Session,
};

/// The device of this name; `None` is the CPU. `auto` is a GPU if one answers, else the CPU, and says so.
pub(crate) fn open(session: &mut Session, name: &str) -> Result<Option<Arc<dyn Device>>> {
    let kind = name.split(':').next().unwrap_or(name);
    let device = match kind {
        "cpu" if kind == name => None,
        "auto" if kind == name => match found(name) {
            Ok(device) => Some(device),
            Err(why) => {
                session.note(format!("{why}; so the CPU fuses"));
                None
            }
        },
        "cuda" | "wgpu" if !compiled(kind) => {
            return Err(Failure::usage(format!(
                "--device {name} needs a program that was built with the feature `{kind}`: \
                 cargo install consort-cli --features {kind}"
            )));
        }
        "cuda" | "wgpu" => Some(found(name).map_err(Failure::usage)?),
        _ => {
            return Err(Failure::usage(format!(
                "--device `{name}` is not known: there are cpu, auto, cuda, cuda:1 (the second) and wgpu"
            )));
        }
    };
    let told = device.as_ref().map_or_else(|| "cpu".to_owned(), |device| device.name());
    if let Some(device) = &device {
        session.note(format!("fusing on {}", device.name()));
    }
    session.put("device", told.into());
    Ok(device)
}

/// Whether devices of this kind are compiled in.
fn compiled(kind: &str) -> bool {
    match kind {
        "cuda" => cfg!(feature = "cuda"),
        _ => cfg!(feature = "wgpu"),
    }
}

#[cfg(feature = "kernels")]
fn found(name: &str) -> std::result::Result<Arc<dyn Device>, String> {
    match consort::kernels::Device::open(name) {
        Ok(device) => Ok(Arc::new(device)),
        Err(why) => Err(why.to_string()),
    }
}

#[cfg(not(feature = "kernels"))]
fn found(_name: &str) -> std::result::Result<Arc<dyn Device>, String> {
    Err("this program was built without a GPU (features `cuda` and `wgpu`)".into())
}
