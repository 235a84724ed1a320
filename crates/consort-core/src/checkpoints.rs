use crate::Result;

/// Where a long fit keeps how far it is, so that one that was interrupted goes on there and ends with the same bits.
///
/// A fit may have parts, such as the members of an ensemble, each with a name. What is kept is the fit's own affair.
///
/// ```
/// use std::{collections::HashMap, sync::Mutex};
/// use consort_core::{Checkpoints, FitContext, Result, Seed};
///
/// #[derive(Default)]
/// struct InMemory(Mutex<HashMap<String, Vec<u8>>>);
///
/// impl Checkpoints for InMemory {
///     fn load(&self, part: &str) -> Result<Option<Vec<u8>>> {
///         Ok(self.0.lock().unwrap().get(part).cloned())
///     }
///
///     fn save(&self, part: &str, state: &[u8]) -> Result<()> {
///         self.0.lock().unwrap().insert(part.into(), state.into());
///         Ok(())
///     }
/// }
///
/// let kept = InMemory::default();
/// let context = FitContext { checkpoints: Some(&kept), ..FitContext::new(Seed::new(1)) };
/// assert!(context.checkpoints.is_some());
/// ```
pub trait Checkpoints: Sync {
    /// What was kept of a part, if anything was.
    ///
    /// # Errors
    /// If it is damaged.
    fn load(&self, part: &str) -> Result<Option<Vec<u8>>>;

    /// Keeps how far a part is, in the place of what was kept of it before.
    ///
    /// # Errors
    /// If it cannot be written.
    fn save(&self, part: &str, state: &[u8]) -> Result<()>;

    /// Whether it is time to keep something of a part again. A fit asks before it gathers what it would keep.
    fn is_due(&self, _part: &str) -> bool {
        true
    }
}
