//! Bytes of a file or of memory, opened anew for each pass.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek};
use std::sync::Arc;

use crate::{Error, Result};

use super::source::{Data, Source};

/// Something that can be read and sought in.
pub(super) trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}

/// The bytes behind a source.
pub(super) struct Input {
    pub(super) file: String,
    pub(super) size: u64,
    data: Data,
}

impl Input {
    pub(super) fn new(source: &Source) -> Result<Self> {
        let size = match &source.data {
            Data::Bytes { bytes, .. } => bytes.len() as u64,
            Data::Path(path) => {
                let about = std::fs::metadata(path).map_err(Error::path_io(path, "open it"))?;
                if about.is_dir() {
                    let hint = "it is a folder; give the files in it";
                    return Err(Error::path_io(path, "read it")(io::Error::new(io::ErrorKind::IsADirectory, hint)));
                }
                about.len()
            }
        };
        Ok(Self { file: source.file(), size, data: source.data.clone() })
    }

    pub(super) fn open(&self) -> Result<Box<dyn ReadSeek>> {
        Ok(match &self.data {
            Data::Bytes { bytes, .. } => Box::new(Cursor::new(Arc::clone(bytes))),
            Data::Path(path) => Box::new(File::open(path).map_err(Error::path_io(path, "open it"))?),
        })
    }

    /// An error of a file whose bytes are not what `format` says.
    pub(super) fn damaged(&self, format: &'static str, problem: impl ToString) -> Error {
        Error::Damaged { file: self.file.clone(), format, problem: problem.to_string() }
    }

    /// How many cells a file of this size may claim to hold: compression makes much of little, but not everything of
    /// nothing. 256 cells a byte is beyond any honest table whose rows have ids.
    pub(super) fn most_cells(&self) -> u64 {
        (1u64 << 22).saturating_add(self.size.saturating_mul(256))
    }
}
