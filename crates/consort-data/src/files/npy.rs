//! NPY: one NumPy array of floats, `[rows]` or `[rows][columns]`.

use std::io::{Cursor, Read};

use half::f16;

use crate::{Error, Result};

use super::{guard::guard, input::Input};

/// The longest header that is read, in bytes; NumPy writes 118 or so.
const LONGEST_HEADER: usize = 1 << 14;

/// A NumPy array. Its rows have no ids.
pub(crate) struct Array {
    pub(super) input: Input,
    pub(super) rows: usize,
    /// `None` for an array of one dimension.
    pub(super) columns: Option<usize>,
    kind: Kind,
    big_endian: bool,
    fortran: bool,
    start: u64,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    F16,
    F32,
    F64,
}

impl Array {
    pub(super) fn open(input: Input) -> Result<Self> {
        let header = header_bytes(&input)?;
        let start = header.len() as u64;
        // The header is a Python literal: a parser that recurses is not to be led into the depth.
        let deep = header.iter().filter(|&&byte| matches!(byte, b'(' | b'[' | b'{')).count() > 16;
        if deep {
            return Err(input.damaged("NPY", "its header is not that of an array of numbers"));
        }
        let parsed = guard(|| {
            npyz::NpyHeader::from_reader(Cursor::new(&header))
                .map(|header| (header.dtype().descr(), header.shape().to_vec(), header.order()))
        });
        let (descr, shape, order) = parsed.map_err(|problem| input.damaged("NPY", problem))?;
        let kind = match descr.trim_matches('\'') {
            "<f2" | ">f2" => Kind::F16,
            "<f4" | ">f4" => Kind::F32,
            "<f8" | ">f8" => Kind::F64,
            other => {
                return Err(Error::Unclear {
                    file: input.file,
                    problem: format!("its numbers are of type `{other}`"),
                    hint: "save float16, float32 or float64: `np.save(path, array.astype('float32'))`".into(),
                });
            }
        };
        let (rows, columns) = match shape[..] {
            [rows] => (rows, None),
            [rows, columns] => (rows, Some(columns)),
            _ => {
                return Err(Error::Unclear {
                    problem: format!("the array has {} dimensions", shape.len()),
                    file: input.file,
                    hint: "save `[rows]` or `[rows][classes]`".into(),
                });
            }
        };
        let size = match kind {
            Kind::F16 => 2u64,
            Kind::F32 => 4,
            Kind::F64 => 8,
        };
        let needed = rows.checked_mul(columns.unwrap_or(1)).and_then(|cells| cells.checked_mul(size));
        let there = input.size.saturating_sub(start);
        if needed != Some(there) {
            let problem = format!("the shape {shape:?} does not fit {there} bytes of numbers");
            return Err(input.damaged("NPY", problem));
        }
        if needed == Some(0) {
            return Err(Error::Empty {
                file: input.file,
                what: "the array has no number",
                hint: "save one row for each id",
            });
        }
        Ok(Self {
            rows: rows as usize,
            columns: columns.map(|columns| columns as usize),
            kind,
            big_endian: descr.contains('>'),
            fortran: order == npyz::Order::Fortran && columns.is_some(),
            start,
            input,
        })
    }

    /// Whether the numbers have 16 bits.
    pub(super) fn is_half(&self) -> bool {
        self.kind == Kind::F16
    }

    pub(super) fn numbers(&self, mut sink: impl FnMut(usize, usize, f64) -> Result<()>) -> Result<usize> {
        let failed = |source| Error::Io { file: self.input.file.clone(), action: "read it", source };
        let mut file = self.input.open()?;
        file.seek(std::io::SeekFrom::Start(self.start)).map_err(failed)?;
        let columns = self.columns.unwrap_or(1);
        let (mut row, mut column) = (0, 0);
        let mut put = |value: f64| -> Result<()> {
            sink(row, column, value)?;
            if self.fortran {
                row += 1;
                if row == self.rows {
                    (row, column) = (0, column + 1);
                }
            } else {
                column += 1;
                if column == columns {
                    (row, column) = (row + 1, 0);
                }
            }
            Ok(())
        };
        let mut left = self.rows * columns;
        let mut buffer = [0u8; 1 << 15];
        while left > 0 {
            macro_rules! decode {
                ($size:literal, $number:ty) => {{
                    let count = left.min(buffer.len() / $size);
                    let bytes = &mut buffer[..count * $size];
                    file.read_exact(bytes).map_err(failed)?;
                    for part in bytes.as_chunks::<$size>().0 {
                        let value = if self.big_endian {
                            <$number>::from_be_bytes(*part)
                        } else {
                            <$number>::from_le_bytes(*part)
                        };
                        put(f64::from(value))?;
                    }
                    left -= count;
                }};
            }
            match self.kind {
                Kind::F16 => decode!(2, f16),
                Kind::F32 => decode!(4, f32),
                Kind::F64 => decode!(8, f64),
            }
        }
        Ok(self.rows)
    }
}

