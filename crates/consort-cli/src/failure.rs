use std::path::Path;

use crate::{flags::Flags, session::printable};

/// Why a command could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Core(#[from] consort::core::Error),
    #[error(transparent)]
    Data(#[from] consort::data::Error),
    #[error("{file}: {doing}: {error}")]
    File { file: String, doing: &'static str, error: std::io::Error },
    #[error("{0}")]
    Usage(String),
    #[error("the result cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the threads could not be started: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }

    pub(crate) fn file(file: &Path, doing: &'static str, error: std::io::Error) -> Self {
        Self::File { file: file.display().to_string(), doing, error }
    }

    /// On stderr, in one paragraph; what caused it below, unless the message says that already.
    pub(crate) fn print(&self, flags: &Flags) {
        let text = self.to_string();
        eprintln!("error: {}", printable(&flags.say(&text)));
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            let below = error.to_string();
            if !text.contains(&below) {
                eprintln!("  because: {}", printable(&flags.say(&below)));
            }
            cause = error.source();
        }
    }
}
