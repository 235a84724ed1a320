use std::path::Path;

use crate::{
    Error, Result, date,
    files::{
        Cell, Source, TextColumn, boolean, number, read_columns_but,
        survey::Interned,
        table::{Table as Open, no_column},
    },
};

use super::{
    Column, MissingValues,
    column::{Data, Texts},
    local_number,
};

/// A table in memory: named columns of numbers, booleans, dates or texts, each judged from all of its cells.
///
/// Numbers take eight bytes a cell; texts are kept once each and take four, and no more than 10,000 different texts of
/// a column are kept at all. What a text is letter by letter (an id, a label) is read from the file again when it is
/// asked for, so that the file must stay where it is.
#[derive(Debug, Clone)]
pub struct Table {
    source: Source,
    rows: usize,
    columns: Vec<Column>,
    missing_values: MissingValues,
}

/// Reads a table: CSV (`.csv`, `.csv.gz`), TSV (`.tsv`, `.tsv.gz`), Parquet (`.parquet`, `.pq`) or Arrow IPC (`.ipc`, `.arrow`, `.feather`).
///
/// In a column where all that is there is a number, it is a number: nothing is guessed from the head. In columns of
/// numbers, booleans and dates, the texts `NA`, `NaN`, `NULL`, `None`, `?` and their like are missing, quoted or
/// not; in a column of texts only the empty field is, so a country `NA` stays.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("t.csv");
/// # std::fs::write(&path, "id,x,country\n007,NA,NA\n008,1e3,SE\n")?;
/// use consort_data::table::{self, Kind};
/// let table = table::read(&path)?;
/// assert_eq!(table.rows(), 2);
/// assert_eq!(table.columns()[1].kind(), Kind::Number);
/// assert_eq!((table.columns()[1].missing(), table.columns()[2].missing()), (1, 0));
/// assert_eq!(table.texts(&["id"])?[0].text(0), Some("007"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error`], naming file, line, column: a damaged file, lines of unequal length, two columns of one name, bytes that
/// are not UTF-8, no row.
pub fn read(path: impl AsRef<Path>) -> Result<Table> {
    read_source(&Source::stem(path.as_ref()))
}

/// As [`read`], of a file that may be in memory.
///
/// ```
/// use consort_data::{files::{Format, Source}, table};
/// let table = table::read_source(&Source::bytes("t.csv", Format::Csv, &b"x,y\n1,a\n2.5,b\n"[..]))?;
/// assert_eq!(table.column("x").and_then(|x| x.values()), Some(&[1.0, 2.5][..]));
/// # Ok::<(), consort_data::Error>(())
/// ```
///
/// # Errors
/// As [`read`].
pub fn read_source(source: &Source) -> Result<Table> {
    read_with(source, &MissingValues::default())
}

/// As [`read_source`], with values that are missing by what a person says, in columns of any kind.
///
/// # Errors
/// As [`read`].
pub fn read_with(source: &Source, missing_values: &MissingValues) -> Result<Table> {
    let open = Open::open(source)?;
    if let Open::Array(_) = open {
        return Err(Error::Unclear {
            file: open.file().into(),
            problem: "an array has no names of columns".into(),
            hint: "save the table as CSV or Parquet".into(),
        });
    }
    let names = open.columns();
    let readable: Vec<usize> = (0..names.len()).filter(|&column| open.unreadable(column).is_none()).collect();
    let mut scans = vec![Scan::default(); readable.len()];
    let mut rows = 0;
    if !readable.is_empty() {
        rows = open.cells(&readable, |_, which, cell| {
            scans[which].see(missing_values.cell(cell));
            Ok(())
        })?;
    }
    if u32::try_from(rows).is_err() || rows as u32 == u32::MAX {
        return Err(Error::TooLarge {
            file: open.file().into(),
            what: format!("{rows} rows"),
            limit: u32::MAX.to_string(),
            hint: "split the table by rows",
        });
    }
    // Columns that turned out to be texts after some rows: what came before is read again.
    let again: Vec<usize> = (0..scans.len()).filter(|&which| scans[which].is_incomplete()).collect();
    if !again.is_empty() {
        for &which in &again {
            scans[which] = Scan::of_texts();
        }
        let places: Vec<usize> = again.iter().map(|&which| readable[which]).collect();
        open.texts(&places, |_, at, text| {
            scans[again[at]].see(missing_values.cell(text.map_or(Cell::Missing, Cell::Text)));
            Ok(())
        })?;
    }
    let mut scans = scans.into_iter();
    let columns: Vec<Column> = names
        .iter()
        .enumerate()
        .map(|(column, name)| {
            let (name, is_float) = (name.clone(), open.is_float(column));
            match open.unreadable(column) {
                Some(what) => Column { name, data: Data::Unreadable(what), missing: 0, is_float, code: None },
                None => {
                    let mut scan = scans.next().unwrap_or_default();
                    let code = scan.code.take();
                    let (data, missing) = scan.finish();
                    Column { name, data, missing, is_float, code }
                }
            }
        })
        .collect();
    Ok(Table { source: source.clone(), rows, columns, missing_values: missing_values.clone() })
}

