//! Panics of a decoder on a hostile file, turned into errors.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs a decoder that is not ours. Its panic is an error with the panic's text, and prints nothing.
///
/// Decoders of binary formats assert what they take for granted; a damaged file breaks that, and is the user's
/// matter, not a bug to be shown as a crash.
pub(super) fn guard<T, E: ToString>(decode: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info| {
            if !QUIET.get() {
                before(info);
            }
        }));
    });
    let outer = QUIET.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(decode));
    QUIET.set(outer);
    match outcome {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(panic) => Err(panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_string()))
            .unwrap_or_else(|| "the decoder gave up".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_with_its_text() {
        assert_eq!(guard(|| -> Result<(), String> { panic!("index {} of {}", 3, 2) }), Err("index 3 of 2".into()));
        assert_eq!(guard(|| Ok::<_, String>(7)), Ok(7));
    }
}
