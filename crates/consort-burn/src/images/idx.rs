use std::{
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use consort_core::{Classes, Dataset, Error, Features, Result, Target};
use flate2::read::MultiGzDecoder;

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
        let mut magic = [0; 4];
        reader.read_exact(&mut magic).map_err(|error| damaged(place, format!("it has no header: {error}")))?;
        let [0, 0, kind, axes] = magic else {
            return Err(damaged(place, format!("it starts with the bytes {magic:?}, so it is no IDX file")));
        };
        let width = match kind {
            0x08 | 0x09 => 1,
            0x0b => 2,
            0x0c | 0x0d => 4,
            0x0e => 8,
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
        // Memory grows with what is there, not with what the header claims.
        let mut bytes = Vec::new();
        let read = reader.take(size as u64 + 1).read_to_end(&mut bytes);
        read.map_err(|error| damaged(place, format!("it cannot be read to its end: {error}")))?;
        if bytes.len() != size {
            let problem = if bytes.len() < size {
                format!("it holds {} of the {size} bytes that its shape {shape:?} needs: it was cut off", bytes.len())
            } else {
                format!("it goes on after the {size} bytes of its shape {shape:?}")
            };
            return Err(damaged(place, problem));
        }
        let values = match kind {
            0x08 => bytes.iter().map(|&b| f32::from(b)).collect(),
            0x09 => bytes.iter().map(|&b| f32::from(b as i8)).collect(),
            0x0b => bytes.chunks_exact(2).map(|b| f32::from(i16::from_be_bytes([b[0], b[1]]))).collect(),
            0x0c => bytes.chunks_exact(4).map(|b| i32::from_be_bytes([b[0], b[1], b[2], b[3]]) as f32).collect(),
            0x0d => bytes.chunks_exact(4).map(|b| f32::from_be_bytes([b[0], b[1], b[2], b[3]])).collect(),
            _ => bytes
                .chunks_exact(8)
                .map(|b| f64::from_be_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f32)
                .collect(),
        };
        Ok(Self { shape, values, are_bytes: kind == 0x08 })
    }
}

/// A data set of the images in one IDX file and their labels in another, as MNIST has them. Bytes become numbers from 0
/// to 1; images without channels get one. `classes` fixes the classes; without it they are the labels that occur.
///
/// # Errors
/// [`Error::Damaged`] naming the file that is not whole or not what it should be, [`Error::Length`] if they differ in
/// rows, [`Error::UnknownClass`] for a label that is no class.
pub fn idx_dataset(images: &Path, labels: &Path, classes: Option<&Classes>) -> Result<Dataset> {
    let mut pixels = Idx::read(images)?;
    let (count, mut shape) = match pixels.shape.split_first() {
        Some((&count, shape)) if matches!(shape.len(), 2 | 3) => (count, shape.to_vec()),
        _ => {
            let problem = format!("its shape is {:?}, not that of images: [images, height, width]", pixels.shape);
            return Err(damaged(&images.display().to_string(), problem));
        }
    };
    if shape.len() == 2 {
        shape.insert(0, 1);
    }
    if pixels.are_bytes {
        pixels.values.iter_mut().for_each(|x| *x /= 255.0);
    }
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
    let target = Target::from_labels(&names, &classes, &labels.display().to_string())?;
    Dataset::new(Features::Dense { values: pixels.values, shape })?.with_target(target)
}

fn damaged(place: &str, problem: String) -> Error {
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
