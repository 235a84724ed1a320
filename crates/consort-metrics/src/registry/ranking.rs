//! The metrics of [`crate::ranking`] by name.

use std::sync::Arc;

use consort_core::Metric;

use super::Entry;
use crate::classification::Average;
use crate::ranking::{Pairing, RocAuc};

/// Those with a name of their own.
pub(super) const ENTRIES: &[Entry] = &[Entry {
    name: "roc_auc",
    about: "Area under the ROC curve: of the positive class, or each class against the rest.",
    make: || Arc::new(RocAuc::default()),
}];

/// Those with parameters in their name.
pub(super) fn parse(name: &str) -> Option<Arc<dyn Metric>> {
    let (stem, average) = Average::strip(name);
    let pairing = match stem {
        "roc_auc" | "roc_auc_ovr" => Pairing::OneVsRest,
        "roc_auc_ovo" => Pairing::OneVsOne,
        _ => return None,
    };
    Some(Arc::new(RocAuc { average, pairing }))
}
