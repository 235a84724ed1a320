//! The metrics of [`crate::classification`] by name.

use std::sync::Arc;

use consort_core::Metric;

use super::Entry;
use crate::classification::{Accuracy, Brier, BrierScale, LogLoss, ZeroOneLoss};

/// Those with a name of their own.
pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "log_loss",
        about: "Cross-entropy of the probabilities, in nats.",
        make: || Arc::new(LogLoss::default()),
    },
    Entry {
        name: "brier",
        about: "Mean squared error of the probabilities: of the positive class, or summed over classes.",
        make: || Arc::new(Brier::default()),
    },
    Entry {
        name: "brier_half",
        about: "Brier score, half the sum over classes (0 to 1).",
        make: || Arc::new(Brier::default().scale(BrierScale::Half)),
    },
    Entry {
        name: "brier_sum",
        about: "Brier score, the sum over classes (0 to 2).",
        make: || Arc::new(Brier::default().scale(BrierScale::Sum)),
    },
    Entry { name: "accuracy", about: "Share of rows whose label is right.", make: || Arc::new(Accuracy) },
    Entry { name: "zero_one_loss", about: "Share of rows whose label is wrong.", make: || Arc::new(ZeroOneLoss) },
];

/// Those with parameters in their name.
pub(super) fn parse(_name: &str) -> Option<Arc<dyn Metric>> {
    None
}
