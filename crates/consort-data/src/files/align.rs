//! Rows of several files, joined by id.

use std::sync::Arc;

use consort_core::Ids;

use crate::Result;

use super::{Join, texts::Texts};

/// A row of a file that is not kept.
pub(super) const LEFT_OUT: u32 = u32::MAX;

/// The rows of one file by the rows of the first: `None` where they are the same in the same order.
#[derive(Debug)]
pub(super) struct Rows(pub(super) Option<Vec<u32>>);

/// The ids of the first file, and a look-up among them.
pub(super) struct Reference {
    ids: Ids,
    index: consort_core::IdIndex,
    file: String,
}

impl Reference {
    /// # Errors
    /// If an id occurs twice.
    pub(super) fn new(ids: Ids, file: &str) -> Result<Self> {
        let index = ids.index(file)?;
        Ok(Self { ids, index, file: file.into() })
    }

    /// The ids, without the look-up.
    pub(super) fn into_ids(self) -> Ids {
        self.ids
    }

    /// Joins another file's ids. With an inner join, ids that only one side has are left out of both.
    pub(super) fn join(&self, file: &str, ids: &Texts, join: Join) -> Result<Rows> {
        let rows = self.ids.len();
        let same =
            ids.len() == rows && ids.iter().enumerate().all(|(i, id)| self.ids.text(i) == id.unwrap_or_default());
        if same {
            return Ok(Rows(None));
        }
        let duplicate = |id: &str, first: usize, second: usize| consort_core::Error::DuplicateId {
            place: file.into(),
            id: id.into(),
            first: first + 1,
            second: second + 1,
        };
        let mut seen = vec![LEFT_OUT; rows];
        let mut unknown = std::collections::HashMap::new();
        let mut first_unknown = None;
        let mut places = Vec::with_capacity(ids.len());
        for (row, id) in ids.iter().enumerate() {
            let id = id.unwrap_or_default();
            match self.index.row(id) {
                Some(place) if seen[place] != LEFT_OUT => return Err(duplicate(id, seen[place] as usize, row).into()),
                Some(place) => {
                    seen[place] = row as u32;
                    places.push(place as u32);
                }
                None => {
                    if let Some(before) = unknown.insert(id, row) {
                        return Err(duplicate(id, before, row).into());
                    }
                    first_unknown.get_or_insert(id);
                    places.push(LEFT_OUT);
                }
            }
        }
        if join == Join::Exact {
            if let Some(id) = first_unknown {
                return Err(consort_core::Error::UnknownId {
                    place: file.into(),
                    id: id.into(),
                    reference: self.file.clone(),
                    count: unknown.len(),
                }
                .into());
            }
            if let Some(first) = seen.iter().position(|&row| row == LEFT_OUT) {
                return Err(consort_core::Error::MissingId {
                    place: file.into(),
                    id: self.ids.text(first).into_owned(),
                    reference: self.file.clone(),
                    count: seen.iter().filter(|&&row| row == LEFT_OUT).count(),
                }
                .into());
            }
        }
        Ok(Rows(Some(places)))
    }
}

/// The rows that are kept, in the byte order of their ids.
#[derive(Debug)]
pub(super) struct Aligned {
    pub(super) ids: Ids,
    /// The kept rows in the order of the first file.
    pub(super) order: Vec<u32>,
    /// For each file the place of each of its rows, or [`LEFT_OUT`].
    pub(super) places: Vec<Arc<Vec<u32>>>,
    /// For each file how many of its rows are left out.
    pub(super) left_out: Vec<usize>,
}

impl Aligned {
    /// From the ids of the first file and the rows of each file by them.
    pub(super) fn new(first: Ids, files: Vec<Rows>) -> Self {
        let rows = first.len();
        let mut count = vec![0u32; rows];
        let mut everywhere = 0;
        for file in &files {
            match &file.0 {
                None => everywhere += 1,
                Some(places) => {
                    places.iter().filter(|&&place| place != LEFT_OUT).for_each(|&place| count[place as usize] += 1)
                }
            }
        }
        let needed = files.len() as u32;
        let kept = |row: u32| count[row as usize] + everywhere == needed;
        let mut place = vec![LEFT_OUT; rows];
        let mut sorted = first.order();
        sorted.retain(|&row| kept(row));
        for (at, &row) in sorted.iter().enumerate() {
            place[row as usize] = at as u32;
        }
        let ids = if first.are_positions() {
            Ids::positions(rows)
        } else if sorted.len() == rows && sorted.iter().enumerate().all(|(i, &row)| i == row as usize) {
            first
        } else {
            first.take(&sorted)
        };
        let order = place.iter().copied().filter(|&at| at != LEFT_OUT).collect();
        let place = Arc::new(place);
        let places: Vec<Arc<Vec<u32>>> = files
            .into_iter()
            .map(|file| match file.0 {
                None => Arc::clone(&place),
                Some(mut rows) => {
                    for row in &mut rows {
                        *row = if *row == LEFT_OUT { LEFT_OUT } else { place[*row as usize] };
                    }
                    Arc::new(rows)
                }
            })
            .collect();
        let left_out = places.iter().map(|file| file.iter().filter(|&&at| at == LEFT_OUT).count()).collect();
        Self { ids, order, places, left_out }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(ids: &[&str]) -> Texts {
        let mut texts = Texts::default();
        ids.iter().for_each(|id| texts.push(Some(id)));
        texts
    }

    #[test]
    fn rows_stand_in_the_order_of_their_ids_and_go_back_to_that_of_the_first_file() {
        let first = Reference::new(Ids::from_texts(["b", "a", "c"]), "a.csv").unwrap();
        let other = first.join("b.csv", &texts(&["c", "b", "a"]), Join::Exact).unwrap();
        let aligned = Aligned::new(first.ids, vec![Rows(None), other]);
        assert_eq!(aligned.ids, Ids::from_texts(["a", "b", "c"]));
        assert_eq!(aligned.order, [1, 0, 2]);
        assert_eq!((&*aligned.places[0], &*aligned.places[1]), (&vec![1, 0, 2], &vec![2, 1, 0]));
    }

    #[test]
    fn an_inner_join_keeps_what_all_have_and_refuses_doubles_still() {
        let first = Reference::new(Ids::from_texts(["b", "a", "c"]), "a.csv").unwrap();
        let join = |ids: &[&str], join| first.join("b.csv", &texts(ids), join);
        let kept = join(&["x", "c", "b"], Join::Inner).unwrap();
        let message = |ids: &[&str], how| join(ids, how).unwrap_err().to_string();
        assert!(message(&["x", "y", "x"], Join::Inner).contains("duplicate id `x` (rows 1 and 3"));
        assert!(message(&["a", "a"], Join::Inner).contains("duplicate id `a`"));
        assert!(message(&["a", "b", "x", "c"], Join::Exact).contains("unknown id `x`"));
        assert!(message(&["a", "b"], Join::Exact).contains("missing id `c`"));
        let aligned = Aligned::new(first.ids, vec![Rows(None), kept]);
        assert_eq!((aligned.ids.len(), aligned.order, aligned.left_out), (2, vec![0, 1], vec![1, 1]));
    }
}
