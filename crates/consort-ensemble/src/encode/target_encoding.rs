use std::collections::HashMap;

use consort_core::{Column, Dataset, Encoder, Encoding, Error, FitContext, Result, Samples, Seed, Target};
use serde::{Deserialize, Serialize};

use super::{
    feature::Feature,
    level_weights::{LevelWeights, place, places},
    per_feature::{Chosen, EncodedFeature, Kind, PerFeature},
    training_part::TrainingPart,
};

/// The mean of the target at each level of a category, drawn towards the mean of all (Micci-Barreca 2001).
///
/// `code = (Σ w·y over the rows of the level + m · mean) / (Σ w + m)`, with `m` the smoothing. The target is a number,
/// or 1 where a row is of the class: one column a number or label, one for two classes (`NAME: POSITIVE`), one a class
/// for more. A missing category is a level of its own; a level that no training row had gets the mean of all.
///
/// **The training rows get other numbers than new rows.** They are dealt into folds, and each gets the code of the other
/// folds' rows, so that no row's own target enters its code. Rows of one group share a fold, and so does a row drawn
/// twice. New rows get the code of all training rows.
///
/// ```
/// use consort_core::{Column, Dataset, Encoder, Features, FitContext, Samples, Seed, Target};
/// use consort_ensemble::encode::TargetEncoding;
/// let c = Column::Categorical { name: "c".into(), codes: vec![0, 0, 1, 1], levels: vec!["a".into(), "b".into()] };
/// let y = Target::from_values(vec![1.0, 3.0, 5.0, 7.0], "y")?;
/// let data = Dataset::new(Features::Columns(vec![c]))?.with_target(y)?;
/// let encoder = TargetEncoding { smoothing: 2.0, ..Default::default() };
/// let (encoding, _) = encoder.fit(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// let encoded = encoding.apply(&Samples::all(&data))?;
/// let Features::Columns(columns) = encoded.features() else { unreachable!() };
/// assert_eq!(columns[0], Column::Numeric { name: "c: y".into(), values: vec![3.0, 3.0, 5.0, 5.0] });
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TargetEncoding {
    /// How many rows the mean of all weighs.
    pub smoothing: f64,
    /// Into how many folds the training rows are dealt.
    pub folds: usize,
    /// Which columns; `None` for all categories.
    pub columns: Option<Vec<String>>,
}

impl Default for TargetEncoding {
    fn default() -> Self {
        Self { smoothing: 10.0, folds: 5, columns: None }
    }
}

impl TargetEncoding {
    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check(&self) -> Result<()> {
        if !(self.smoothing.is_finite() && self.smoothing >= 0.0) {
            return Err(Error::parameter("smoothing", self.smoothing, "finite and at least 0"));
        }
        if self.folds < 2 {
            return Err(Error::parameter("folds", self.folds, "at least 2"));
        }
        Ok(())
    }

    /// The codes of this category, and the columns of the training rows.
    pub(super) fn levels(
        &self,
        name: &str,
        feature: &Feature<'_>,
        answers: &Answers,
        train: &TrainingPart<'_>,
    ) -> (LevelMeans, Vec<Column>) {
        let (codes, levels) = feature.levels();
        let weights = LevelWeights::new(codes, levels, &train.weights);
        let seen: Vec<String> = weights.seen.iter().map(|(level, _)| level.to_string()).collect();
        let outputs = answers.names.len();
        // The place after the last level is that of missing ones.
        let missing = seen.len() as u32;
        let of_level = places(levels, &seen, missing);
        let rows = missing as usize + 1;
        let mut folds = vec![Sums::new(rows, outputs); self.folds];
        for (i, (&code, &weight)) in codes.iter().zip(&train.weights).enumerate() {
            if weight > 0.0 {
                let level = place(&of_level, missing, code) as usize;
                folds[answers.folds[i] as usize].add(level, weight, answers.row(i));
            }
        }
        let of = |keep: &dyn Fn(usize) -> bool| {
            let mut sums = Sums::new(rows, outputs);
            (0..self.folds).filter(|&fold| keep(fold)).for_each(|fold| sums.add_all(&folds[fold]));
            sums.means(self.smoothing)
        };
        let all = of(&|_| true);
        // Sums of the other folds, not differences to all: those would let the row's target into the last bits.
        let others: Vec<Means> = (0..self.folds).map(|own| of(&|fold| fold != own)).collect();
        let mut columns = vec![Vec::with_capacity(codes.len()); outputs];
        for (i, &code) in codes.iter().enumerate() {
            let is_absent = train.weights[i] == 0.0;
            let means = if is_absent { &all } else { &others[answers.folds[i] as usize] };
            let level = match of_level.get(code as usize) {
                // A level that only absent rows have has no place of its own.
                Some(&level) if level < missing => Some(level as usize),
                Some(_) => None,
                None => Some(missing as usize),
            };
            means.row(level).iter().zip(&mut columns).for_each(|(&mean, column)| column.push(mean as f32));
        }
        let known = LevelMeans { outputs: answers.names.clone(), levels: seen, means: all };
        (
            known.clone(),
            columns.into_iter().zip(&answers.names).map(|(values, output)| named(name, output, values)).collect(),
        )
    }
}

