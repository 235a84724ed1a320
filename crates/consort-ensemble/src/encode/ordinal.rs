use consort_core::{Classes, Column, Dataset, Encoder, Encoding, FitContext, Result, Samples};
use serde::{Deserialize, Serialize};

use super::{
    feature::Feature,
    level_weights::{LevelWeights, place, places},
    per_feature::{Chosen, EncodedFeature, Kind, PerFeature},
    training_part::TrainingPart,
};

/// In which order levels are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LevelOrder {
    /// As the column lists them: right where the levels have an order, such as `low`, `middle`, `high`.
    #[default]
    Declared,
    /// By name: as numbers if all of them are, else by their bytes.
    Name,
    /// The heaviest first; equal ones as the column lists them.
    Weight,
}

/// One number for each level of a category: 0, 1, 2, … in the order chosen, over the levels that training rows had.
///
/// A missing category, and a level that no training row had, become a missing number: impute after it if the learner
/// cannot take these. Numbers stay as they are.
///
/// ```
/// use consort_core::{Column, Dataset, Encoder, Features, FitContext, Samples, Seed};
/// use consort_ensemble::encode::{LevelOrder, Ordinal};
/// let levels = vec!["10".into(), "9".into(), "8".into()];
/// let c = Column::Categorical { name: "c".into(), codes: vec![0, 1, 0], levels };
/// let data = Dataset::new(Features::Columns(vec![c]))?;
/// let by_name = Ordinal { order: LevelOrder::Name, ..Default::default() };
/// let (_, train) = by_name.fit(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// let column = Column::Numeric { name: "c".into(), values: vec![1.0, 0.0, 1.0] };
/// assert_eq!(train.features(), &Features::Columns(vec![column]));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ordinal {
    /// In which order levels are counted.
    pub order: LevelOrder,
    /// Which columns; `None` for all categories.
    pub columns: Option<Vec<String>>,
}

impl Ordinal {
    fn levels(&self, weights: &LevelWeights<'_>) -> Result<OrdinalLevels> {
        let mut seen = weights.seen.clone();
        if self.order == LevelOrder::Weight {
            // The sort keeps the order of equal ones.
            seen.sort_by(|a, b| b.1.total_cmp(&a.1));
        }
        let levels: Vec<String> = seen.into_iter().map(|(level, _)| level.into()).collect();
        if self.order == LevelOrder::Name && !levels.is_empty() {
            return Ok(OrdinalLevels { levels: Classes::from_labels(levels)?.names().to_vec() });
        }
        Ok(OrdinalLevels { levels })
    }
}

/// The levels of a category, in order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OrdinalLevels {
    levels: Vec<String>,
}

impl EncodedFeature for OrdinalLevels {
    fn columns(&self, name: &str, feature: Feature<'_>) -> Vec<Column> {
        let (codes, levels) = feature.levels();
        let places = places(levels, &self.levels, u32::MAX);
        let number = |place: u32| if place == u32::MAX { f32::NAN } else { place as f32 };
        let values = codes.iter().map(|&code| number(place(&places, u32::MAX, code))).collect();
        vec![Column::Numeric { name: name.into(), values }]
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct FittedOrdinal(PerFeature<OrdinalLevels>);

#[typetag::serde(name = "ordinal")]
impl Encoding for FittedOrdinal {
    fn apply(&self, rows: &Samples<'_>) -> Result<Dataset> {
        self.0.apply(rows)
    }
}

#[typetag::serde(name = "ordinal")]
impl Encoder for Ordinal {
    fn name(&self) -> String {
        "ordinal".into()
    }

    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<(Box<dyn Encoding>, Dataset)> {
        let train = TrainingPart::new(train, ctx)?;
        let chosen = Chosen { by: "ordinal", kinds: &[Kind::Levels], names: self.columns.as_deref() };
        let (fitted, encoded) = ctx.install(|| {
            PerFeature::fit(&chosen, &train, |_, feature| {
                let (codes, levels) = feature.levels();
                Ok((self.levels(&LevelWeights::new(codes, levels, &train.weights))?, None))
            })
        })?;
        Ok((Box::new(FittedOrdinal(fitted)), encoded))
    }
}
