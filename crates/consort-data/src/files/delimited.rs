//! CSV and TSV: a header and records, read as a stream.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use csv::{ByteRecord, ErrorKind, ReaderBuilder};
use flate2::read::MultiGzDecoder;

use crate::{Error, Result};

use super::{
    blank_lines::BlankLines,
    input::Input,
    number,
    quotes::{OpenQuote, Quotes},
};

/// The longest record that is read, in bytes.
const LONGEST_RECORD: u64 = 64 << 20;
/// The most columns of a table.
pub(super) const MOST_COLUMNS: usize = 1 << 17;

/// The bytes of a file, one after the other.
type Bytes = Box<dyn Read + Send>;

/// What parts the fields of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    Comma,
    Tab,
}

impl Separator {
    fn byte(self) -> u8 {
        match self {
            Separator::Comma => b',',
            Separator::Tab => b'\t',
        }
    }

    /// What to do with a file whose header is one field, if that holds what parts the fields elsewhere.
    fn hint(self, header: &str) -> Option<&'static str> {
        match self {
            Separator::Comma if header.contains('\t') => {
                Some("fields must be separated by commas; where they are by tabs, name the file .tsv")
            }
            Separator::Comma if header.contains([';', '|']) => {
                Some("fields must be separated by commas, and numbers have decimal points")
            }
            Separator::Tab if header.contains([',', ';', '|']) => {
                Some("fields of a .tsv file must be separated by tabs; where they are by commas, name the file .csv")
            }
            _ => None,
        }
    }
}

/// A table in CSV or TSV, perhaps packed by gzip. Nothing of it is kept in memory but the header.
pub(crate) struct Delimited {
    pub(super) input: Input,
    pub(super) names: Vec<String>,
    separator: Separator,
    packed: bool,
}

impl Delimited {
    pub(super) fn open(input: Input, separator: Separator, packed: bool) -> Result<Self> {
        let mut table = Self { input, names: Vec::new(), separator, packed };
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
        if let [header] = &table.names[..]
            && let Some(hint) = separator.hint(header)
        {
            let problem = format!("its header is one field, `{header}`");
            return Err(Error::Unclear { file: table.input.file, problem, hint: hint.into() });
        }
        Ok(table)
    }

    /// The text, unpacked.
    fn bytes(&self) -> Result<Bytes> {
        let file = self.input.open()?;
        if !self.packed {
            return Ok(Box::new(file));
        }
        // gzip packs up to 1000 to 1; prediction files 2 to 50.
        let most = (256 << 20) + self.input.size.saturating_mul(100);
        Ok(Box::new(Capped { inner: MultiGzDecoder::new(io::BufReader::with_capacity(1 << 16, file)), left: most }))
    }

    fn reader(&self) -> Result<(csv::Reader<Bytes>, Arc<Meter>)> {
        let meter = Arc::new(Meter::default());
        let metered =
            Metered { inner: self.bytes()?, meter: Arc::clone(&meter), quotes: Quotes::new(self.separator.byte()) };
        let bytes: Bytes = if self.names.len() == 1 { Box::new(BlankLines::new(metered)) } else { Box::new(metered) };
        let reader = ReaderBuilder::new()
            .delimiter(self.separator.byte())
            .has_headers(false)
            .flexible(false)
            .buffer_capacity(1 << 18)
            .from_reader(bytes);
        Ok((reader, meter))
    }

    /// Gives every record below the header to `visit`, with its row from 0 and its line from 1.
    fn records(&self, mut visit: impl FnMut(usize, u64, &ByteRecord) -> Result<()>) -> Result<usize> {
        let (mut reader, meter) = self.reader()?;
        let mut record = ByteRecord::new();
        let mut row = 0;
        // The header was read before; a file that lost it since has no record either.
        reader.read_byte_record(&mut record).map_err(|error| self.fault(error))?;
        while reader.read_byte_record(&mut record).map_err(|error| self.fault(error))? {
            meter.since.store(0, Ordering::Relaxed);
            let line = record.position().map_or(0, csv::Position::line);
            if record.len() != self.names.len() {
                return Err(self.input.damaged(self.format(), "the file changed while it was read"));
            }
            visit(row, line, &record)?;
            row += 1;
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
        match (self.separator, self.packed) {
            (Separator::Comma, false) => "CSV",
            (Separator::Comma, true) => "gzipped CSV",
            (Separator::Tab, false) => "TSV",
            (Separator::Tab, true) => "gzipped TSV",
        }
    }

    /// The line of a byte, from 1. The text is read again, which only an error costs.
    fn line(&self, byte: u64) -> Result<u64> {
        let (mut text, mut line) = (self.bytes()?.take(byte), 1);
        let mut part = vec![0; 1 << 16];
        loop {
            let read = text.read(&mut part).map_err(Error::io(&self.input.file, "read it"))?;
            if read == 0 {
                return Ok(line);
            }
            line += part[..read].iter().filter(|&&byte| byte == b'\n').count() as u64;
        }
    }

    fn open_quote(&self, fault: OpenQuote) -> Error {
        let lines =
            self.line(fault.opens).and_then(|opens| Ok((opens, fault.text.map(|at| self.line(at)).transpose()?)));
        let problem = match lines {
            Err(error) => return error,
            Ok((opens, None)) => format!("line {opens} opens a quote that is never closed"),
            Ok((opens, Some(text))) if opens == text => format!("line {opens} has text after a closing quote"),
            Ok((opens, Some(text))) => {
                format!("line {opens} opens a quote that is closed in line {text} only, with text after it")
            }
        };
        let hint = "close it at the end of its field, and write a quote within a field twice".into();
        Error::Unclear { file: self.input.file.clone(), problem, hint }
    }

    fn fault(&self, error: csv::Error) -> Error {
        if let ErrorKind::Io(error) = error.kind()
            && let Some(&fault) = error.get_ref().and_then(|fault| fault.downcast_ref())
        {
            return self.open_quote(fault);
        }
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

/// Refuses a record that never ends, and quotes that are not closed.
struct Metered {
    inner: Bytes,
    meter: Arc<Meter>,
    quotes: Quotes,
}

/// What has gone by.
#[derive(Default)]
struct Meter {
    /// How many bytes since the last record ended.
    since: AtomicU64,
}

impl Read for Metered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let since = self.meter.since.fetch_add(read as u64, Ordering::Relaxed) + read as u64;
        // Without this, one open quote would put a whole file into memory.
        if since > LONGEST_RECORD {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "a single record"));
        }
        let sound = if read == 0 { self.quotes.end() } else { self.quotes.see(&buffer[..read]) };
        sound.map_err(|fault| io::Error::new(io::ErrorKind::InvalidData, fault))?;
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
