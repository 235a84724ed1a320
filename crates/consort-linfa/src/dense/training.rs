use std::borrow::Cow;

use consort_core::{Classes, Error, Outputs, PresentRows, Result, Samples, Target, Truth};

use super::{Schema, Table, ordered_sum};

/// The rows that a fit learns from: those of weight 0 are not among them, and a row drawn twice is there twice.
#[derive(Debug)]
pub(crate) struct Training<'a> {
    by: String,
    pub(crate) table: Table<'a>,
    pub(crate) schema: Schema,
    /// One weight a row, `None` where each counts 1.
    pub(crate) weights: Option<Vec<f64>>,
    samples: Samples<'a>,
}

/// One class a row.
#[derive(Debug)]
pub(crate) struct ClassTarget {
    /// The place of each row's class among those present.
    pub(crate) codes: Vec<u32>,
    /// The classes present, by their numbers, ascending.
    pub(crate) present: Vec<usize>,
    pub(crate) classes: Classes,
}

/// One number or several a row.
#[derive(Debug)]
pub(crate) struct ValueTarget {
    /// `[output][row]`
    pub(crate) values: Vec<f64>,
    pub(crate) names: Vec<String>,
}

impl<'a> Training<'a> {
    /// The rows of a fit, checked; `by` is the learner.
    ///
    /// # Errors
    /// [`Error::Empty`] without a row of weight, [`Error::Parameter`] if a weight is above 1e30, and as [`Table::new`].
    pub(crate) fn new(by: &str, samples: &Samples<'a>) -> Result<Self> {
        Self::of(by, Schema::of(samples.dataset()), samples)
    }

    /// The rows of a fit that reads no feature.
    ///
    /// # Errors
    /// [`Error::Empty`] without a row of weight.
    pub(crate) fn without_features(by: &str, samples: &Samples<'a>) -> Result<Self> {
        Self::of(by, Schema::default(), samples)
    }

    fn of(by: &str, schema: Schema, samples: &Samples<'a>) -> Result<Self> {
        let (mut rows, mut weights) = (samples.row_numbers().map(Cow::Borrowed), None);
        if samples.is_weighted() {
            let all: Vec<f64> = (0..samples.len()).map(|i| samples.weight(i)).collect();
            // Sums and products of greater ones would leave the numbers there are.
            PresentRows::check_weights(samples)?;
            if all.contains(&0.0) {
                let there = |&i: &usize| all[i] != 0.0;
                let row = |i: usize| samples.row(i) as u32;
                rows = Some(Cow::Owned((0..samples.len()).filter(there).map(row).collect()));
                weights = Some(all.into_iter().filter(|&w| w != 0.0).collect());
            } else {
                weights = Some(all);
            }
        }
        let source = schema.find(by, samples.dataset())?;
        let table = Table::new(by, &schema, source, samples, rows)?;
        if table.len() == 0 {
            return Err(Error::Empty {
                what: format!("the training part of {by}"),
                hint: "give at least one row with a weight above 0".into(),
            });
        }
        Ok(Self { by: by.into(), table, schema, weights, samples: *samples })
    }

    /// The rows at these places, of which there is at least one.
    pub(crate) fn only(&self, places: &[usize]) -> Self {
        Self {
            by: self.by.clone(),
            table: self.table.only(places),
            schema: self.schema.clone(),
            weights: self.weights.as_ref().map(|weights| places.iter().map(|&i| weights[i]).collect()),
            samples: self.samples,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    pub(crate) fn width(&self) -> usize {
        self.table.width()
    }

    pub(crate) fn weight(&self, i: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[i])
    }

    /// The sum of the weights.
    pub(crate) fn total(&self) -> f64 {
        self.weights.as_ref().map_or(self.len() as f64, |weights| weights.iter().sum())
    }

    fn target(&self) -> Result<&'a Target> {
        self.samples.dataset().target_for(&self.by)
    }

    /// Whether a row belongs to exactly one class.
    ///
    /// # Errors
    /// [`Error::Unsupported`] without a target.
    pub(crate) fn is_classification(&self) -> Result<bool> {
        Ok(self.target()?.outputs().task().is_classification())
    }

    /// The classes of the rows.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the target is not a class.
    pub(crate) fn classes(&self) -> Result<ClassTarget> {
        let (all, classes) = Truth::new(self.target()?).classes(&self.by)?;
        let mut codes: Vec<u32> = (0..self.len()).map(|i| all[self.table.row(i)]).collect();
        let mut place = vec![u32::MAX; classes.len()];
        codes.iter().for_each(|&code| place[code as usize] = 0);
        let present: Vec<usize> = (0..classes.len()).filter(|&k| place[k] == 0).collect();
        (0..).zip(&present).for_each(|(n, &k)| place[k] = n);
        codes.iter_mut().for_each(|code| *code = place[*code as usize]);
        Ok(ClassTarget { codes, present, classes: classes.clone() })
    }

    /// The numbers of the rows.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the target is not a number, [`Error::NotFinite`] with the row of one that is not finite.
    pub(crate) fn values(&self) -> Result<ValueTarget> {
        let target = self.target()?;
        let (all, width) = Truth::new(target).values(&self.by)?;
        let Outputs::Targets(names) = target.outputs() else {
            return Ok(ValueTarget { values: vec![], names: vec![] });
        };
        let mut values = Vec::with_capacity(self.len() * width);
        for (k, name) in names.iter().enumerate() {
            for i in 0..self.len() {
                let row = self.table.row(i);
                let value = all[row * width + k];
                if !value.is_finite() {
                    return Err(Error::NotFinite {
                        place: format!("the target `{name}`"),
                        row: row + 1,
                        id: self.samples.dataset().ids().label(row),
                        what: "the value".into(),
                        value,
                    });
                }
                values.push(value);
            }
        }
        Ok(ValueTarget { values, names })
    }
}

impl ClassTarget {
    /// The share of the weight that each class present has.
    pub(crate) fn shares(&self, train: &Training<'_>) -> Vec<f64> {
        let mut sums = ordered_sum(self.codes.len(), self.present.len(), |rows| {
            let mut sums = vec![0.0; self.present.len()];
            rows.for_each(|i| sums[self.codes[i] as usize] += train.weight(i));
            sums
        });
        let total: f64 = sums.iter().sum();
        sums.iter_mut().for_each(|sum| *sum /= total);
        sums
    }
}

impl ValueTarget {
    /// The numbers of output `k`.
    pub(crate) fn of(&self, k: usize) -> &[f64] {
        let rows = self.values.len() / self.names.len().max(1);
        &self.values[k * rows..(k + 1) * rows]
    }

    /// The weighted mean of each output.
    pub(crate) fn means(&self, weights: Option<&[f64]>) -> Vec<f64> {
        (0..self.names.len()).map(|k| weighted_mean(self.of(k), weights)).collect()
    }
}

/// The weighted mean, about the first number so that equal numbers give themselves.
fn weighted_mean(values: &[f64], weights: Option<&[f64]>) -> f64 {
    let Some(&first) = values.first() else { return 0.0 };
    let weight = |i: usize| weights.map_or(1.0, |weights| weights[i]);
    let [sum, total] = consort_core::blocks::sum(values.len(), |rows| {
        rows.fold([0.0, 0.0], |[sum, total], i| [sum + weight(i) * (values[i] - first), total + weight(i)])
    });
    first + sum / total
}
