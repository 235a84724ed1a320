use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::{Error, Result};

/// How a table is written in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Comma-separated text with a header.
    Csv,
    /// The same, packed by gzip.
    CsvGz,
    /// Tab-separated text with a header.
    Tsv,
    /// The same, packed by gzip.
    TsvGz,
    /// Apache Parquet.
    Parquet,
    /// An Arrow IPC file, which is Feather 2.
    Ipc,
    /// One NumPy array.
    Npy,
}

impl Format {
    /// The format that the ending of a file's name says: `.csv`, `.csv.gz`, `.tsv`, `.tsv.gz`, `.parquet` (`.pq`), `.ipc` (`.arrow`,
    /// `.feather`), `.npy`.
    ///
    /// ```
    /// use consort_data::files::Format;
    /// assert_eq!(Format::of("runs/Forest.CSV.gz".as_ref())?, Format::CsvGz);
    /// assert!(Format::of("model.pkl".as_ref()).is_err());
    /// # Ok::<(), consort_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Format`] for any other ending, [`Error::Unclear`] for a folder without a known one.
    pub fn of(path: &Path) -> Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        let ends = |ending: &str| name.strip_suffix(ending).is_some_and(|stem| !stem.is_empty());
        Ok(match () {
            () if ends(".csv") => Format::Csv,
            () if ends(".csv.gz") => Format::CsvGz,
            () if ends(".tsv") => Format::Tsv,
            () if ends(".tsv.gz") => Format::TsvGz,
            () if ends(".parquet") || ends(".pq") => Format::Parquet,
            () if ends(".ipc") || ends(".arrow") || ends(".feather") => Format::Ipc,
            () if ends(".npy") => Format::Npy,
            () => {
                return Err(Error::format(path, ".csv, .csv.gz, .tsv, .parquet, .ipc or .npy"));
            }
        })
    }
}

/// A file of predictions or of truth, and the name of its member.
#[derive(Debug, Clone)]
pub struct Source {
    /// The member's name; of a wide or truth file it is not read.
    pub name: String,
    pub(crate) data: Data,
}

#[derive(Debug, Clone)]
pub(crate) enum Data {
    Path(PathBuf),
    Bytes { format: Format, bytes: Arc<[u8]> },
}

impl Source {
    /// A file, under a name.
    ///
    /// ```
    /// let source = consort_data::files::Source::new("forest", "runs/7/forest.csv");
    /// assert_eq!((source.name.as_str(), source.file()), ("forest", "runs/7/forest.csv".to_string()));
    /// ```
    pub fn new(name: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        Self { name: name.into(), data: Data::Path(path.into()) }
    }

    /// A file, named by its stem: `runs/forest.csv.gz` is `forest`.
    ///
    /// ```
    /// assert_eq!(consort_data::files::Source::stem("runs/forest.csv.gz").name, "forest");
    /// ```
    pub fn stem(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let whole = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let lower = whole.to_ascii_lowercase();
        let endings = [".csv.gz", ".csv", ".tsv.gz", ".tsv", ".parquet", ".pq", ".ipc", ".arrow", ".feather", ".npy"];
        let cut = endings.iter().find(|&&ending| lower.ends_with(ending) && lower.len() > ending.len());
        let name = cut.map_or(whole.as_str(), |ending| &whole[..whole.len() - ending.len()]);
        Self::new(name, path.clone())
    }

    /// A file that is in memory already; errors call it by its name.
    ///
    /// ```
    /// use consort_data::files::{Format, ReadOptions, Source, read_members};
    /// let a = Source::bytes("a", Format::Csv, &b"id,p\nr1,0.9\nr2,0.1\n"[..]);
    /// let loaded = read_members(&[a], None, &ReadOptions::default())?;
    /// assert_eq!(loaded.predictions.member(0), [0.1, 0.9, 0.9, 0.1]);
    /// # Ok::<(), consort_data::Error>(())
    /// ```
    pub fn bytes(name: impl Into<String>, format: Format, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { name: name.into(), data: Data::Bytes { format, bytes: bytes.into() } }
    }

    /// What errors call it: the path, or the name of bytes in memory.
    pub fn file(&self) -> String {
        match &self.data {
            Data::Path(path) => path.display().to_string(),
            Data::Bytes { .. } => self.name.clone(),
        }
    }

    pub(crate) fn format(&self) -> Result<Format> {
        match &self.data {
            Data::Path(path) => Format::of(path),
            Data::Bytes { format, .. } => Ok(*format),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stem_loses_the_known_ending_only() {
        for (path, name) in
            [("a/b.csv", "b"), ("b.v2.parquet", "b.v2"), (".csv", ".csv"), ("x.CSV.GZ", "x"), ("é.npy", "é")]
        {
            assert_eq!(Source::stem(path).name, name);
        }
    }

    #[test]
    fn an_unknown_ending_is_an_error_that_lists_the_known_ones() {
        let error = Format::of("m.pkl".as_ref()).unwrap_err().to_string();
        assert!(error.contains("m.pkl") && error.contains(".parquet"), "{error}");
        let error = Format::of("model".as_ref()).unwrap_err().to_string();
        assert!(error.contains("model: its name has no ending") && error.contains(".parquet"), "{error}");
        let dir = tempfile::tempdir().unwrap();
        let error = Format::of(dir.path()).unwrap_err().to_string();
        assert!(error.contains("it is a folder") && error.contains(".parquet"), "{error}");
        assert!(Format::of("csv".as_ref()).is_err() && Format::of("".as_ref()).is_err());
    }
}
