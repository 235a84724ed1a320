//! The metrics of [`crate::calibration`] by name.

use std::sync::Arc;

use consort_core::Metric;

use super::Entry;
use crate::calibration::{Bins, CalibrationError, Of};

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

/// Those with the number of bins in their name, such as `ece_15`, and other words for the rest.
pub(super) fn parse(name: &str) -> Option<Arc<dyn Metric>> {
    if let Some((base, count)) = name.rsplit_once('_')
        && let Ok(count) = count.parse()
    {
        let metric = unbinned(base)?.bins(Bins::default().count(count));
        return metric.check().is_ok().then(|| Arc::new(metric) as Arc<dyn Metric>);
    }
    unbinned(name).map(|metric| Arc::new(metric) as Arc<dyn Metric>)
}

fn unbinned(name: &str) -> Option<CalibrationError> {
    let (of, norm) = match name {
        "expected_calibration_error" => (Of::Auto, "ece"),
        "maximum_calibration_error" => (Of::Auto, "mce"),
        _ => [("positive_", Of::Positive), ("top_label_", Of::TopLabel), ("classwise_", Of::Classwise)]
            .into_iter()
            .find_map(|(prefix, of)| Some((of, name.strip_prefix(prefix)?)))
            .unwrap_or((Of::Auto, name)),
    };
    let metric = match norm {
        "ece" => CalibrationError::ece(),
        "mce" => CalibrationError::mce(),
        "rmsce" => CalibrationError::rmsce(),
        _ => return None,
    };
    Some(metric.of(of))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_number_of_bins_may_stand_in_the_name() {
        for name in ["ece_15", "classwise_mce_20", "positive_rmsce_5"] {
            assert_eq!(super::parse(name).unwrap().name(), name);
        }
        assert_eq!(super::parse("ece_10").unwrap().name(), "ece");
        assert!(super::parse("ece_0").is_none() && super::parse("ece_x").is_none());
    }
}
