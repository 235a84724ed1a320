use std::panic::{AssertUnwindSafe, catch_unwind};

use cubecl::{client::Client, device::WgpuDeviceKind, server::Handle};

use crate::{Error, Result, buffer::Buffer};

/// A device that runs kernels: a GPU, or Mesa's software Vulkan.
///
/// Which kinds there are is decided by the features `cuda` and `wgpu` and by the machine. Opening is cheap after the
/// first time; a clone is the same device.
///
/// ```
/// use consort_kernels::Device;
/// match Device::open("auto") {
///     Ok(device) => println!("fusing on {}", device.name()),
///     Err(why) => println!("fusing on the CPU: {why}"),
/// }
/// ```
#[derive(Clone)]
pub struct Device {
    client: Client,
    name: String,
    poison: Option<u8>,
}

impl std::fmt::Debug for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Device").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Where a fusion runs.
#[derive(Debug, Clone)]
pub enum Place {
    /// On the CPU, by the rules of `consort-fusion`; with the reason where a device was wished for.
    Cpu {
        /// Why it is not a device, in one line.
        why: Option<String>,
    },
    /// On a device, by kernels.
    Device(Device),
}

impl Place {
    /// The place of this name: `cpu`, `cuda`, `cuda:1` (the second), `wgpu` or `auto`.
    ///
    /// `auto` is the first device there is (CUDA before wgpu, and no software renderer), else the CPU.
    ///
    /// # Errors
    /// [`Error::NoDevice`] if a device is named that is not there; never for `auto` and `cpu`.
    pub fn named(name: &str) -> Result<Self> {
        match name {
            "cpu" => Ok(Self::Cpu { why: None }),
            "auto" => Ok(match Device::open("auto") {
                Ok(device) => Self::Device(device),
                Err(why) => Self::Cpu { why: Some(format!("{why}, so the CPU fuses")) },
            }),
            _ => Device::open(name).map(Self::Device),
        }
    }
}

impl Device {
    /// The device of this name: `cuda`, `cuda:1` (the second), `wgpu`, or `auto` for the first GPU there is.
    ///
    /// `auto` never takes a software renderer: a CPU is faster by itself. `wgpu` takes one if there is nothing else.
    ///
    /// # Errors
    /// [`Error::NoDevice`].
    pub fn open(name: &str) -> Result<Self> {
        let missing = |why: String| Error::NoDevice { asked: name.into(), why };
        let (kind, number) = match name.split_once(':') {
            Some((kind, number)) => {
                let number = number.parse::<usize>().map_err(|_| missing("its number is not a whole number".into()))?;
                (kind, number)
            }
            None => (name, 0),
        };
        match kind {
            "cuda" => Self::started(name, || cubecl::Device::cuda(number)),
            "wgpu" if number == 0 => Self::started(name, || cubecl::Device::wgpu(WgpuDeviceKind::default())),
            "wgpu" => Self::started(name, || cubecl::Device::wgpu(WgpuDeviceKind::DiscreteGpu(number))),
            "auto" => Self::open("cuda").or_else(|_| {
                let kinds = [WgpuDeviceKind::DiscreteGpu(0), WgpuDeviceKind::IntegratedGpu(0)];
                kinds
                    .into_iter()
                    .find_map(|kind| Self::started("wgpu", || cubecl::Device::wgpu(kind)).ok())
                    .ok_or_else(|| missing("neither CUDA nor a graphics card answers in this build".into()))
            }),
            _ => Err(missing("the kinds are `cuda`, `wgpu`, `cpu` and `auto`".into())),
        }
    }

    /// A driver that is half installed panics in the runtime, which must not end the process.
    fn started<E: std::fmt::Display>(
        name: &str,
        find: impl FnOnce() -> std::result::Result<cubecl::Device, E>,
    ) -> Result<Self> {
        let missing = |why: String| Error::NoDevice { asked: name.into(), why };
        let client = catch_unwind(AssertUnwindSafe(|| find().map(|device| device.client())));
        match client {
            Ok(Ok(client)) => {
                let name = format!("{name} ({})", client.properties().identity.name);
                Ok(Self { client, name, poison: None })
            }
            Ok(Err(why)) => Err(missing(why.to_string())),
            Err(_) => Err(missing("its driver could not be started".into())),
        }
    }

