use std::sync::Arc;

use consort_core::{Dataset, Encoder, Encoding, Error, FitContext, Result, Samples};
use serde::{Deserialize, Serialize};

/// One encoder after another, each fitted on what the one before makes of the training rows.
///
/// ```
/// use std::sync::Arc;
/// use consort_core::{Column, Dataset, Encoder, Features, FitContext, Samples, Seed};
/// use consort_ensemble::encode::{Chain, Impute, Scale};
/// let x = Column::Numeric { name: "x".into(), values: vec![1.0, f32::NAN, 3.0] };
/// let data = Dataset::new(Features::Columns(vec![x]))?;
/// let impute = Impute { indicator: false, ..Default::default() };
/// let chain = Chain { encoders: vec![Arc::new(impute), Arc::new(Scale::default())] };
/// let (_, train) = chain.fit(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// let Features::Columns(columns) = train.features() else { unreachable!() };
/// assert_eq!(columns[0], Column::Numeric { name: "x".into(), values: vec![-1.2247449, 0.0, 1.2247449] });
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    /// The encoders, in order.
    pub encoders: Vec<Arc<dyn Encoder>>,
}

/// The encoders of a chain, fitted.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FittedChain {
    encodings: Vec<Box<dyn Encoding>>,
}

#[typetag::serde(name = "chain")]
impl Encoder for Chain {
    fn name(&self) -> String {
        self.encoders.iter().map(|encoder| encoder.name()).collect::<Vec<_>>().join("+")
    }

    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<(Box<dyn Encoding>, Dataset)> {
        let mut encodings: Vec<Box<dyn Encoding>> = Vec::with_capacity(self.encoders.len());
        let mut encoded: Option<Dataset> = None;
        for (place, encoder) in self.encoders.iter().enumerate() {
            let ctx = FitContext { seed: ctx.seed.nth("encoder", place as u64), ..*ctx };
            let (encoding, next) = match &encoded {
                None => encoder.fit(train, &ctx)?,
                Some(before) => encoder.fit(&Samples::all(before), &ctx)?,
            };
            encodings.push(encoding);
            encoded = Some(next);
        }
        let encoded = encoded.ok_or_else(|| empty("give at least one encoder"))?;
        Ok((Box::new(FittedChain { encodings }), encoded))
    }
}

fn empty(hint: &str) -> Error {
    Error::Empty { what: "the chain of encoders".into(), hint: hint.into() }
}

#[typetag::serde(name = "chain")]
impl Encoding for FittedChain {
    fn apply(&self, rows: &Samples<'_>) -> Result<Dataset> {
        let (first, rest) = self.encodings.split_first().ok_or_else(|| empty("the saved chain is damaged"))?;
        rest.iter().try_fold(first.apply(rows)?, |encoded, next| next.apply(&Samples::all(&encoded)))
    }
}
