use crate::{Error, Result};

use super::{Source, number, table::Table, texts::Texts};

/// One column of a table: its texts, and what they are as numbers.
///
/// An empty field is missing. As numbers, `NA`, `NaN`, `NULL`, `None`, `?` and their like are missing too; as texts they are
/// what they say, so a country `NA` stays.
///
/// ```
/// use consort_data::files::{Format, Source, read_columns};
/// let table = Source::bytes("t.csv", Format::Csv, &b"id,x,country\n1,NA,NA\n2,4,SE\n"[..]);
/// let columns = read_columns(&table, Some(&["x", "country"]))?;
/// assert_eq!(columns[0].numbers()?[1], 4.0);
/// assert_eq!((columns[0].is_numeric(), columns[0].missing()), (true, 1));
/// assert_eq!((columns[1].is_numeric(), columns[1].missing(), columns[1].text(0)), (false, 0, Some("NA")));
/// # Ok::<(), consort_data::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct TextColumn {
    file: String,
    name: String,
    texts: Texts,
}

impl TextColumn {
    /// The name in the header.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The text of row `i`; `None` if the field is empty.
    pub fn text(&self, i: usize) -> Option<&str> {
        self.texts.get(i)
    }

    /// The texts, row after row.
    pub fn texts(&self) -> impl Iterator<Item = Option<&str>> {
        self.texts.iter()
    }

    /// Whether there is a number and nothing but numbers and missing ones.
    pub fn is_numeric(&self) -> bool {
        let mut numbers = self.texts().map(|text| number::parse(text.unwrap_or_default().as_bytes()));
        let mut some = false;
        numbers.all(|x| x.inspect(|x| some |= !x.is_nan()).is_some()) && some
    }

    /// How many rows are missing: of a numeric column also those of a null token.
    pub fn missing(&self) -> usize {
        let numeric = self.is_numeric();
        self.texts().filter(|text| text.is_none_or(|text| numeric && number::is_null(text.trim().as_bytes()))).count()
    }

    /// The numbers; a missing one is NaN.
    ///
    /// # Errors
    /// [`Error::NotNumber`] naming the row of a text that is none.
    pub fn numbers(&self) -> Result<Vec<f64>> {
        self.texts()
            .enumerate()
            .map(|(row, text)| {
                let text = text.unwrap_or_default();
                number::parse(text.as_bytes()).ok_or_else(|| Error::NotNumber {
                    file: self.file.clone(),
                    at: self.at(row),
                    column: self.name.clone(),
                    text: text.chars().take(40).collect(),
                    hint: "mend it, or choose a column of numbers",
                })
            })
            .collect()
    }

    /// The texts of a column that may lack none, such as a class label; `role` is what it is for.
    ///
    /// # Errors
    /// [`Error::MissingValue`] naming the first row that lacks its text.
    pub fn complete(&self, role: &'static str) -> Result<Vec<&str>> {
        self.texts()
            .enumerate()
            .map(|(row, text)| {
                text.ok_or_else(|| Error::MissingValue {
                    file: self.file.clone(),
                    at: self.at(row),
                    column: self.name.clone(),
                    role,
                    hint: "fill it in, or drop the row",
                })
            })
            .collect()
    }

    fn at(&self, row: usize) -> String {
        format!("row {}", row + 1)
    }
}

/// Some columns of a table in a file, in the order of the names; all of them for `None`.
///
/// # Errors
/// [`Error::NoColumn`] for a name that no column bears, and whatever is wrong with the file.
pub fn read_columns(source: &Source, names: Option<&[&str]>) -> Result<Vec<TextColumn>> {
    read_columns_but(source, names, |_| false)
}

/// As [`read_columns`], with texts that are missing by what `is_missing` says.
pub(crate) fn read_columns_but(
    source: &Source,
    names: Option<&[&str]>,
    is_missing: impl Fn(&str) -> bool,
) -> Result<Vec<TextColumn>> {
    let table = Table::open(source)?;
    let places: Vec<usize> = match names {
        None => (0..table.columns().len()).collect(),
        Some(names) => names
            .iter()
            .map(|name| table.find(name).ok_or_else(|| table.no_column("requested", name, "check the spelling")))
            .collect::<Result<_>>()?,
    };
    let mut texts = vec![Texts::default(); places.len()];
    table.texts(&places, |_, which, text| {
        texts[which].push(text.filter(|text| !is_missing(text)));
        Ok(())
    })?;
    Ok(places
        .iter()
        .zip(texts)
        .map(|(&place, texts)| TextColumn { file: source.file(), name: table.columns()[place].clone(), texts })
        .collect())
}
