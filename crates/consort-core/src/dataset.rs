use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use rayon::prelude::*;

use crate::{Error, Ids, Result, StoredRows, Target};

/// One feature of every row.
///
/// ```
/// use consort_core::Column;
/// let column = Column::Categorical { name: "kind".into(), codes: vec![1, 0, Column::MISSING], levels: vec!["a".into(), "b".into()] };
/// assert_eq!((column.name(), column.rows()), ("kind", 3));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Numbers; NaN is missing.
    Numeric {
        /// The name.
        name: String,
        /// One number a row.
        values: Vec<f32>,
    },
    /// Categories, as numbers of levels; [`Column::MISSING`] is missing.
    Categorical {
        /// The name.
        name: String,
        /// One level number a row.
        codes: Vec<u32>,
        /// The names of the levels.
        levels: Vec<String>,
    },
}

impl Column {
    /// The code of a missing category.
    pub const MISSING: u32 = u32::MAX;

    /// The name of the feature.
    pub fn name(&self) -> &str {
        match self {
            Column::Numeric { name, .. } | Column::Categorical { name, .. } => name,
        }
    }

    /// How many rows it has.
    pub fn rows(&self) -> usize {
        match self {
            Column::Numeric { values, .. } => values.len(),
            Column::Categorical { codes, .. } => codes.len(),
        }
    }
}

/// The features of all rows.
///
/// ```
/// use consort_core::{Dataset, Features};
/// let pictures = Features::Dense { values: vec![0.0; 2 * 28 * 28], shape: vec![1, 28, 28] };
/// assert_eq!(Dataset::new(pictures)?.rows(), 2);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Features {
    /// A table, column after column.
    Columns(Vec<Column>),
    /// One dense block, row after row, such as images: `shape` is the shape of one row (`[3, 32, 32]`).
    Dense {
        /// The numbers, row after row.
        values: Vec<f32>,
        /// The shape of one row.
        shape: Vec<usize>,
    },
}

impl Features {
    /// How many rows there are; `None` where there is no feature.
    fn rows(&self) -> Result<Option<usize>> {
        Ok(match self {
            Features::Columns(columns) => columns.first().map(Column::rows),
            Features::Dense { values, shape } => values.len().checked_div(width_of(shape)?),
        })
    }
}

/// How many numbers a row of this shape has.
fn width_of(shape: &[usize]) -> Result<usize> {
    let width = shape.iter().try_fold(1usize, |width, &side| width.checked_mul(side));
    width.ok_or_else(|| Error::parameter("shape", format!("{shape:?}"), "the shape of a row that fits into memory"))
}

/// A data set in columns: features, and perhaps a target, weights, groups, times and ids of the rows.
///
/// Clones share the features, so a data set with another target or other weights costs no copy of them.
///
/// ```
/// use consort_core::{Column, Dataset, Features, Ids, Target};
/// let x = Column::Numeric { name: "x".into(), values: vec![1.0, 2.0, 3.0] };
/// let data = Dataset::new(Features::Columns(vec![x]))?
///     .with_target(Target::from_values(vec![1.0, 4.0, 9.0], "y")?)?
///     .with_ids(Ids::from_texts(["r1", "r2", "r3"]))?;
/// assert_eq!((data.rows(), data.ids().text(2).into_owned()), (3, "r3".to_string()));
/// assert!(data.clone().with_weights(vec![1.0]).is_err()); // one weight for three rows
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Dataset {
    features: Arc<OnceLock<Features>>,
    stored: Option<Arc<dyn StoredRows>>,
    target: Option<Target>,
    weights: Option<Vec<f64>>,
    groups: Option<Vec<u32>>,
    time: Option<Vec<f64>>,
    ids: Ids,
    derived: Derived,
}

