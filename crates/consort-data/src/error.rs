use std::path::Path;

/// What every fallible function of this crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can be wrong with a file that a person gave. Each message names the file and the place in it, and says what
/// to do.
///
/// Places are texts such as `line 7 (row 6)`: lines count the header of a text file, rows do not; both count from 1.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What the words of ensembling refuse: ids that do not match, rows that are no probabilities, unknown classes.
    #[error(transparent)]
    Core(#[from] consort_core::Error),
    /// The system would not open, read or write a file.
    #[error("{file}: cannot {action}: {source}")]
    Io {
        /// The file.
        file: String,
        /// What was tried, such as `open it`.
        action: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file name whose ending says nothing about its format.
    #[error("{file}: {}: use {known}", unknown_format(ending))]
    Format {
        /// The file.
        file: String,
        /// The ending of its name; nothing if it has none.
        ending: String,
        /// The endings that are known here.
        known: &'static str,
    },
    /// A file without a header or without a row.
    #[error("{file}: {what}: {hint}")]
    Empty {
        /// The file.
        file: String,
        /// What is absent, such as `no row below the header`.
        what: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// A column that is needed and absent.
    #[error("{file}: no {role} column `{column}`; its columns are {seen}: {hint}")]
    NoColumn {
        /// The file.
        file: String,
        /// What the column is for, such as `id`.
        role: &'static str,
        /// The name looked for.
        column: String,
        /// The columns there are.
        seen: String,
        /// What to do.
        hint: String,
    },
    /// Two columns of one name.
    #[error("{file}: duplicate column `{column}` (columns {first} and {second}, counted from 1): rename one")]
    DuplicateColumn {
        /// The file.
        file: String,
        /// The name.
        column: String,
        /// The first column of that name, from 1.
        first: usize,
        /// The second, from 1.
        second: usize,
    },
    /// A line with more or fewer fields than the header.
    #[error(
        "{file}: line {line} has {got} fields, but the header has {expected}: quote fields that hold a separator, and check the end of the file"
    )]
    Ragged {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// Its fields.
        got: u64,
        /// The fields of the header.
        expected: u64,
    },
    /// Bytes that are not UTF-8 text.
    #[error("{file}: line {line}, byte {byte} of the field is not UTF-8: save the file as UTF-8")]
    NotUtf8 {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// The first bad byte of the field, from 1.
        byte: usize,
    },
    /// A text where a number must be.
    #[error("{file}: {at}, column `{column}`: `{text}` is not a number: {hint}")]
    NotNumber {
        /// The file.
        file: String,
        /// The place.
        at: String,
        /// The column.
        column: String,
        /// The text found.
        text: String,
        /// What to do.
        hint: &'static str,
    },
    /// An empty field where there must be something.
    #[error("{file}: {at}, column `{column}`: the {role} is missing: {hint}")]
    MissingValue {
        /// The file.
        file: String,
        /// The place.
        at: String,
        /// The column.
        column: String,
        /// What the column is for.
        role: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// A number outside its range.
    #[error("{file}: {at}, column `{column}`: {value} is not {expected}")]
    Range {
        /// The file.
        file: String,
        /// The place.
        at: String,
        /// The column.
        column: String,
        /// The number.
        value: f64,
        /// The range, in words.
        expected: &'static str,
    },
    /// A column of a type that cannot play its role.
    #[error("{file}: column `{column}` holds {found}, which cannot be {role}: {hint}")]
    ColumnType {
        /// The file.
        file: String,
        /// The column.
        column: String,
        /// What it holds, such as `64-bit floats`.
        found: String,
        /// What it should be, such as `row ids`.
        role: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// A file whose bytes are not what its format says.
    #[error("{file}: damaged or not {format}: {problem}: write the file again")]
    Damaged {
        /// The file.
        file: String,
        /// The format that it should have.
        format: &'static str,
        /// What does not fit.
        problem: String,
    },
    /// A file that asks for more than is reasonable.
    #[error("{file}: {what} is above the limit of {limit}: {hint}")]
    TooLarge {
        /// The file.
        file: String,
        /// What is too large.
        what: String,
        /// The limit.
        limit: String,
        /// What to do.
        hint: &'static str,
    },
    /// Files that do not go together, or a file whose columns cannot be understood.
    #[error("{file}: {problem}: {hint}")]
    Unclear {
        /// The file.
        file: String,
        /// What does not fit.
        problem: String,
        /// What to do.
        hint: String,
    },
}

fn unknown_format(ending: &str) -> String {
    if ending.is_empty() {
        "its name has no ending, which would say the format".into()
    } else {
        format!("unknown format `{ending}`")
    }
}

impl Error {
    /// An error of a path whose name says no format that is known here; a folder is told as such.
    pub(crate) fn format(path: &Path, known: &'static str) -> Self {
        let file = path.display().to_string();
        if path.is_dir() {
            let hint = format!("give a file in it, whose name ends in {known}");
            return Self::Unclear { file, problem: "it is a folder".into(), hint };
        }
        let ending = path.extension().map_or_else(String::new, |ending| format!(".{}", ending.to_string_lossy()));
        Self::Format { file, ending, known }
    }

    /// An error of the system about a file.
    pub(crate) fn io(file: impl Into<String>, action: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { file: file.into(), action, source }
    }

    /// As [`io`](Self::io), for a path.
    pub(crate) fn path_io(path: &Path, action: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        Self::io(path.display().to_string(), action)
    }
}
