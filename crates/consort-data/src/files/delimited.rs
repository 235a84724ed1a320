//! CSV: a header and records, read as a stream.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use csv::{ByteRecord, ErrorKind, ReaderBuilder};
use flate2::read::MultiGzDecoder;

use crate::{Error, Result};

use super::{input::Input, number};

/// The longest record that is read, in bytes.
const LONGEST_RECORD: u64 = 64 << 20;
/// The most columns of a table.
pub(super) const MOST_COLUMNS: usize = 1 << 17;

/// A table in CSV, perhaps packed by gzip. Nothing of it is kept in memory but the header.
pub(crate) struct Delimited {
    pub(super) input: Input,
    pub(super) names: Vec<String>,
    packed: bool,
}

impl Delimited {
    pub(super) fn open(input: Input, packed: bool) -> Result<Self> {
        let mut table = Self { input, names: Vec::new(), packed };
        let (mut reader, _) = table.reader()?;
        let mut header = ByteRecord::new();
        if !reader.read_byte_record(&mut header).map_err(|error| table.fault(error))? {
            let hint = "write the column names in its first line";
            return Err(Error::Empty { file: table.input.file, what: "the file is empty", hint });
        }
        if header.len() > MOST_COLUMNS {
            return Err(Error::TooLarge {
                file: table.input.file,
                what: format!("a header of {} columns", header.len()),
                limit: format!("{MOST_COLUMNS} columns"),
                hint: "split the table",
            });
        }
        for field in &header {
            let name = table.text(field, 1)?.trim().to_string();
            table.names.push(name);
        }
        Ok(table)
    }

    #[expect(clippy::type_complexity)]
    fn reader(&self) -> Result<(csv::Reader<Metered<Box<dyn Read + Send>>>, Arc<Meter>)> {
        let file = self.input.open()?;
        let bytes: Box<dyn Read + Send> = if self.packed {
            // gzip packs up to 1000 to 1; prediction files 2 to 50.
            let most = (256 << 20) + self.input.size.saturating_mul(100);
            Box::new(Capped { inner: MultiGzDecoder::new(io::BufReader::with_capacity(1 << 16, file)), left: most })
        } else {
            Box::new(file)
        };
        let meter = Arc::new(Meter::default());
        let metered = Metered { inner: bytes, meter: Arc::clone(&meter) };
        let reader =
            ReaderBuilder::new().has_headers(false).flexible(false).buffer_capacity(1 << 18).from_reader(metered);
        Ok((reader, meter))
    }

    /// Gives every record below the header to `visit`, with its row from 0 and its line from 1.
    fn records(&self, mut visit: impl FnMut(usize, u64, &ByteRecord) -> Result<()>) -> Result<usize> {
        let (mut reader, meter) = self.reader()?;
        let mut record = ByteRecord::new();
        let mut row = 0;
        // The header was read before; a file that lost it since has no record either.
        reader.read_byte_record(&mut record).map_err(|error| self.fault(error))?;
        let mut last = ByteRecord::new();
        while reader.read_byte_record(&mut record).map_err(|error| self.fault(error))? {
            meter.since.store(0, Ordering::Relaxed);
            let line = record.position().map_or(0, csv::Position::line);
            if record.len() != self.names.len() {
                return Err(self.input.damaged(self.format(), "the file changed while it was read"));
            }
            visit(row, line, &record)?;
            std::mem::swap(&mut record, &mut last);
            row += 1;
        }
        // A quote that is never closed takes all that follows into one field, and then the file ends without a quote.
        if row > 0 && record_ends_in_lines(&last) && meter.last.load(Ordering::Relaxed) != b'"' {
            return Err(Error::Unclear {
                file: self.input.file.clone(),
                problem: format!(
                    "line {} opens a quote that is never closed",
                    last.position().map_or(0, csv::Position::line)
                ),
                hint: "close it, or write a quote within a field twice".into(),
            });
        }
        Ok(row)
    }

