use consort_core::{Column, Dataset, Encoder, Encoding, Error, FitContext, Result, Samples};
use serde::{Deserialize, Serialize};

use super::{
    feature::Feature,
    level_weights::{LevelWeights, place, places},
    per_feature::{Chosen, EncodedFeature, Kind, PerFeature},
    training_part::TrainingPart,
};

/// What a level becomes that no training row had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unseen {
    /// A rare level, if there is a column for these; else 0 in every column.
    #[default]
    Rare,
    /// 0 in every column.
    Zeros,
}

/// What a missing category becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingLevel {
    /// It has a column of its own, `NAME is missing`, if a training row is missing; else 0 in every column.
    #[default]
    Column,
    /// 0 in every column.
    Zeros,
}

/// One column of 0 and 1 for each level of a category, named `NAME=LEVEL`.
///
/// Levels with too little weight share one column, `NAME is rare`. So do those beyond the greatest number of levels: the
/// heaviest have columns, of equal ones the first in the column's list. Numbers stay as they are.
///
/// ```
/// use consort_core::{Column, Dataset, Encoder, Features, FitContext, Samples, Seed};
/// use consort_ensemble::encode::OneHot;
/// let levels = vec!["blue".into(), "red".into()];
/// let c = Column::Categorical { name: "c".into(), codes: vec![1, 0, 1], levels };
/// let data = Dataset::new(Features::Columns(vec![c]))?;
/// let (_, train) = OneHot::default().fit(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// let Features::Columns(columns) = train.features() else { unreachable!() };
/// assert_eq!(columns[1], Column::Numeric { name: "c=red".into(), values: vec![1.0, 0.0, 1.0] });
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OneHot {
    /// At most so many levels have a column, the rare ones not counted.
    pub levels: usize,
    /// Below this weight a level is rare; a weight of 1 is one row.
    pub least_count: f64,
    /// Below this share of the training part a level is rare.
    pub least_share: f64,
    /// What a level becomes that no training row had.
    pub unseen: Unseen,
    /// What a missing category becomes.
    pub missing: MissingLevel,
    /// Which columns; `None` for all categories.
    pub columns: Option<Vec<String>>,
}

impl Default for OneHot {
    fn default() -> Self {
        Self {
            levels: 64,
            least_count: 0.0,
            least_share: 0.0,
            unseen: Unseen::Rare,
            missing: MissingLevel::Column,
            columns: None,
        }
    }
}

impl OneHot {
    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check(&self) -> Result<()> {
        if self.levels == 0 {
            return Err(Error::parameter("levels", 0, "at least 1"));
        }
        if !(self.least_count.is_finite() && self.least_count >= 0.0) {
            return Err(Error::parameter("least_count", self.least_count, "finite and at least 0"));
        }
        if !(0.0..=1.0).contains(&self.least_share) {
            return Err(Error::parameter("least_share", self.least_share, "a share from 0 to 1"));
        }
        Ok(())
    }

    /// The columns of this category.
    pub(super) fn levels(&self, weights: &LevelWeights<'_>) -> OneHotLevels {
        let least = self.least_count.max(self.least_share * weights.total());
        let mut kept: Vec<usize> = (0..weights.seen.len()).filter(|&k| weights.seen[k].1 >= least).collect();
        // Heaviest first; the sort keeps the order of equal ones.
        kept.sort_by(|&a, &b| weights.seen[b].1.total_cmp(&weights.seen[a].1));
        kept.truncate(self.levels);
        kept.sort_unstable();
        OneHotLevels {
            rare: kept.len() < weights.seen.len(),
            missing: self.missing == MissingLevel::Column && weights.missing > 0.0,
            unseen: self.unseen,
            seen: weights.seen.iter().map(|(level, _)| level.to_string()).collect(),
            kept: kept.into_iter().map(|k| k as u32).collect(),
        }
    }
}

/// The columns of a category.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OneHotLevels {
    /// The levels that training rows had.
    seen: Vec<String>,
    /// Which of them have a column, ascending; the others are rare.
    kept: Vec<u32>,
    rare: bool,
    missing: bool,
    unseen: Unseen,
}

impl EncodedFeature for OneHotLevels {
    fn columns(&self, name: &str, feature: Feature<'_>) -> Vec<Column> {
        let (codes, levels) = feature.levels();
        let named = self.kept.iter().filter_map(|&k| self.seen.get(k as usize)).map(|level| format!("{name}={level}"));
        let mut names: Vec<String> = named.collect();
        let none = u32::MAX;
        let mut next = |is_there: bool, name: String| {
            let place = names.len() as u32;
            if is_there {
                names.push(name);
            }
            if is_there { place } else { none }
        };
        let rare = next(self.rare, format!("{name} is rare"));
        let missing = next(self.missing, format!("{name} is missing"));
        let of_seen: Vec<u32> = (0..self.seen.len() as u32)
            .map(|k| self.kept.binary_search(&k).map_or(rare, |place| place as u32))
            .collect();
        let unseen = if self.unseen == Unseen::Rare { rare } else { none };
        let of_level: Vec<u32> = places(levels, &self.seen, none)
            .into_iter()
            .map(|k| of_seen.get(k as usize).copied().unwrap_or(unseen))
            .collect();
        let mut columns = vec![vec![0.0f32; codes.len()]; names.len()];
        for (i, &code) in codes.iter().enumerate() {
            if let Some(column) = columns.get_mut(place(&of_level, missing, code) as usize) {
                column[i] = 1.0;
            }
        }
        names.into_iter().zip(columns).map(|(name, values)| Column::Numeric { name, values }).collect()
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct FittedOneHot(PerFeature<OneHotLevels>);

#[typetag::serde(name = "one_hot")]
impl Encoding for FittedOneHot {
    fn apply(&self, rows: &Samples<'_>) -> Result<Dataset> {
        self.0.apply(rows)
    }
}

#[typetag::serde(name = "one_hot")]
impl Encoder for OneHot {
    fn name(&self) -> String {
        "one_hot".into()
    }

    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<(Box<dyn Encoding>, Dataset)> {
        self.check()?;
        let train = TrainingPart::new(train, ctx)?;
        let chosen = Chosen { by: "one_hot", kinds: &[Kind::Levels], names: self.columns.as_deref() };
        let (fitted, encoded) = ctx.install(|| {
            PerFeature::fit(&chosen, &train, |_, feature| {
                let (codes, levels) = feature.levels();
                Ok((self.levels(&LevelWeights::new(codes, levels, &train.weights)), None))
            })
        })?;
        Ok((Box::new(FittedOneHot(fitted)), encoded))
    }
}
