use std::sync::Arc;

use consort_core::{
    Dataset, Encoder, Encoding, FitContext, Learner, LossHistory, Matrix, Model, Result, Samples, Takes,
};
use serde::{Deserialize, Serialize};

/// A learner behind an encoder, which is fitted on the rows of the same fit: it takes categories and holes, whatever
/// the learner itself takes.
///
/// It bears the learner's name. Rows of weight 0 do not reach encoder or learner. Validation rows are encoded as new rows
/// are.
///
/// ```
/// use std::sync::Arc;
/// use consort_core::{Column, Dataset, Features, FitContext, Learner, Samples, Seed, Target};
/// use consort_ensemble::encode::{Encoded, TableEncoder};
/// use consort_trees::boosting::GradientBoosting;
/// let c = Column::Categorical { name: "c".into(), codes: vec![0, 1, 0, 1], levels: vec!["a".into(), "b".into()] };
/// let y = Target::from_values(vec![1.0, 3.0, 1.0, 3.0], "y")?;
/// let data = Dataset::new(Features::Columns(vec![c]))?.with_target(y)?;
/// let learner = Encoded::new(Arc::new(TableEncoder::default()), Arc::new(GradientBoosting::default()));
/// let model = learner.fit(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert_eq!(model.predict(&Samples::all(&data))?.rows(), 4);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encoded {
    /// What makes the features fit for the learner.
    pub encoder: Arc<dyn Encoder>,
    /// The learner.
    #[serde(rename = "of")]
    pub learner: Arc<dyn Learner>,
}

impl Encoded {
    /// This learner behind this encoder.
    pub fn new(encoder: Arc<dyn Encoder>, learner: Arc<dyn Learner>) -> Self {
        Self { encoder, learner }
    }
}

/// A fitted encoder and the model behind it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EncodedModel {
    encoding: Box<dyn Encoding>,
    #[serde(rename = "of")]
    model: Box<dyn Model>,
}

#[typetag::serde(name = "encoded")]
impl Learner for Encoded {
    fn name(&self) -> String {
        self.learner.name()
    }

    fn takes(&self) -> Takes {
        Takes { categories: true, missing: true, weights: self.learner.takes().weights }
    }

    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Box<dyn Model>> {
        let dataset = train.dataset();
        let (present, weights) = present(train);
        let mut rows = Samples::rows(dataset, &present)?;
        if let Some(weights) = &weights {
            rows = rows.with_weights(weights)?;
        }
        let seed = ctx.seed.child("encoder");
        let (encoding, encoded) = self.encoder.fit(&rows, &FitContext { seed, validation: None, ..*ctx })?;
        let validation = ctx.validation.map(|rows| encode_answered(&*encoding, &rows, ctx)).transpose()?;
        let inner = FitContext { validation: validation.as_ref().map(Samples::all), ..*ctx };
        let model = self.learner.fit(&Samples::all(&encoded), &inner)?;
        Ok(Box::new(EncodedModel { encoding, model }))
    }
}

/// The data set's rows of the samples that have weight, and the weights of its rows, unless those present weigh 1.
fn present(train: &Samples<'_>) -> (Vec<u32>, Option<Vec<f64>>) {
    let numbers = (0..train.len()).filter(|&i| train.weight(i) > 0.0);
    let rows = numbers.clone().map(|i| train.row(i) as u32).collect();
    let mut weights = vec![1.0; train.dataset().rows()];
    let mut is_plain = true;
    for i in numbers {
        weights[train.row(i)] = train.weight(i);
        is_plain &= train.weight(i) == 1.0;
    }
    // Weights of the data set itself are in force unless others are given; those of 1 need not be.
    (rows, (!is_plain || train.dataset().weights().is_some()).then_some(weights))
}

/// Rows that are not learnt from, encoded, with their target and weights.
fn encode_answered(encoding: &dyn Encoding, rows: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Dataset> {
    let mut encoded = ctx.install(|| encoding.apply(rows))?;
    if rows.dataset().target().is_some() {
        encoded = encoded.with_target(rows.target("the encoder")?.into_owned())?;
    }
    if rows.is_weighted() {
        encoded = encoded.with_weights((0..rows.len()).map(|i| rows.weight(i)).collect())?;
    }
    Ok(encoded)
}

/// How many rows are encoded at a time, so that predicting many needs little memory.
const ROWS: usize = 1 << 16;

#[typetag::serde(name = "encoded")]
impl Model for EncodedModel {
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        if rows.len() <= ROWS {
            return self.model.predict(&Samples::all(&self.encoding.apply(rows)?));
        }
        let numbers: Vec<u32> = (0..rows.len()).map(|i| rows.row(i) as u32).collect();
        let (mut values, mut columns) = (Vec::new(), 0);
        for part in numbers.chunks(ROWS) {
            let encoded = self.encoding.apply(&Samples::rows(rows.dataset(), part)?)?;
            let predicted = self.model.predict(&Samples::all(&encoded))?;
            columns = predicted.columns();
            values.extend(predicted.into_values());
        }
        Matrix::new(rows.len(), columns, values)
    }

    fn histories(&self) -> Vec<LossHistory> {
        self.model.histories()
    }
}
