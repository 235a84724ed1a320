use consort_core::{Column, Dataset, Encoder, Encoding, Features, FitContext, Result, Samples};
use serde::{Deserialize, Serialize};

use super::{
    Impute, OneHot, Scale, TargetEncoding,
    feature::Feature,
    impute::ImputedNumber,
    level_weights::LevelWeights,
    one_hot::OneHotLevels,
    per_feature::{Chosen, EncodedFeature, Kind, PerFeature},
    scale::ScaledNumber,
    target_encoding::{Answers, LevelMeans},
    training_part::TrainingPart,
};

/// The default recipe for learners that take only numbers: fills and scales numbers (with an indicator where there were
/// holes), gives each level of a category a column where there are few, and takes means of the target where there are
/// many. The means are scaled as numbers are; columns of 0 and 1 are not.
///
/// A dense block, such as images, has one unit: it is not scaled, and its holes are filled.
///
/// ```
/// use consort_core::{Column, Dataset, Encoder, Features, FitContext, Samples, Seed};
/// use consort_ensemble::encode::TableEncoder;
/// let x = Column::Numeric { name: "x".into(), values: vec![1.0, f32::NAN, 3.0] };
/// let c = Column::Categorical { name: "c".into(), codes: vec![0, 1, 0], levels: vec!["a".into(), "b".into()] };
/// let data = Dataset::new(Features::Columns(vec![x, c]))?;
/// let (_, train) = TableEncoder::default().fit(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// let Features::Columns(columns) = train.features() else { unreachable!() };
/// assert_eq!(columns.iter().map(Column::name).collect::<Vec<_>>(), ["x", "x is missing", "c=a", "c=b"]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TableEncoder {
    /// How numbers are filled; `None` leaves holes. Its columns are not asked.
    pub impute: Option<Impute>,
    /// How numbers are scaled; `None` leaves them as they are. Its columns are not asked.
    pub scale: Option<Scale>,
    /// Up to so many levels among the training rows, each has a column; beyond, their means are taken.
    pub few_levels: usize,
    /// The columns of categories with few levels.
    pub one_hot: OneHot,
    /// The means of categories with many.
    pub target: TargetEncoding,
}

impl Default for TableEncoder {
    fn default() -> Self {
        Self {
            impute: Some(Impute::default()),
            scale: Some(Scale::default()),
            few_levels: 16,
            one_hot: OneHot::default(),
            target: TargetEncoding::default(),
        }
    }
}

impl TableEncoder {
    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`consort_core::Error::Parameter`].
    pub fn check(&self) -> Result<()> {
        self.impute.as_ref().map_or(Ok(()), Impute::check)?;
        self.one_hot.check()?;
        self.target.check()
    }

    fn number(&self, name: &str, values: &[f32], train: &TrainingPart<'_>) -> Result<TableFeature> {
        let is_block = matches!(train.rows.dataset().features(), Features::Dense { .. });
        let filled = self.impute.as_ref().map(|impute| impute.number(name, values, train)).transpose()?;
        let scale = self.scale.as_ref().filter(|_| !is_block);
        // The mean of the filled column: a hole then is what the fill is, in units of the column with its holes filled.
        let scaled = match (&filled, scale) {
            (_, None) => None,
            (None, Some(scale)) => Some(scale.number(name, values, train)?),
            (Some(filled), Some(scale)) => Some(scale.number(name, &filled.fill(name, values).0, train)?),
        };
        Ok(TableFeature::Number { filled, scaled })
    }
}

/// What a feature of a table becomes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TableFeature {
    Number { filled: Option<ImputedNumber>, scaled: Option<ScaledNumber> },
    OneHot(OneHotLevels),
    Means { means: LevelMeans, scaled: Vec<ScaledNumber> },
}

impl EncodedFeature for TableFeature {
    fn columns(&self, name: &str, feature: Feature<'_>) -> Vec<Column> {
        match self {
            TableFeature::Number { filled, scaled } => {
                let (mut values, indicator) = match filled {
                    Some(filled) => filled.fill(name, feature.numbers()),
                    None => (feature.numbers().to_vec(), None),
                };
                if let Some(scaled) = scaled {
                    values = scaled.scale(&values);
                }
                std::iter::once(Column::Numeric { name: name.into(), values }).chain(indicator).collect()
            }
            TableFeature::OneHot(levels) => levels.columns(name, feature),
            TableFeature::Means { means, scaled } => scale_all(means.columns(name, feature), scaled),
        }
    }
}

fn scale_all(mut columns: Vec<Column>, scaled: &[ScaledNumber]) -> Vec<Column> {
    for (column, scaled) in columns.iter_mut().zip(scaled) {
        if let Column::Numeric { values, .. } = column {
            *values = scaled.scale(values);
        }
    }
    columns
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct FittedTableEncoder(PerFeature<TableFeature>);

#[typetag::serde(name = "table")]
impl Encoding for FittedTableEncoder {
    fn apply(&self, rows: &Samples<'_>) -> Result<Dataset> {
        self.0.apply(rows)
    }
}

#[typetag::serde(name = "table")]
impl Encoder for TableEncoder {
    fn name(&self) -> String {
        "table".into()
    }

    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<(Box<dyn Encoding>, Dataset)> {
        self.check()?;
        let train = TrainingPart::new(train, ctx)?;
        // Without a target there are no means of it: the heaviest levels have columns then.
        let answers = match train.rows.dataset().target() {
            Some(_) if has_categories(train.rows.dataset()) => Some(Answers::new(self.target.folds, &train, ctx.seed)?),
            _ => None,
        };
        let chosen = Chosen { by: "table", kinds: &[Kind::Numbers, Kind::Levels], names: None };
        let (fitted, encoded) = ctx.install(|| {
            PerFeature::fit(&chosen, &train, |name, feature| {
                let (codes, levels) = match feature {
                    Feature::Numbers(values) => return Ok((self.number(name, values, &train)?, None)),
                    Feature::Levels { codes, levels } => (codes, levels),
                };
                let weights = LevelWeights::new(codes, levels, &train.weights);
                match &answers {
                    Some(answers) if weights.seen.len() > self.few_levels => {
                        let (means, mut columns) = self.target.levels(name, feature, answers, &train);
                        let mut scaled = Vec::new();
                        if let Some(scale) = &self.scale {
                            for column in &columns {
                                if let Column::Numeric { name, values } = column {
                                    scaled.push(scale.number(name, values, &train)?);
                                }
                            }
                            columns = scale_all(columns, &scaled);
                        }
                        Ok((TableFeature::Means { means, scaled }, Some(columns)))
                    }
                    _ => Ok((TableFeature::OneHot(self.one_hot.levels(&weights)), None)),
                }
            })
        })?;
        Ok((Box::new(FittedTableEncoder(fitted)), encoded))
    }
}

/// Whether a column holds categories. Rows that are read when asked for are not loaded to tell.
pub(crate) fn has_categories(dataset: &Dataset) -> bool {
    let is_category = |column: &Column| matches!(column, Column::Categorical { .. });
    dataset.row_shape().is_none()
        && matches!(dataset.features(), Features::Columns(columns) if columns.iter().any(is_category))
}