impl Dataset {
    /// A data set of features alone; its rows have positions for ids.
    ///
    /// # Errors
    /// [`Error::Length`] if the columns differ in length, [`Error::DuplicateName`] if two share a name,
    /// [`Error::Empty`] without a feature, [`Error::UnknownName`] if a code has no level, [`Error::Parameter`] for a shape
    /// whose numbers cannot be counted.
    pub fn new(features: Features) -> Result<Self> {
        let Some(rows) = features.rows()? else {
            return Err(Error::Empty { what: "the data set".into(), hint: "give at least one feature".into() });
        };
        match &features {
            Features::Columns(columns) => {
                let mut seen = std::collections::HashSet::new();
                for column in columns {
                    expect_rows(&format!("column `{}`", column.name()), column.rows(), rows)?;
                    if !seen.insert(column.name()) {
                        return Err(Error::DuplicateName { what: "column", name: column.name().into() });
                    }
                    if let Column::Categorical { name, codes, levels } = column
                        && let Some(i) = codes.iter().position(|&c| c != Column::MISSING && c as usize >= levels.len())
                    {
                        return Err(Error::UnknownName {
                            what: "level number",
                            name: format!("{} in row {} of column `{name}`", codes[i], i + 1),
                            known: format!("the column has {} levels", levels.len()),
                        });
                    }
                }
            }
            Features::Dense { values, shape } => {
                expect_rows("the dense block", values.len(), rows * width_of(shape)?)?;
            }
        }
        Ok(Self {
            features: Arc::new(OnceLock::from(features)),
            stored: None,
            target: None,
            weights: None,
            groups: None,
            time: None,
            ids: Ids::positions(rows),
            derived: Derived::default(),
        })
    }

    /// A data set of rows that stay where they are until they are asked for; they have positions for ids.
    ///
    /// # Errors
    /// [`Error::Empty`] if there is no row, or a row has no numbers; [`Error::Parameter`] for a shape whose numbers cannot be
    /// counted; the first row that cannot be read.
    pub fn from_stored(rows: Arc<dyn StoredRows>) -> Result<Self> {
        let (count, width) = (rows.count(), width_of(rows.shape())?);
        if count == 0 || width == 0 {
            return Err(Error::Empty { what: "the data set".into(), hint: "give at least one row of numbers".into() });
        }
        // Each is read once: what is damaged is said now, and not after an hour of fitting.
        let damaged = (0..count).into_par_iter().map_init(|| vec![0.0; width], |room, row| rows.read(row, room).err());
        if let Some(error) = damaged.find_first(Option::is_some).flatten() {
            return Err(error);
        }
        Ok(Self {
            features: Arc::default(),
            stored: Some(rows),
            target: None,
            weights: None,
            groups: None,
            time: None,
            ids: Ids::positions(count),
            derived: Derived::default(),
        })
    }

    /// With the target.
    ///
    /// # Errors
    /// [`Error::Length`] unless it has a value a row; those of [`Target::check`].
    pub fn with_target(mut self, target: Target) -> Result<Self> {
        target.check()?;
        expect_rows("the target", target.rows(), self.rows())?;
        self.target = Some(target);
        Ok(self)
    }

    /// With a weight for each row.
    ///
    /// # Errors
    /// [`Error::Length`] unless there is one a row; [`Error::Parameter`] if one is negative or not finite.
    pub fn with_weights(mut self, weights: Vec<f64>) -> Result<Self> {
        expect_rows("the weights", weights.len(), self.rows())?;
        if let Some(row) = weights.iter().position(|w| !(w.is_finite() && *w >= 0.0)) {
            let value = format!("{} in row {}", weights[row], row + 1);
            return Err(Error::parameter("weights", value, "finite and at least 0"));
        }
        self.weights = Some(weights);
        self.derived = Derived::default();
        Ok(self)
    }

    /// With the number of each row's group.
    ///
    /// # Errors
    /// [`Error::Length`] unless there is one a row.
    pub fn with_groups(mut self, groups: Vec<u32>) -> Result<Self> {
        expect_rows("the groups", groups.len(), self.rows())?;
        self.groups = Some(groups);
        Ok(self)
    }

    /// With the time of each row; greater is later.
    ///
    /// # Errors
    /// [`Error::Length`] unless there is one a row; [`Error::Parameter`] if one is not finite.
    pub fn with_time(mut self, time: Vec<f64>) -> Result<Self> {
        expect_rows("the times", time.len(), self.rows())?;
        if let Some(row) = time.iter().position(|time| !time.is_finite()) {
            return Err(Error::parameter("time", format!("{} in row {}", time[row], row + 1), "finite in every row"));
        }
        self.time = Some(time);
        Ok(self)
    }

    /// With the ids of the rows.
    ///
    /// # Errors
    /// [`Error::Length`] unless there is one a row; [`Error::DuplicateId`] if one occurs twice.
    pub fn with_ids(mut self, ids: Ids) -> Result<Self> {
        expect_rows("the ids", ids.len(), self.rows())?;
        ids.index("the data set")?;
        self.ids = ids;
        Ok(self)
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.ids.len()
    }

