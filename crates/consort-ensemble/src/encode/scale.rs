use consort_core::{Column, Dataset, Encoder, Encoding, FitContext, Result, Samples};
use serde::{Deserialize, Serialize};
use statrs::function::erf::erfc_inv;

use super::{
    feature::Feature,
    per_feature::{Chosen, EncodedFeature, Kind, PerFeature},
    quantile::quantile,
    training_part::TrainingPart,
};

/// What numbers are scaled to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScaleTo {
    /// Mean 0 and standard deviation 1: `(x − mean) / σ` with the weighted mean and `σ² = Σ w·(x − mean)² / Σ w`.
    #[default]
    Standard,
    /// Median 0 and interquartile range 1, which outliers hardly move: `(x − median) / (q₃ − q₁)`. Where half of the
    /// numbers are equal, and the range is 0, σ takes its place.
    Robust,
    /// Normal scores: `Φ⁻¹(p)` with `p` the weight of the smaller numbers and half the weight of the equal ones, over
    /// the whole (the mid-distribution function of Parzen 1979). At most 1000 numbers are remembered, between which the
    /// score is a line; beyond the ends it stays what it is there.
    Normal,
}

/// Puts all numbers on one scale, for learners to which units matter: distances, penalties, gradients of nets.
///
/// A missing number stays missing and counts in no mean. A column of equal numbers becomes 0. Categories stay as they
/// are.
///
/// ```
/// use consort_core::{Column, Dataset, Encoder, Features, FitContext, Samples, Seed};
/// use consort_ensemble::encode::Scale;
/// let x = Column::Numeric { name: "x".into(), values: vec![1.0, 3.0, 5.0, f32::NAN] };
/// let data = Dataset::new(Features::Columns(vec![x]))?;
/// let (encoding, _) = Scale::default().fit(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// let new = Column::Numeric { name: "x".into(), values: vec![3.0] };
/// let encoded = encoding.apply(&Samples::all(&Dataset::new(Features::Columns(vec![new.clone()]))?))?;
/// assert_eq!(encoded.features(), &Features::Columns(vec![Column::Numeric { name: "x".into(), values: vec![0.0] }]));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scale {
    /// What numbers are scaled to.
    pub to: ScaleTo,
    /// Which columns; `None` for all numbers.
    pub columns: Option<Vec<String>>,
}

impl Scale {
    /// A scale of this kind for all numbers.
    pub fn to(to: ScaleTo) -> Self {
        Self { to, columns: None }
    }

    /// How this column is scaled.
    pub(super) fn number(&self, name: &str, values: &[f32], train: &TrainingPart<'_>) -> Result<ScaledNumber> {
        train.expect_finite(name, values)?;
        Ok(match self.to {
            ScaleTo::Standard => ScaledNumber::line(spread(values, train)),
            ScaleTo::Robust => {
                let mut present: Vec<(f32, f64)> = train.present(values).collect();
                let mut at = |share| quantile(&mut present, share).unwrap_or(0.0);
                let (first, median, third) = (at(0.25), at(0.5), at(0.75));
                let range = third - first;
                let deviation = spread(values, train).1;
                ScaledNumber::line((median, if range > 0.0 { range } else { deviation }))
            }
            ScaleTo::Normal => ScaledNumber::normal(train.present(values).collect()),
        })
    }
}

/// The weighted mean and standard deviation of the numbers that are present.
fn spread(values: &[f32], train: &TrainingPart<'_>) -> (f64, f64) {
    // Differences to the first number: exactly 0 if all are equal, and no digits are lost to a great mean.
    let first = train.present(values).next().map_or(0.0, |(x, _)| f64::from(x));
    let (mut weight, mut sum) = (0.0, 0.0);
    for (x, w) in train.present(values) {
        weight += w;
        sum += w * (f64::from(x) - first);
    }
    if weight == 0.0 {
        return (0.0, 0.0);
    }
    let shift = sum / weight;
    let squares: f64 = train.present(values).map(|(x, w)| w * (f64::from(x) - first - shift).powi(2)).sum();
    (first + shift, (squares / weight).sqrt())
}

/// A column of numbers on another scale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum ScaledNumber {
    /// `(x − shift) / divisor`.
    Line { shift: f64, divisor: f64 },
    /// Numbers that ascend, and the score of each.
    Landmarks { numbers: Vec<f32>, scores: Vec<f32> },
}

/// How many numbers of a column the normal scores remember.
const LANDMARKS: usize = 1000;

impl ScaledNumber {
    fn line((shift, divisor): (f64, f64)) -> Self {
        // What is too small to divide by in single precision is no spread.
        let has_spread = divisor >= f64::from(f32::MIN_POSITIVE);
        Self::Line { shift, divisor: if has_spread { divisor } else { 1.0 } }
    }

