use consort_core::{Ids, RowInfo, Samples, Target};

/// The rows of the samples, each once and ascending, and one weight a row of the data set: a row that was drawn twice
/// counts twice and is never parted between folds; one of weight 0 is absent.
pub(crate) fn train_rows(train: &Samples<'_>) -> (Vec<u32>, Option<Vec<f64>>) {
    let Some(weights) = train.row_weights() else {
        return ((0..train.len() as u32).collect(), None);
    };
    let rows = (0..weights.len() as u32).filter(|&row| weights[row as usize] > 0.0).collect();
    (rows, Some(weights))
}

/// What a splitter may know of some rows of a data set.
pub(crate) struct Info {
    target: Option<Target>,
    groups: Option<Vec<u32>>,
    time: Option<Vec<f64>>,
    ids: Ids,
}

/// What a splitter may know of some rows.
pub(crate) fn info(train: &Samples<'_>, rows: &[u32]) -> Info {
    let data = train.dataset();
    let pick = |row: &u32| *row as usize;
    Info {
        target: data.target().map(|target| target.take(rows)),
        groups: data.groups().map(|groups| rows.iter().map(|row| groups[pick(row)]).collect()),
        time: data.time().map(|time| rows.iter().map(|row| time[pick(row)]).collect()),
        ids: if data.ids().are_positions() { Ids::positions(rows.len()) } else { data.ids().take(rows) },
    }
}

impl Info {
    pub(crate) fn as_row_info(&self) -> RowInfo<'_> {
        RowInfo {
            rows: self.ids.len(),
            target: self.target.as_ref(),
            groups: self.groups.as_deref(),
            time: self.time.as_deref(),
            ids: Some(&self.ids),
        }
    }
}
