use consort_core::{Classes, Gives, Result};
use consort_metrics::ranking::{
    RankedScores, average_precision_of, precision_recall_curve_of, roc_auc_of, roc_curve_of,
};

use super::models::Model;
use crate::{
    chart::{Curve, Lift, LiftModel, PrecisionRecall, Roc, Threshold, steps},
    report::{Report, Topic},
};

/// What one order of the rows gives for several models: ROC, precision–recall, lift, thresholds.
pub(super) struct Curves {
    of: String,
    roc: Vec<Curve>,
    precision_recall: Vec<Curve>,
    lifts: Vec<LiftModel>,
    threshold: Option<Threshold>,
    /// The share of the class of each curve of precision and recall.
    prevalence: Vec<f64>,
    /// Whether each curve is of a class of its own, and so has a prevalence of its own.
    by_class: bool,
}

/// The curves of all models for the positive class of two; thresholds of the one that is judged.
pub(super) fn of_positive(
    models: &[Model<'_>],
    judged: &Model<'_>,
    codes: &[u32],
    classes: &Classes,
) -> Result<Curves> {
    let positive = classes.positive();
    let mut curves = Curves::new(format!("class {}", classes.names()[positive]));
    for model in models.iter().filter(|model| model.ranks()) {
        let ensemble = model.ensemble;
        curves.add(model, &model.name, ensemble, codes, positive, classes.len() == 2, model.name == judged.name)?;
    }
    Ok(curves)
}

/// The curves of one model for each class against the rest.
pub(super) fn of_each_class(model: &Model<'_>, codes: &[u32], classes: &Classes) -> Result<Curves> {
    let mut curves = Curves::new(format!("each class against the rest, {}", model.name));
    for (k, class) in classes.names().iter().enumerate() {
        curves.add(model, class, false, codes, k, false, false)?;
    }
    curves.by_class = true;
    Ok(curves)
}

impl Curves {
    fn new(of: String) -> Self {
        let (roc, precision_recall, lifts) = (Vec::new(), Vec::new(), Vec::new());
        Self { of, roc, precision_recall, lifts, threshold: None, prevalence: Vec::new(), by_class: false }
    }

    #[allow(clippy::too_many_arguments)] // One sort serves all of it.
    fn add(
        &mut self,
        model: &Model<'_>,
        name: &str,
        ensemble: bool,
        codes: &[u32],
        class: usize,
        two_classes: bool,
        thresholds: bool,
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
            self.prevalence.push(positives / (positives + negatives));
        }
        self.lifts.extend(LiftModel::of(name, &ranked, ensemble)?);
        if thresholds {
            self.threshold = Threshold::of(name, self.of.as_str(), &ranked);
        }
        Ok(())
    }

    /// All that there is as charts of the report.
    pub(super) fn put_into(self, mut report: Report) -> Report {
        let (of, mut prevalence, notes) = (self.of, self.prevalence, Vec::new());
        // Models of one class have one share of it, but for rows that some of them lack: that of the last, which is judged.
        if !self.by_class {
            prevalence.drain(..prevalence.len().saturating_sub(1));
        }
        // A model that knows has a line of its own for each class: none is drawn.
        let known = if self.by_class { 0.0 } else { prevalence.first().copied().unwrap_or(0.0) };
        report = report
            .chart(Topic::Quality, &Roc { of: of.clone(), curves: self.roc, notes: notes.clone() })
            .chart(
                Topic::Quality,
                &PrecisionRecall { of: of.clone(), prevalence, curves: self.precision_recall, notes: notes.clone() },
            )
            .chart(Topic::Quality, &Lift { of, prevalence: known, models: self.lifts, notes });
        match &self.threshold {
            Some(threshold) => report.chart(Topic::Quality, threshold),
            None => report,
        }
    }
}
