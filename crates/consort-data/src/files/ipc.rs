//! Arrow IPC files (Feather 2): read column by column and batch by batch, by the decoders of polars.
//!
//! A file is not believed: every length that it claims is held against its size before a decoder makes room for it.

use std::io::{Read, SeekFrom};

use polars_arrow::array::Array;
use polars_arrow::datatypes::ArrowDataType;
use polars_arrow::io::ipc::format::ipc::{
    Block, FieldRef, FooterRef, MessageHeaderRef, MessageRef, RecordBatchRef, planus::ReadAsRoot,
};
use polars_arrow::io::ipc::read::{FileMetadata, FileReader, read_file_metadata};

use crate::Result;

use super::{
    columnar::{About, Columnar},
    delimited::MOST_COLUMNS,
    guard::guard,
    input::{Input, ReadSeek},
};

const FORMAT: &str = "Arrow IPC";
/// What such a file begins and ends with.
const MAGIC: &[u8; 6] = b"ARROW1";
/// How deep columns may be nested.
const DEEPEST: usize = 32;
/// Unpacked, a batch may be this large, or so many times what it is packed.
const MOST_UNPACKED: u64 = 64 << 20;
const MOST_TIMES: u64 = 100;

/// A table in an Arrow IPC file.
pub(crate) struct Ipc {
    about: About,
    metadata: FileMetadata,
}

impl Ipc {
    pub(super) fn open(input: Input) -> Result<Self> {
        let mut file = input.open()?;
        let damaged = |problem: String| input.damaged(FORMAT, problem);
        let rows = guard(|| check(&mut file, input.size)).map_err(damaged)?;
        let metadata = guard(|| read_file_metadata(&mut file)).map_err(damaged)?;
        let names: Vec<String> = metadata.schema.iter_names().map(ToString::to_string).collect();
        let types = metadata.schema.iter_values().map(|field| Some(field.dtype.clone())).collect();
        let cells = rows.checked_mul(names.len() as u64);
        let rows = match (cells, usize::try_from(rows)) {
            (Some(cells), Ok(rows)) if cells <= input.most_cells() && names.len() <= MOST_COLUMNS => rows,
            _ => return Err(input.damaged(FORMAT, format!("it claims {rows} rows of {} columns", names.len()))),
        };
        Ok(Self { about: About { input, format: FORMAT, names, types, rows }, metadata })
    }
}

impl Columnar for Ipc {
    fn about(&self) -> &About {
        &self.about
    }

    /// One batch after the other.
    fn arrays(&self, column: usize, visit: &mut dyn FnMut(usize, &dyn Array) -> Result<()>) -> Result<()> {
        let About { input, names, types, rows, .. } = &self.about;
        let damaged = |problem: String| input.damaged(FORMAT, format!("column `{}`: {problem}", names[column]));
        let mut metadata = self.metadata.clone();
        if !matches!(types[column], Some(ArrowDataType::Dictionary(..))) {
            // The dictionaries of other columns need not be read.
            metadata.dictionaries = None;
        }
        let mut batches = FileReader::new(input.open()?, metadata, Some(vec![column]), None);
        let mut start = 0;
        while let Some(batch) = guard(|| batches.next().transpose()).map_err(damaged)? {
            let Some(array) = batch.arrays().first() else {
                return Err(damaged("a batch lacks it".into()));
            };
            let end = start + array.len();
            if end > *rows {
                return Err(damaged("it has more rows than the file".into()));
            }
            visit(start, array.as_ref())?;
            start = end;
        }
        if start != *rows {
            return Err(damaged(format!("it has {start} rows, the file {rows}")));
        }
        Ok(())
    }
}

