use consort_core::{Gives, Matrix, Outputs, Predictions};
use consort_fusion::device::{self, Loss, Search};

use crate::{
    Cube, Device, Error, Loss as KernelLoss, Result, Truth, buffer::Buffer, device_rule, running_sum::RunningSum,
    stream,
};

/// What `consort-fusion` asks of a device.
impl device::Device for Device {
    fn name(&self) -> String {
        Device::name(self).to_owned()
    }

    fn fuse(
        &self,
        rule: &str,
        weights: Option<Vec<f64>>,
        predictions: &Predictions,
    ) -> consort_core::Result<Option<Matrix>> {
        // What else members may give, the rules have ways with.
        let plain = predictions.members().iter().all(|member| match predictions.outputs() {
            Outputs::Classes(_) => matches!(member.gives, Gives::Probabilities | Gives::Logits),
            Outputs::Targets(_) => member.gives == Gives::Values,
            _ => false,
        });
        // The CPU adds logits to logarithms as they are; as probabilities of single precision great ones are 0.
        let of_logarithms = ["geometric", "logit-mean", "product"].contains(&rule.split(':').next().unwrap_or(rule));
        let logits = predictions.members().iter().any(|member| member.gives == Gives::Logits);
        if !plain || (of_logarithms && logits) || predictions.rows() == 0 {
            return Ok(None);
        }
        match device_rule(rule, weights, predictions.outputs(), predictions.members().len()) {
            Some(rule) => done(stream(self, predictions, &*rule)),
            None => Ok(None),
        }
    }

    fn search(&self, loss: Loss<'_>, predictions: &Predictions) -> consort_core::Result<Option<Box<dyn Search>>> {
        done(OnDevice::new(self, loss, predictions).map(|search| Box::new(search) as Box<dyn Search>))
    }
}

/// What kernels do not do is left to the CPU, and so is what does not fit the device.
fn done<T>(result: Result<T>) -> consort_core::Result<Option<T>> {
    match result {
        Ok(done) => Ok(Some(done)),
        Err(Error::Unsupported { .. } | Error::OutOfMemory { .. }) => Ok(None),
        Err(Error::Core(error)) => Err(error),
        Err(error) => Err(device::failure(error)),
    }
}

/// A search, the members being on the device.
struct OnDevice {
    device: Device,
    sum: RunningSum,
    size: usize,
    losses: Buffer<f32>,
    picks: Buffer<u32>,
}

impl OnDevice {
    fn new(device: &Device, loss: Loss<'_>, predictions: &Predictions) -> Result<Self> {
        Self::of(&Cube::of_predictions(device, predictions, 0..predictions.rows())?, loss)
    }

    fn of(cube: &Cube, loss: Loss<'_>) -> Result<Self> {
        let device = cube.device();
        let single: Vec<f32>;
        let (loss, positive, truth) = match loss {
            Loss::Log { eps, codes } => (KernelLoss::Log { eps: eps as f32 }, None, Truth::Classes(codes)),
            Loss::Brier { codes } => (KernelLoss::Brier, None, Truth::Classes(codes)),
            Loss::ZeroOne { codes, positive } => (KernelLoss::ZeroOne, Some(positive), Truth::Classes(codes)),
            Loss::Squared { values } => {
                single = values.iter().map(|&y| y as f32).collect();
                (KernelLoss::Squared, None, Truth::Values(&single))
            }
        };
        let sum = RunningSum::new(cube, loss, positive, truth)?;
        let (losses, picks) = (device.room(cube.members()), device.room(1));
        // The device says what does not fit when it is asked: now, while the CPU can still do it instead.
        device.check(sum.handles().into_iter().chain([losses.handle(), picks.handle()]))?;
        Ok(Self { device: device.clone(), sum, size: 0, losses, picks })
    }
}

impl Search for OnDevice {
    fn losses(&mut self) -> consort_core::Result<Vec<f64>> {
        self.sum.score(self.size + 1, 0, &self.losses, &self.picks);
        let sums = self.device.get(&self.losses).map_err(device::failure)?;
        Ok(sums.into_iter().map(|sum| self.sum.mean(f64::from(sum), self.size + 1)).collect())
    }

    fn add(&mut self, member: usize) -> consort_core::Result<()> {
        self.sum.add(0, &self.device.put(&[member as u32]));
        self.size += 1;
        Ok(())
    }

    fn clear(&mut self) -> consort_core::Result<()> {
        self.sum.clear();
        self.size = 0;
        Ok(())
    }
}

#[cfg(all(test, any(feature = "wgpu", feature = "cuda")))]
#[allow(clippy::unwrap_used, clippy::expect_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use crate::Storage;

    #[test]
    fn a_search_that_does_not_fit_is_left_to_the_cpu() {
        let device = match std::env::var("CONSORT_DEVICE") {
            Ok(name) => Device::open(&name),
            Err(_) => Device::open("cuda").or_else(|_| Device::open("wgpu")),
        };
        let device = device.expect("a device: install mesa-vulkan-drivers and libvulkan1");
        let shape = [3, 4, 2];
        let bytes = 4 * 3 * 4 * 2;
        for loss in [Loss::Log { eps: 1e-15, codes: &[0; 4] }, Loss::Brier { codes: &[0; 4] }] {
            // The first bytes of sixteen terabytes.
            let handle = device.client().empty(1 << 44).offset_end((1 << 44) - bytes);
            let cube = Cube::of_handle(&device, handle, Storage::F32, shape).unwrap();
            assert!(device.wait().is_ok());
            let error = OnDevice::of(&cube, loss).err().expect("there is no such memory");
            assert!(matches!(error, Error::OutOfMemory { .. }), "{loss:?}: {error}");
            assert!(done(OnDevice::of(&cube, loss)).unwrap().is_none());
            let fits = Cube::of(&device, &[0.5; 24], 3, 4, 2).unwrap();
            assert!(OnDevice::of(&fits, loss).is_ok());
        }
    }
}
