//! The metrics of [`crate::classification`] by name.

use std::sync::Arc;

use consort_core::Metric;

use super::Entry;
use crate::classification::{
    Accuracy, Average, BalancedAccuracy, Brier, BrierScale, CohenKappa, CoverageError, FBeta, HammingLoss, HingeLoss,
    Jaccard, KappaWeights, LabelRankingAveragePrecision, LabelRankingLoss, LogLoss, Mcc, Npv, Precision,
    RankedProbabilityScore, Recall, Specificity, TopKAccuracy, ZeroOneLoss,
};

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
    Entry {
        name: "ranked_probability_score",
        about: "Squared error of cumulative probabilities, for classes that have an order.",
        make: || Arc::new(RankedProbabilityScore),
    },
    Entry { name: "accuracy", about: "Share of rows whose label is right.", make: || Arc::new(Accuracy) },
    Entry { name: "zero_one_loss", about: "Share of rows whose label is wrong.", make: || Arc::new(ZeroOneLoss) },
    Entry { name: "hamming_loss", about: "Share of labels that are wrong.", make: || Arc::new(HammingLoss) },
    Entry {
        name: "hinge_loss",
        about: "By how much the score of a row's class fails to be ahead by 1.",
        make: || Arc::new(HingeLoss),
    },
    Entry {
        name: "balanced_accuracy",
        about: "Mean over classes of the share of rows found.",
        make: || Arc::new(BalancedAccuracy),
    },
    Entry { name: "mcc", about: "Matthews correlation of true and predicted classes.", make: || Arc::new(Mcc) },
    Entry {
        name: "cohen_kappa",
        about: "Agreement of truth and predictions beyond chance.",
        make: || Arc::new(CohenKappa::default()),
    },
    Entry {
        name: "cohen_kappa_linear",
        about: "Kappa in which a mistake costs the distance of the classes.",
        make: || Arc::new(CohenKappa::default().weights(KappaWeights::Linear)),
    },
    Entry {
        name: "cohen_kappa_quadratic",
        about: "Kappa in which a mistake costs the squared distance of the classes.",
        make: || Arc::new(CohenKappa::default().weights(KappaWeights::Quadratic)),
    },
    Entry {
        name: "top2_accuracy",
        about: "Share of rows whose class is among the two greatest.",
        make: || Arc::new(TopKAccuracy::new(2)),
    },
    Entry {
        name: "top3_accuracy",
        about: "Share of rows whose class is among the three greatest.",
        make: || Arc::new(TopKAccuracy::new(3)),
    },
    Entry {
        name: "top5_accuracy",
        about: "Share of rows whose class is among the five greatest.",
        make: || Arc::new(TopKAccuracy::new(5)),
    },
    Entry {
        name: "precision",
        about: "Share of the rows given a class that belong to it, of the positive class or averaged over classes.",
        make: || Arc::new(Precision::default()),
    },
    Entry {
        name: "precision_macro",
        about: "Share of the rows given a class that belong to it, each class counting the same.",
        make: || Arc::new(Precision::default().average(Average::Macro)),
    },
    Entry {
        name: "precision_micro",
        about: "Share of the rows given a class that belong to it, over the counts of all classes.",
        make: || Arc::new(Precision::default().average(Average::Micro)),
    },
    Entry {
        name: "precision_weighted",
        about: "Share of the rows given a class that belong to it, each class counting its rows.",
        make: || Arc::new(Precision::default().average(Average::Weighted)),
    },
    Entry {
        name: "precision_samples",
        about: "Share of the rows given a class that belong to it, averaged over rows.",
        make: || Arc::new(Precision::default().average(Average::Samples)),
    },
    Entry {
        name: "recall",
        about: "Share of the rows of a class that were found, of the positive class or averaged over classes.",
        make: || Arc::new(Recall::default()),
    },
    Entry {
        name: "recall_macro",
        about: "Share of the rows of a class that were found, each class counting the same.",
        make: || Arc::new(Recall::default().average(Average::Macro)),
    },
    Entry {
        name: "recall_micro",
        about: "Share of the rows of a class that were found, over the counts of all classes.",
        make: || Arc::new(Recall::default().average(Average::Micro)),
    },
    Entry {
        name: "recall_weighted",
        about: "Share of the rows of a class that were found, each class counting its rows.",
        make: || Arc::new(Recall::default().average(Average::Weighted)),
    },
    Entry {
        name: "recall_samples",
        about: "Share of the rows of a class that were found, averaged over rows.",
        make: || Arc::new(Recall::default().average(Average::Samples)),
    },
    Entry {
        name: "f1",
        about: "Harmonic mean of precision and recall, of the positive class or averaged over classes.",
        make: || Arc::new(FBeta::new(1.0)),
    },
    Entry {
        name: "f1_macro",
        about: "Harmonic mean of precision and recall, each class counting the same.",
        make: || Arc::new(FBeta::new(1.0).average(Average::Macro)),
    },
    Entry {
        name: "f1_micro",
        about: "Harmonic mean of precision and recall, over the counts of all classes.",
        make: || Arc::new(FBeta::new(1.0).average(Average::Micro)),
    },
    Entry {
        name: "f1_weighted",
        about: "Harmonic mean of precision and recall, each class counting its rows.",
        make: || Arc::new(FBeta::new(1.0).average(Average::Weighted)),
    },
    Entry {
        name: "f1_samples",
        about: "Harmonic mean of precision and recall, averaged over rows.",
        make: || Arc::new(FBeta::new(1.0).average(Average::Samples)),
    },
    Entry {
        name: "f0.5",
        about: "F-measure in which precision counts more, of the positive class or averaged over classes.",
        make: || Arc::new(FBeta::new(0.5)),
    },
    Entry {
        name: "f0.5_macro",
        about: "F-measure in which precision counts more, each class counting the same.",
        make: || Arc::new(FBeta::new(0.5).average(Average::Macro)),
    },
    Entry {
        name: "f0.5_micro",
        about: "F-measure in which precision counts more, over the counts of all classes.",
        make: || Arc::new(FBeta::new(0.5).average(Average::Micro)),
    },
    Entry {
        name: "f0.5_weighted",
        about: "F-measure in which precision counts more, each class counting its rows.",
        make: || Arc::new(FBeta::new(0.5).average(Average::Weighted)),
    },
    Entry {
        name: "f0.5_samples",
        about: "F-measure in which precision counts more, averaged over rows.",
        make: || Arc::new(FBeta::new(0.5).average(Average::Samples)),
    },
    Entry {
        name: "f2",
        about: "F-measure in which recall counts more, of the positive class or averaged over classes.",
        make: || Arc::new(FBeta::new(2.0)),
    },
    Entry {
        name: "f2_macro",
        about: "F-measure in which recall counts more, each class counting the same.",
        make: || Arc::new(FBeta::new(2.0).average(Average::Macro)),
    },
    Entry {
        name: "f2_micro",
        about: "F-measure in which recall counts more, over the counts of all classes.",
        make: || Arc::new(FBeta::new(2.0).average(Average::Micro)),
    },
    Entry {
        name: "f2_weighted",
        about: "F-measure in which recall counts more, each class counting its rows.",
        make: || Arc::new(FBeta::new(2.0).average(Average::Weighted)),
    },
    Entry {
        name: "f2_samples",
        about: "F-measure in which recall counts more, averaged over rows.",
        make: || Arc::new(FBeta::new(2.0).average(Average::Samples)),
    },
    Entry {
        name: "jaccard",
        about: "Intersection over union of true and predicted rows, of the positive class or averaged over classes.",
        make: || Arc::new(Jaccard::default()),
    },
    Entry {
        name: "jaccard_macro",
        about: "Intersection over union of true and predicted rows, each class counting the same.",
        make: || Arc::new(Jaccard::default().average(Average::Macro)),
    },
    Entry {
        name: "jaccard_micro",
        about: "Intersection over union of true and predicted rows, over the counts of all classes.",
        make: || Arc::new(Jaccard::default().average(Average::Micro)),
    },
    Entry {
        name: "jaccard_weighted",
        about: "Intersection over union of true and predicted rows, each class counting its rows.",
        make: || Arc::new(Jaccard::default().average(Average::Weighted)),
    },
    Entry {
        name: "jaccard_samples",
        about: "Intersection over union of true and predicted rows, averaged over rows.",
        make: || Arc::new(Jaccard::default().average(Average::Samples)),
    },
    Entry {
        name: "specificity",
        about: "Share of the rows of other classes that were left alone, of the positive class or averaged over classes.",
        make: || Arc::new(Specificity::default()),
    },
    Entry {
        name: "specificity_macro",
        about: "Share of the rows of other classes that were left alone, each class counting the same.",
        make: || Arc::new(Specificity::default().average(Average::Macro)),
    },
    Entry {
        name: "specificity_micro",
        about: "Share of the rows of other classes that were left alone, over the counts of all classes.",
        make: || Arc::new(Specificity::default().average(Average::Micro)),
    },
    Entry {
        name: "specificity_weighted",
        about: "Share of the rows of other classes that were left alone, each class counting its rows.",
        make: || Arc::new(Specificity::default().average(Average::Weighted)),
    },
    Entry {
        name: "specificity_samples",
        about: "Share of the rows of other classes that were left alone, averaged over rows.",
        make: || Arc::new(Specificity::default().average(Average::Samples)),
    },
    Entry {
        name: "npv",
        about: "Share of the rows not given a class that do not belong to it, of the positive class or averaged over classes.",
        make: || Arc::new(Npv::default()),
    },
    Entry {
        name: "npv_macro",
        about: "Share of the rows not given a class that do not belong to it, each class counting the same.",
        make: || Arc::new(Npv::default().average(Average::Macro)),
    },
    Entry {
        name: "npv_micro",
        about: "Share of the rows not given a class that do not belong to it, over the counts of all classes.",
        make: || Arc::new(Npv::default().average(Average::Micro)),
    },
    Entry {
        name: "npv_weighted",
        about: "Share of the rows not given a class that do not belong to it, each class counting its rows.",
        make: || Arc::new(Npv::default().average(Average::Weighted)),
    },
    Entry {
        name: "npv_samples",
        about: "Share of the rows not given a class that do not belong to it, averaged over rows.",
        make: || Arc::new(Npv::default().average(Average::Samples)),
    },
    Entry {
        name: "coverage_error",
        about: "How many labels down the ranking all true ones are found.",
        make: || Arc::new(CoverageError),
    },
    Entry {
        name: "label_ranking_loss",
        about: "Share of pairs of a true and a false label in the wrong order.",
        make: || Arc::new(LabelRankingLoss),
    },
    Entry {
        name: "label_ranking_average_precision",
        about: "Share of true labels among those that rank as high as a true one.",
        make: || Arc::new(LabelRankingAveragePrecision),
    },
];

