use consort_core::{Classes, Gives, Result};
use consort_metrics::ranking::{
    RankedScores, average_precision_of, precision_recall_curve_of, roc_auc_of, roc_curve_of,
};

use super::models::Model;
use crate::chart::{Curve, PrecisionRecall, Roc, steps};

/// ROC and precision–recall of one question for several models.
pub(super) struct Curves {
    pub(super) roc: Vec<Curve>,
    pub(super) precision_recall: Vec<Curve>,
    pub(super) prevalence: f64,
}

/// The curves of all models for the positive class of two.
pub(super) fn of_positive(models: &[Model<'_>], codes: &[u32], classes: &Classes) -> Result<(Roc, PrecisionRecall)> {
    let mut curves = Curves { roc: Vec::new(), precision_recall: Vec::new(), prevalence: 0.0 };
    let positive = classes.positive();
    for model in models.iter().filter(|model| model.ranks()) {
        curves.add(model, &model.name, model.ensemble, codes, positive, classes.len() == 2)?;
    }
    Ok(curves.charts(format!("class {}", classes.names()[positive])))
}

/// The curves of one model for each class against the rest.
pub(super) fn of_each_class(model: &Model<'_>, codes: &[u32], classes: &Classes) -> Result<(Roc, PrecisionRecall)> {
    let mut curves = Curves { roc: Vec::new(), precision_recall: Vec::new(), prevalence: 0.0 };
    for (k, class) in classes.names().iter().enumerate() {
        curves.add(model, class, false, codes, k, false)?;
    }
    curves.prevalence = 1.0 / classes.len() as f64;
    Ok(curves.charts(format!("each class against the rest, {}", model.name)))
}

impl Curves {
    fn add(
        &mut self,
        model: &Model<'_>,
        name: &str,
        ensemble: bool,
        codes: &[u32],
        class: usize,
        two_classes: bool,
    ) -> Result<()> {
        let estimates = &model.estimates;
        // Two logits rank by their difference: adding a number to both changes nothing.
        let difference = two_classes && matches!(estimates.gives(), Gives::Logits);
        let score = |i: usize| estimates.at(i, class) - if difference { estimates.at(i, 1 - class) } else { 0.0 };
        let scores: Vec<f64> = (0..estimates.rows()).map(score).collect();
        let is: Vec<bool> = codes.iter().map(|&code| code as usize == class).collect();
        let ranked = RankedScores::new(&scores, &is, model.weights.as_deref())?;
        let (positives, negatives) = (ranked.positives(), ranked.negatives());
        if positives > 0.0 && negatives > 0.0 {
            let roc = roc_curve_of(&ranked);
            let points = roc.false_positive_rate.into_iter().zip(roc.true_positive_rate).collect();
            self.roc.push(Curve::new(name, roc_auc_of(&ranked).value(), points, ensemble));
        }
        if positives > 0.0 {
            let pr = precision_recall_curve_of(&ranked);
            // The curve comes with falling recall and an artificial last point.
            let points: Vec<(f64, f64)> = pr.recall.into_iter().zip(pr.precision).rev().skip(1).collect();
            let area = average_precision_of(&ranked).value();
            self.precision_recall.push(Curve::new(name, area, steps(&points), ensemble));
            self.prevalence = positives / (positives + negatives);
        }
        Ok(())
    }

    fn charts(self, of: String) -> (Roc, PrecisionRecall) {
        let roc = Roc { of: of.clone(), curves: self.roc, notes: Vec::new() };
        (roc, PrecisionRecall { of, prevalence: self.prevalence, curves: self.precision_recall, notes: Vec::new() })
    }
}