    pub(super) fn texts(
        &self,
        columns: &[usize],
        mut sink: impl FnMut(usize, usize, Option<&str>) -> Result<()>,
    ) -> Result<usize> {
        self.records(|row, line, record| {
            for (which, &column) in columns.iter().enumerate() {
                let text = self.text(&record[column], line)?;
                sink(row, which, (!text.is_empty()).then_some(text))?;
            }
            Ok(())
        })
    }

    pub(super) fn numbers(
        &self,
        columns: &[usize],
        mut sink: impl FnMut(usize, usize, f64) -> Result<()>,
    ) -> Result<usize> {
        self.records(|row, line, record| {
            for (which, &column) in columns.iter().enumerate() {
                let Some(value) = number::parse(&record[column]) else {
                    return Err(Error::NotNumber {
                        file: self.input.file.clone(),
                        at: format!("line {line} (row {})", row + 1),
                        column: self.names[column].clone(),
                        text: String::from_utf8_lossy(&record[column]).chars().take(40).collect(),
                        hint: "mend it, or leave it empty where the prediction is missing",
                    });
                };
                sink(row, which, value)?;
            }
            Ok(())
        })
    }

    fn text<'a>(&self, field: &'a [u8], line: u64) -> Result<&'a str> {
        if field.contains(&0) {
            return Err(Error::Unclear {
                file: self.input.file.clone(),
                problem: format!("line {line} holds a NUL byte"),
                hint: "it is no text, or text in UTF-16: save the file as UTF-8".into(),
            });
        }
        std::str::from_utf8(field).map_err(|error| Error::NotUtf8 {
            file: self.input.file.clone(),
            line,
            byte: error.valid_up_to() + 1,
        })
    }

    fn format(&self) -> &'static str {
        if self.packed { "gzipped CSV" } else { "CSV" }
    }

    fn fault(&self, error: csv::Error) -> Error {
        let file = self.input.file.clone();
        match error.into_kind() {
            ErrorKind::UnequalLengths { pos, expected_len, len } => {
                Error::Ragged { file, line: pos.map_or(0, |pos| pos.line()), got: len, expected: expected_len }
            }
            ErrorKind::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => Error::TooLarge {
                file,
                what: error.to_string(),
                limit: if self.packed { "its kind".into() } else { format!("{} MiB", LONGEST_RECORD >> 20) },
                hint: "look for a quote that is never closed, or unpack the file and look at it",
            },
            ErrorKind::Io(error) if self.packed => self.input.damaged("gzip", error),
            ErrorKind::Io(source) => Error::Io { file, action: "read it", source },
            other => self.input.damaged(self.format(), format!("{other:?}")),
        }
    }
}

/// Refuses a record that never ends: without this, one open quote would put a whole file into memory.
struct Metered<R> {
    inner: R,
    meter: Arc<Meter>,
}

/// What has gone by.
#[derive(Default)]
struct Meter {
    /// How many bytes since the last record ended.
    since: AtomicU64,
    /// The last byte that ends no line.
    last: AtomicU8,
}

/// Whether the last field of a record has a line end in it.
fn record_ends_in_lines(record: &ByteRecord) -> bool {
    record.iter().next_back().is_some_and(|field| field.contains(&b'\n'))
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        if let Some(&last) = buffer[..read].iter().rev().find(|byte| !matches!(byte, b'\n' | b'\r')) {
            self.meter.last.store(last, Ordering::Relaxed);
        }
        let since = self.meter.since.fetch_add(read as u64, Ordering::Relaxed) + read as u64;
        if since > LONGEST_RECORD {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "a single record"));
        }
        Ok(read)
    }
}

/// Refuses to unpack without end.
struct Capped<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Capped<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::new(io::ErrorKind::FileTooLarge, "the unpacked text"))?;
        Ok(read)
    }
}
