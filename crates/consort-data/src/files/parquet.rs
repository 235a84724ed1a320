//! Parquet: read column by column and row group by row group, by the decoders of polars.
//!
//! No more than one column of one row group is in memory. A file is not believed: what its metadata claims is held
//! against its size, and each page against what it can hold, before anything is allocated for it.

use std::io::{Cursor, SeekFrom};

use polars_arrow::array::{Array, BinaryViewArray, BooleanArray, PrimitiveArray, Utf8ViewArray};
use polars_arrow::datatypes::{ArrowDataType, Field};
use polars_arrow::types::NativeType;
use polars_buffer::Buffer;
use polars_parquet::read::{
    BasicDecompressor, ColumnChunkMetadata, FileMetadata, PageReader, column_iter_to_arrays, read_metadata,
    schema::parquet_to_arrow_schema,
};
use polars_parquet_format::{PageHeader, PageType, thrift::protocol::TCompactInputProtocol};

use crate::{Error, Result};

use super::{
    arrow::{cells_of, unreadable},
    cell::Cell,
    delimited::MOST_COLUMNS,
    footer,
    guard::guard,
    input::Input,
    number,
    table::Kind,
};

const FORMAT: &str = "Parquet";

/// A table in Parquet.
pub(crate) struct Parquet {
    pub(super) input: Input,
    pub(super) names: Vec<String>,
    pub(super) kinds: Vec<Kind>,
    pub(super) rows: usize,
    /// Of each column its leaf in the file and its type; nested columns have none.
    leaves: Vec<Option<(usize, ArrowDataType)>>,
    metadata: FileMetadata,
}

impl Parquet {
    pub(super) fn open(input: Input) -> Result<Self> {
        let mut file = input.open()?;
        footer::check(&mut file).map_err(|problem| input.damaged(FORMAT, problem))?;
        let opened = guard(|| {
            let metadata = read_metadata(&mut file)?;
            let schema = parquet_to_arrow_schema(metadata.schema().fields());
            Ok::<_, polars::error::PolarsError>((metadata, schema))
        });
        let (metadata, schema) = opened.map_err(|problem| input.damaged(FORMAT, problem))?;
        let names: Vec<String> = metadata.schema().fields().iter().map(|field| field.name().to_string()).collect();
        let rows = metadata.row_groups.iter().try_fold(0usize, |sum, group| sum.checked_add(group.num_rows()));
        let rows = rows.filter(|&rows| rows == metadata.num_rows);
        let rows = rows.ok_or_else(|| input.damaged(FORMAT, "its row groups do not add up to its rows"))?;
        let cells = (rows as u64).checked_mul(names.len() as u64);
        if names.len() > MOST_COLUMNS || cells.is_none_or(|cells| cells > input.most_cells()) {
            return Err(input.damaged(FORMAT, format!("it claims {rows} rows of {} columns", names.len())));
        }
        let flat = |name: &str| {
            metadata
                .schema()
                .columns()
                .iter()
                .position(|leaf| leaf.path_in_schema.len() == 1 && leaf.path_in_schema[0] == name)
                .filter(|&leaf| metadata.schema().columns()[leaf].descriptor.max_rep_level == 0)
        };
        let leaves: Vec<Option<(usize, ArrowDataType)>> =
            names.iter().map(|name| Some((flat(name)?, schema.get(name.as_str())?.dtype.clone()))).collect();
        let kinds = leaves.iter().map(|leaf| leaf.as_ref().map_or(Kind::Other, |(_, dtype)| kind(dtype))).collect();
        Ok(Self { names, kinds, rows, leaves, metadata, input })
    }