impl Table {
    /// What errors call it: its path, or the name of bytes in memory.
    pub fn file(&self) -> String {
        self.source.file()
    }

    /// How many rows it has.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Its columns, in the order of the file.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// What is missing by what a person says.
    pub fn missing_values(&self) -> &MissingValues {
        &self.missing_values
    }

    /// Some columns as texts, letter by letter as they stand in the file, which is read again.
    ///
    /// # Errors
    /// [`Error::NoColumn`] for a name that no column bears; [`Error::Damaged`] if the file has changed since it was read.
    pub fn texts(&self, names: &[&str]) -> Result<Vec<TextColumn>> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let columns = read_columns_but(&self.source, Some(names), |text| self.missing_values.has(text))?;
        if columns.iter().any(|column| column.len() != self.rows) {
            return Err(Error::Damaged {
                file: self.file(),
                format: "the same table",
                problem: "it changed after it was read".into(),
            });
        }
        Ok(columns)
    }

    /// Refuses a column of floats as row ids: `1` of another file is not the `1.0` that a float became, and long ids lose
    /// digits.
    pub(super) fn check_id(&self, name: &str) -> Result<()> {
        if !self.column(name).is_some_and(|column| column.is_float) {
            return Ok(());
        }
        Err(Error::ColumnType {
            file: self.file(),
            column: name.into(),
            found: "floats".into(),
            role: "row ids",
            hint: "write the ids as text or whole numbers; floats lose digits",
        })
    }

    /// An error that says which columns there are.
    pub(super) fn no_column(&self, role: &'static str, name: &str, hint: &str) -> Error {
        no_column(self.file(), self.columns.iter().map(Column::name), role, name, hint)
    }
}

/// One column while it is read.
#[derive(Debug, Clone, Default)]
struct Scan {
    state: State,
    missing: usize,
    /// Whether a text was seen that is missing as a number and something as a text.
    tokens: bool,
    /// The first row whose number begins with a zero, and its text.
    code: Option<(usize, String)>,
    values: Vec<f64>,
    /// Missing cells before the first text, whose codes need no memory yet.
    rows: usize,
    texts: Texts,
    seen: Interned,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    /// Nothing but missing cells so far.
    #[default]
    Open,
    Numbers,
    Booleans,
    Dates,
    Texts,
    /// Texts, whose first rows were taken for something else.
    Incomplete,
}

impl Scan {
    fn of_texts() -> Self {
        Self { state: State::Texts, ..Self::default() }
    }

    fn is_incomplete(&self) -> bool {
        self.state == State::Incomplete
    }

    fn see(&mut self, cell: Cell<'_>) {
        match cell {
            Cell::Missing => self.push(State::Open, f64::NAN),
            Cell::Number(value) if value.is_nan() => self.push(State::Open, value),
            Cell::Number(value) => self.push(State::Numbers, value),
            Cell::Truth(truth) => self.push(State::Booleans, f64::from(u8::from(truth))),
            Cell::Moment(days) => self.push(State::Dates, days),
            Cell::Text(text) => self.text(text),
        }
        self.rows += 1;
    }

    /// Takes a value, or a missing one where `state` is open.
    fn push(&mut self, state: State, value: f64) {
        if value.is_nan() {
            self.missing += 1;
            match self.state {
                State::Texts if !self.seen.many => self.texts.codes.push(Interned::NONE),
                State::Texts | State::Incomplete => {}
                _ => self.values.push(f64::NAN),
            }
        } else if self.state == State::Open || self.state == state {
            self.state = state;
            self.values.push(value);
        }
        // A column of a typed file has cells of one type, so that no other case comes here.
    }