    /// A device around a client of CubeCL, such as the one behind a tensor.
    pub fn of_client(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into(), poison: None }
    }

    /// The same device, but all bytes of a result are this one before a kernel writes it: a number that a kernel forgets
    /// shows. 0x7f makes numbers near the greatest there are, which no result has; 0xff makes NaN. For tests.
    pub fn poisoned(mut self, byte: u8) -> Self {
        self.poison = Some(byte);
        self
    }

    /// How it was asked for, and what it is.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The client of CubeCL, to launch kernels of your own.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Waits until all work is done.
    ///
    /// # Errors
    /// [`Error::DeviceLost`]. Work that failed for another reason, such as too little memory, says so to whoever reads its
    /// result.
    pub fn wait(&self) -> Result<()> {
        cubecl::future::block_on(self.client.sync()).map_err(|error| self.error(&error))
    }

    /// Waits until all work is done, and says of some buffers whether they are what they should be.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`], [`Error::DeviceLost`] or [`Error::Failed`], if that is how the work on one of them ended.
    pub(crate) fn check<'a>(&self, buffers: impl IntoIterator<Item = &'a Handle>) -> Result<()> {
        cubecl::future::block_on(self.client.sync_buffers(buffers)).map_err(|error| self.error(&error))
    }

    /// Numbers that a unit can keep in registers and still has some for its work. CUDA gives each 255, others seldom say.
    pub(crate) fn registers(&self) -> usize {
        if self.client.name() == "cuda" { 128 } else { 64 }
    }

    /// Room for a result.
    pub(crate) fn room<T: cubecl::CubeElement>(&self, len: usize) -> Buffer<T> {
        let len = len.max(1);
        if let Some(byte) = self.poison {
            let bytes = vec![byte; len * size_of::<T>()];
            return Buffer::new(self.client.create_from_slice(&bytes), len);
        }
        Buffer::new(self.client.empty(len * size_of::<T>()), len)
    }

    /// Numbers of the host, on the device.
    pub(crate) fn put<T: cubecl::CubeElement>(&self, values: &[T]) -> Buffer<T> {
        Buffer::new(self.client.create_from_slice(T::as_bytes(values)), values.len())
    }

    /// The same without a copy on the host.
    pub(crate) fn take(&self, values: Vec<f32>) -> Buffer<f32> {
        let len = values.len();
        Buffer::new(self.client.create(cubecl::bytes::Bytes::from_elems(values)), len)
    }

    /// Numbers of the device, on the host.
    pub(crate) fn get<T: cubecl::CubeElement + Default>(&self, buffer: &Buffer<T>) -> Result<Vec<T>> {
        let mut out = vec![T::default(); buffer.len()];
        self.get_to(buffer, &mut out)?;
        Ok(out)
    }

    /// The same, to where they are wanted.
    pub(crate) fn get_to<T: cubecl::CubeElement>(&self, buffer: &Buffer<T>, out: &mut [T]) -> Result<()> {
        // New memory is made ready by whoever writes to it first, which costs more than the copy: many share it.
        const ALONE: usize = 1 << 22;
        let bytes = self.client.read_one(buffer.handle().clone()).map_err(|error| self.error(&error))?;
        let from = &T::from_bytes(&bytes)[..buffer.len()];
        let parts = (size_of_val(from) / ALONE).clamp(1, 8);
        if parts == 1 {
            out.copy_from_slice(from);
            return Ok(());
        }
        let each = from.len().div_ceil(parts);
        std::thread::scope(|scope| {
            for (from, out) in from.chunks(each).zip(out.chunks_mut(each)) {
                scope.spawn(move || out.copy_from_slice(from));
            }
        });
        Ok(())
    }

    pub(crate) fn error(&self, error: &cubecl::server::ServerError) -> Error {
        Error::of_server(&self.name, error)
    }
}
