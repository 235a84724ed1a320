use consort_core::{Error, Gives, Outputs, Predictions, Result, Target, Truth};

/// What a fit reads: the members in the order of their names, and the weight of each row.
///
/// The order of names makes the sums, and so every digit, independent of the order in which members were given.
/// A row that some member lacks gets weight 0: a linear fit has no use for half a row.
#[derive(Debug)]
pub(crate) struct Sample<'a> {
    /// The members by name.
    pub(crate) predictions: Predictions,
    /// What is to be predicted.
    pub(crate) target: &'a Target,
    /// One weight a row.
    pub(crate) weights: Vec<f64>,
    /// The sum of the weights.
    pub(crate) total: f64,
    /// Which place in the caller's order each member (by name) had.
    pub(crate) places: Vec<usize>,
}

impl<'a> Sample<'a> {
    /// The rows and members that `by` will be fitted on.
    ///
    /// # Errors
    /// [`Error::Length`] or [`Error::Unsupported`] unless truth and predictions are of the same rows and outputs,
    /// [`Error::Empty`] if no row of weight is predicted by every member.
    pub(crate) fn new(by: &str, predictions: &Predictions, truth: &Truth<'a>) -> Result<Self> {
        truth.check_rows(predictions.rows())?;
        let outputs = truth.target().outputs();
        if outputs != *predictions.outputs() {
            return Err(Error::Unsupported {
                by: by.into(),
                what: format!(
                    "{} predictions for a truth of {} with other columns",
                    predictions.outputs().task(),
                    outputs.task()
                ),
                hint: "truth and predictions must be of the same classes, labels or targets".into(),
            });
        }
        check_truth(by, truth)?;
        let mut places: Vec<usize> = (0..predictions.members().len()).collect();
        places.sort_by(|&a, &b| predictions.members()[a].name.cmp(&predictions.members()[b].name));
        let predictions = predictions.subset(&places);
        let weights: Vec<f64> = (0..truth.rows())
            .map(|i| {
                let lacking = predictions.has_missing() && (0..places.len()).any(|m| predictions.is_missing(m, i));
                if lacking { 0.0 } else { truth.weight(i) }
            })
            .collect();
        let total: f64 = weights.iter().sum();
        if total == 0.0 {
            return Err(Error::Empty {
                what: "the list of rows that every member predicts".into(),
                hint: format!("{by} learns from complete rows: leave out the members that lack most rows"),
            });
        }
        Ok(Self { predictions, target: truth.target(), weights, total, places })
    }

    /// How many members there are.
    pub(crate) fn members(&self) -> usize {
        self.places.len()
    }

    /// How many rows there are, those of weight 0 included.
    pub(crate) fn rows(&self) -> usize {
        self.weights.len()
    }

    /// The names of the members, in the caller's order.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names = vec![String::new(); self.members()];
        self.predictions.names().zip(&self.places).for_each(|(name, &place)| names[place] = name.to_owned());
        names
    }

    /// Numbers of the members, `width` each, in the caller's order.
    pub(crate) fn in_given_order(&self, by_name: &[f64], width: usize) -> Vec<f64> {
        let mut given = vec![0.0; by_name.len()];
        for (numbers, &place) in by_name.chunks_exact(width).zip(&self.places) {
            given[place * width..(place + 1) * width].copy_from_slice(numbers);
        }
        given
    }

    /// What is true in row `i` and column `k`: 1 or 0 for a class or label, the number for a target.
    pub(crate) fn truth(&self, i: usize, k: usize) -> f64 {
        match self.target {
            Target::Classes { codes, .. } => f64::from(u8::from(codes[i] as usize == k)),
            Target::Labels { values, names } => f64::from(u8::from(values[i * names.len() + k])),
            Target::Values { values, names } => values[i * names.len() + k],
            // `Target` may grow; `new` has refused what has no columns of its own.
            _ => f64::NAN,
        }
    }

    /// The same with every member on the scale of the truth.
    ///
    /// # Errors
    /// As [`on_the_scale_of_truth`].
    pub(crate) fn on_the_scale_of_truth(mut self, by: &str) -> Result<Self> {
        self.predictions = on_the_scale_of_truth(by, &self.predictions)?;
        Ok(self)
    }
}

