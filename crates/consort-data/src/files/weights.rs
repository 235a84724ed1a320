use crate::{Error, Result};

use super::{Source, read_columns};

/// Reads a file of member weights: a table with the columns `model` and `weight`, one row a member.
///
/// ```
/// use consort_data::files::{Format, Source, read_member_weights};
/// let file = Source::bytes("w.csv", Format::Csv, &b"model,weight\nforest,2\nboost,0.5\n"[..]);
/// assert_eq!(read_member_weights(&file)?, [("forest".to_string(), 2.0), ("boost".to_string(), 0.5)]);
/// # Ok::<(), consort_data::Error>(())
/// ```
///
/// # Errors
/// [`Error::NoColumn`], [`Error::MissingValue`] or [`Error::NotNumber`] naming the row, [`Error::Range`] for a weight
/// that is not finite, and an error of `consort-core` for a member that stands there twice.
pub fn read_member_weights(source: &Source) -> Result<Vec<(String, f64)>> {
    let columns = read_columns(source, Some(&["model", "weight"]))?;
    let names = columns[0].complete("model")?;
    columns[1].complete("weight")?;
    let weights = columns[1].numbers()?;
    if let Some(row) = weights.iter().position(|weight| !weight.is_finite()) {
        return Err(Error::Range {
            file: source.file(),
            at: format!("row {}", row + 1),
            column: "weight".into(),
            value: weights[row],
            expected: "a finite weight",
        });
    }
    let mut seen = std::collections::HashSet::new();
    if let Some(twice) = names.iter().find(|name| !seen.insert(**name)) {
        return Err(consort_core::Error::DuplicateName { what: "model", name: (*twice).into() }.into());
    }
    Ok(names.into_iter().map(String::from).zip(weights).collect())
}
