use std::sync::{Mutex, PoisonError};

use consort_core::{FitContext, Progress};

/// Steps done by several threads, told one after another so that progress never goes back.
pub(crate) struct Tally<'a> {
    done: Mutex<u64>,
    total: u64,
    progress: &'a dyn Progress,
}

impl<'a> Tally<'a> {
    pub(crate) fn new(ctx: &FitContext<'a>, total: usize) -> Self {
        Self { done: Mutex::new(0), total: total as u64, progress: ctx.progress }
    }

    /// So many more steps are done.
    pub(crate) fn add(&self, steps: usize, text: &str) {
        if steps == 0 {
            return;
        }
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        *done = (*done + steps as u64).min(self.total);
        self.progress.step(*done, self.total, text);
    }
}
