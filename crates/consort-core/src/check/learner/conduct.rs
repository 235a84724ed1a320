//! How a fit behaves while it runs.

use std::sync::{Mutex, PoisonError};

use super::{
    super::Broken,
    contracts::School,
    trial::{Trial, context},
};
use crate::{Cancel, Error, FitContext, Matrix, Progress};

/// Keeps what is reported, and asks to stop after the first report.
#[derive(Default)]
struct Reports {
    steps: Mutex<Vec<(u64, u64)>>,
    cancel: Option<Cancel>,
}

impl Progress for Reports {
    fn step(&self, done: u64, total: u64, _: &str) {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner).push((done, total));
        if let Some(cancel) = &self.cancel {
            cancel.cancel();
        }
    }
}

impl Reports {
    fn steps(self) -> Vec<(u64, u64)> {
        self.steps.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Trial<'_> {
    /// Progress, cancelling, and validation rows.
    pub(super) fn conduct(&self, school: &School<'_>, predicted: &Matrix) -> Result<(), Broken> {
        let School { train, test, .. } = school;
        for threads in [1, 2] {
            let reports = Reports::default();
            let model = self.fit(train, &FitContext { progress: &reports, threads, ..context() })?;
            self.same("who listens changes nothing", predicted, &self.predict(&*model, test)?, 0.0)?;
            let steps = reports.steps();
            let said = format!("it says {steps:?}");
            self.ensure(!steps.is_empty(), "it says how far it is", &said)?;
            let goes_on = steps.windows(2).all(|pair| pair[0].0 <= pair[1].0 && pair[0].1 == pair[1].1);
            self.ensure(goes_on, "progress never goes back, nor does its goal move", &said)?;
            let ends = steps.last().is_some_and(|(done, total)| done == total);
            self.ensure(ends, "progress ends at its goal", &said)?;
        }

        let contract = "a fit that is cancelled stops with that error";
        let cancel = Cancel::default();
        cancel.cancel();
        let result = self.try_fit(train, &FitContext { cancel: Some(&cancel), ..context() })?;
        self.ensure(matches!(result, Err(Error::Cancelled)), contract, "it was cancelled before it began")?;
        let cancel = Cancel::default();
        let reports = Reports { cancel: Some(cancel.clone()), ..Reports::default() };
        let result = self.try_fit(train, &FitContext { cancel: Some(&cancel), progress: &reports, ..context() })?;
        // With only one step to do, all is done before it can be cancelled.
        let in_time = reports.steps().first().is_some_and(|(done, total)| done < total);
        self.ensure(!in_time || matches!(result, Err(Error::Cancelled)), contract, "it was cancelled after a step")?;

        let validated = self.fit(train, &FitContext { validation: Some(*test), ..context() })?;
        let validated = self.predict(&*validated, test)?;
        self.sound("validation rows may be given", &validated, test.len(), &school.lesson.target)
    }
}