/// Magic, version, length and text of the header; refused before it is read if it is too long.
fn header_bytes(input: &Input) -> Result<Vec<u8>> {
    let bad = |problem: &str| input.damaged("NPY", problem);
    let mut file = input.open()?;
    let mut read = |count: usize, bytes: &mut Vec<u8>| -> Result<()> {
        let at = bytes.len();
        bytes.resize(at + count, 0);
        file.read_exact(&mut bytes[at..]).map_err(|_| bad("the header is cut off"))
    };
    let mut bytes = Vec::new();
    read(8, &mut bytes)?;
    if &bytes[..6] != b"\x93NUMPY" {
        return Err(bad("it does not begin with the mark of NumPy"));
    }
    let length = if bytes[6] == 1 {
        read(2, &mut bytes)?;
        u16::from_le_bytes([bytes[8], bytes[9]]) as usize
    } else {
        read(4, &mut bytes)?;
        u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]) as usize
    };
    if length > LONGEST_HEADER {
        return Err(bad("the header is too long"));
    }
    read(length, &mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{Format, Source};

    fn npy(descr: &str, fortran: &str, shape: &str, data: &[u8]) -> Result<Array> {
        let mut text = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}");
        while (text.len() + 11) % 64 != 0 {
            text.push(' ');
        }
        text.push('\n');
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes.extend(data);
        Array::open(Input::new(&Source::bytes("a.npy", Format::Npy, bytes))?)
    }

    fn cells(array: &Array) -> Vec<f64> {
        let mut all = vec![f64::NAN; array.rows * array.columns.unwrap_or(1)];
        let columns = array.columns.unwrap_or(1);
        array
            .numbers(|row, column, value| {
                all[row * columns + column] = value;
                Ok(())
            })
            .unwrap();
        all
    }

    #[test]
    fn every_order_and_endianness_gives_the_same_rows() {
        let rows = [0.5, 0.25, 1.0, -2.0, 3.0, 8.0];
        let columns = [0.5, -2.0, 0.25, 3.0, 1.0, 8.0];
        let little = |values: &[f64]| values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
        let big = |values: &[f64]| values.iter().flat_map(|x| (*x as f32).to_be_bytes()).collect::<Vec<u8>>();
        let half = |values: &[f64]| values.iter().flat_map(|x| f16::from_f64(*x).to_le_bytes()).collect::<Vec<u8>>();
        for array in [
            npy("<f8", "False", "(2, 3)", &little(&rows)),
            npy("<f8", "True", "(2, 3)", &little(&columns)),
            npy(">f4", "False", "(2, 3)", &big(&rows)),
            npy("<f2", "True", "(2, 3)", &half(&columns)),
            npy("<f2", "False", "(6,)", &half(&rows)),
        ] {
            assert_eq!(cells(&array.unwrap()), rows);
        }
    }

    #[test]
    fn a_header_that_lies_is_refused_before_anything_is_allocated() {
        for (descr, shape, what) in [
            ("<f8", "(1000000000000, 3)", "does not fit"),
            ("<f8", "(18446744073709551615, 18446744073709551615)", ""),
            ("<f8", "(2, 3, 4)", "3 dimensions"),
            ("<i8", "(1,)", "<i8"),
            ("|O", "(1,)", ""),
            ("<f8", "((((((((((((((((((((1,),),),),),),),),),),),),),),),),),),),)", "header"),
        ] {
            let error = npy(descr, "False", shape, &[0; 16]).err().unwrap().to_string();
            assert!(error.contains("a.npy") && error.contains(what), "{error}");
        }
    }
}
