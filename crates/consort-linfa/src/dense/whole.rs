use consort_core::{Error, Result};

/// Refuses a loaded model whose parts do not fit together.
///
/// # Errors
/// [`Error::Damaged`].
pub(crate) fn whole(by: &str, what: &str, got: usize, expected: usize) -> Result<()> {
    if got == expected {
        return Ok(());
    }
    Err(Error::Damaged {
        place: by.into(),
        problem: format!("it has {got} {what} where {expected} belong: fit it anew, or load an undamaged copy"),
    })
}
