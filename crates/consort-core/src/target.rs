use crate::{Classes, Error, Outputs, Result};

/// What is to be predicted, for every row.
///
/// ```
/// use consort_core::{Classes, Target};
/// let target = Target::from_labels(["yes", "no"], &Classes::new(["no", "yes"])?, "truth.csv")?;
/// assert_eq!(target.take(&[1]), Target::Classes { codes: vec![0], classes: Classes::new(["no", "yes"])? });
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Target {
    /// One class a row, as its number in class order: `[rows]`.
    Classes {
        /// The class numbers.
        codes: Vec<u32>,
        /// The classes.
        classes: Classes,
    },
    /// Several yes-or-no labels a row, row after row: `[rows][labels]`.
    Labels {
        /// The answers.
        values: Vec<bool>,
        /// The names of the labels.
        names: Vec<String>,
    },
    /// One number, or several named numbers, a row, row after row: `[rows][targets]`.
    Values {
        /// The numbers.
        values: Vec<f64>,
        /// The names of the targets.
        names: Vec<String>,
    },
}

impl Target {
    /// Class labels, to be looked up among the classes.
    ///
    /// # Errors
    /// [`Error::UnknownClass`] naming `place` and the row for a label that is not a class.
    pub fn from_labels<S: AsRef<str>>(
        labels: impl IntoIterator<Item = S>,
        classes: &Classes,
        place: &str,
    ) -> Result<Self> {
        let index: std::collections::HashMap<&str, u32> =
            classes.names().iter().enumerate().map(|(k, name)| (name.as_str(), k as u32)).collect();
        let mut codes = Vec::new();
        for (row, label) in labels.into_iter().enumerate() {
            let label = label.as_ref();
            codes.push(*index.get(label).ok_or_else(|| Error::UnknownClass {
                place: place.into(),
                class: label.into(),
                row: Some(row + 1),
                known: classes.clone(),
            })?);
        }
        Ok(Target::Classes { codes, classes: classes.clone() })
    }

    /// One number a row.
    ///
    /// # Errors
    /// [`Error::NotFinite`] naming the row of a number that is not finite.
    pub fn from_values(values: Vec<f64>, name: &str) -> Result<Self> {
        if let Some(row) = values.iter().position(|value| !value.is_finite()) {
            return Err(Error::NotFinite {
                place: format!("the target `{name}`"),
                row: row + 1,
                id: String::new(),
                what: "the value".into(),
                value: values[row],
            });
        }
        Ok(Target::Values { values, names: vec![name.into()] })
    }

    /// Refuses a target that contradicts itself. Whether its numbers are finite is not asked: those of rows of weight 0 need
    /// not be, and learners refuse the others.
    ///
    /// ```
    /// use consort_core::Target;
    /// let target = Target::Values { values: vec![1.0, 2.0, 3.0], names: vec!["y".into(), "z".into()] };
    /// assert!(target.check().unwrap_err().to_string().contains("the target has 3 values"));
    /// ```
    ///
    /// # Errors
    /// [`Error::UnknownName`] if a class number has no class; [`Error::Length`] unless each row has a value for each name;
    /// those of [`Outputs::check`].
    pub fn check(&self) -> Result<()> {
        match self {
            Target::Classes { codes, classes } => match codes.iter().position(|&code| code as usize >= classes.len()) {
                None => Ok(()),
                Some(i) => Err(Error::UnknownName {
                    what: "class number",
                    name: format!("{} in row {}", codes[i], i + 1),
                    known: format!("the classes are {classes}, counted from 0"),
                }),
            },
            Target::Labels { values, names } => {
                Outputs::Labels(names.clone()).check()?;
                whole_rows(values.len(), names)
            }
            Target::Values { values, names } => {
                Outputs::Targets(names.clone()).check()?;
                whole_rows(values.len(), names)
            }
        }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        match self {
            Target::Classes { codes, .. } => codes.len(),
            Target::Labels { values, names } => values.len() / names.len().max(1),
            Target::Values { values, names } => values.len() / names.len().max(1),
        }
    }

    /// The outputs that a prediction of this target has. Quantiles predict a target of one number.
    pub fn outputs(&self) -> Outputs {
        match self {
            Target::Classes { classes, .. } => Outputs::Classes(classes.clone()),
            Target::Labels { names, .. } => Outputs::Labels(names.clone()),
            Target::Values { names, .. } => Outputs::Targets(names.clone()),
        }
    }

    /// The target of some rows, in the order given.
    pub fn take(&self, rows: &[u32]) -> Target {
        fn pick<T: Copy>(values: &[T], width: usize, rows: &[u32]) -> Vec<T> {
            rows.iter().flat_map(|&i| &values[i as usize * width..(i as usize + 1) * width]).copied().collect()
        }
        match self {
            Target::Classes { codes, classes } => {
                Target::Classes { codes: pick(codes, 1, rows), classes: classes.clone() }
            }
            Target::Labels { values, names } => {
                Target::Labels { values: pick(values, names.len(), rows), names: names.clone() }
            }
            Target::Values { values, names } => {
                Target::Values { values: pick(values, names.len(), rows), names: names.clone() }
            }
        }
    }
}

/// The target of some rows and, perhaps, a weight and a group for each.
///
/// A row of weight 0 is as if it were not there; nothing of it is read. A weight of 2 is the row twice. Rows of one
/// group belong together, such as the visits of a patient: what splits or resamples rows keeps a group whole.
///
/// ```
/// use consort_core::{Target, Truth};
/// let target = Target::from_values(vec![1.0, 2.0, 4.0], "y")?;
/// let truth = Truth::weighted(&target, &[1.0, 0.5, 1.0])?.grouped(&[0, 0, 1])?;
/// assert_eq!((truth.weight(1), truth.groups()), (0.5, Some(&[0, 0, 1][..])));
/// assert_eq!(truth.reweighted(&[0.0, 0.0, 1.0])?.groups(), truth.groups());
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Truth<'a> {
    target: &'a Target,
    weights: Option<&'a [f64]>,
    groups: Option<&'a [u32]>,
}

