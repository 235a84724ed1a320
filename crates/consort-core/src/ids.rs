use std::{hash::BuildHasher, sync::Arc};

use crate::{Error, Result};

/// The ids of rows: texts, never numbers, kept in one block of memory.
///
/// Cloning shares the block. Rows without ids have positions, which cost no memory; their texts are `0`, `1`, ….
///
/// ```
/// use consort_core::Ids;
/// let ids = Ids::from_texts(["007", "9007199254740993"]);
/// assert_eq!(ids.text(0), "007");
/// assert_eq!(Ids::positions(3).text(2), "2");
/// ```
#[derive(Debug, Clone)]
pub struct Ids(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Positions(usize),
    Texts(Arc<Texts>),
}

#[derive(Debug)]
struct Texts {
    bytes: String,
    ends: Ends,
}

/// Where each text ends in the bytes. Ids are often all of one length, and then that says it; else in 32 bits while they go
/// so far, since an id is often not longer than 64 bits itself. There is one way for each list of texts.
#[derive(Debug, PartialEq)]
enum Ends {
    Even { length: usize, texts: usize },
    Short(Vec<u32>),
    Long(Vec<u64>),
}

impl Ends {
    const NONE: Self = Ends::Even { length: 0, texts: 0 };

    fn push(&mut self, end: usize) {
        match self {
            Ends::Even { length, texts: texts @ 0 } => (*length, *texts) = (end, 1),
            Ends::Even { length, texts } if end == *length * (*texts + 1) => *texts += 1,
            Ends::Even { length, texts } => {
                let ends = (1..=*texts).map(|text| *length * text).chain([end]);
                *self = match u32::try_from(end) {
                    Ok(_) => Ends::Short(ends.map(|end| end as u32).collect()),
                    Err(_) => Ends::Long(ends.map(|end| end as u64).collect()),
                };
            }
            Ends::Short(ends) => match u32::try_from(end) {
                Ok(end) => ends.push(end),
                Err(_) => {
                    let mut long: Vec<u64> = ends.iter().map(|&end| u64::from(end)).collect();
                    long.push(end as u64);
                    *self = Ends::Long(long);
                }
            },
            Ends::Long(ends) => ends.push(end as u64),
        }
    }

    fn at(&self, i: usize) -> usize {
        match self {
            Ends::Even { length, .. } => length * (i + 1),
            Ends::Short(ends) => ends[i] as usize,
            Ends::Long(ends) => ends[i] as usize,
        }
    }

    fn len(&self) -> usize {
        match self {
            Ends::Even { texts, .. } => *texts,
            Ends::Short(ends) => ends.len(),
            Ends::Long(ends) => ends.len(),
        }
    }

    fn shrink_to_fit(&mut self) {
        match self {
            Ends::Even { .. } => {}
            Ends::Short(ends) => ends.shrink_to_fit(),
            Ends::Long(ends) => ends.shrink_to_fit(),
        }
    }
}

impl Texts {
    fn get(&self, i: usize) -> &str {
        let start = if i == 0 { 0 } else { self.ends.at(i - 1) };
        &self.bytes[start..self.ends.at(i)]
    }
}

impl Ids {
    /// Ids from texts, in row order.
    pub fn from_texts<S: AsRef<str>>(texts: impl IntoIterator<Item = S>) -> Self {
        let mut kept = Texts { bytes: String::new(), ends: Ends::NONE };
        for text in texts {
            kept.bytes.push_str(text.as_ref());
            kept.ends.push(kept.bytes.len());
        }
        kept.bytes.shrink_to_fit();
        kept.ends.shrink_to_fit();
        Self(Kind::Texts(Arc::new(kept)))
    }

    /// Rows that have no ids, only positions.
    pub fn positions(rows: usize) -> Self {
        Self(Kind::Positions(rows))
    }

    /// Whether rows have positions only.
    pub fn are_positions(&self) -> bool {
        matches!(self.0, Kind::Positions(_))
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            Kind::Positions(rows) => *rows,
            Kind::Texts(texts) => texts.ends.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The id of row `i` as text.
    pub fn text(&self, i: usize) -> std::borrow::Cow<'_, str> {
        match &self.0 {
            Kind::Positions(_) => i.to_string().into(),
            Kind::Texts(texts) => texts.get(i).into(),
        }
    }

    /// The id of row `i` where rows have ids, else an empty text: for messages that name the row anyway.
    pub fn label(&self, i: usize) -> String {
        if self.are_positions() { String::new() } else { self.text(i).into_owned() }
    }

    /// The ids of some rows, in the order given.
    pub fn take(&self, rows: &[u32]) -> Ids {
        Ids::from_texts(rows.iter().map(|&i| self.text(i as usize)))
    }

