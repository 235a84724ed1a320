use consort_core::{Predictions, Result, Truth, TruthPart};

use super::subject::Subject;
use crate::draw::number::count;

/// A part of the rows, drawn at random, for what would take too long on all of them.
pub(super) struct Part {
    /// Which rows, ascending.
    pub(super) rows: Vec<u32>,
    pub(super) predictions: Predictions,
    truth: TruthPart,
    all: usize,
}

impl Part {
    /// At most `most` of the rows that are present.
    pub(super) fn drawn(subject: &Subject<'_>, truth: &Truth<'_>, present: &[u32], most: usize, name: &str) -> Self {
        let mut rows = present.to_vec();
        if rows.len() > most {
            subject.seed.child(name).stream().shuffle(&mut rows);
            rows.truncate(most);
            rows.sort_unstable();
        }
        let (predictions, truth) = (subject.predictions.take(&rows), truth.part(&rows));
        Self { rows, predictions, truth, all: present.len() }
    }

    /// The truth of these rows.
    pub(super) fn truth(&self) -> Result<Truth<'_>> {
        self.truth.truth()
    }

    /// Says so if it is a part only.
    pub(super) fn note(&self) -> Option<String> {
        let rows = count(self.rows.len() as f64);
        (self.rows.len() < self.all).then(|| format!("From {rows} rows, drawn at random."))
    }
}
