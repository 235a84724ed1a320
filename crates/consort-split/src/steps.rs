//! The rows in steps of time.

use std::ops::Range;

use consort_core::{Error, Result, RowInfo};

/// The rows in time order. A step is one distinct time: rows of the same time are never parted.
pub(super) struct Steps {
    /// The rows, in time order.
    rows: Vec<u32>,
    /// Where each step starts in `rows`, and the end of the last.
    starts: Vec<usize>,
    /// The time of each step, ascending.
    pub(super) times: Vec<f64>,
}

impl Steps {
    /// The steps of all rows.
    pub(super) fn of(rows: &RowInfo<'_>, by: &str) -> Result<Self> {
        Self::among(rows, (0..rows.rows as u32).collect(), by)
    }

    /// The steps of some rows.
    pub(super) fn among(rows: &RowInfo<'_>, mut order: Vec<u32>, by: &str) -> Result<Self> {
        let time = rows.time.ok_or_else(|| Error::Unsupported {
            by: by.into(),
            what: "rows without a time".into(),
            hint: "give the column of the time; number the rows if their order is the time".into(),
        })?;
        if let Some(row) = time.iter().position(|time| !time.is_finite()) {
            return Err(Error::NotFinite {
                place: "the table to split".into(),
                row: row + 1,
                id: rows.ids.map(|ids| ids.label(row)).unwrap_or_default(),
                what: "the time".into(),
                value: time[row],
            });
        }
        let at = |row: u32| time[row as usize];
        if !order.is_sorted_by(|&a, &b| at(a) <= at(b)) {
            order.sort_unstable_by(|&a, &b| at(a).total_cmp(&at(b)));
        }
        let mut starts = Vec::new();
        let mut times = Vec::new();
        for (place, &row) in order.iter().enumerate() {
            if times.last() != Some(&at(row)) {
                starts.push(place);
                times.push(at(row));
            }
        }
        starts.push(order.len());
        Ok(Self { rows: order, starts, times })
    }

    /// How many steps there are.
    pub(super) fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether a step is exactly a row.
    fn are_rows(&self) -> bool {
        self.len() == self.rows.len()
    }

    /// What a step is called in messages.
    pub(super) fn unit(&self) -> &'static str {
        if self.are_rows() { "rows" } else { "distinct times" }
    }

    /// The rows of some steps, ascending by row number.
    pub(super) fn rows(&self, steps: Range<usize>) -> Vec<u32> {
        self.rows_of(&[steps])
    }

    /// The rows of several ranges of steps, ascending by row number.
    pub(super) fn rows_of(&self, ranges: &[Range<usize>]) -> Vec<u32> {
        let mut rows: Vec<u32> = Vec::new();
        for range in ranges {
            rows.extend_from_slice(&self.rows[self.starts[range.start]..self.starts[range.end]]);
        }
        rows.sort_unstable();
        rows
    }

    /// The steps cut into `blocks` runs whose lengths differ by at most one, the longer ones first.
    pub(super) fn blocks(&self, blocks: u32) -> Vec<Range<usize>> {
        runs(self.len(), blocks)
    }
}

/// `0..len` cut into runs whose lengths differ by at most one, the longer ones first.
pub(super) fn runs(len: usize, count: u32) -> Vec<Range<usize>> {
    let (least, longer) = (len / count as usize, len % count as usize);
    let mut start = 0;
    (0..count as usize)
        .map(|run| {
            let end = start + least + usize::from(run < longer);
            std::mem::replace(&mut start, end)..end
        })
        .collect()
}