    pub(super) fn texts(
        &self,
        columns: &[usize],
        mut sink: impl FnMut(usize, usize, Option<&str>) -> Result<()>,
    ) -> Result<usize> {
        // A dictionary can repeat one long text for every row; a file may not blow up without end.
        let mut left = (64u64 << 20) + self.input.most_cells();
        for (which, &column) in columns.iter().enumerate() {
            self.expect_plain(column, "a text or a whole number")?;
            self.arrays(column, "a text or a whole number", |start, array| {
                let mut put = |i: usize, text: Option<&str>| {
                    left = left.saturating_sub(text.map_or(0, |text| text.len() as u64));
                    if left == 0 {
                        return Err(self.input.damaged(FORMAT, "its texts are far larger than the file"));
                    }
                    sink(start + i, which, text.filter(|text| !text.is_empty()))
                };
                texts_of(array, &mut put).unwrap_or_else(|| Err(self.wrong_type(column, "a text or a whole number")))
            })?;
        }
        Ok(self.rows)
    }

    pub(super) fn numbers(
        &self,
        columns: &[usize],
        mut sink: impl FnMut(usize, usize, f64) -> Result<()>,
    ) -> Result<usize> {
        for (which, &column) in columns.iter().enumerate() {
            self.expect_plain(column, "a number")?;
            self.arrays(column, "a number", |start, array| {
                if let Some(done) = numbers_of(array, |i, value| sink(start + i, which, value)) {
                    return done;
                }
                let mut put = |i: usize, text: Option<&str>| {
                    let value = number::parse(text.unwrap_or_default().as_bytes());
                    let value = value.ok_or_else(|| Error::NotNumber {
                        file: self.input.file.clone(),
                        at: format!("row {}", start + i + 1),
                        column: self.names[column].clone(),
                        text: text.unwrap_or_default().chars().take(40).collect(),
                        hint: "mend it, or leave it empty where the prediction is missing",
                    })?;
                    sink(start + i, which, value)
                };
                texts_of(array, &mut put).unwrap_or_else(|| Err(self.wrong_type(column, "a number")))
            })?;
        }
        Ok(self.rows)
    }

    /// Each cell as its type says; see [`Table::cells`](super::table::Table::cells).
    pub(super) fn cells(
        &self,
        columns: &[usize],
        mut sink: impl FnMut(usize, usize, Cell<'_>) -> Result<()>,
    ) -> Result<usize> {
        // As for texts.
        let mut left = (64u64 << 20) + self.input.most_cells();
        for (which, &column) in columns.iter().enumerate() {
            self.arrays(column, "a feature", |start, array| {
                let mut put = |i: usize, cell: Cell<'_>| {
                    if let Cell::Text(text) = cell {
                        left = left.saturating_sub(text.len() as u64);
                    }
                    if left == 0 {
                        return Err(self.input.damaged(FORMAT, "its texts are far larger than the file"));
                    }
                    sink(start + i, which, cell)
                };
                cells_of(array, &mut put).unwrap_or_else(|| Err(self.wrong_type(column, "a feature")))
            })?;
        }
        Ok(self.rows)
    }

    /// What a column holds, in words, if its cells cannot be read.
    pub(super) fn unreadable(&self, column: usize) -> Option<String> {
        self.leaves[column].as_ref().map_or(Some("nested values".into()), |(_, dtype)| unreadable(dtype))
    }

    fn expect_plain(&self, column: usize, role: &'static str) -> Result<()> {
        if self.kinds[column] == Kind::Other { Err(self.wrong_type(column, role)) } else { Ok(()) }
    }

    fn wrong_type(&self, column: usize, role: &'static str) -> Error {
        Error::ColumnType {
            file: self.input.file.clone(),
            column: self.names[column].clone(),
            found: match &self.leaves[column] {
                Some((_, dtype)) => format!("{dtype:?}"),
                None => "nested values".into(),
            },
            role,
            hint: "store texts, whole numbers, or floats of 32 or 64 bits",
        }
    }

