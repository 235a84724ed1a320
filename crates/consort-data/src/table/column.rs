use serde::{Deserialize, Serialize};

use crate::files::{TextColumn, blanks, number, survey::Interned};

/// What a column holds, judged from all of its cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Numbers and missing ones, nothing else.
    Number,
    /// `true` and `false` in any case of letters.
    Boolean,
    /// Dates, or dates with a time.
    Date,
    /// Texts, or a mixture of things.
    Text,
    /// Nothing at all.
    Missing,
    /// What cannot be read: lists, structures.
    Unreadable,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Kind::Number => "number",
            Kind::Boolean => "boolean",
            Kind::Date => "date",
            Kind::Text => "text",
            Kind::Missing => "missing",
            Kind::Unreadable => "unreadable",
        })
    }
}

/// One column of a [`Table`](super::Table).
#[derive(Debug, Clone)]
pub struct Column {
    pub(super) name: String,
    pub(super) data: Data,
    pub(super) missing: usize,
    /// Whether the file says that it holds floats; a CSV file says nothing.
    pub(super) is_float: bool,
    /// The first row whose number begins with a zero, as codes do, and its text.
    pub(super) code: Option<(usize, String)>,
}

/// The cells of a column.
#[derive(Debug, Clone)]
pub(super) enum Data {
    /// NaN is missing.
    Numbers(Vec<f64>),
    /// 1 for true, 0 for false; NaN is missing.
    Booleans(Vec<f64>),
    /// Days since the start of 1970 (UTC); NaN is missing.
    Dates(Vec<f64>),
    Texts(Texts),
    Missing,
    Unreadable(String),
}

/// Texts, each kept once.
#[derive(Debug, Clone, Default)]
pub(super) struct Texts {
    /// The number of each row's text, `u32::MAX` for a missing one; none where there are too many texts.
    pub(super) codes: Vec<u32>,
    /// The texts by first sight, without the blanks around them; none where there are too many.
    pub(super) levels: Vec<String>,
    /// Whether there are more different texts than are kept.
    pub(super) many: bool,
    /// How many rows hold a number all the same.
    pub(super) numbers: usize,
    /// How many rows hold a number with a comma in it, such as `0,5`.
    pub(super) commas: usize,
    /// How many rows hold a number with a percent sign or a currency, such as `12.5%`.
    pub(super) signs: usize,
    /// How many rows hold a date.
    pub(super) dates: usize,
    /// The texts that are no numbers, up to one more than may be strays.
    pub(super) strays: Vec<Stray>,
    /// A text that is written with blanks around it in several ways.
    pub(super) merged: Option<String>,
}

/// A text that is no number.
#[derive(Debug, Clone)]
pub(super) struct Stray {
    /// Its first row.
    pub(super) row: usize,
    pub(super) text: String,
    /// How many rows hold it.
    pub(super) rows: usize,
}

impl std::fmt::Display for Stray {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` in row {}", self.text, self.row + 1)?;
        match self.rows - 1 {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// The most different texts among numbers that are taken for strays.
const MOST_STRAYS: usize = 2;

impl Texts {
    /// Those of a column that was taken for something else. What is missing there is so here.
    pub(super) fn of(column: &TextColumn) -> Self {
        let mut texts = Self::default();
        let mut kept = Interned::default();
        let is_null = |text: &str| number::is_null(text.as_bytes());
        for text in column.texts() {
            texts.codes.push(match text.map(str::trim).filter(|text| !is_null(text)) {
                Some(text) => kept.number(text),
                None => Interned::NONE,
            });
        }
        (texts.many, texts.levels) = (kept.many, kept.names);
        texts
    }

    /// Takes note of a text that is no number.
    pub(super) fn stray(&mut self, row: usize, text: &str) {
        const MOST_LETTERS: usize = 40;
        let end = if text.len() > MOST_LETTERS { text.char_indices().nth(MOST_LETTERS) } else { None };
        let start = end.map_or(text, |(end, _)| &text[..end]);
        if let Some(stray) = self.strays.iter_mut().find(|stray| stray.text == start) {
            stray.rows += 1;
        } else if self.strays.len() <= MOST_STRAYS {
            self.strays.push(Stray { row, text: start.into(), rows: 1 });
        }
    }

    /// The texts that are no numbers, where they are so few that the column was to be one of numbers.
    pub(super) fn strays_among_numbers(&self) -> Option<&[Stray]> {
        let is_number = |text: &&String| number::parse(text.as_bytes()).is_some_and(|number| !number.is_nan());
        let strays = self.strays.len();
        let few = 1..=MOST_STRAYS;
        (few.contains(&strays) && (self.many || self.levels.iter().filter(is_number).count() > strays))
            .then_some(&self.strays)
    }

    /// The same without blanks around the texts.
    pub(super) fn trimmed(mut self) -> Self {
        if self.levels.iter().all(|text| text.trim().len() == text.len()) {
            return self;
        }
        self.merged = blanks::merged(self.levels.iter().map(String::as_str)).map(str::to_owned);
        let mut kept = Interned::default();
        let code: Vec<u32> = self.levels.iter().map(|text| kept.number(text.trim())).collect();
        for own in &mut self.codes {
            *own = code.get(*own as usize).copied().unwrap_or(Interned::NONE);
        }
        self.levels = kept.names;
        self
    }
}

impl Column {
    /// The name in the header.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it holds.
    pub fn kind(&self) -> Kind {
        match &self.data {
            Data::Numbers(_) => Kind::Number,
            Data::Booleans(_) => Kind::Boolean,
            Data::Dates(_) => Kind::Date,
            Data::Texts(_) => Kind::Text,
            Data::Missing => Kind::Missing,
            Data::Unreadable(_) => Kind::Unreadable,
        }
    }

    /// In how many rows it is missing.
    pub fn missing(&self) -> usize {
        self.missing
    }

    /// Its numbers, 0 and 1 of a boolean column, or days since the start of 1970 of a date column; NaN is missing.
    pub fn values(&self) -> Option<&[f64]> {
        match &self.data {
            Data::Numbers(values) | Data::Booleans(values) | Data::Dates(values) => Some(values),
            _ => None,
        }
    }

    /// Its different texts by first sight, and the number of each row's text (`u32::MAX` for a missing one). `None`
    /// where there are no texts, or more than 10,000 different ones.
    pub fn levels(&self) -> Option<(&[String], &[u32])> {
        match &self.data {
            Data::Texts(texts) if !texts.many => Some((&texts.levels, &texts.codes)),
            _ => None,
        }
    }
}
