use consort_core::{Error, FitContext, Result, Samples};

/// The rows that an encoder is fitted on.
pub(crate) struct TrainingPart<'a> {
    pub(crate) rows: Samples<'a>,
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
}
