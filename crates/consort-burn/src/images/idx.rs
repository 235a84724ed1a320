use std::{
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use consort_core::{Classes, Dataset, Error, Features, Result, StoredRows, Target};
use flate2::read::MultiGzDecoder;

use super::idx_images::IdxImages;

/// The numbers of an IDX file, the format of MNIST (LeCun and others 1998): a header of four bytes (two zeros, the kind of
/// number, the number of axes), the lengths of the axes, and the numbers, all big-endian.
///
/// ```
/// use consort_burn::images::Idx;
/// let bytes = [0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 3, 7, 8, 9];
/// let idx = Idx::from_reader(&bytes[..], "the example")?;
/// assert_eq!((idx.shape, idx.values), (vec![1, 3], vec![7.0, 8.0, 9.0]));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Idx {
    /// The lengths of the axes.
    pub shape: Vec<usize>,
    /// The numbers, the last axis fastest.
    pub values: Vec<f32>,
    /// Whether they were bytes, 0 to 255.
    pub are_bytes: bool,
}

impl Idx {
    /// The file, which may be packed by gzip (`.gz`).
    ///
    /// # Errors
    /// [`Error::Damaged`] naming the file, unless it is whole.
    pub fn read(file: &Path) -> Result<Self> {
        let place = file.display().to_string();
        let opened = File::open(file).map_err(|error| damaged(&place, format!("it cannot be read: {error}")))?;
        let reader = BufReader::new(opened);
        if file.extension().is_some_and(|end| end == "gz") {
            Self::from_reader(MultiGzDecoder::new(reader), &place)
        } else {
            Self::from_reader(reader, &place)
        }
    }

    /// The numbers out of a reader; errors call it `place`.
    ///
    /// # Errors
    /// [`Error::Damaged`] unless it holds just what its header says.
    pub fn from_reader(mut reader: impl Read, place: &str) -> Result<Self> {
        let header = Header::read(&mut reader, place)?;
        let bytes = header.body(reader, place)?;
        let mut values = vec![0.0; bytes.len() / header.width];
        header.numbers(&bytes, &mut values);
        Ok(Self { are_bytes: header.kind == Kind::U8, shape: header.shape, values })
    }
}

/// What kind of numbers a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    U8,
    I8,
    I16,
    I32,
    F32,
    F64,
}

/// The head of a file.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) kind: Kind,
    /// The bytes of a number.
    pub(super) width: usize,
    pub(super) shape: Vec<usize>,
    /// The bytes of all numbers.
    size: usize,
}

impl Header {
    pub(super) fn read(reader: &mut impl Read, place: &str) -> Result<Self> {
        let mut magic = [0; 4];
        reader.read_exact(&mut magic).map_err(|error| damaged(place, format!("it has no header: {error}")))?;
        let [0, 0, kind, axes] = magic else {
            return Err(damaged(place, format!("it starts with the bytes {magic:?}, so it is no IDX file")));
        };
        let (kind, width) = match kind {
            0x08 => (Kind::U8, 1),
            0x09 => (Kind::I8, 1),
            0x0b => (Kind::I16, 2),
            0x0c => (Kind::I32, 4),
            0x0d => (Kind::F32, 4),
            0x0e => (Kind::F64, 8),
            other => {
                return Err(damaged(place, format!("it holds numbers of kind {other:#04x}, which IDX does not know")));
            }
        };
        let mut shape = Vec::with_capacity(usize::from(axes));
        for axis in 0..axes {
            let mut length = [0; 4];
            let read = reader.read_exact(&mut length);
            read.map_err(|_| damaged(place, format!("its header ends before the length of axis {axis}")))?;
            shape.push(u32::from_be_bytes(length) as usize);
        }
        let size = shape.iter().try_fold(width, |size: usize, &axis| size.checked_mul(axis));
        let size = size.ok_or_else(|| damaged(place, format!("its shape {shape:?} is greater than any file")))?;
        Ok(Self { kind, width, shape, size })
    }

    /// How many bytes the head itself has.
    pub(super) fn len(&self) -> usize {
        4 + 4 * self.shape.len()
    }

    /// All that follows. Memory grows with what is there, not with what the header claims.
    pub(super) fn body(&self, reader: impl Read, place: &str) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let read = reader.take(self.size as u64 + 1).read_to_end(&mut bytes);
        read.map_err(|error| damaged(place, format!("it cannot be read to its end: {error}")))?;
        self.expect(bytes.len() as u64, place)?;
        Ok(bytes)
    }

    /// Refuses a file of another length than its shape says.
    pub(super) fn expect(&self, found: u64, place: &str) -> Result<()> {
        let (size, shape) = (self.size, &self.shape);
        match found.cmp(&(size as u64)) {
            std::cmp::Ordering::Equal => Ok(()),
            std::cmp::Ordering::Less => Err(damaged(
                place,
                format!("it holds {found} of the {size} bytes that its shape {shape:?} needs: it was cut off"),
            )),
            std::cmp::Ordering::Greater => {
                Err(damaged(place, format!("it goes on after the {size} bytes of its shape {shape:?}")))
            }
        }
    }

    /// Bytes as numbers.
    pub(super) fn numbers(&self, bytes: &[u8], out: &mut [f32]) {
        let each = bytes.chunks_exact(self.width).zip(out);
        match self.kind {
            Kind::U8 => each.for_each(|(b, to)| *to = f32::from(b[0])),
            Kind::I8 => each.for_each(|(b, to)| *to = f32::from(b[0] as i8)),
            Kind::I16 => each.for_each(|(b, to)| *to = f32::from(i16::from_be_bytes([b[0], b[1]]))),
            Kind::I32 => each.for_each(|(b, to)| *to = i32::from_be_bytes([b[0], b[1], b[2], b[3]]) as f32),
            Kind::F32 => each.for_each(|(b, to)| *to = f32::from_be_bytes([b[0], b[1], b[2], b[3]])),
            Kind::F64 => each.for_each(|(b, to)| {
                *to = f64::from_be_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f32;
            }),
        }
    }

    /// The number of images and the shape of one, channels first.
    pub(super) fn images(&self, place: &str) -> Result<(usize, Vec<usize>)> {
        let (count, mut shape) = match self.shape.split_first() {
            Some((&count, shape)) if matches!(shape.len(), 2 | 3) => (count, shape.to_vec()),
            _ => {
                let problem = format!("its shape is {:?}, not that of images: [images, height, width]", self.shape);
                return Err(damaged(place, problem));
            }
        };
        if shape.len() == 2 {
            shape.insert(0, 1);
        }
        Ok((count, shape))
    }
}

