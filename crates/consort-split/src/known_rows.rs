use consort_core::{Dataset, Ids, RowInfo, Target};

/// What a splitter may know of some rows of a data set, numbered anew from 0.
///
/// ```
/// use consort_core::{Dataset, Features};
/// use consort_split::KnownRows;
/// let data = Dataset::new(Features::Dense { values: vec![1.0, 2.0, 3.0], shape: vec![1] })?.with_groups(vec![7, 8, 7])?;
/// assert_eq!(KnownRows::of(&data, &[0, 2]).info().groups, Some(&[7, 7][..]));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct KnownRows {
    target: Option<Target>,
    groups: Option<Vec<u32>>,
    time: Option<Vec<f64>>,
    ids: Ids,
}

impl KnownRows {
    /// What is known of these rows.
    pub fn of(data: &Dataset, rows: &[u32]) -> Self {
        let pick = |row: &u32| *row as usize;
        Self {
            target: data.target().map(|target| target.take(rows)),
            groups: data.groups().map(|groups| rows.iter().map(|row| groups[pick(row)]).collect()),
            time: data.time().map(|time| rows.iter().map(|row| time[pick(row)]).collect()),
            ids: if data.ids().are_positions() { Ids::positions(rows.len()) } else { data.ids().take(rows) },
        }
    }

    /// For a splitter.
    pub fn info(&self) -> RowInfo<'_> {
        RowInfo {
            rows: self.ids.len(),
            target: self.target.as_ref(),
            groups: self.groups.as_deref(),
            time: self.time.as_deref(),
            ids: Some(&self.ids),
        }
    }
}