    fn normal(mut present: Vec<(f32, f64)>) -> Self {
        present.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let whole: f64 = present.iter().map(|(_, weight)| weight).sum();
        let mut levels: Vec<(f32, f64)> = Vec::new();
        let mut below = 0.0;
        for equal in present.chunk_by(|a, b| a.0 == b.0) {
            let weight: f64 = equal.iter().map(|(_, weight)| weight).sum();
            levels.push((equal[0].0, (below + 0.5 * weight) / whole));
            below += weight;
        }
        // The first, the last, and of the others those that pass the next thousandth.
        let mut kept: Vec<(f32, f64)> = Vec::with_capacity(levels.len().min(LANDMARKS + 1));
        let last = levels.len().saturating_sub(1);
        let thin = levels.len() > LANDMARKS;
        for (i, &(number, level)) in levels.iter().enumerate() {
            let step = 1.0 / (LANDMARKS - 1) as f64;
            if !thin || i == 0 || i == last || kept.last().is_none_or(|kept| level - kept.1 >= step) {
                kept.push((number, level));
            }
        }
        let score = |level: f64| (-std::f64::consts::SQRT_2 * erfc_inv(2.0 * level)) as f32;
        let (numbers, scores) = kept.into_iter().map(|(number, level)| (number, score(level))).unzip();
        Self::Landmarks { numbers, scores }
    }

    /// The numbers on the new scale; missing ones stay missing.
    pub(super) fn scale(&self, values: &[f32]) -> Vec<f32> {
        match self {
            Self::Line { shift, divisor } => {
                values.iter().map(|&x| ((f64::from(x) - shift) / divisor) as f32).collect()
            }
            Self::Landmarks { numbers, scores } => values.iter().map(|&x| between(numbers, scores, x)).collect(),
        }
    }
}

/// The score of a number on the line between the landmarks beside it.
fn between(numbers: &[f32], scores: &[f32], x: f32) -> f32 {
    if x.is_nan() {
        return x;
    }
    let after = numbers.partition_point(|&number| number <= x);
    match (after.checked_sub(1), scores.get(after)) {
        (None, None) => 0.0,
        (None, Some(&score)) => score,
        (Some(before), None) => scores[before],
        (Some(before), Some(&next)) => {
            let (from, to) = (f64::from(numbers[before]), f64::from(numbers[after]));
            let share = (f64::from(x) - from) / (to - from);
            let (low, high) = (f64::from(scores[before]), f64::from(next));
            (low + share * (high - low)) as f32
        }
    }
}

impl EncodedFeature for ScaledNumber {
    fn columns(&self, name: &str, feature: Feature<'_>) -> Vec<Column> {
        vec![Column::Numeric { name: name.into(), values: self.scale(feature.numbers()) }]
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct FittedScale(PerFeature<ScaledNumber>);

#[typetag::serde(name = "scale")]
impl Encoding for FittedScale {
    fn apply(&self, rows: &Samples<'_>) -> Result<Dataset> {
        self.0.apply(rows)
    }
}

#[typetag::serde(name = "scale")]
impl Encoder for Scale {
    fn name(&self) -> String {
        "scale".into()
    }

    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<(Box<dyn Encoding>, Dataset)> {
        let train = TrainingPart::new(train, ctx)?;
        let chosen = Chosen { by: "scale", kinds: &[Kind::Numbers], names: self.columns.as_deref() };
        let (fitted, encoded) = ctx.install(|| {
            PerFeature::fit(&chosen, &train, |name, feature| Ok((self.number(name, feature.numbers(), &train)?, None)))
        })?;
        Ok((Box::new(FittedScale(fitted)), encoded))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_scores_are_symmetric_and_ties_share_one() {
        let scaled = ScaledNumber::normal(vec![(5.0, 1.0), (1.0, 1.0), (2.0, 1.0), (2.0, 1.0), (4.0, 1.0)]);
        // Φ⁻¹ of 0.1, 0.4, 0.7, 0.9
        let want = [-1.281_551_6, -0.253_347_1, 0.524_400_5, 1.281_551_6];
        for (got, want) in scaled.scale(&[1.0, 2.0, 4.0, 5.0]).into_iter().zip(want) {
            assert!((got - want).abs() < 1e-6, "{got} {want}");
        }
        let beyond = scaled.scale(&[f32::NEG_INFINITY, 3.0, 100.0, f32::NAN]);
        assert_eq!((beyond[0], beyond[2]), (scaled.scale(&[1.0])[0], scaled.scale(&[5.0])[0]));
        assert!((beyond[1] - 0.135_526_7).abs() < 1e-6 && beyond[3].is_nan(), "{beyond:?}");
        assert_eq!(ScaledNumber::normal(vec![]).scale(&[3.0]), [0.0]);
    }

    #[test]
    fn many_numbers_are_thinned_and_the_scores_stay_near() {
        let n = 50_000;
        let scaled = ScaledNumber::normal((0..n).map(|i| (i as f32, 1.0)).collect());
        let ScaledNumber::Landmarks { numbers, .. } = &scaled else { unreachable!() };
        assert!(numbers.len() <= LANDMARKS + 1, "{}", numbers.len());
        for i in [700usize, 12_345, 25_000, 49_000] {
            let want = -std::f64::consts::SQRT_2 * erfc_inv(2.0 * (i as f64 + 0.5) / f64::from(n));
            let got = f64::from(scaled.scale(&[i as f32])[0]);
            assert!((got - want).abs() < 1e-3, "{i}: {got} {want}");
        }
    }
}