    /// The features. Those of [stored rows](StoredRows) are all loaded, once, when this is first asked; a row that could be
    /// read when the data set was made and now cannot is a row of missing numbers.
    pub fn features(&self) -> &Features {
        self.features.get_or_init(|| {
            let Some(stored) = &self.stored else { return Features::Columns(Vec::new()) };
            let shape = stored.shape().to_vec();
            let width = shape.iter().product::<usize>().max(1);
            let mut values = vec![0.0; stored.count() * width];
            values.par_chunks_mut(width).enumerate().for_each(|(row, into)| {
                if stored.read(row, into).is_err() {
                    into.fill(f32::NAN);
                }
            });
            Features::Dense { values, shape }
        })
    }

    /// The rows that are read when asked for, where they are not in memory: for learners that read batch by batch.
    pub fn stored(&self) -> Option<&Arc<dyn StoredRows>> {
        self.stored.as_ref()
    }

    /// The shape of a row, where rows are blocks: in memory, or read when asked for.
    pub fn row_shape(&self) -> Option<&[usize]> {
        match (&self.stored, self.features.get()) {
            (Some(stored), _) => Some(stored.shape()),
            (None, Some(Features::Dense { shape, .. })) => Some(shape),
            (None, _) => None,
        }
    }

    /// The target, where it is known.
    pub fn target(&self) -> Option<&Target> {
        self.target.as_ref()
    }

    /// The target, where it must be known.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if there is none; `by` is the learner that asks.
    pub fn target_for(&self, by: &str) -> Result<&Target> {
        self.target().ok_or_else(|| Error::Unsupported {
            by: by.into(),
            what: "a data set without a target".into(),
            hint: "add the target with `with_target`".into(),
        })
    }

    /// One weight a row, or `None` where each counts 1.
    pub fn weights(&self) -> Option<&[f64]> {
        self.weights.as_deref()
    }

    /// The group number of each row, where there are groups.
    pub fn groups(&self) -> Option<&[u32]> {
        self.groups.as_deref()
    }

    /// The time of each row, where there is one.
    pub fn time(&self) -> Option<&[f64]> {
        self.time.as_deref()
    }

    /// The ids of the rows.
    pub fn ids(&self) -> &Ids {
        &self.ids
    }

    /// What is made of the features and weights of all rows, made when first asked for and kept with the data set:
    /// such as the bins of tree learners, which all folds, repeats and members of a run share. `key` tells apart
    /// things of one type. Nothing that is learnt from the target belongs here, since it would leak between folds.
    ///
    /// Where two threads ask at the same time, both may make it, and one is kept.
    ///
    /// # Errors
    /// The error of `make`; it is not kept.
    ///
    /// ```
    /// use consort_core::{Column, Dataset, Features, Result};
    /// let x = Column::Numeric { name: "x".into(), values: vec![1.0, 2.0] };
    /// let data = Dataset::new(Features::Columns(vec![x]))?;
    /// let made = data.derived("rows", || Ok(data.rows()))?;
    /// let kept = data.derived("rows", || -> Result<usize> { unreachable!() })?;
    /// assert_eq!(made, kept);
    /// # Ok::<(), consort_core::Error>(())
    /// ```
    pub fn derived<T: Any + Send + Sync>(&self, key: &str, make: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
        let key = (TypeId::of::<T>(), key.to_owned());
        // The lock is not held while it is made: that may itself run on several threads.
        if let Some(kept) = self.derived.lock().get(&key).cloned().and_then(|kept| kept.downcast::<T>().ok()) {
            return Ok(kept);
        }
        let made: Arc<dyn Any + Send + Sync> = Arc::new(make()?);
        let kept = Arc::clone(self.derived.lock().entry(key).or_insert(made));
        // The key holds the type, so this cannot fail.
        kept.downcast::<T>().map_err(|_| Error::custom("a derived thing of another type under the same key"))
    }

    /// What a splitter may know of the rows.
    pub fn row_info(&self) -> crate::RowInfo<'_> {
        crate::RowInfo {
            rows: self.rows(),
            target: self.target(),
            groups: self.groups(),
            time: self.time(),
            ids: Some(&self.ids),
        }
    }
}

type Kept = HashMap<(TypeId, String), Arc<dyn Any + Send + Sync>>;

/// What was derived from a data set; clones share it.
#[derive(Clone, Default)]
struct Derived(Arc<Mutex<Kept>>);

impl Derived {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        // Whoever panicked left a map that is whole: only finished things are put in.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Derived {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.lock().keys().map(|(_, key)| key)).finish()
    }
}

fn expect_rows(what: &str, got: usize, expected: usize) -> Result<()> {
    if got == expected {
        return Ok(());
    }
    let hint = "every part of a data set has one entry a row".into();
    Err(Error::Length { what: what.into(), got, expected, unit: "rows", hint })
}