/// Those with parameters in their name: `f3_macro`, `top4_accuracy`; and other names of the same.
pub(super) fn parse(name: &str) -> Option<Arc<dyn Metric>> {
    if let Some(k) = name.strip_prefix("top").and_then(|rest| rest.strip_suffix("_accuracy")) {
        let metric = TopKAccuracy::new(k.trim_matches('_').parse().ok()?);
        return metric.check().is_ok().then(|| Arc::new(metric) as Arc<dyn Metric>);
    }
    let (stem, average) = Average::strip(name);
    if let Some(beta) = stem.strip_prefix('f').and_then(|beta| beta.parse().ok()) {
        let metric = FBeta::new(beta).average(average);
        return metric.check().is_ok().then(|| Arc::new(metric) as Arc<dyn Metric>);
    }
    Some(match name {
        "logloss" | "cross_entropy" => Arc::new(LogLoss::default()),
        "brier_score" => Arc::new(Brier::default()),
        "error_rate" => Arc::new(ZeroOneLoss),
        "subset_accuracy" => Arc::new(Accuracy),
        "matthews_corrcoef" => Arc::new(Mcc),
        "kappa" => Arc::new(CohenKappa::default()),
        "rps" => Arc::new(RankedProbabilityScore),
        _ => return None,
    })
}
