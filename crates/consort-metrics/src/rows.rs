//! Rows that were checked once, so that the loops over them need not.

use consort_core::{Classes, Error, Estimates, Gives, Reads, Result, Truth};

/// Class rows: each code is below the number of classes, and each class has a column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClassRows<'a> {
    pub(crate) codes: &'a [u32],
    pub(crate) classes: &'a Classes,
    pub(crate) weights: Option<&'a [f64]>,
}

impl<'a> ClassRows<'a> {
    /// Checks lengths, finiteness, columns, codes, and that the estimates are what `by` reads.
    pub(crate) fn of(estimates: &Estimates<'_>, truth: &Truth<'a>, reads: Reads, by: &str) -> Result<Self> {
        let (codes, classes) = truth.classes(by)?;
        suited(estimates.gives(), reads, by)?;
        columns(estimates, classes.len(), "classes", by)?;
        estimates.check(truth, by)?;
        check_codes(codes, classes.len(), by)?;
        Ok(Self { codes, classes, weights: truth.weights() })
    }

    /// The positive class of a problem of two classes.
    pub(crate) fn positive(&self) -> Option<usize> {
        (self.classes.len() == 2).then(|| self.classes.positive())
    }
}

/// Yes-or-no labels: `[rows][labels]`, a column each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LabelRows<'a> {
    pub(crate) truth: &'a [bool],
    pub(crate) labels: usize,
    pub(crate) weights: Option<&'a [f64]>,
}

impl<'a> LabelRows<'a> {
    /// Checks lengths, finiteness and columns, and that the estimates are what `by` reads.
    pub(crate) fn of(estimates: &Estimates<'_>, truth: &Truth<'a>, reads: Reads, by: &str) -> Result<Self> {
        let (values, labels) = truth.labels(by)?;
        suited(estimates.gives(), reads, by)?;
        columns(estimates, labels, "labels", by)?;
        estimates.check(truth, by)?;
        Ok(Self { truth: values, labels, weights: truth.weights() })
    }
}

/// The weight of row `i`.
#[inline]
pub(crate) fn weight(weights: Option<&[f64]>, i: usize) -> f64 {
    weights.map_or(1.0, |weights| weights[i])
}

/// Checks that every code is a class.
pub(crate) fn check_codes(codes: &[u32], classes: usize, by: &str) -> Result<()> {
    let top = codes.iter().copied().max().unwrap_or(0) as usize;
    if top >= classes && !codes.is_empty() {
        let row = codes.iter().position(|&code| code as usize >= classes).unwrap_or(0);
        return Err(Error::Parameter {
            name: "codes",
            value: format!("{} in row {} ({by})", codes[row], row + 1),
            expected: format!("below {classes}, the number of classes"),
        });
    }
    Ok(())
}

/// Checks that two parallel things are.
pub(crate) fn parallel(what: &str, got: usize, expected: usize, unit: &'static str) -> Result<()> {
    if got == expected {
        return Ok(());
    }
    Err(Error::Length { what: what.into(), got, expected, unit, hint: "all must be of the same rows".into() })
}

/// Checks that there is a weight a row, finite and at least 0.
pub(crate) fn check_weights(weights: Option<&[f64]>, rows: usize) -> Result<()> {
    let Some(weights) = weights else { return Ok(()) };
    parallel("the weights", weights.len(), rows, "rows")?;
    match weights.iter().position(|w| !(w.is_finite() && *w >= 0.0)) {
        None => Ok(()),
        Some(row) => {
            Err(Error::parameter("weights", format!("{} in row {}", weights[row], row + 1), "finite and at least 0"))
        }
    }
}

fn columns(estimates: &Estimates<'_>, expected: usize, what: &str, by: &str) -> Result<()> {
    if estimates.columns() == expected {
        return Ok(());
    }
    Err(Error::Length {
        what: format!("each row of the estimates for {by}"),
        got: estimates.columns(),
        expected,
        unit: "columns",
        hint: format!("the truth has {expected} {what}; give one column each"),
    })
}

/// Checks that estimates of this meaning can be read as the metric reads them.
pub(crate) fn suited(gives: Gives, reads: Reads, by: &str) -> Result<()> {
    let fits = match reads {
        Reads::Label => gives != Gives::Values,
        Reads::Probability => matches!(gives, Gives::Probabilities | Gives::Labels),
        Reads::Score => gives != Gives::Values,
        Reads::Value => gives == Gives::Values,
    };
    if fits {
        return Ok(());
    }
    Err(Error::Unsupported {
        by: by.into(),
        what: gives.to_string(),
        hint: match reads {
            Reads::Label => "give probabilities or labels".into(),
            Reads::Probability => "give probabilities; logits become probabilities by softmax".into(),
            Reads::Score => "give scores, logits or probabilities".into(),
            Reads::Value => "give predicted values".into(),
        },
    })
}
