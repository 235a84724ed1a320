use consort_core::{Ids, RowInfo, Samples, Target};

/// The rows of the samples, each once and ascending, and one weight a row of the data set: a row that was drawn twice
/// counts twice and is never parted between folds; one of weight 0 is absent.
pub(crate) fn train_rows(train: &Samples<'_>) -> (Vec<u32>, Option<Vec<f64>>) {
    if train.row_numbers().is_none() && !train.is_weighted() {
        return ((0..train.len() as u32).collect(), None);
    }
    let weights = weights_of(train);
    let rows = (0..weights.len() as u32).filter(|&row| weights[row as usize] > 0.0).collect();
    (rows, Some(weights))
}

/// The sum of the weights of each row of the data set among the samples.
fn weights_of(samples: &Samples<'_>) -> Vec<f64> {
    let mut weights = vec![0.0; samples.dataset().rows()];
    for i in 0..samples.len() {
        weights[samples.row(i)] += samples.weight(i);
    }
    weights
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
