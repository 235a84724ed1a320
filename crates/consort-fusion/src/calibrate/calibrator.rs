use std::fmt::Debug;

use consort_core::{Error, Matrix, Outputs, Result, Target, Truth};

/// Fits a calibration on probabilities whose truth is known. Serde round-trips it.
///
/// The probabilities must be of rows that neither the members nor the fusion were fitted on: on its own rows a
/// fusion looks better calibrated, or worse, than it is. [`Calibrated`](super::Calibrated) sees to that.
///
/// ```
/// use consort_core::{Classes, Matrix, Target, Truth};
/// use consort_fusion::calibrate::{Calibrator, Temperature};
/// let classes = Classes::new(["no", "yes"])?;
/// let sure = Matrix::new(4, 2, vec![0.01, 0.99, 0.01, 0.99, 0.99, 0.01, 0.01, 0.99])?;
/// let target = Target::from_labels(["yes", "yes", "no", "no"], &classes, "y")?;
/// let calibration = Temperature.fit(&sure, &Truth::new(&target))?;
/// assert!((calibration.apply(&sure)?.at(0, 1) - 0.75).abs() < 1e-4); // it is right three times in four
/// # Ok::<(), consort_core::Error>(())
/// ```
#[typetag::serde(tag = "calibrator")]
pub trait Calibrator: Debug + Send + Sync {
    /// Its name in tables and on the command line, such as `platt`.
    fn name(&self) -> String;

    /// The calibration fitted on these probabilities, `[rows][columns]`. Rows of weight 0 are not read.
    ///
    /// # Errors
    /// If a parameter is out of range, the truth is not parallel or not of classes or labels, or a row of weight
    /// has a number that is no probability.
    fn fit(&self, probabilities: &Matrix, truth: &Truth<'_>) -> Result<Box<dyn Calibration>>;
}

/// A fitted calibration. Serde round-trips it.
///
/// ```
/// use consort_fusion::calibrate::Calibration;
/// # use consort_core::{Classes, Matrix, Target, Truth};
/// # use consort_fusion::calibrate::{Calibrator, Platt};
/// # let classes = Classes::new(["no", "yes"])?;
/// # let p = Matrix::new(2, 2, vec![0.2, 0.8, 0.7, 0.3])?;
/// # let target = Target::from_labels(["yes", "no"], &classes, "y")?;
/// let fitted: Box<dyn Calibration> = Platt::default().fit(&p, &Truth::new(&target))?;
/// let text = serde_json::to_string(&fitted).unwrap();
/// let again: Box<dyn Calibration> = serde_json::from_str(&text).unwrap();
/// assert_eq!(again.apply(&p)?, fitted.apply(&p)?);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[typetag::serde(tag = "calibration")]
pub trait Calibration: Debug + Send + Sync {
    /// Its name in tables and on the command line, such as `platt`.
    fn name(&self) -> String;

    /// The calibrated probabilities. A row with NaN stays without an answer.
    ///
    /// # Errors
    /// [`Error::Length`] for another number of columns than it was fitted on.
    fn apply(&self, probabilities: &Matrix) -> Result<Matrix>;
}

/// Refuses probabilities that are not parallel to a truth of classes or labels, or are none.
pub(super) fn check(by: &str, probabilities: &Matrix, truth: &Truth<'_>) -> Result<()> {
    truth.check_rows(probabilities.rows())?;
    let outputs = truth.target().outputs();
    if !matches!(outputs, Outputs::Classes(_) | Outputs::Labels(_)) {
        return Err(Error::Unsupported {
            by: by.into(),
            what: outputs.task().to_string(),
            hint: "it needs probabilities of classes or labels".into(),
        });
    }
    expect_columns(by, probabilities, outputs.len())?;
    if let Target::Classes { codes, classes } = truth.target()
        && let Some(i) = (0..codes.len()).find(|&i| truth.weight(i) > 0.0 && codes[i] as usize >= classes.len())
    {
        return Err(Error::UnknownClass {
            place: "the truth".into(),
            class: format!("number {}", codes[i]),
            row: Some(i + 1),
            known: classes.clone(),
        });
    }
    for i in (0..truth.rows()).filter(|&i| truth.weight(i) > 0.0) {
        let row = probabilities.row(i);
        if let Some(x) = row.iter().find(|x| !(**x >= 0.0 && **x <= 1.0 + 1e-4)) {
            let place = "the probabilities".to_owned();
            return Err(if x.is_finite() {
                let problem = format!("{x} is not in [0, 1]");
                Error::NotProbabilities { place, row: i + 1, id: String::new(), problem }
            } else {
                let what = "a probability".into();
                Error::NotFinite { place, row: i + 1, id: String::new(), what, value: f64::from(*x) }
            });
        }
    }
    if truth.total_weight() == 0.0 {
        return Err(Error::Empty {
            what: "the list of rows".into(),
            hint: "calibration needs rows with a truth".into(),
        });
    }
    Ok(())
}

/// Refuses a matrix of another width.
pub(super) fn expect_columns(by: &str, probabilities: &Matrix, columns: usize) -> Result<()> {
    if probabilities.columns() == columns {
        return Ok(());
    }
    Err(Error::Length {
        what: "a row of the probabilities".into(),
        got: probabilities.columns(),
        expected: columns,
        unit: "columns",
        hint: format!("{by} needs one for each class or label"),
    })
}

/// Whether column `k` came true in row `i`.
pub(super) fn came_true(target: &Target, i: usize, k: usize) -> bool {
    match target {
        Target::Classes { codes, .. } => codes[i] as usize == k,
        Target::Labels { values, names } => values[i * names.len() + k],
        // `check` has refused the rest.
        _ => false,
    }
}