/// Refuses a truth that is no number, or no class, in a row of weight, or a number that no prediction can be.
fn check_truth(by: &str, truth: &Truth<'_>) -> Result<()> {
    let rows = (0..truth.rows()).filter(|&i| truth.weight(i) > 0.0);
    match truth.target() {
        Target::Classes { codes, classes } => match rows.into_iter().find(|&i| codes[i] as usize >= classes.len()) {
            None => Ok(()),
            Some(i) => Err(Error::UnknownClass {
                place: "the truth".into(),
                class: format!("number {}", codes[i]),
                row: Some(i + 1),
                known: classes.clone(),
            }),
        },
        Target::Values { values, names } => {
            let width = names.len();
            // Row and number of the first that is so.
            let first = |is_bad: fn(f64) -> bool| {
                let number = |i: usize| values[i * width..(i + 1) * width].iter().copied().find(|&x| is_bad(x));
                rows.clone().find_map(|i| Some((i, number(i)?)))
            };
            if let Some((i, value)) = first(|x| !x.is_finite()) {
                let (place, what) = ("the truth".into(), "the value".into());
                return Err(Error::NotFinite { place, row: i + 1, id: String::new(), what, value });
            }
            match first(|x| x.abs() > f64::from(f32::MAX)) {
                None => Ok(()),
                Some((i, x)) => Err(Error::Unsupported {
                    by: by.into(),
                    what: format!("a truth of {x:e} in row {}", i + 1),
                    hint: "predictions are in single precision, at most 3.4e38: divide both by a power of 10".into(),
                }),
            }
        }
        _ => Ok(()),
    }
}

/// The predictions as probabilities or values: logits go through the softmax (labels: the sigmoid), the rest stays.
///
/// Copies the cube only if a member gives logits.
///
/// # Errors
/// [`Error::Unsupported`] naming the first member whose numbers have no scale.
pub(crate) fn on_the_scale_of_truth(by: &str, predictions: &Predictions) -> Result<Predictions> {
    let values = matches!(predictions.outputs(), Outputs::Targets(_) | Outputs::Quantiles(_));
    let fits = |gives| match gives {
        Gives::Values => values,
        Gives::Probabilities | Gives::Labels | Gives::Logits => !values,
        Gives::Scores => false,
    };
    if let Some(member) = predictions.members().iter().find(|member| !fits(member.gives)) {
        return Err(Error::Unsupported {
            by: by.into(),
            what: format!("the {} of member `{}`", member.gives, member.name),
            hint: if values { "give values" } else { "give probabilities, labels or logits" }.into(),
        });
    }
    if predictions.members().iter().all(|member| member.gives != Gives::Logits) {
        return Ok(predictions.clone());
    }
    let mut builder = Predictions::builder(predictions.outputs().clone(), predictions.ids())
        .missing(predictions.missing())
        .reserve(predictions.members().len());
    let width = predictions.columns();
    let classes = matches!(predictions.outputs(), Outputs::Classes(_));
    for (m, member) in predictions.members().iter().enumerate() {
        let gives = if member.gives == Gives::Logits { Gives::Probabilities } else { member.gives };
        builder.add(&member.name, gives, |out| {
            out.copy_from_slice(predictions.member(m));
            match member.gives {
                Gives::Logits if classes => out.chunks_exact_mut(width).for_each(softmax),
                Gives::Logits => out.iter_mut().for_each(|x| *x = (1.0 / (1.0 + (-f64::from(*x)).exp())) as f32),
                _ => {}
            }
            Ok(())
        })?;
    }
    builder.build()
}

/// `exp(x_k) / Σ exp(x)`, safe for large numbers.
fn softmax(row: &mut [f32]) {
    let top = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = row.iter().map(|&x| f64::from(x - top).exp()).sum();
    row.iter_mut().for_each(|x| *x = (f64::from(*x - top).exp() / sum) as f32);
}
