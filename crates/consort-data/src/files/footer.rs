//! The footer of a Parquet file, walked once before a decoder is trusted with it.
//!
//! A footer is a structure of Thrift's compact protocol, in which a list says its length first. A decoder makes room
//! for that many elements, so a damaged length asks for any amount of memory, and what cannot be had ends the
//! program. Here each length is held against the bytes that are left: every element takes at least one.

use std::io::{Error, ErrorKind, Read, Result, Seek, SeekFrom};

use polars_parquet_format::{FileMetaData, thrift::protocol::TCompactInputProtocol};

/// How many times its own size a decoded footer may be; honest ones are ten times as large at most.
const MOST_TIMES: usize = 64;
/// How deep structures may be nested; Parquet's own are less than half as deep.
const DEEPEST: usize = 32;

/// Refuses a footer whose lengths are more than it can hold.
pub(super) fn check(file: &mut (impl Read + Seek)) -> Result<()> {
    let size = file.seek(SeekFrom::End(0))?;
    if size < 12 {
        return Err(wrong("it is too short for a footer"));
    }
    let mut tail = [0u8; 8];
    file.seek(SeekFrom::End(-8))?;
    file.read_exact(&mut tail)?;
    let [a, b, c, d, magic @ ..] = tail;
    let length = u64::from(u32::from_le_bytes([a, b, c, d]));
    if magic != *b"PAR1" || length > size - 12 {
        return Err(wrong("it does not end with a footer"));
    }
    file.seek(SeekFrom::End(-8 - length as i64))?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    Walk { rest: &bytes }.structure(0)?;
    // Decoders go by the numbers of the fields and not by their declared kinds, so a field of the wrong kind is read
    // out of step with the walk. This decoder does so too, and keeps to an amount of memory.
    let most = (1 << 20) + MOST_TIMES * bytes.len();
    FileMetaData::read_from_in_protocol(&mut TCompactInputProtocol::new(bytes.as_slice(), most))
        .map_err(|problem| wrong(&problem.to_string()))?;
    file.rewind()
}

fn wrong(problem: &str) -> Error {
    Error::new(ErrorKind::InvalidData, problem)
}

/// What is left of the footer.
struct Walk<'a> {
    rest: &'a [u8],
}

impl Walk<'_> {
    fn skip(&mut self, bytes: u64) -> Result<()> {
        let bytes = usize::try_from(bytes).ok().filter(|&bytes| bytes <= self.rest.len());
        self.rest = &self.rest[bytes.ok_or_else(|| wrong("its footer claims more than it holds"))?..];
        Ok(())
    }

    fn byte(&mut self) -> Result<u8> {
        let (&byte, rest) = self.rest.split_first().ok_or_else(|| wrong("its footer ends too soon"))?;
        self.rest = rest;
        Ok(byte)
    }

    fn number(&mut self) -> Result<u64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(wrong("a number of its footer has no end"))
    }

    /// A length, which is at most the bytes left.
    fn length(&mut self) -> Result<u64> {
        let length = self.number()?;
        if length > self.rest.len() as u64 {
            return Err(wrong("its footer claims more elements than it has bytes"));
        }
        Ok(length)
    }

    fn structure(&mut self, depth: usize) -> Result<()> {
        if depth > DEEPEST {
            return Err(wrong("its footer is nested too deep"));
        }
        loop {
            let header = self.byte()?;
            if header == 0 {
                return Ok(());
            }
            if header >> 4 == 0 {
                self.number()?;
            }
            // The value of a yes or no is its type.
            if !matches!(header & 15, 1 | 2) {
                self.value(header & 15, depth)?;
            }
        }
    }

    fn value(&mut self, kind: u8, depth: usize) -> Result<()> {
        match kind {
            1..=3 => self.skip(1),
            4..=6 => self.number().map(drop),
            7 => self.skip(8),
            8 => {
                let length = self.length()?;
                self.skip(length)
            }
            9 | 10 => {
                let header = self.byte()?;
                let length = if header >> 4 == 15 { self.length()? } else { u64::from(header >> 4) };
                (0..length).try_for_each(|_| self.value(header & 15, depth + 1))
            }
            11 => {
                let length = self.length()?;
                let kinds = if length == 0 { 0 } else { self.byte()? };
                (0..length).try_for_each(|_| {
                    self.value(kinds >> 4, depth + 1)?;
                    self.value(kinds & 15, depth + 1)
                })
            }
            12 => self.structure(depth + 1),
            13 => self.skip(16),
            _ => Err(wrong("its footer has a value of an unknown kind")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn file(footer: &[u8]) -> Cursor<Vec<u8>> {
        let mut bytes = b"PAR1".to_vec();
        bytes.extend(footer);
        bytes.extend((footer.len() as u32).to_le_bytes());
        bytes.extend(b"PAR1");
        Cursor::new(bytes)
    }

    #[test]
    fn a_list_longer_than_its_footer_is_refused() {
        // Field 2 is a list of structures, said to be 2³⁰ long.
        let long = [0x29, 0xfc, 0x80, 0x80, 0x80, 0x80, 0x04, 0x00];
        let error = check(&mut file(&long)).unwrap_err().to_string();
        assert!(error.contains("more elements than it has bytes"), "{error}");
        // Two empty structures are as long as they say, but are no footer.
        let error = check(&mut file(&[0x29, 0x2c, 0x00, 0x00, 0x00])).unwrap_err().to_string();
        assert!(!error.contains("than it has bytes"), "{error}");
    }

    #[test]
    fn nesting_without_end_and_short_files_are_refused() {
        let deep = vec![0x1c; 1000];
        assert!(check(&mut file(&deep)).is_err());
        assert!(check(&mut Cursor::new(b"PAR1".to_vec())).is_err());
        assert!(check(&mut Cursor::new(b"PAR1\xff\xff\xff\xffPAR1".to_vec())).is_err());
    }
}
