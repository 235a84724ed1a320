//! The metrics of [`crate::calibration`] by name.

use std::sync::Arc;

use consort_core::Metric;

use super::Entry;
use crate::calibration::{CalibrationError, Of};

/// Those with a name of their own.
pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "ece",
        about: "Mean gap between probability and frequency in ten bins: of the positive class, or of the top label for more than two.",
        make: || Arc::new(CalibrationError::ece()),
    },
    Entry {
        name: "top_label_ece",
        about: "Mean gap between probability and frequency in ten bins: of the top label.",
        make: || Arc::new(CalibrationError::ece().of(Of::TopLabel)),
    },
    Entry {
        name: "classwise_ece",
        about: "Mean gap between probability and frequency in ten bins: of each class, averaged.",
        make: || Arc::new(CalibrationError::ece().of(Of::Classwise)),
    },
    Entry {
        name: "rmsce",
        about: "Root mean square gap between probability and frequency in ten bins: of the positive class, or of the top label for more than two.",
        make: || Arc::new(CalibrationError::rmsce()),
    },
    Entry {
        name: "top_label_rmsce",
        about: "Root mean square gap between probability and frequency in ten bins: of the top label.",
        make: || Arc::new(CalibrationError::rmsce().of(Of::TopLabel)),
    },
    Entry {
        name: "classwise_rmsce",
        about: "Root mean square gap between probability and frequency in ten bins: of each class, averaged.",
        make: || Arc::new(CalibrationError::rmsce().of(Of::Classwise)),
    },
    Entry {
        name: "mce",
        about: "Greatest gap between probability and frequency in ten bins: of the positive class, or of the top label for more than two.",
        make: || Arc::new(CalibrationError::mce()),
    },
    Entry {
        name: "top_label_mce",
        about: "Greatest gap between probability and frequency in ten bins: of the top label.",
        make: || Arc::new(CalibrationError::mce().of(Of::TopLabel)),
    },
    Entry {
        name: "classwise_mce",
        about: "Greatest gap between probability and frequency in ten bins: of each class, averaged.",
        make: || Arc::new(CalibrationError::mce().of(Of::Classwise)),
    },
];

/// Those with parameters in their name: none.
pub(super) fn parse(name: &str) -> Option<Arc<dyn Metric>> {
    Some(match name {
        "expected_calibration_error" => Arc::new(CalibrationError::ece()),
        "maximum_calibration_error" => Arc::new(CalibrationError::mce()),
        "positive_ece" => Arc::new(CalibrationError::ece().of(Of::Positive)),
        "positive_mce" => Arc::new(CalibrationError::mce().of(Of::Positive)),
        _ => return None,
    })
}
