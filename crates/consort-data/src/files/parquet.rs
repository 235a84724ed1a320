//! Parquet: read column by column and row group by row group, by the decoders of polars.
//!
//! No more than one column of one row group is in memory. A file is not believed: what its metadata claims is held
//! against its size, and each page against what it can hold, before anything is allocated for it.

use std::io::{Cursor, SeekFrom};

use polars_arrow::array::Array;
use polars_arrow::datatypes::{ArrowDataType, Field};
use polars_buffer::Buffer;
use polars_parquet::read::{
    BasicDecompressor, ColumnChunkMetadata, FileMetadata, PageReader, column_iter_to_arrays, read_metadata,
    schema::parquet_to_arrow_schema,
};
use polars_parquet_format::{PageHeader, PageType, thrift::protocol::TCompactInputProtocol};

use crate::Result;

use super::{
    columnar::{About, Columnar},
    delimited::MOST_COLUMNS,
    footer,
    guard::guard,
    input::Input,
};

const FORMAT: &str = "Parquet";

/// A table in Parquet.
pub(crate) struct Parquet {
    about: About,
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
        let types = leaves.iter().map(|leaf| Some(leaf.as_ref()?.1.clone())).collect();
        Ok(Self { about: About { input, format: FORMAT, names, types, rows }, leaves, metadata })
    }

    /// The bytes of one column of one row group.
    fn chunk(
        &self,
        file: &mut impl super::input::ReadSeek,
        chunk: &ColumnChunkMetadata,
        rows: usize,
    ) -> Result<Vec<u8>, String> {
        let range = guard(|| Ok::<_, String>(chunk.byte_range()))?;
        if range.end > self.about.input.size || range.start > range.end || chunk.num_values() != rows as i64 {
            return Err("its place is outside the file".into());
        }
        let mut bytes = vec![0; (range.end - range.start) as usize];
        file.seek(SeekFrom::Start(range.start)).map_err(|error| error.to_string())?;
        file.read_exact(&mut bytes).map_err(|error| error.to_string())?;
        Ok(bytes)
    }
}

impl Columnar for Parquet {
    fn about(&self) -> &About {
        &self.about
    }

    /// One row group after the other.
    fn arrays(&self, column: usize, visit: &mut dyn FnMut(usize, &dyn Array) -> Result<()>) -> Result<()> {
        let (input, names, rows) = (&self.about.input, &self.about.names, self.about.rows);
        let Some((leaf, dtype)) = self.leaves[column].as_ref() else {
            return Err(input.damaged(FORMAT, format!("column `{}` is nested", names[column])));
        };
        let damaged = |problem: String| input.damaged(FORMAT, format!("column `{}`: {problem}", names[column]));
        let mut start = 0;
        let mut file = input.open()?;
        for group in &self.metadata.row_groups {
            let chunk = group.parquet_columns().get(*leaf).ok_or_else(|| damaged("a row group lacks it".into()))?;
            let bytes = self.chunk(&mut file, chunk, group.num_rows()).map_err(damaged)?;
            let arrays = guard(|| decode(bytes, chunk, dtype.clone(), group.num_rows())).map_err(damaged)?;
            for array in arrays {
                let end = start + array.len();
                if end > rows {
                    return Err(damaged("it has more rows than the file".into()));
                }
                visit(start, array.as_ref())?;
                start = end;
            }
        }
        if start != rows {
            return Err(damaged(format!("it has {start} rows, the file {rows}")));
        }
        Ok(())
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