    fn text(&mut self, text: &str) {
        match self.state {
            State::Incomplete => {}
            State::Texts => self.text_of_texts(text),
            _ if text.trim().is_empty() => self.push(State::Open, f64::NAN),
            _ => {
                let value = match self.state {
                    State::Numbers => number::parse(text.as_bytes()).map(|x| (State::Numbers, x)),
                    State::Booleans => missing(text).or_else(|| truth(text)).map(|x| (State::Booleans, x)),
                    State::Dates => missing(text).or_else(|| date::days(text.trim())).map(|x| (State::Dates, x)),
                    _ => number::parse(text.as_bytes())
                        .map(|x| (State::Numbers, x))
                        .or_else(|| truth(text).map(|x| (State::Booleans, x)))
                        .or_else(|| date::days(text.trim()).map(|x| (State::Dates, x))),
                };
                match value {
                    Some((state, value)) => {
                        self.tokens |= value.is_nan();
                        if state == State::Numbers && self.code.is_none() && is_code(text) {
                            self.code = Some((self.rows, text.trim().to_owned()));
                        }
                        self.push(state, value);
                    }
                    None if self.state == State::Open && !self.tokens => {
                        self.state = State::Texts;
                        self.texts.codes = vec![Interned::NONE; self.rows];
                        self.values = Vec::new();
                        self.text_of_texts(text);
                    }
                    None => {
                        self.state = State::Incomplete;
                        self.values = Vec::new();
                    }
                }
            }
        }
    }

    fn text_of_texts(&mut self, text: &str) {
        if text.trim().is_empty() {
            return self.push(State::Open, f64::NAN);
        }
        match number::parse(text.as_bytes()) {
            Some(value) => self.texts.numbers += usize::from(!value.is_nan()),
            None => {
                self.texts.commas += usize::from(local_number::has_comma(text));
                self.texts.signs += usize::from(local_number::without_sign(text).is_some());
                self.texts.dates += usize::from(date::looks_like_one(text));
                self.texts.stray(self.rows, text.trim());
            }
        }
        if !self.seen.many {
            let code = self.seen.number(text);
            self.texts.codes.push(code);
            if self.seen.many {
                // A column of very many texts is no category; nothing of it needs to be kept.
                self.seen.names = Vec::new();
                self.texts.codes = Vec::new();
            }
        }
    }

    fn finish(mut self) -> (Data, usize) {
        let data = match self.state {
            State::Open => Data::Missing,
            State::Numbers => Data::Numbers(self.values),
            State::Booleans => Data::Booleans(self.values),
            State::Dates => Data::Dates(self.values),
            State::Texts | State::Incomplete => {
                self.texts.many = self.seen.many;
                self.texts.levels = self.seen.names;
                Data::Texts(self.texts.trimmed())
            }
        };
        (data, self.missing)
    }
}

/// NaN if the text means that something is missing.
fn missing(text: &str) -> Option<f64> {
    number::is_null(text.trim().as_bytes()).then_some(f64::NAN)
}

/// 1 for `true`, 0 for `false`, in any case of letters.
pub(super) fn truth(text: &str) -> Option<f64> {
    boolean::parse(text).map(|truth| f64::from(u8::from(truth)))
}

/// Whether figures begin with a zero that no number needs, such as `01234`.
fn is_code(text: &str) -> bool {
    let text = text.trim().as_bytes();
    text.len() > 1 && text[0] == b'0' && text.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{files::Format, table::Kind};

    fn table(text: &str) -> Table {
        read_source(&Source::bytes("t.csv", Format::Csv, text.as_bytes())).unwrap()
    }

    #[test]
    fn a_column_is_judged_from_all_of_its_cells() {
        let mut text = String::from("n,late,mixed,flag,day\n");
        for i in 0..300 {
            text += &format!("{i},{i},{i},True,2024-01-01\n");
        }
        text += "1e-3,0.125,x,FALSE,2024-01-02T06:00\n,NA,,?,null\n";
        let table = table(&text);
        let kinds: Vec<Kind> = table.columns().iter().map(Column::kind).collect();
        assert_eq!(kinds, [Kind::Number, Kind::Number, Kind::Text, Kind::Boolean, Kind::Date]);
        assert!(table.columns().iter().all(|column| column.missing() == 1));
        let (levels, codes) = table.column("mixed").unwrap().levels().unwrap();
        assert_eq!((levels.len(), codes.len(), codes[301]), (301, 302, u32::MAX));
        assert_eq!(table.columns()[4].values().unwrap()[300], 19_724.25);
    }

    #[test]
    fn null_tokens_before_the_first_text_are_texts() {
        let table = table("c,d,e\nNA,,\nSE,,NA\n,x, \n");
        assert_eq!(table.columns()[0].levels().unwrap().0, ["NA", "SE"]);
        assert_eq!(table.columns()[1].levels().unwrap(), (&["x".to_string()][..], &[u32::MAX, u32::MAX, 0][..]));
        assert_eq!((table.columns()[2].kind(), table.columns()[2].missing()), (Kind::Missing, 3));
    }

    #[test]
    fn very_many_texts_are_counted_and_not_kept() {
        let mut text = String::from("x\n");
        for i in 0..10_050 {
            text += &format!("t{i}\n");
        }
        let table = table(&text);
        assert_eq!((table.columns()[0].kind(), table.columns()[0].levels()), (Kind::Text, None));
    }
}