    /// The row numbers in the byte order of their ids, or as they stand for positions.
    ///
    /// Work done in this order does not depend on how a file happened to be sorted.
    pub fn order(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.len() as u32).collect();
        if let Kind::Texts(texts) = &self.0 {
            let ascending = (1..texts.ends.len()).all(|i| texts.get(i - 1) <= texts.get(i));
            if !ascending {
                order.sort_unstable_by(|&a, &b| texts.get(a as usize).cmp(texts.get(b as usize)).then(a.cmp(&b)));
            }
        }
        order
    }

    /// A look-up from id to row.
    ///
    /// # Errors
    /// [`Error::DuplicateId`] naming `place` if an id occurs twice.
    pub fn index(&self, place: &str) -> Result<IdIndex> {
        let hasher = std::hash::RandomState::new();
        let mut table = hashbrown::HashTable::new();
        if let Kind::Texts(texts) = &self.0 {
            table.reserve(texts.ends.len(), |&i: &u32| hasher.hash_one(texts.get(i as usize)));
            for i in 0..texts.ends.len() {
                let text = texts.get(i);
                let hash = hasher.hash_one(text);
                match table.entry(hash, |&j| texts.get(j as usize) == text, |&j| hasher.hash_one(texts.get(j as usize)))
                {
                    hashbrown::hash_table::Entry::Occupied(seen) => {
                        return Err(Error::DuplicateId {
                            place: place.into(),
                            id: text.into(),
                            first: *seen.get() as usize + 1,
                            second: i + 1,
                        });
                    }
                    hashbrown::hash_table::Entry::Vacant(free) => {
                        free.insert(i as u32);
                    }
                }
            }
        }
        Ok(IdIndex { ids: self.clone(), table, hasher })
    }
}

impl PartialEq for Ids {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Kind::Positions(a), Kind::Positions(b)) => a == b,
            (Kind::Texts(a), Kind::Texts(b)) => Arc::ptr_eq(a, b) || (a.ends == b.ends && a.bytes == b.bytes),
            _ => false,
        }
    }
}

/// A look-up from id to row number. Five bytes an id beside the ids themselves.
///
/// ```
/// use consort_core::Ids;
/// let index = Ids::from_texts(["r7", "r9"]).index("truth.csv")?;
/// assert_eq!((index.row("r9"), index.row("r8")), (Some(1), None));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug)]
pub struct IdIndex {
    ids: Ids,
    table: hashbrown::HashTable<u32>,
    hasher: std::hash::RandomState,
}

impl IdIndex {
    /// The row that bears this id.
    pub fn row(&self, id: &str) -> Option<usize> {
        match &self.ids.0 {
            Kind::Positions(rows) => id.parse().ok().filter(|row| row < rows && self.ids.text(*row) == id),
            Kind::Texts(texts) => {
                self.table.find(self.hasher.hash_one(id), |&i| texts.get(i as usize) == id).map(|&i| i as usize)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_are_equal_as_numbers_stay_distinct() {
        let ids = Ids::from_texts(["9007199254740992", "9007199254740993", "007", "7"]);
        let index = ids.index("a.csv").unwrap();
        for i in 0..4 {
            assert_eq!(index.row(&ids.text(i)), Some(i));
        }
        assert_eq!(index.row("07"), None);
    }

    #[test]
    fn a_doubled_id_is_named_with_both_rows() {
        let error = Ids::from_texts(["r1", "r3", "r2", "r3"]).index("b.csv").unwrap_err();
        assert_eq!(
            error.to_string(),
            "b.csv: duplicate id `r3` (rows 2 and 4, counted from 1): keep one row for each id"
        );
    }

    #[test]
    fn ends_beyond_32_bits_are_kept_in_64() {
        let (mut ends, far) = (Ends::NONE, 5usize << 32);
        [3, 7, far, far + 1].into_iter().for_each(|end| ends.push(end));
        assert_eq!((0..ends.len()).map(|i| ends.at(i)).collect::<Vec<_>>(), [3, 7, far, far + 1]);
        assert_eq!(ends, Ends::Long(vec![3, 7, far as u64, far as u64 + 1]));
        let mut ends = Ends::NONE;
        [far, 2 * far, 2 * far + 1].into_iter().for_each(|end| ends.push(end));
        assert_eq!(ends, Ends::Long(vec![far as u64, 2 * far as u64, 2 * far as u64 + 1]));
    }

    #[test]
    fn texts_of_one_length_need_no_ends_and_the_first_other_one_brings_them() {
        for (texts, even) in [
            (&["a1", "b2", "c3"][..], true),
            (&["a1", "b2", "c"], false),
            (&["a", "bcd", ""], false),
            (&["", "", ""], true),
            (&["", "x"], false),
            (&["only"], true),
            (&[], true),
        ] {
            let ids = Ids::from_texts(texts);
            assert_eq!((0..ids.len()).map(|i| ids.text(i).into_owned()).collect::<Vec<_>>(), texts);
            let Ids(Kind::Texts(kept)) = &ids else { panic!("positions") };
            assert_eq!(matches!(kept.ends, Ends::Even { .. }), even, "{texts:?}");
        }
        assert_ne!(Ids::from_texts(["", ""]), Ids::from_texts([""]));
    }

    #[test]
    fn the_order_is_by_bytes_and_positions_keep_theirs() {
        assert_eq!(Ids::from_texts(["b", "a", "10", "9"]).order(), [2, 3, 1, 0]);
        assert_eq!(Ids::positions(12).order(), (0..12).collect::<Vec<u32>>());
    }
}
