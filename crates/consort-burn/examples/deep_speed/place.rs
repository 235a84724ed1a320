use std::time::Instant;

use burn::tensor::Device;
use consort_burn::net::Net;
use consort_core::{Error, FitContext, Result};

/// Where runs are made.
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) device: Device,
}

impl Place {
    /// The device of a name. One that is not there is an error: its times would be those of another.
    pub(crate) fn of(name: &str) -> Result<Self> {
        let chosen = consort_burn::device::choose(name)?;
        match chosen.fallback {
            None => Ok(Self { name: chosen.name, device: chosen.device }),
            Some(why) => Err(Error::custom(why)),
        }
    }

    pub(crate) fn is_card(&self) -> bool {
        self.name != "cpu"
    }

    /// A net that is trained here.
    pub(crate) fn net(&self, net: Net) -> Net {
        Net { device: self.name.clone(), ..net }
    }

    /// Does work on the threads of a fit; gives its seconds until the device is done with what they sent.
    pub(crate) fn time<T: Send>(
        &self,
        ctx: &FitContext<'_>,
        work: impl FnOnce() -> Result<T> + Send,
    ) -> Result<(T, f64)> {
        ctx.install(|| {
            let start = Instant::now();
            let done = work()?;
            // Each thread has a queue of its own on a card.
            let waits = rayon::broadcast(|_| self.device.sync());
            waits.into_iter().try_for_each(|wait| wait.map_err(|error| Error::custom(error.to_string())))?;
            Ok((done, start.elapsed().as_secs_f64()))
        })
    }
}