/// The rows of a data set that one fit or one prediction is about: borrowed, so that K folds do not copy the data.
///
/// ```
/// use consort_core::{Column, Dataset, Features, Samples};
/// let x = Column::Numeric { name: "x".into(), values: vec![1.0, 2.0, 3.0] };
/// let data = Dataset::new(Features::Columns(vec![x]))?;
/// let train = Samples::rows(&data, &[2, 0, 2])?;
/// assert_eq!((train.len(), train.row(1)), (3, 0));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Samples<'a> {
    dataset: &'a Dataset,
    rows: Option<&'a [u32]>,
    weights: Option<&'a [f64]>,
}

impl<'a> Samples<'a> {
    /// All rows, with the data set's own weights.
    pub fn all(dataset: &'a Dataset) -> Self {
        Self { dataset, rows: None, weights: dataset.weights() }
    }

    /// Some rows, in the order given, with the data set's own weights; a row may be named more than once.
    ///
    /// # Errors
    /// [`Error::Length`] if a row number is beyond the data set.
    pub fn rows(dataset: &'a Dataset, rows: &'a [u32]) -> Result<Self> {
        if let Some(&row) = rows.iter().find(|&&row| row as usize >= dataset.rows()) {
            return Err(Error::Length {
                what: "a row number of the samples".into(),
                got: row as usize + 1,
                expected: dataset.rows(),
                unit: "rows",
                hint: "row numbers count from 0".into(),
            });
        }
        Ok(Self { dataset, rows: Some(rows), weights: dataset.weights() })
    }

    /// The same rows with other weights, one for each row **of the data set**.
    ///
    /// # Errors
    /// [`Error::Length`] unless there is one a row of the data set.
    pub fn with_weights(mut self, weights: &'a [f64]) -> Result<Self> {
        expect_rows("the weights", weights.len(), self.dataset.rows())?;
        self.weights = Some(weights);
        Ok(self)
    }

    /// The same samples, each of weight 1, whatever the data set's own weights are: for a learner that takes none, where
    /// the weights are in the rows already, such as in those that a bootstrap drew.
    pub fn unweighted(mut self) -> Self {
        self.weights = None;
        self
    }

