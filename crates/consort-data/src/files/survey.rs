//! What a column holds, seen once: distinct texts, numbers, what is missing.

use std::collections::HashMap;

use super::{blanks, number};

/// The most distinct texts of a column that are taken for classes.
pub(crate) const MOST_CLASSES: usize = 10_000;

/// Texts, each kept once and numbered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interned {
    pub(crate) names: Vec<String>,
    index: HashMap<String, u32>,
    /// Whether there were more distinct texts than are kept.
    pub(crate) many: bool,
    last: u32,
}

impl Interned {
    /// A number that stands for no text.
    pub(crate) const NONE: u32 = u32::MAX;

    /// The number of a text; [`NONE`](Self::NONE) once there are too many.
    pub(crate) fn number(&mut self, text: &str) -> u32 {
        // Labels come in runs.
        if self.names.get(self.last as usize).is_some_and(|name| name == text) {
            return self.last;
        }
        if let Some(&number) = self.index.get(text) {
            self.last = number;
            return number;
        }
        if self.names.len() >= MOST_CLASSES {
            self.many = true;
            return Self::NONE;
        }
        let number = self.names.len() as u32;
        self.names.push(text.into());
        self.index.insert(text.into(), number);
        self.last = number;
        number
    }
}

/// What a column holds.
#[derive(Debug, Clone)]
pub(super) struct Survey {
    /// The distinct texts.
    pub(super) seen: Interned,
    /// Whether all that is there is a number.
    pub(super) numeric: bool,
    /// Whether the first thing that is there is no number.
    pub(super) begins_with_text: bool,
    /// Whether all numbers are in [0, 1].
    pub(super) unit: bool,
    /// Whether all numbers are whole.
    pub(super) whole: bool,
    any: bool,
}

impl Default for Survey {
    fn default() -> Self {
        Self { seen: Interned::default(), numeric: true, begins_with_text: false, unit: true, whole: true, any: false }
    }
}

impl Survey {
    pub(super) fn text(&mut self, text: Option<&str>) {
        let Some(text) = text.and_then(blanks::label) else { return };
        if !self.seen.many {
            self.seen.number(text);
        }
        match number::parse(text.as_bytes()) {
            Some(value) => self.number(value),
            None => {
                self.begins_with_text |= !self.any;
                (self.any, self.numeric, self.unit) = (true, false, false);
            }
        }
    }

    pub(super) fn number(&mut self, value: f64) {
        if !value.is_nan() {
            self.any = true;
            self.unit &= (0.0..=1.0).contains(&value);
            self.whole &= value.fract() == 0.0;
        }
    }

    /// Whether it is in [0, 1] as far as there is something.
    pub(super) fn in_unit(&self) -> bool {
        self.any && self.unit
    }
}

/// A column whose values are kept by row, as texts and, as long as all are numbers, as numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Kept {
    pub(super) seen: Interned,
    /// The number of each row's text, [`Interned::NONE`] for a missing one or where there are too many.
    pub(super) codes: Vec<u32>,
    /// The numbers, while all are; NaN is missing.
    pub(super) numbers: Vec<f64>,
    /// The first row whose text is no number, and the text.
    pub(super) first_text: Option<(usize, String)>,
    /// The rows whose field is empty.
    pub(super) empty: Vec<u32>,
}

impl Kept {
    pub(super) fn push(&mut self, text: Option<&str>) {
        let text = text.filter(|text| blanks::label(text).is_some());
        let row = self.codes.len();
        self.codes.push(text.map_or(Interned::NONE, |text| self.seen.number(text)));
        if text.is_none() {
            self.empty.push(row as u32);
        }
        if self.first_text.is_none() {
            match number::parse(text.unwrap_or_default().as_bytes()) {
                Some(value) => self.numbers.push(value),
                None => {
                    self.first_text = Some((row, text.unwrap_or_default().chars().take(40).collect()));
                    self.numbers = Vec::new();
                }
            }
        }
    }

    /// Whether all that is there is a number.
    pub(super) fn is_numeric(&self) -> bool {
        self.first_text.is_none()
    }
}
