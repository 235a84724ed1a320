use std::{
    fs,
    io::{self, Read, Write},
    path::Path,
};

use consort_core::{Error, Result, publish};
use serde::{Serialize, de::DeserializeOwned};

/// The format that this version writes, and the newest that it reads.
const FORMAT: u32 = 1;
/// What every sealed file begins with, before the number of its format.
const MAGIC: &[u8; 8] = b"consort\0";

/// Writes a thing as one file: what kind it is, the number of the format, a checksum, and the thing as CBOR. It is written
/// beside its place, synced and renamed, so that at any moment the old file stands there or the new one, whole.
///
/// # Errors
/// If it cannot be written.
pub fn write_sealed<T: Serialize + ?Sized>(path: &Path, kind: &str, thing: &T) -> Result<()> {
    let mut body = Vec::new();
    ciborium::into_writer(thing, &mut body).map_err(Error::custom)?;
    let write = |file: &mut io::BufWriter<fs::File>| {
        file.write_all(MAGIC)?;
        file.write_all(&FORMAT.to_le_bytes())?;
        file.write_all(&(kind.len() as u32).to_le_bytes())?;
        file.write_all(kind.as_bytes())?;
        file.write_all(blake3::hash(&body).as_bytes())?;
        file.write_all(&body)
    };
    publish(path, write).map_err(|error| damaged(path, format!("it cannot be written: {error}")))
}

/// Reads what [`write_sealed`] wrote.
///
/// # Errors
/// [`Error::Damaged`] if it is not there, of another kind, of a newer format, cut short or changed.
pub fn read_sealed<T: DeserializeOwned>(path: &Path, kind: &str) -> Result<T> {
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|mut file| file.read_to_end(&mut bytes))
        .map_err(|error| damaged(path, format!("it cannot be read: {error}")))?;
    let mut rest = bytes.as_slice();
    let mut take = |count: usize| {
        let (part, after) = rest.split_at_checked(count)?;
        rest = after;
        Some(part)
    };
    let cut = || damaged(path, "it is cut short: make it anew".into());
    if take(MAGIC.len()).ok_or_else(cut)? != MAGIC {
        return Err(damaged(path, "it is no file of consort".into()));
    }
    let mut number = || take(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).ok_or_else(cut);
    let format = number()?;
    if format > FORMAT {
        let problem = format!("its format is {format}, and this version reads up to {FORMAT}: take a newer consort");
        return Err(damaged(path, problem));
    }
    let length = number()? as usize;
    let found = take(length).ok_or_else(cut)?;
    if found != kind.as_bytes() {
        let found = String::from_utf8_lossy(found).into_owned();
        return Err(damaged(path, format!("it holds a {found}, not a {kind}")));
    }
    let sum = take(blake3::OUT_LEN).ok_or_else(cut)?.to_vec();
    if blake3::hash(rest).as_bytes().as_slice() != sum {
        return Err(damaged(path, "its checksum is wrong: it was changed or cut short, so make it anew".into()));
    }
    ciborium::from_reader(rest).map_err(|error| damaged(path, format!("what it holds cannot be read: {error}")))
}

fn damaged(path: &Path, problem: String) -> Error {
    Error::Damaged { place: path.display().to_string(), problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_comes_back_and_one_that_was_touched_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("thing");
        write_sealed(&path, "list", &vec![1.5f32, f32::NAN, 3.0]).unwrap();
        let back: Vec<f32> = read_sealed(&path, "list").unwrap();
        assert!(back[0] == 1.5 && back[1].is_nan());
        let refused = |kind: &str| read_sealed::<Vec<f32>>(&path, kind).unwrap_err().to_string();
        assert!(refused("model").contains("holds a list, not a model"));
        let whole = fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            assert!(!refused("list").is_empty());
        }
        for (at, says) in
            [(0, "no file of consort"), (8, "newer consort"), (20, "checksum"), (whole.len() - 1, "checksum")]
        {
            let mut changed = whole.clone();
            changed[at] ^= 64;
            fs::write(&path, &changed).unwrap();
            assert!(refused("list").contains(says), "{at}: {}", refused("list"));
        }
        assert!(read_sealed::<Vec<f32>>(&folder.path().join("none"), "list").unwrap_err().to_string().contains("none"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }
}
