use cubecl::server::{IoError, LaunchError, ServerError};

/// What every fallible function of this crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong between a host and its device. Each message says what is wrong and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The device asked for is not there.
    #[error("no device `{asked}`: {why}; `auto` takes what there is, `cpu` needs none")]
    NoDevice {
        /// What was asked for.
        asked: String,
        /// Why there is none.
        why: String,
    },
    /// A buffer does not fit the memory of the device.
    #[error("the device `{device}` has no room for {bytes} bytes: fuse fewer rows at a time (`stream`), or on the CPU")]
    OutOfMemory {
        /// The device.
        device: String,
        /// How many bytes were asked for; 0 where the device does not say.
        bytes: u64,
    },
    /// The device failed and is of no more use to this process.
    #[error("the device `{device}` was lost ({why}): start again, or use the CPU")]
    DeviceLost {
        /// The device.
        device: String,
        /// What the driver said.
        why: String,
    },
    /// A kernel could not be compiled or run.
    #[error("the device `{device}` could not do the work: {why}")]
    Failed {
        /// The device.
        device: String,
        /// What the runtime said.
        why: String,
    },
    /// Two things that must be parallel are not.
    #[error("{what} has {got} {unit}, but {expected} {unit} are needed")]
    Length {
        /// The thing of the wrong length.
        what: &'static str,
        /// Its length.
        got: usize,
        /// The length it should have.
        expected: usize,
        /// What is counted.
        unit: &'static str,
    },
    /// A parameter out of its range.
    #[error("{name} is {value}, but must be {expected}")]
    Parameter {
        /// The parameter.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        expected: &'static str,
    },
    /// A cube beyond what a kernel can take.
    #[error("{what}: {hint}")]
    Unsupported {
        /// What is not possible.
        what: String,
        /// What to do.
        hint: &'static str,
    },
    /// What the words and rules of consort found wrong.
    #[error(transparent)]
    Core(#[from] consort_core::Error),
}

impl Error {
    pub(crate) fn parameter(name: &'static str, value: impl ToString, expected: &'static str) -> Self {
        Self::Parameter { name, value: value.to_string(), expected }
    }

    /// What the runtime said, as one of ours.
    pub(crate) fn of_server(device: &str, error: &ServerError) -> Self {
        let device = device.to_owned();
        match error {
            ServerError::Io(IoError::BufferTooBig { size, .. } | IoError::OutOfMemory { size, .. }) => {
                Self::OutOfMemory { device, bytes: *size }
            }
            ServerError::Launch(LaunchError::OutOfMemory { .. }) => Self::OutOfMemory { device, bytes: 0 },
            ServerError::DevicePoisoned(why) | ServerError::Launch(LaunchError::DevicePoisoned(why)) => {
                Self::DeviceLost { device, why: why.to_string() }
            }
            ServerError::Unwritten { root, .. } => Self::of_server(&device, root),
            ServerError::Several { errors, .. } => match errors.first() {
                Some(first) => Self::of_server(&device, first),
                None => Self::Failed { device, why: "for several unnamed reasons".into() },
            },
            other => {
                // The rest of the message is a trace of the runtime's own calls.
                let text = other.to_string();
                let why: Vec<&str> = text.lines().take_while(|line| !line.starts_with("Backtrace")).collect();
                Self::Failed { device, why: why.join(" ") }
            }
        }
    }
}