    /// Decodes a column, one row group after the other, and gives each array with the row where it starts.
    fn arrays(
        &self,
        column: usize,
        role: &'static str,
        mut visit: impl FnMut(usize, &dyn Array) -> Result<()>,
    ) -> Result<()> {
        let Some((leaf, dtype)) = self.leaves[column].as_ref() else {
            return Err(self.wrong_type(column, role));
        };
        let damaged =
            |problem: String| self.input.damaged(FORMAT, format!("column `{}`: {problem}", self.names[column]));
        let mut start = 0;
        let mut file = self.input.open()?;
        for group in &self.metadata.row_groups {
            let chunk = group.parquet_columns().get(*leaf).ok_or_else(|| damaged("a row group lacks it".into()))?;
            let bytes = self.chunk(&mut file, chunk, group.num_rows()).map_err(damaged)?;
            let arrays = guard(|| decode(bytes, chunk, dtype.clone(), group.num_rows())).map_err(damaged)?;
            for array in arrays {
                let end = start + array.len();
                if end > self.rows {
                    return Err(damaged("it has more rows than the file".into()));
                }
                visit(start, array.as_ref())?;
                start = end;
            }
        }
        if start != self.rows {
            return Err(damaged(format!("it has {start} rows, the file {}", self.rows)));
        }
        Ok(())
    }

    /// The bytes of one column of one row group.
    fn chunk(
        &self,
        file: &mut impl super::input::ReadSeek,
        chunk: &ColumnChunkMetadata,
        rows: usize,
    ) -> Result<Vec<u8>, String> {
        let range = guard(|| Ok::<_, String>(chunk.byte_range()))?;
        if range.end > self.input.size || range.start > range.end || chunk.num_values() != rows as i64 {
            return Err("its place is outside the file".into());
        }
        let mut bytes = vec![0; (range.end - range.start) as usize];
        file.seek(SeekFrom::Start(range.start)).map_err(|error| error.to_string())?;
        file.read_exact(&mut bytes).map_err(|error| error.to_string())?;
        Ok(bytes)
    }
}

/// Looks at the header of every page, and refuses what its pages cannot hold.
fn check_pages(bytes: &[u8], rows: usize, numeric: bool) -> Result<(), String> {
    let mut left = bytes;
    let mut values = 0;
    while !left.is_empty() && values < rows {
        let most = left.len();
        let mut protocol = TCompactInputProtocol::new(&mut left, most);
        let header = PageHeader::read_from_in_protocol(&mut protocol).map_err(|error| error.to_string())?;
        let count = match header.type_ {
            PageType::DATA_PAGE => header.data_page_header.as_ref().map(|page| page.num_values),
            PageType::DATA_PAGE_V2 => header.data_page_header_v2.as_ref().map(|page| page.num_values),
            PageType::DICTIONARY_PAGE => header.dictionary_page_header.as_ref().map(|page| page.num_values),
            other => return Err(format!("a page of type {other:?}")),
        };
        let size = |size: i32| usize::try_from(size).map_err(|_| "a page of negative size".to_string());
        let (packed, unpacked) = (size(header.compressed_page_size)?, size(header.uncompressed_page_size)?);
        let count = size(count.ok_or("a page header without its second half")?)?;
        // A number takes 8 bytes at most, and its level less than 8 more.
        let room = if numeric { 16 * count + (1 << 16) } else { (64 << 20).max(100 * packed) };
        if count > rows || unpacked > room || packed > left.len() {
            return Err(format!("a page claims {count} values in {unpacked} bytes"));
        }
        left = &left[packed..];
        if header.type_ != PageType::DICTIONARY_PAGE {
            values += count;
        }
    }
    if values == rows { Ok(()) } else { Err(format!("its pages have {values} values, its row group {rows} rows")) }
}

/// Decodes one chunk after a look at its pages.
fn decode(
    bytes: Vec<u8>,
    chunk: &ColumnChunkMetadata,
    dtype: ArrowDataType,
    rows: usize,
) -> Result<Vec<Box<dyn Array>>, String> {
    check_pages(&bytes, rows, !matches!(dtype, ArrowDataType::Utf8View | ArrowDataType::BinaryView))?;
    let most = bytes.len().max(1 << 10);
    let pages = PageReader::new(Cursor::new(Buffer::from_vec(bytes)), chunk, Vec::new(), most);
    let leaf = chunk.descriptor();
    let field = Field::new(leaf.path_in_schema[0].clone(), dtype, true);
    let decompressor = BasicDecompressor::new(pages, Vec::new());
    column_iter_to_arrays(vec![decompressor], vec![&leaf.descriptor.primitive_type], field, None)
        .map(|(arrays, _)| arrays)
        .map_err(|error| error.to_string())
}

