use consort_core::{Dataset, Encoder, Encoding, Error, Features, FitContext, Result, Samples};
use serde::{Deserialize, Serialize};

use super::{History, Net, NetModel, guarded::guarded, school::Basis};

/// Rows as a net sees them: what its last layer would read, one number a unit, as features for another learner.
///
/// The weights come from a file (`net.pretrained`) and stay as they are, so that no target enters the features; or the net learns
/// first (`learns`), from the rows of the fit. Then a row that was learnt from shows its own target, and what is
/// fitted on such rows trusts the features too much: keep the net small, or stop it early. Rows that were not in the fit are never
/// read, so that inside folds what is said of the tested ones is honest either way.
///
/// As an encoder it stands before any learner (`consort_ensemble::encode::Encoded`), and beside the members' predictions in a stack
/// (`Stacking::passthrough_encoded`).
///
/// Source: Razavian and others (2014), "CNN features off-the-shelf"; Bengio, Courville, Vincent (2013).
///
/// ```
/// use consort_burn::{architecture::Mlp, net::{Net, NetEmbedding}};
/// use consort_core::{Column, Dataset, Encoder, Features, FitContext, Samples, Seed, Target};
/// let x = Column::Numeric { name: "x".into(), values: (0..60).map(|i| i as f32).collect() };
/// let y = Target::from_values((0..60).map(f64::from).collect(), "y")?;
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let net = Net { epochs: 2, ..Net::new(Mlp { hidden: vec![16, 8], ..Mlp::default() }) };
/// let embedding = NetEmbedding { net, learns: true };
/// let (encoding, train) = embedding.fit(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert_eq!(train.row_shape(), Some(&[8][..]));
/// assert_eq!(encoding.apply(&Samples::rows(&data, &[3])?)?.rows(), 1);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetEmbedding {
    /// The net.
    pub net: Net,
    /// Whether it learns from the rows of the fit before they are embedded.
    #[serde(default)]
    pub learns: bool,
}

/// A net that embeds rows.
#[derive(Debug, Serialize, Deserialize)]
pub struct EmbeddedRows {
    model: NetModel,
}

impl EmbeddedRows {
    /// The net.
    pub fn model(&self) -> &NetModel {
        &self.model
    }
}

#[typetag::serde(name = "net_embedding")]
impl Encoder for NetEmbedding {
    fn name(&self) -> String {
        format!("embedding by {}", self.net.architecture.name())
    }

    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<(Box<dyn Encoding>, Dataset)> {
        let model = ctx.install(|| {
            if self.learns {
                return self.net.train(train, ctx);
            }
            ctx.check()?;
            if self.net.pretrained.is_none() {
                return Err(Error::Unsupported {
                    by: self.name(),
                    what: "a net with random weights".into(),
                    hint: "say where its weights are (`pretrained`), or let it learn (`learns`)".into(),
                });
            }
            let basis = Basis::new(&self.net, train)?;
            guarded(&self.net.by(), || Ok(basis.model(&*basis.network(&self.net, ctx.seed)?, History::default())))
        })?;
        let encoding = EmbeddedRows { model };
        let encoded = train.dress(ctx.install(|| encoding.apply(train))?)?;
        Ok((Box::new(encoding), encoded))
    }
}

#[typetag::serde(name = "net_embedding")]
impl Encoding for EmbeddedRows {
    fn apply(&self, rows: &Samples<'_>) -> Result<Dataset> {
        let units = self.model.embed(rows)?;
        let shape = vec![units.columns()];
        rows.with_features(Features::Dense { values: units.into_values(), shape })
    }
}