/// Walks footer and messages, refuses lengths beyond the file, and gives the number of rows.
fn check(file: &mut dyn ReadSeek, size: u64) -> Result<u64, String> {
    let text = |error: std::io::Error| error.to_string();
    let mut tail = [0u8; 10];
    if size < 22 {
        return Err("it is too short".into());
    }
    file.seek(SeekFrom::End(-10)).map_err(text)?;
    file.read_exact(&mut tail).map_err(text)?;
    let length = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
    if tail[4..] != *MAGIC || length > size - 18 {
        return Err("it does not end with a footer".into());
    }
    let bytes = read(file, size - 10 - length, length)?;
    let footer = FooterRef::read_as_root(&bytes).map_err(said)?;
    let schema = footer.schema().map_err(said)?.ok_or("its footer has no schema")?;
    let mut fields = 0;
    for field in schema.fields().map_err(said)?.ok_or("its schema has no columns")? {
        walk(&field.map_err(said)?, 0, &mut fields)?;
    }
    let mut rows = 0u64;
    for block in footer.record_batches().map_err(said)?.ok_or("its footer has no list of batches")? {
        let batch = Batch::of(file, size, &Block::from(block))?;
        rows = rows.checked_add(batch.rows).ok_or("its batches have too many rows")?;
    }
    // Dictionaries are there all at once.
    let mut unpacked = 0u64;
    for block in footer.dictionaries().map_err(said)?.into_iter().flatten() {
        unpacked = unpacked.saturating_add(Batch::of(file, size, &Block::from(block))?.unpacked);
    }
    if unpacked > MOST_UNPACKED.max(MOST_TIMES.saturating_mul(size)) {
        return Err(format!("its dictionaries claim {unpacked} bytes"));
    }
    file.rewind().map_err(text)?;
    Ok(rows)
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn read(file: &mut dyn ReadSeek, start: u64, length: u64) -> Result<Vec<u8>, String> {
    file.seek(SeekFrom::Start(start)).map_err(said)?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes).map_err(said)?;
    if bytes.len() as u64 == length { Ok(bytes) } else { Err("it ends too soon".into()) }
}

/// Columns within columns: a list of children may name one child many times, so that few bytes claim many columns.
fn walk(field: &FieldRef<'_>, depth: usize, fields: &mut usize) -> Result<(), String> {
    *fields += 1;
    if depth > DEEPEST || *fields > MOST_COLUMNS {
        return Err("its columns are too many or nested too deep".into());
    }
    for child in field.children().map_err(said)?.into_iter().flatten() {
        walk(&child.map_err(said)?, depth + 1, fields)?;
    }
    Ok(())
}

/// What a batch claims.
struct Batch {
    rows: u64,
    /// The bytes of its buffers when they are unpacked.
    unpacked: u64,
}

impl Batch {
    fn of(file: &mut dyn ReadSeek, size: u64, block: &Block) -> Result<Self, String> {
        let number = |number: i64| u64::try_from(number).map_err(|_| "a batch has a length below 0".to_owned());
        let (start, head) = (number(block.offset)?, number(i64::from(block.meta_data_length))?);
        let body = number(block.body_length)?;
        let end = start.checked_add(head).and_then(|end| end.checked_add(body));
        if head < 8 || end.is_none_or(|end| end > size) {
            return Err("a batch is outside the file".into());
        }
        let message = read(file, start, head)?;
        // Files of before 2019 have no mark before the length.
        let skip = if message[..4] == [0xff; 4] { 8 } else { 4 };
        let message = MessageRef::read_as_root(&message[skip..]).map_err(said)?;
        let batch = match message.header().map_err(said)? {
            Some(MessageHeaderRef::RecordBatch(batch)) => batch,
            Some(MessageHeaderRef::DictionaryBatch(dictionary)) => {
                dictionary.data().map_err(said)?.ok_or("a dictionary without entries")?
            }
            _ => return Err("a block is no batch".into()),
        };
        Self::of_message(file, &batch, start + head, body)
    }

    fn of_message(file: &mut dyn ReadSeek, batch: &RecordBatchRef<'_>, at: u64, body: u64) -> Result<Self, String> {
        let is_packed = batch.compression().map_err(said)?.is_some();
        let (mut unpacked, mut count) = (0u64, 0i64);
        for buffer in batch.buffers().map_err(said)?.into_iter().flatten() {
            count += 1;
            let (start, length) = (buffer.offset(), buffer.length());
            let inside = start >= 0 && length >= 0 && start.checked_add(length).is_some_and(|end| end as u64 <= body);
            if !inside {
                return Err("a buffer is outside its batch".into());
            }
            let mut size = length as u64;
            if is_packed && length >= 8 {
                let bytes = read(file, at + start as u64, 8)?;
                let claimed = bytes.iter().rev().fold(0u64, |number, &byte| number << 8 | u64::from(byte)) as i64;
                // −1 is a buffer that is not packed after all.
                if claimed >= 0 {
                    size = claimed as u64;
                } else if claimed != -1 {
                    return Err("a buffer has a length below 0".into());
                }
            }
            unpacked = unpacked.saturating_add(size);
        }
        if unpacked > MOST_UNPACKED.max(MOST_TIMES.saturating_mul(body)) {
            return Err(format!("a batch of {body} bytes claims {unpacked}"));
        }
        let mut counts = batch.variadic_buffer_counts().map_err(said)?.into_iter().flatten();
        if counts.any(|buffers| !(0..=count).contains(&buffers)) {
            return Err("a column claims more buffers than its batch has".into());
        }
        let rows = u64::try_from(batch.length().map_err(said)?).map_err(|_| "a batch has fewer rows than none")?;
        Ok(Self { rows, unpacked })
    }
}