fn kind(dtype: &ArrowDataType) -> Kind {
    use ArrowDataType as T;
    match dtype {
        T::Utf8View | T::BinaryView => Kind::Text,
        T::Int8 | T::Int16 | T::Int32 | T::Int64 | T::UInt8 | T::UInt16 | T::UInt32 | T::UInt64 | T::Boolean => {
            Kind::Whole
        }
        T::Float32 | T::Float64 => Kind::Float,
        _ => Kind::Other,
    }
}

type Put<'a> = &'a mut dyn FnMut(usize, Option<&str>) -> Result<()>;

/// The cells of an array as texts; `None` if it holds what has no text.
fn texts_of(array: &dyn Array, put: Put<'_>) -> Option<Result<()>> {
    let any = array.as_any();
    if let Some(array) = any.downcast_ref::<Utf8ViewArray>() {
        return Some(array.iter().enumerate().try_for_each(|(i, text)| put(i, text)));
    }
    if let Some(array) = any.downcast_ref::<BinaryViewArray>() {
        return Some(array.iter().enumerate().try_for_each(|(i, bytes)| {
            // Bytes that are no text are shown as such; they match no id and no class.
            put(i, bytes.map(String::from_utf8_lossy).as_deref())
        }));
    }
    if let Some(array) = any.downcast_ref::<BooleanArray>() {
        return Some(
            array.iter().enumerate().try_for_each(|(i, bit)| put(i, bit.map(|b| if b { "true" } else { "false" }))),
        );
    }
    fn shown<T: NativeType + std::fmt::Display>(array: &dyn Array, put: Put<'_>) -> Option<Result<()>> {
        use std::fmt::Write;
        let array = array.as_any().downcast_ref::<PrimitiveArray<T>>()?;
        let mut text = String::new();
        Some(array.iter().enumerate().try_for_each(|(i, value)| {
            text.clear();
            if let Some(value) = value {
                // Writing to a string does not fail. A whole float is written as a whole number.
                let _ = write!(text, "{value}");
            }
            put(i, value.is_some().then_some(text.as_str()).filter(|text| *text != "NaN"))
        }))
    }
    shown::<i64>(array, put)
        .or_else(|| shown::<i32>(array, put))
        .or_else(|| shown::<u64>(array, put))
        .or_else(|| shown::<u32>(array, put))
        .or_else(|| shown::<f64>(array, put))
        .or_else(|| shown::<f32>(array, put))
        .or_else(|| shown::<i16>(array, put))
        .or_else(|| shown::<u16>(array, put))
        .or_else(|| shown::<i8>(array, put))
        .or_else(|| shown::<u8>(array, put))
}

/// The cells of an array of numbers; `None` if it holds something else.
fn numbers_of(array: &dyn Array, mut put: impl FnMut(usize, f64) -> Result<()>) -> Option<Result<()>> {
    macro_rules! native {
        ($($number:ty),*) => {$(
            if let Some(array) = array.as_any().downcast_ref::<PrimitiveArray<$number>>() {
                return Some(if array.null_count() == 0 {
                    array.values().iter().enumerate().try_for_each(|(i, &value)| put(i, value as f64))
                } else {
                    array.iter().enumerate().try_for_each(|(i, value)| put(i, value.map_or(f64::NAN, |&value| value as f64)))
                });
            }
        )*};
    }
    native!(f32, f64, i64, i32, u64, u32, i16, u16, i8, u8);
    let bits = array.as_any().downcast_ref::<BooleanArray>()?;
    Some(bits.iter().enumerate().try_for_each(|(i, bit)| put(i, bit.map_or(f64::NAN, |bit| f64::from(u8::from(bit))))))
}