    /// The data set.
    pub fn dataset(&self) -> &'a Dataset {
        self.dataset
    }

    /// How many samples there are.
    pub fn len(&self) -> usize {
        self.rows.map_or(self.dataset.rows(), <[u32]>::len)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The data set's row of sample `i`.
    pub fn row(&self, i: usize) -> usize {
        self.rows.map_or(i, |rows| rows[i] as usize)
    }

    /// The row numbers, or `None` where the samples are all rows in order.
    pub fn row_numbers(&self) -> Option<&'a [u32]> {
        self.rows
    }

    /// The weight of sample `i`.
    pub fn weight(&self, i: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[self.row(i)])
    }

    /// One weight a row **of the data set**, or `None` where each counts 1.
    pub fn weights(&self) -> Option<&'a [f64]> {
        self.weights
    }

    /// What each row **of the data set** weighs among the samples: a row that is named twice counts twice, one that is
    /// not named weighs 0. `None` where the samples are all rows, each of weight 1.
    ///
    /// ```
    /// use consort_core::{Column, Dataset, Features, Samples};
    /// let x = Column::Numeric { name: "x".into(), values: vec![1.0, 2.0, 3.0] };
    /// let data = Dataset::new(Features::Columns(vec![x]))?;
    /// assert_eq!(Samples::all(&data).row_weights(), None);
    /// assert_eq!(Samples::rows(&data, &[2, 0, 2])?.row_weights(), Some(vec![1.0, 0.0, 2.0]));
    /// # Ok::<(), consort_core::Error>(())
    /// ```
    pub fn row_weights(&self) -> Option<Vec<f64>> {
        if self.rows.is_none() && self.weights.is_none() {
            return None;
        }
        let mut weights = vec![0.0; self.dataset.rows()];
        for i in 0..self.len() {
            weights[self.row(i)] += self.weight(i);
        }
        Some(weights)
    }

    /// Whether any weights are given.
    pub fn is_weighted(&self) -> bool {
        self.weights.is_some()
    }

    /// Whether a row is named twice.
    pub fn has_repeats(&self) -> bool {
        let mut seen = vec![false; self.rows.map_or(0, |_| self.dataset.rows())];
        self.rows.is_some_and(|rows| rows.iter().any(|&row| std::mem::replace(&mut seen[row as usize], true)))
    }

    /// Other features of these samples, in their order, with their ids: what an encoder makes of new rows. Ids must differ,
    /// so that a row that is named twice leaves all with positions.
    ///
    /// ```
    /// use consort_core::{Dataset, Features, Ids, Samples};
    /// let dense = |values: Vec<f32>| Features::Dense { values, shape: vec![1] };
    /// let data = Dataset::new(dense(vec![1.0, 2.0, 3.0]))?.with_ids(Ids::from_texts(["a", "b", "c"]))?;
    /// let squares = Samples::rows(&data, &[2, 0])?.with_features(dense(vec![9.0, 1.0]))?;
    /// assert_eq!(squares.ids().text(0), "c");
    /// # Ok::<(), consort_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Dataset::new`], and [`Error::Length`] unless there are features for each sample.
    pub fn with_features(&self, features: Features) -> Result<Dataset> {
        let (made, ids) = (Dataset::new(features)?, self.dataset.ids());
        match self.rows {
            None => made.with_ids(ids.clone()),
            Some(_) if ids.are_positions() || self.has_repeats() => made.with_ids(Ids::positions(self.len())),
            Some(rows) => made.with_ids(ids.take(rows)),
        }
    }

    /// A data set of these samples, in their order, with all else that a fit reads of them: target, weights, times, groups. It is
    /// what an encoder makes of the rows that it is fitted on. Rows that were drawn twice are one group, where there are no groups.
    ///
    /// # Errors
    /// [`Error::Length`] unless it has a row for each sample.
    pub fn dress(&self, mut made: Dataset) -> Result<Dataset> {
        if let Some(target) = self.dataset.target() {
            made = made.with_target(self.rows.map_or_else(|| target.clone(), |rows| target.take(rows)))?;
        }
        let weights: Vec<f64> = (0..self.len()).map(|i| self.weight(i)).collect();
        // Weights of 1 say nothing, and a learner that takes none would refuse them.
        if weights.iter().any(|&weight| weight != 1.0) {
            made = made.with_weights(weights)?;
        }
        if let Some(time) = self.dataset.time() {
            made = made.with_time((0..self.len()).map(|i| time[self.row(i)]).collect())?;
        }
        let groups = match self.dataset.groups() {
            Some(groups) => Some((0..self.len()).map(|i| groups[self.row(i)]).collect()),
            // A row that was drawn twice is two rows from here on: as one group they can be kept together.
            None => self.rows.filter(|_| self.has_repeats()).map(<[u32]>::to_vec),
        };
        match groups {
            Some(groups) => made.with_groups(groups),
            None => Ok(made),
        }
    }

    /// The target of these samples, in their order.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the data set has none; `by` is the learner that asks.
    pub fn target(&self, by: &str) -> Result<std::borrow::Cow<'a, Target>> {
        let target = self.dataset.target_for(by)?;
        Ok(match self.rows {
            None => std::borrow::Cow::Borrowed(target),
            Some(rows) => std::borrow::Cow::Owned(target.take(rows)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: usize) -> Dataset {
        Dataset::new(Features::Dense { values: vec![0.0; count], shape: vec![1] }).unwrap()
    }

    #[test]
    fn a_shape_of_more_numbers_than_can_be_counted_is_refused() {
        let shape = vec![1 << 40, 1 << 40];
        let error = Dataset::new(Features::Dense { values: vec![0.0], shape }).unwrap_err().to_string();
        assert!(error.contains("parameter `shape` is [1099511627776, 1099511627776]"), "{error}");
    }

    #[test]
    fn a_target_of_several_numbers_has_each_of_them_in_every_row() {
        let with = |values: &[f64]| {
            let target = Target::Values { values: values.to_vec(), names: vec!["y".into(), "z".into()] };
            rows(2).with_target(target)
        };
        assert!(with(&[1.0, 2.0, 3.0, 4.0]).is_ok());
        let long = with(&[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap_err().to_string();
        assert!(long.contains("the target has 5 values, but 4 values are needed"), "{long}");
        let nameless = rows(2).with_target(Target::Values { values: vec![1.0, 2.0], names: vec![] });
        assert!(nameless.unwrap_err().to_string().contains("the target has 2 values, but 0 values"));
    }

    #[test]
    fn a_time_that_is_no_number_is_named_with_its_row() {
        let error = rows(2).with_time(vec![1.0, f64::NAN]).unwrap_err().to_string();
        assert!(error.contains("parameter `time` is NaN in row 2"), "{error}");
    }
}
