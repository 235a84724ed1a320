use std::panic::{AssertUnwindSafe, catch_unwind};

use consort_core::{Error, Result};

/// Does work on a device. Burn has no errors there: a card without memory, or a user's module with wrong shapes,
/// panics; here that becomes an error.
pub(crate) fn guarded<T>(by: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
        let lower = text.to_lowercase();
        let hint = if ["memory", "alloc"].iter().any(|word| lower.contains(word)) {
            "the device has too little memory: take a smaller batch"
        } else {
            "check the shapes within the architecture"
        };
        Err(Error::custom(format!("{by} failed on its device: {text}: {hint}")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_that_says_what_to_do() {
        let error = guarded::<()>("net `mlp`", || panic!("CUDA_ERROR_OUT_OF_MEMORY")).unwrap_err().to_string();
        assert!(error.contains("net `mlp` failed on its device") && error.contains("smaller batch"), "{error}");
        assert_eq!(guarded("a net", || Ok(3)).unwrap(), 3);
    }
}