fn named(name: &str, output: &str, values: Vec<f32>) -> Column {
    Column::Numeric { name: format!("{name}: {output}"), values }
}

/// The target of the training rows as numbers, and the fold of each row.
pub(super) struct Answers {
    names: Vec<String>,
    /// `[rows][outputs]`; of absent rows, 0.
    values: Vec<f64>,
    folds: Vec<u32>,
}

impl Answers {
    /// # Errors
    /// [`Error::Unsupported`] without a target; [`Error::NotFinite`] naming the row.
    pub(super) fn new(folds: usize, train: &TrainingPart<'_>, seed: Seed) -> Result<Self> {
        let target = train.rows.target("target encoding")?;
        let is_there = |i: usize| train.weights[i] > 0.0;
        let rows = train.rows.len();
        let (names, values): (Vec<String>, Vec<f64>) = match &*target {
            Target::Classes { codes, classes } => {
                let asked: Vec<usize> =
                    if classes.len() == 2 { vec![classes.positive()] } else { (0..classes.len()).collect() };
                let names = asked.iter().map(|&k| classes.names()[k].clone()).collect();
                let is = |i: usize, k: usize| f64::from(u8::from(codes[i] as usize == k));
                (names, (0..rows).flat_map(|i| asked.iter().map(move |&k| is(i, k))).collect())
            }
            Target::Labels { values, names } => {
                (names.clone(), values.iter().map(|&yes| f64::from(u8::from(yes))).collect())
            }
            Target::Values { values, names } => {
                let width = names.len();
                let odd = (0..values.len()).find(|&at| is_there(at / width) && !values[at].is_finite());
                if let Some(at) = odd {
                    let row = train.rows.row(at / width);
                    return Err(Error::NotFinite {
                        place: format!("the target `{}`", names[at % width]),
                        row: row + 1,
                        id: train.rows.dataset().ids().label(row),
                        what: "the value".into(),
                        value: values[at],
                    });
                }
                let clean = |at: usize| if is_there(at / width) { values[at] } else { 0.0 };
                (names.clone(), (0..values.len()).map(clean).collect())
            }
            _ => {
                return Err(Error::Unsupported {
                    by: "target encoding".into(),
                    what: format!("a target of {}", target.outputs().task()),
                    hint: "encode these categories in another way, such as `one_hot`".into(),
                });
            }
        };
        Ok(Self { names, values, folds: deal(folds, train, seed) })
    }

    fn row(&self, i: usize) -> &[f64] {
        let width = self.names.len();
        &self.values[i * width..(i + 1) * width]
    }
}

/// The fold of each row: the groups (or the rows of the data set) that have weight, shuffled and dealt in turn.
fn deal(folds: usize, train: &TrainingPart<'_>, seed: Seed) -> Vec<u32> {
    let groups = train.rows.dataset().groups();
    let key = |i: usize| groups.map_or(train.rows.row(i) as u32, |groups| groups[train.rows.row(i)]);
    let mut places: HashMap<u32, usize> = HashMap::new();
    for i in (0..train.rows.len()).filter(|&i| train.weights[i] > 0.0) {
        let next = places.len();
        places.entry(key(i)).or_insert(next);
    }
    let mut dealt: Vec<u32> = (0..places.len()).map(|place| (place % folds) as u32).collect();
    seed.child("target encoding").stream().shuffle(&mut dealt);
    (0..train.rows.len()).map(|i| places.get(&key(i)).map_or(0, |&place| dealt[place])).collect()
}

