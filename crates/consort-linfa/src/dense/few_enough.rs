use consort_core::{Error, Result};

/// How many features a method may have that keeps the product of each pair: 200 MB.
const MOST: usize = 5000;

/// Refuses more features than a method of `p × p` products can hold.
///
/// # Errors
/// [`Error::Unsupported`].
pub(crate) fn few_enough(by: &str, width: usize) -> Result<()> {
    if width <= MOST {
        return Ok(());
    }
    Err(Error::Unsupported {
        by: by.into(),
        what: format!("{width} features (at most {MOST})"),
        hint: "choose among the features first, or use ridge or logistic regression".into(),
    })
}
