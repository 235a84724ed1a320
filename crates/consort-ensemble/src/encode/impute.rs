use consort_core::{Column, Dataset, Encoder, Encoding, Error, Features, FitContext, Result, Samples};
use serde::{Deserialize, Serialize};

use super::{
    feature::Feature,
    per_feature::{Chosen, EncodedFeature, Kind, PerFeature},
    quantile::quantile,
    training_part::TrainingPart,
};

/// What is put in the place of a missing number.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fill {
    /// The weighted median of the training rows: where weights tie, the mean of the two in the middle.
    #[default]
    Median,
    /// Their weighted mean.
    Mean,
    /// This number.
    Constant(f32),
}

/// Fills the holes: a number in the place of a missing number, and a level of its own in the place of a missing category.
///
/// A column with holes among the training rows gets a second one, `NAME is missing`, of 0 and 1, since a hole often says
/// something (Little and Rubin 1987 call data missing *not at random*). A column that has no number at all among the
/// training rows is filled with 0 and gets none. A dense block keeps its shape: its places get no indicators.
///
/// ```
/// use consort_core::{Column, Dataset, Encoder, Features, FitContext, Samples, Seed};
/// use consort_ensemble::encode::Impute;
/// let x = Column::Numeric { name: "x".into(), values: vec![1.0, f32::NAN, 5.0, 2.0] };
/// let data = Dataset::new(Features::Columns(vec![x]))?;
/// let (encoding, train) = Impute::default().fit(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// let Features::Columns(columns) = train.features() else { unreachable!() };
/// assert_eq!(columns[0], Column::Numeric { name: "x".into(), values: vec![1.0, 2.0, 5.0, 2.0] });
/// assert_eq!(columns[1], Column::Numeric { name: "x is missing".into(), values: vec![0.0, 1.0, 0.0, 0.0] });
/// # let _ = encoding;
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Impute {
    /// What is put in the place of a missing number.
    pub fill: Fill,
    /// Whether columns with holes get an indicator.
    pub indicator: bool,
    /// The level that a missing category gets; `None` leaves it missing.
    pub level: Option<String>,
    /// Which columns; `None` for all.
    pub columns: Option<Vec<String>>,
}

impl Default for Impute {
    fn default() -> Self {
        Self { fill: Fill::Median, indicator: true, level: Some("(missing)".into()), columns: None }
    }
}

impl Impute {
    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check(&self) -> Result<()> {
        match self.fill {
            Fill::Constant(number) if !number.is_finite() => Err(Error::parameter("fill", number, "a finite number")),
            _ => Ok(()),
        }
    }

    /// What is put in the place of a missing number of this column.
    pub(super) fn number(&self, name: &str, values: &[f32], train: &TrainingPart<'_>) -> Result<ImputedNumber> {
        let fill = match self.fill {
            Fill::Constant(number) => number,
            Fill::Median => {
                let mut present: Vec<(f32, f64)> = train.present(values).collect();
                quantile(&mut present, 0.5).map_or(0.0, |median| median as f32)
            }
            Fill::Mean => {
                train.expect_finite(name, values)?;
                let (sum, weight) =
                    train.present(values).fold((0.0, 0.0), |(sum, all), (x, w)| (sum + w * f64::from(x), all + w));
                if weight > 0.0 { (sum / weight) as f32 } else { 0.0 }
            }
        };
        if !fill.is_finite() {
            // The median of infinite numbers; there is no honest number for a hole among them.
            train.expect_finite(name, values)?;
        }
        let is_hole = |(value, weight): (&f32, &f64)| *weight > 0.0 && value.is_nan();
        let has_holes = values.iter().zip(&train.weights).any(is_hole);
        let has_numbers = train.present(values).next().is_some();
        let is_block = matches!(train.rows.dataset().features(), Features::Dense { .. });
        Ok(ImputedNumber { fill, indicator: self.indicator && has_holes && has_numbers && !is_block })
    }
}

/// A column of numbers without holes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ImputedNumber {
    fill: f32,
    indicator: bool,
}

impl ImputedNumber {
    /// The numbers without holes, and where the holes were.
    pub(super) fn fill(&self, name: &str, values: &[f32]) -> (Vec<f32>, Option<Column>) {
        let filled = values.iter().map(|&x| if x.is_nan() { self.fill } else { x }).collect();
        let indicator = self.indicator.then(|| Column::Numeric {
            name: format!("{name} is missing"),
            values: values.iter().map(|x| f32::from(u8::from(x.is_nan()))).collect(),
        });
        (filled, indicator)
    }
}

/// What a column becomes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Imputed {
    Number(ImputedNumber),
    Level(String),
}

impl EncodedFeature for Imputed {
    fn columns(&self, name: &str, feature: Feature<'_>) -> Vec<Column> {
        match self {
            Imputed::Number(number) => {
                let (values, indicator) = number.fill(name, feature.numbers());
                std::iter::once(Column::Numeric { name: name.into(), values }).chain(indicator).collect()
            }
            Imputed::Level(level) => {
                let (codes, levels) = feature.levels();
                let mut levels = levels.to_vec();
                let place = levels.iter().position(|known| known == level).unwrap_or(levels.len());
                if place == levels.len() {
                    levels.push(level.clone());
                }
                let fill = |&code: &u32| if code == Column::MISSING { place as u32 } else { code };
                vec![Column::Categorical { name: name.into(), codes: codes.iter().map(fill).collect(), levels }]
            }
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct FittedImpute(PerFeature<Imputed>);

#[typetag::serde(name = "impute")]
impl Encoding for FittedImpute {
    fn apply(&self, rows: &Samples<'_>) -> Result<Dataset> {
        self.0.apply(rows)
    }
}

#[typetag::serde(name = "impute")]
impl Encoder for Impute {
    fn name(&self) -> String {
        "impute".into()
    }

    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<(Box<dyn Encoding>, Dataset)> {
        self.check()?;
        let train = TrainingPart::new(train, ctx)?;
        let kinds: &[Kind] = if self.level.is_some() { &[Kind::Numbers, Kind::Levels] } else { &[Kind::Numbers] };
        let chosen = Chosen { by: "impute", kinds, names: self.columns.as_deref() };
        let (fitted, encoded) = ctx.install(|| {
            PerFeature::fit(&chosen, &train, |name, feature| match (feature, &self.level) {
                (Feature::Levels { .. }, Some(level)) => Ok((Imputed::Level(level.clone()), None)),
                _ => Ok((Imputed::Number(self.number(name, feature.numbers(), &train)?), None)),
            })
        })?;
        Ok((Box::new(FittedImpute(fitted)), encoded))
    }
}