impl<'a> Truth<'a> {
    /// The truth with a weight of 1 for every row.
    pub fn new(target: &'a Target) -> Self {
        Self { target, weights: None, groups: None }
    }

    /// The truth with a weight for each row.
    ///
    /// # Errors
    /// [`Error::Length`] unless there is a weight a row; [`Error::Parameter`] naming the row of a weight that is
    /// negative or not finite, or if all are 0.
    pub fn weighted(target: &'a Target, weights: &'a [f64]) -> Result<Self> {
        if weights.len() != target.rows() {
            return Err(Error::Length {
                what: "the weights".into(),
                got: weights.len(),
                expected: target.rows(),
                unit: "rows",
                hint: "give one weight for each row".into(),
            });
        }
        if let Some(row) = weights.iter().position(|w| !(w.is_finite() && *w >= 0.0)) {
            return Err(Error::parameter(
                "weights",
                format!("{} in row {}", weights[row], row + 1),
                "finite and at least 0",
            ));
        }
        if weights.iter().all(|&w| w == 0.0) {
            return Err(Error::parameter("weights", "0 in every row", "above 0 in some row"));
        }
        Ok(Self { target, weights: Some(weights), groups: None })
    }

    /// The truth with a weight for each row where there are weights, and a weight of 1 for every row else.
    ///
    /// # Errors
    /// As [`weighted`](Self::weighted).
    pub fn with(target: &'a Target, weights: Option<&'a [f64]>) -> Result<Self> {
        weights.map_or_else(|| Ok(Self::new(target)), |weights| Self::weighted(target, weights))
    }

    /// The same with other weights. The groups stay.
    ///
    /// # Errors
    /// As [`weighted`](Self::weighted).
    pub fn reweighted<'b>(&self, weights: &'b [f64]) -> Result<Truth<'b>>
    where
        'a: 'b,
    {
        Ok(Truth { groups: self.groups, ..Truth::weighted(self.target, weights)? })
    }

    /// The same with the number of each row's group.
    ///
    /// # Errors
    /// [`Error::Length`] unless there is a group a row.
    pub fn grouped(self, groups: &'a [u32]) -> Result<Self> {
        if groups.len() != self.rows() {
            return Err(Error::Length {
                what: "the groups".into(),
                got: groups.len(),
                expected: self.rows(),
                unit: "rows",
                hint: "give one group for each row".into(),
            });
        }
        Ok(Self { groups: Some(groups), ..self })
    }

    /// Whether it is of so many rows, those of some predictions.
    ///
    /// # Errors
    /// [`Error::Length`] if it is not.
    pub fn check_rows(&self, rows: usize) -> Result<()> {
        if self.rows() == rows {
            return Ok(());
        }
        Err(Error::Length {
            what: "the truth".into(),
            got: self.rows(),
            expected: rows,
            unit: "rows",
            hint: "predictions and truth must be of the same rows".into(),
        })
    }

    /// What is to be predicted.
    pub fn target(&self) -> &'a Target {
        self.target
    }

    /// One weight a row, or `None` where each row counts 1.
    pub fn weights(&self) -> Option<&'a [f64]> {
        self.weights
    }

    /// The number of each row's group, or `None` where each row stands alone.
    pub fn groups(&self) -> Option<&'a [u32]> {
        self.groups
    }

    /// The weight of row `i`.
    pub fn weight(&self, i: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[i])
    }

    /// How many rows there are, those of weight 0 included.
    pub fn rows(&self) -> usize {
        self.target.rows()
    }

    /// The sum of the weights.
    pub fn total_weight(&self) -> f64 {
        self.weights.map_or(self.rows() as f64, |weights| weights.iter().sum())
    }

    /// The class number of each row, and the classes.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the target is not a class; `by` is the method that asks.
    pub fn classes(&self, by: &str) -> Result<(&'a [u32], &'a Classes)> {
        match self.target {
            Target::Classes { codes, classes } => Ok((codes, classes)),
            other => Err(wrong_target(by, other, "a class a row")),
        }
    }

    /// The numbers of each row, row after row, and how many there are a row.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the target is not a number; `by` is the method that asks.
    pub fn values(&self, by: &str) -> Result<(&'a [f64], usize)> {
        match self.target {
            Target::Values { values, names } => Ok((values, names.len())),
            other => Err(wrong_target(by, other, "a number a row")),
        }
    }

    /// The yes-or-no labels of each row, row after row, and how many there are a row.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the target is not a set of labels; `by` is the method that asks.
    pub fn labels(&self, by: &str) -> Result<(&'a [bool], usize)> {
        match self.target {
            Target::Labels { values, names } => Ok((values, names.len())),
            other => Err(wrong_target(by, other, "yes-or-no labels")),
        }
    }
}

/// Whether so many values fill rows of a value for each name.
fn whole_rows(got: usize, names: &[String]) -> Result<()> {
    let width = names.len();
    if got.checked_rem(width).unwrap_or(got) == 0 {
        return Ok(());
    }
    Err(Error::Length {
        what: "the target".into(),
        got,
        expected: got.checked_div(width).unwrap_or(0) * width,
        unit: "values",
        hint: format!("each row has {width}, one for each name"),
    })
}

fn wrong_target(by: &str, got: &Target, needed: &str) -> Error {
    Error::Unsupported {
        by: by.into(),
        what: format!("a target of {}", got.outputs().task()),
        hint: format!("it needs {needed}"),
    }
}
