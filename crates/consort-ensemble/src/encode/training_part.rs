use consort_core::{Dataset, Error, FitContext, Result, Samples};

/// The rows that an encoder is fitted on.
pub(crate) struct TrainingPart<'a> {
    pub(super) rows: Samples<'a>,
    /// One weight a row; those of weight 0 are not read.
    pub(super) weights: Vec<f64>,
}

impl<'a> TrainingPart<'a> {
    /// # Errors
    /// [`Error::Empty`] if no row has weight; [`Error::Cancelled`].
    pub(crate) fn new(rows: &Samples<'a>, ctx: &FitContext<'_>) -> Result<Self> {
        ctx.check()?;
        let weights: Vec<f64> = (0..rows.len()).map(|i| rows.weight(i)).collect();
        if weights.iter().all(|&weight| weight == 0.0) {
            let hint = "an encoder is fitted on at least one row that has weight".into();
            return Err(Error::Empty { what: "the training part".into(), hint });
        }
        Ok(Self { rows: *rows, weights })
    }

    /// The numbers that are present, and their weights, in the order of the rows.
    pub(super) fn present<'b>(&'b self, values: &'b [f32]) -> impl Iterator<Item = (f32, f64)> + 'b {
        let known = |(value, weight): &(f32, f64)| *weight > 0.0 && !value.is_nan();
        values.iter().copied().zip(self.weights.iter().copied()).filter(known)
    }

    /// Refuses an infinite number, where sums are made of them.
    ///
    /// # Errors
    /// [`Error::NotFinite`] naming column and row.
    pub(super) fn expect_finite(&self, name: &str, values: &[f32]) -> Result<()> {
        match (0..values.len()).find(|&i| values[i].is_infinite() && self.weights[i] > 0.0) {
            None => Ok(()),
            Some(i) => {
                let row = self.rows.row(i);
                Err(Error::NotFinite {
                    place: format!("column `{name}`"),
                    row: row + 1,
                    id: self.rows.dataset().ids().label(row),
                    what: "the value".into(),
                    value: f64::from(values[i]),
                })
            }
        }
    }

    /// The encoded features with everything else that the rows have.
    pub(crate) fn dress(&self, features: Dataset) -> Result<Dataset> {
        let (source, numbers) = (self.rows.dataset(), self.rows.row_numbers());
        let mut encoded = features;
        if let Some(target) = source.target() {
            encoded = encoded.with_target(numbers.map_or_else(|| target.clone(), |rows| target.take(rows)))?;
        }
        // Weights of 1 say nothing, and a learner that takes none would refuse them.
        if self.weights.iter().any(|&weight| weight != 1.0) {
            encoded = encoded.with_weights(self.weights.clone())?;
        }
        if let Some(time) = source.time() {
            encoded = encoded.with_time((0..self.rows.len()).map(|i| time[self.rows.row(i)]).collect())?;
        }
        let groups = match source.groups() {
            Some(groups) => Some((0..self.rows.len()).map(|i| groups[self.rows.row(i)]).collect()),
            // A row that was drawn twice is two rows from here on: as one group they can be kept together.
            None => numbers.filter(|rows| has_repeats(rows, source.rows())).map(<[u32]>::to_vec),
        };
        match groups {
            Some(groups) => encoded.with_groups(groups),
            None => Ok(encoded),
        }
    }
}

/// Whether a row number occurs twice.
pub(super) fn has_repeats(numbers: &[u32], rows: usize) -> bool {
    let mut seen = vec![false; rows];
    numbers.iter().any(|&row| std::mem::replace(&mut seen[row as usize], true))
}
