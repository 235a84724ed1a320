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
        if error.is_device_poisoned() {
            return Self::DeviceLost { device, why: without_trace(poisoned(error)) };
        }
        if let Some(bytes) = no_room(error) {
            return Self::OutOfMemory { device, bytes };
        }
        match error {
            ServerError::Unwritten { root, .. } => Self::of_server(&device, root),
            ServerError::Several { errors, .. } => match errors.first() {
                Some(first) => Self::of_server(&device, first),
                None => Self::Failed { device, why: "for several unnamed reasons".into() },
            },
            other => Self::Failed { device, why: without_trace(other) },
        }
    }
}

/// What the runtime says, without the trace of its own calls.
fn without_trace(error: &ServerError) -> String {
    let text = error.to_string();
    let lines: Vec<&str> = text.lines().take_while(|line| !line.starts_with("Backtrace")).map(str::trim).collect();
    lines.join(" ")
}

/// Of what went wrong, that which the device did not survive.
fn poisoned(error: &ServerError) -> &ServerError {
    match error {
        ServerError::Unwritten { root, .. } => poisoned(root),
        ServerError::Several { errors, .. } => {
            errors.iter().find(|error| error.is_device_poisoned()).map_or(error, poisoned)
        }
        _ => error,
    }
}

/// The bytes that did not fit, if that is what is wrong or a part of it; 0 where they are not said.
fn no_room(error: &ServerError) -> Option<u64> {
    match error {
        ServerError::Io(error) => bytes_of(error),
        ServerError::Launch(LaunchError::OutOfMemory { .. }) => Some(0),
        ServerError::Unwritten { root, .. } => no_room(root),
        ServerError::Several { errors, .. } => errors.iter().find_map(no_room),
        _ => None,
    }
}

fn bytes_of(error: &IoError) -> Option<u64> {
    match error {
        IoError::BufferTooBig { size, .. }
        | IoError::OutOfMemory { size, .. }
        | IoError::PageSizesExhausted { size, .. } => Some(*size),
        IoError::StorageMappingFailed { source, .. } => bytes_of(source),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use cubecl::{CompilationError, server::ResourceLimitError};
    use cubecl_environment::backtrace::BackTrace;
    use cubecl_runtime::poison::DevicePoison;

    use super::*;

    fn backtrace() -> BackTrace {
        BackTrace::capture()
    }

    fn too_big() -> IoError {
        IoError::BufferTooBig { size: 7, backtrace: backtrace() }
    }

    fn failed() -> ServerError {
        ServerError::Generic { reason: "a slip".into(), backtrace: backtrace() }
    }

    fn several(errors: Vec<ServerError>) -> ServerError {
        ServerError::Several { errors, backtrace: backtrace() }
    }

    fn unwritten(root: ServerError) -> ServerError {
        let root = Box::new(root);
        ServerError::Unwritten { failure: 1, claimed: 1, chain: vec!["add".into()], root, backtrace: backtrace() }
    }

    fn mapping(source: IoError) -> ServerError {
        IoError::StorageMappingFailed { size: 9, source: Box::new(source), backtrace: backtrace() }.into()
    }

    #[test]
    fn a_lost_device_is_told_wherever_the_runtime_says_so() {
        let poison = || DevicePoison::new("an illegal address");
        for error in [
            ServerError::DevicePoisoned(poison()),
            LaunchError::DevicePoisoned(poison()).into(),
            LaunchError::CompilationError(CompilationError::DevicePoisoned(poison())).into(),
            IoError::DevicePoisoned(poison()).into(),
            mapping(IoError::DevicePoisoned(poison())),
            unwritten(ServerError::DevicePoisoned(poison())),
            several(vec![failed(), too_big().into(), unwritten(IoError::DevicePoisoned(poison()).into())]),
        ] {
            let found = Error::of_server("card", &error);
            assert!(matches!(found, Error::DeviceLost { .. }), "{error}: {found}");
            let text = found.to_string();
            assert!(text.contains("`card`") && text.contains("illegal address") && !text.contains('\n'), "{text}");
        }
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_bytes() {
        let launch = LaunchError::OutOfMemory { reason: "full".into(), backtrace: backtrace() };
        for (error, expected) in [
            (too_big().into(), 7),
            (IoError::OutOfMemory { size: 5, backtrace: backtrace() }.into(), 5),
            (IoError::PageSizesExhausted { size: 3, backtrace: backtrace() }.into(), 3),
            (mapping(too_big()), 7),
            (launch.into(), 0),
            (unwritten(too_big().into()), 7),
            (several(vec![failed(), unwritten(too_big().into())]), 7),
        ] {
            let found = Error::of_server("card", &error);
            assert!(matches!(found, Error::OutOfMemory { bytes, .. } if bytes == expected), "{error}: {found}");
        }
    }

    #[test]
    fn other_failures_are_told_without_a_trace() {
        let units = ResourceLimitError::Units { requested: 2048, max: 1024, backtrace: backtrace() };
        for (error, said) in [
            (failed(), "a slip"),
            (unwritten(failed()), "a slip"),
            (several(vec![failed(), ServerError::Skipped]), "a slip"),
            (LaunchError::TooManyResources(units).into(), "max units is 1024"),
        ] {
            let found = Error::of_server("card", &error);
            assert!(matches!(found, Error::Failed { .. }), "{error}: {found}");
            let text = found.to_string();
            assert!(text.contains(said) && !text.contains('\n') && !text.contains("Backtrace"), "{text}");
        }
    }
}
