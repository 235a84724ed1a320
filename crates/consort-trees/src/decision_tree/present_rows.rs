use consort_core::{Error, Result, Samples};

/// The rows of some samples that have weight, ascending, each once: a row that is named twice, or of weight 2, is
/// there once with twice the weight.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PresentRows {
    pub(crate) rows: Vec<u32>,
    pub(crate) weights: Vec<f64>,
}

impl PresentRows {
    pub(crate) fn of(train: &Samples<'_>) -> Result<Self> {
        if train.is_empty() {
            return Err(Error::Empty { what: "the training part".into(), hint: "give at least one row".into() });
        }
        let is_wrong = |&i: &usize| !(train.weight(i).is_finite() && train.weight(i) >= 0.0);
        if let Some(i) = (0..train.len()).find(is_wrong) {
            let value = format!("{} in row {}", train.weight(i), train.row(i) + 1);
            return Err(Error::parameter("weights", value, "finite and at least 0"));
        }
        let Some(weights) = train.row_weights() else {
            let rows = train.len();
            return Ok(Self { rows: (0..rows as u32).collect(), weights: vec![1.0; rows] });
        };
        let rows: Vec<u32> = (0..weights.len() as u32).filter(|&row| weights[row as usize] > 0.0).collect();
        if rows.is_empty() {
            return Err(Error::parameter("weights", "0 in every row", "above 0 in some row"));
        }
        let weights = rows.iter().map(|&row| weights[row as usize]).collect();
        Ok(Self { rows, weights })
    }
}