/// Sums at each level.
#[derive(Clone)]
struct Sums {
    weights: Vec<f64>,
    /// `[levels][outputs]`
    sums: Vec<f64>,
}

impl Sums {
    fn new(levels: usize, outputs: usize) -> Self {
        Self { weights: vec![0.0; levels], sums: vec![0.0; levels * outputs] }
    }

    fn add(&mut self, level: usize, weight: f64, answers: &[f64]) {
        self.weights[level] += weight;
        let sums = &mut self.sums[level * answers.len()..(level + 1) * answers.len()];
        sums.iter_mut().zip(answers).for_each(|(sum, answer)| *sum += weight * answer);
    }

    fn add_all(&mut self, other: &Sums) {
        self.weights.iter_mut().zip(&other.weights).for_each(|(sum, more)| *sum += more);
        self.sums.iter_mut().zip(&other.sums).for_each(|(sum, more)| *sum += more);
    }

    fn means(&self, smoothing: f64) -> Means {
        let outputs = self.sums.len() / self.weights.len();
        let total: f64 = self.weights.iter().sum();
        let mean = |k: usize| {
            let sum: f64 = self.sums.iter().skip(k).step_by(outputs).sum();
            // No row at all: every row is in one fold.
            if total > 0.0 { sum / total } else { 0.0 }
        };
        let overall: Vec<f64> = (0..outputs).map(mean).collect();
        let mut levels = Vec::with_capacity(self.sums.len());
        for (&weight, sums) in self.weights.iter().zip(self.sums.chunks_exact(outputs)) {
            levels.extend(
                sums.iter().zip(&overall).map(|(sum, mean)| {
                    if weight > 0.0 { (sum + smoothing * mean) / (weight + smoothing) } else { *mean }
                }),
            );
        }
        Means { overall, levels }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Means {
    overall: Vec<f64>,
    /// `[levels][outputs]`, the missing level last.
    levels: Vec<f64>,
}

impl Means {
    /// The means at a level, or of all rows.
    fn row(&self, level: Option<usize>) -> &[f64] {
        let outputs = self.overall.len();
        level.and_then(|level| self.levels.get(level * outputs..(level + 1) * outputs)).unwrap_or(&self.overall)
    }
}

/// The codes of a category.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LevelMeans {
    outputs: Vec<String>,
    levels: Vec<String>,
    means: Means,
}

impl EncodedFeature for LevelMeans {
    fn columns(&self, name: &str, feature: Feature<'_>) -> Vec<Column> {
        let (codes, levels) = feature.levels();
        let of_level = places(levels, &self.levels, u32::MAX);
        let missing = self.levels.len() as u32;
        let level = |code: u32| place(&of_level, missing, code) as usize;
        self.outputs
            .iter()
            .enumerate()
            .map(|(k, output)| {
                let mean = |&code: &u32| {
                    let level = Some(level(code)).filter(|&level| level <= missing as usize);
                    self.means.row(level).get(k).copied().unwrap_or(0.0) as f32
                };
                named(name, output, codes.iter().map(mean).collect())
            })
            .collect()
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct FittedTargetEncoding(PerFeature<LevelMeans>);

#[typetag::serde(name = "target")]
impl Encoding for FittedTargetEncoding {
    fn apply(&self, rows: &Samples<'_>) -> Result<Dataset> {
        self.0.apply(rows)
    }
}

#[typetag::serde(name = "target")]
impl Encoder for TargetEncoding {
    fn name(&self) -> String {
        "target".into()
    }

    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<(Box<dyn Encoding>, Dataset)> {
        self.check()?;
        let train = TrainingPart::new(train, ctx)?;
        let answers = Answers::new(self.folds, &train, ctx.seed)?;
        let chosen = Chosen { by: "target", kinds: &[Kind::Levels], names: self.columns.as_deref() };
        let (fitted, encoded) = ctx.install(|| {
            PerFeature::fit(&chosen, &train, |name, feature| {
                let (means, columns) = self.levels(name, feature, &answers, &train);
                Ok((means, Some(columns)))
            })
        })?;
        Ok((Box::new(FittedTargetEncoding(fitted)), encoded))
    }
}
