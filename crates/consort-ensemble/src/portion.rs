use consort_core::{Dataset, Learner, Result, Samples};

/// Some rows of a data set with weights of their own, as a learner takes them: with the weights, or, if it takes none and
/// the weights are numbers of times, with each row named so often.
pub(crate) struct Portion {
    rows: Vec<u32>,
    /// One a row of the data set; `None` where each row counts as often as it is named.
    weights: Option<Vec<f64>>,
}

impl Portion {
    /// These rows, which ascend, each once, and their weights. `are_times` says that weights are numbers of times, which a
    /// learner without weights can be told by naming rows; weights of other origin it gets, to refuse them.
    pub(crate) fn new(learner: &dyn Learner, data: &Dataset, rows: Vec<u32>, weights: &[f64], are_times: bool) -> Self {
        if weights.iter().all(|&weight| weight == 1.0) {
            return Self { rows, weights: None };
        }
        if are_times && !learner.takes().weights {
            let named = |(&row, &times): (&u32, &f64)| std::iter::repeat_n(row, times as usize);
            return Self { rows: rows.iter().zip(weights).flat_map(named).collect(), weights: None };
        }
        let mut of_rows = vec![0.0; data.rows()];
        rows.iter().zip(weights).for_each(|(&row, &weight)| of_rows[row as usize] = weight);
        Self { rows, weights: Some(of_rows) }
    }

    /// The samples, of the data set or of one with the same rows.
    pub(crate) fn samples<'a>(&'a self, data: &'a Dataset) -> Result<Samples<'a>> {
        let rows = Samples::rows(data, &self.rows)?;
        match &self.weights {
            Some(weights) => rows.with_weights(weights),
            None => Ok(rows.unweighted()),
        }
    }
}