/// A data set of the images in one IDX file and their labels in another, as MNIST has them, all in memory. Bytes become
/// numbers from 0 to 1; images without channels get one. `classes` fixes the classes; without it they are the labels that
/// occur. [`idx_stored`](super::idx_stored) leaves the images where they are.
///
/// # Errors
/// [`Error::Damaged`] naming the file that is not whole or not what it should be, [`Error::Length`] if they differ in
/// rows, [`Error::UnknownClass`] for a label that is no class.
pub fn idx_dataset(images: &Path, labels: &Path, classes: Option<&Classes>) -> Result<Dataset> {
    let stored = IdxImages::open(images)?;
    let target = idx_labels(labels, classes, images, stored.count())?;
    let width: usize = stored.shape().iter().product();
    let mut values = vec![0.0; stored.count() * width];
    for (row, into) in values.chunks_exact_mut(width.max(1)).enumerate() {
        stored.read(row, into)?;
    }
    Dataset::new(Features::Dense { values, shape: stored.shape().to_vec() })?.with_target(target)
}

/// The labels of so many images.
pub(super) fn idx_labels(labels: &Path, classes: Option<&Classes>, images: &Path, count: usize) -> Result<Target> {
    let names = Idx::read(labels)?;
    if names.shape.len() != 1 {
        let problem = format!("its shape is {:?}, not that of labels: [images]", names.shape);
        return Err(damaged(&labels.display().to_string(), problem));
    }
    if names.values.len() != count {
        return Err(Error::Length {
            what: format!("`{}`", labels.display()),
            got: names.values.len(),
            expected: count,
            unit: "labels",
            hint: format!("`{}` has so many images", images.display()),
        });
    }
    let names: Vec<String> = names.values.iter().map(f32::to_string).collect();
    let classes = match classes {
        Some(classes) => classes.clone(),
        None => Classes::from_labels(names.iter().cloned())?,
    };
    Target::from_labels(&names, &classes, &labels.display().to_string())
}

pub(super) fn damaged(place: &str, problem: String) -> Error {
    Error::Damaged { place: place.into(), problem }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn file(bytes: &[u8], name: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        (folder, path)
    }

    fn images() -> Vec<u8> {
        let mut bytes = vec![0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2];
        bytes.extend([0, 255, 51, 102, 1, 2, 3, 4]);
        bytes
    }

    #[test]
    fn images_and_labels_become_a_data_set() {
        let (_a, images) = file(&images(), "images");
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(&[0, 0, 8, 1, 0, 0, 0, 2, 7, 3]).unwrap();
        let (_b, labels) = file(&packed.finish().unwrap(), "labels.gz");
        let data = idx_dataset(&images, &labels, None).unwrap();
        let Features::Dense { values, shape } = data.features() else { panic!() };
        assert_eq!(shape, &[1, 2, 2]);
        assert_eq!(values[..4], [0.0, 1.0, 0.2, 0.4]);
        let Some(Target::Classes { codes, classes }) = data.target() else { panic!() };
        assert_eq!((codes.as_slice(), classes.names()), (&[1, 0][..], &["3".to_owned(), "7".to_owned()][..]));
    }

    #[test]
    fn a_damaged_file_is_named_with_what_is_wrong() {
        let whole = images();
        for (bytes, word) in [
            (whole[..3].to_vec(), "no header"),
            (whole[..14].to_vec(), "before the length of axis 2"),
            (whole[..20].to_vec(), "cut off"),
            ([&whole[..], &[0]].concat(), "goes on"),
            ([&[1, 2, 3, 4], &whole[4..]].concat(), "no IDX file"),
            ([&[0, 0, 5, 3], &whole[4..]].concat(), "0x05"),
            (vec![0, 0, 14, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255], "greater than any file"),
        ] {
            let (_folder, path) = file(&bytes, "damaged-images");
            let error = Idx::read(&path).unwrap_err().to_string();
            assert!(error.contains("damaged-images") && error.contains(word), "{error}");
        }
        let (_folder, path) = file(&whole, "images.gz");
        assert!(Idx::read(&path).unwrap_err().to_string().contains("images.gz"));
    }
}
