//! The metrics of [`crate::ranking`] by name.

use std::sync::Arc;

use consort_core::Metric;

use super::Entry;
use crate::classification::Average;
use crate::ranking::{
    AveragePrecision, Gain, Gini, KolmogorovSmirnov, Lift, Pairing, PrAuc, RocAuc, parse_top_fraction,
};

/// Those with a name of their own.
pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "roc_auc",
        about: "Area under the ROC curve: of the positive class, or each class against the rest.",
        make: || Arc::new(RocAuc::default()),
    },
    Entry {
        name: "roc_auc_ovr_macro",
        about: "ROC AUC of each class against the rest, each class counting the same.",
        make: || Arc::new(RocAuc::default().average(Average::Macro)),
    },
    Entry {
        name: "roc_auc_ovr_micro",
        about: "ROC AUC of each class against the rest, over all classes pooled.",
        make: || Arc::new(RocAuc::default().average(Average::Micro)),
    },
    Entry {
        name: "roc_auc_ovr_weighted",
        about: "ROC AUC of each class against the rest, each class counting its rows.",
        make: || Arc::new(RocAuc::default().average(Average::Weighted)),
    },
    Entry {
        name: "roc_auc_ovo_macro",
        about: "ROC AUC of pairs of classes, each class counting the same.",
        make: || Arc::new(RocAuc::default().pairing(Pairing::OneVsOne).average(Average::Macro)),
    },
    Entry {
        name: "roc_auc_ovo_weighted",
        about: "ROC AUC of pairs of classes, each class counting its rows.",
        make: || Arc::new(RocAuc::default().pairing(Pairing::OneVsOne).average(Average::Weighted)),
    },
    Entry {
        name: "average_precision",
        about: "Precision at each threshold, weighted by the recall it adds.",
        make: || Arc::new(AveragePrecision::default()),
    },
    Entry {
        name: "average_precision_macro",
        about: "Precision at each threshold, weighted by the recall it adds, each class counting the same.",
        make: || Arc::new(AveragePrecision::default().average(Average::Macro)),
    },
    Entry {
        name: "average_precision_micro",
        about: "Precision at each threshold, weighted by the recall it adds, over all classes pooled.",
        make: || Arc::new(AveragePrecision::default().average(Average::Micro)),
    },
    Entry {
        name: "average_precision_weighted",
        about: "Precision at each threshold, weighted by the recall it adds, each class counting its rows.",
        make: || Arc::new(AveragePrecision::default().average(Average::Weighted)),
    },
    Entry {
        name: "pr_auc",
        about: "Area under the precision–recall curve, trapezoidal.",
        make: || Arc::new(PrAuc::default()),
    },
    Entry {
        name: "pr_auc_macro",
        about: "Area under the precision–recall curve, trapezoidal, each class counting the same.",
        make: || Arc::new(PrAuc::default().average(Average::Macro)),
    },
    Entry {
        name: "pr_auc_micro",
        about: "Area under the precision–recall curve, trapezoidal, over all classes pooled.",
        make: || Arc::new(PrAuc::default().average(Average::Micro)),
    },
    Entry {
        name: "pr_auc_weighted",
        about: "Area under the precision–recall curve, trapezoidal, each class counting its rows.",
        make: || Arc::new(PrAuc::default().average(Average::Weighted)),
    },
    Entry { name: "gini", about: "2·AUC − 1.", make: || Arc::new(Gini::default()) },
    Entry {
        name: "gini_macro",
        about: "2·AUC − 1, each class counting the same.",
        make: || Arc::new(Gini::default().average(Average::Macro)),
    },
    Entry {
        name: "gini_micro",
        about: "2·AUC − 1, over all classes pooled.",
        make: || Arc::new(Gini::default().average(Average::Micro)),
    },
    Entry {
        name: "gini_weighted",
        about: "2·AUC − 1, each class counting its rows.",
        make: || Arc::new(Gini::default().average(Average::Weighted)),
    },
    Entry {
        name: "ks",
        about: "Greatest gap between the share found and the share mistaken.",
        make: || Arc::new(KolmogorovSmirnov::default()),
    },
    Entry {
        name: "ks_macro",
        about: "Greatest gap between the share found and the share mistaken, each class counting the same.",
        make: || Arc::new(KolmogorovSmirnov::default().average(Average::Macro)),
    },
    Entry {
        name: "ks_micro",
        about: "Greatest gap between the share found and the share mistaken, over all classes pooled.",
        make: || Arc::new(KolmogorovSmirnov::default().average(Average::Micro)),
    },
    Entry {
        name: "ks_weighted",
        about: "Greatest gap between the share found and the share mistaken, each class counting its rows.",
        make: || Arc::new(KolmogorovSmirnov::default().average(Average::Weighted)),
    },
    Entry {
        name: "lift",
        about: "How many times more positive rows the top tenth holds than at random.",
        make: || Arc::new(Lift::default()),
    },
    Entry {
        name: "gain",
        about: "Share of the positive rows found in the top tenth.",
        make: || Arc::new(Gain::default()),
    },
];

/// Those with parameters in their name: `lift_0.05`, `gain_0.2`; and other names of the same.
pub(super) fn parse(name: &str) -> Option<Arc<dyn Metric>> {
    if let Some((fraction, ties)) = parse_top_fraction("lift", name) {
        return Some(Arc::new(Lift { fraction, ties }));
    }
    if let Some((fraction, ties)) = parse_top_fraction("gain", name) {
        return Some(Arc::new(Gain { fraction, ties }));
    }
    let (stem, average) = Average::strip(name);
    if average == Average::Samples {
        return None;
    }
    Some(match stem {
        "roc_auc" | "roc_auc_ovr" | "auc" | "auroc" => Arc::new(RocAuc { average, pairing: Pairing::OneVsRest }),
        "roc_auc_ovo" if average != Average::Micro => Arc::new(RocAuc { average, pairing: Pairing::OneVsOne }),
        "ap" => Arc::new(AveragePrecision { average }),
        "pr_auc_trapezoid" | "auprc" => Arc::new(PrAuc { average }),
        "kolmogorov_smirnov" => Arc::new(KolmogorovSmirnov { average }),
        _ => return None,
    })
}
