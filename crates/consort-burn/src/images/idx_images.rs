use std::{
    fs::File,
    io::{BufReader, Read, Seek, SeekFrom},
    path::Path,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use consort_core::{Classes, Dataset, Error, Result, StoredRows};
use flate2::read::MultiGzDecoder;

use super::idx::{Header, Kind, damaged, idx_labels};

/// The images of an IDX file, read one by one when they are asked for. A file that is packed by gzip cannot be read from its
/// middle: its bytes are unpacked into memory, a quarter of what their numbers need.
///
/// ```
/// use consort_burn::images::IdxImages;
/// use consort_core::StoredRows;
/// let folder = tempfile::tempdir().unwrap();
/// let file = folder.path().join("images");
/// std::fs::write(&file, [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 255, 51, 102]).unwrap();
/// let images = IdxImages::open(&file)?;
/// let mut second = [0.0; 2];
/// images.read(1, &mut second)?;
/// assert_eq!((images.count(), images.shape(), second), (2, &[1, 1, 2][..], [0.2, 0.4]));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug)]
pub struct IdxImages {
    place: String,
    header: Header,
    count: usize,
    shape: Vec<usize>,
    bytes: Bytes,
    mark: OnceLock<String>,
}

#[derive(Debug)]
enum Bytes {
    File(Mutex<File>),
    Memory(Vec<u8>),
}

impl IdxImages {
    /// Opens a file; its name ends with `.gz` if it is packed.
    ///
    /// # Errors
    /// [`Error::Damaged`] naming the file, unless it is whole and holds images.
    pub fn open(path: &Path) -> Result<Self> {
        let place = path.display().to_string();
        let unread = |error: std::io::Error| damaged(&place, format!("it cannot be read: {error}"));
        let mut file = File::open(path).map_err(unread)?;
        let (header, bytes) = if path.extension().is_some_and(|end| end == "gz") {
            let mut reader = MultiGzDecoder::new(BufReader::new(file));
            let header = Header::read(&mut reader, &place)?;
            let bytes = header.body(reader, &place)?;
            (header, Bytes::Memory(bytes))
        } else {
            let header = Header::read(&mut file, &place)?;
            let length = file.metadata().map_err(unread)?.len();
            header.expect(length.saturating_sub(header.len() as u64), &place)?;
            (header, Bytes::File(Mutex::new(file)))
        };
        let (count, shape) = header.images(&place)?;
        Ok(Self { place, header, count, shape, bytes, mark: OnceLock::new() })
    }

    /// The bytes from one on, as many as fit.
    fn fill(&self, start: u64, into: &mut [u8]) -> Result<()> {
        let cut = |error: std::io::Error| damaged(&self.place, format!("it cannot be read any more: {error}"));
        match &self.bytes {
            Bytes::Memory(bytes) => {
                let whole = (start as usize).checked_add(into.len()).and_then(|end| bytes.get(start as usize..end));
                let whole = whole.ok_or_else(|| damaged(&self.place, "there is no such image".into()))?;
                into.copy_from_slice(whole);
                Ok(())
            }
            Bytes::File(file) => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.seek(SeekFrom::Start(self.header.len() as u64 + start)).map_err(cut)?;
                file.read_exact(into).map_err(cut)
            }
        }
    }
}

impl StoredRows for IdxImages {
    fn count(&self) -> usize {
        self.count
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn read(&self, row: usize, into: &mut [f32]) -> Result<()> {
        let size = into.len() * self.header.width;
        let mut bytes = vec![0; size];
        self.fill((row * size) as u64, &mut bytes)?;
        self.header.numbers(&bytes, into);
        if self.header.kind == Kind::U8 {
            into.iter_mut().for_each(|x| *x /= 255.0);
        }
        Ok(())
    }

    fn mark(&self) -> String {
        let sum = || {
            let mut sum = blake3::Hasher::new();
            sum.update(format!("{:?} {:?}", self.header.kind, self.header.shape).as_bytes());
            let mut bytes = vec![0; self.shape.iter().product::<usize>() * self.header.width];
            for row in 0..self.count {
                // What cannot be read is told apart by where that begins.
                if self.fill((row * bytes.len()) as u64, &mut bytes).is_err() {
                    sum.update(format!("unread from {row}").as_bytes());
                    break;
                }
                sum.update(&bytes);
            }
            sum.finalize().to_hex().to_string()
        };
        self.mark.get_or_init(sum).clone()
    }
}

/// As [`idx_dataset`](super::idx_dataset), but images are read when they are asked for: a net needs memory for a batch.
///
/// # Errors
/// As [`idx_dataset`](super::idx_dataset).
pub fn idx_stored(images: &Path, labels: Option<&Path>, classes: Option<&Classes>) -> Result<Dataset> {
    let stored = IdxImages::open(images)?;
    let target = labels.map(|labels| idx_labels(labels, classes, images, stored.count())).transpose()?;
    if stored.count() == 0 {
        let hint = "give a file with at least one image".into();
        return Err(Error::Empty { what: format!("`{}`", images.display()), hint });
    }
    let data = Dataset::from_stored(Arc::new(stored))?;
    match target {
        Some(target) => data.with_target(target),
        None => Ok(data),
    }
}
