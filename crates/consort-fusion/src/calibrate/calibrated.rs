use std::sync::Arc;

use consort_core::{Fuser, Fusion, Gives, Matrix, Outputs, Predictions, Result, Seed, Truth};
use serde::{Deserialize, Serialize};

use super::{Calibration, Calibrator};
use crate::verdict::{NestedSplit, out_of_fold};

/// A fusion followed by a calibration, fitted without leak.
///
/// The fusion is fitted on folds of the rows, the rest of each is fused, and the calibration is fitted on those
/// out-of-fold fused predictions; then the fusion is fitted on all rows. So `folds + 1` fits of the fusion.
///
/// Source: the cross-fitted calibration of Platt (1999, §2.2), of an ensemble instead of a machine.
///
/// ```
/// use std::sync::Arc;
/// use consort_core::{Classes, Fuser, Gives, Ids, Outputs, Predictions, Seed, Target, Truth};
/// use consort_fusion::{calibrate::{Calibrated, Temperature}, weights::SimplexWeights};
/// let classes = Classes::new(["no", "yes"])?;
/// let values: Vec<f32> = (0..20).flat_map(|i| if i % 2 == 0 { [0.99, 0.01] } else { [0.01, 0.99] }).collect();
/// let predictions = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(20))
///     .member("sure", Gives::Probabilities, &values)?
///     .build()?;
/// // It is wrong in one row of ten.
/// let target = Target::Classes { codes: (0..20).map(|i| if i % 10 == 0 { 1 } else { i % 2 }).collect(), classes };
/// let fuser = Calibrated::new(Arc::new(SimplexWeights::default()), Arc::new(Temperature));
/// let fusion = fuser.fit(&predictions, &Truth::new(&target), Seed::new(0))?;
/// assert!((fusion.fuse(&predictions)?.at(0, 0) - 0.9).abs() < 0.01);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Calibrated {
    /// What fuses.
    // `fuser` is the tag that names the implementation, and `fusion` that of the fitted one below.
    #[serde(rename = "fuses")]
    pub fuser: Arc<dyn Fuser>,
    /// What calibrates.
    pub calibrator: Arc<dyn Calibrator>,
    /// How the rows are split; the first repeat counts. Fewer rows, or groups, than folds are a fold each, and of a
    /// single one there is no calibration.
    #[serde(default)]
    pub split: NestedSplit,
}

impl Calibrated {
    /// This fusion followed by this calibration, with five folds.
    pub fn new(fuser: Arc<dyn Fuser>, calibrator: Arc<dyn Calibrator>) -> Self {
        Self { fuser, calibrator, split: NestedSplit::default() }
    }

    /// With the rows split so.
    pub fn split(mut self, split: NestedSplit) -> Self {
        self.split = split;
        self
    }
}

#[typetag::serde(name = "calibrated")]
impl Fuser for Calibrated {
    fn name(&self) -> String {
        format!("{}+{}", self.fuser.name(), self.calibrator.name())
    }

    fn fit(&self, predictions: &Predictions, truth: &Truth<'_>, seed: Seed) -> Result<Box<dyn Fusion>> {
        // Of a single row, or group, nothing can be told that the fusion has not seen.
        let Some(split) = self.split.at_most(truth) else { return self.fuser.fit(predictions, truth, seed) };
        let partitions = split.draw(predictions, truth, seed.child("calibrated"))?;
        let fused = out_of_fold(&*self.fuser, predictions, truth, partitions.repeat(0), seed)?;
        // A row for which the fusion has no answer teaches nothing.
        let answered = |i: usize| !fused.row(i).iter().any(|x| x.is_nan());
        let weights: Vec<f64> = (0..truth.rows()).map(|i| if answered(i) { truth.weight(i) } else { 0.0 }).collect();
        let calibration = self.calibrator.fit(&fused, &truth.reweighted(&weights)?)?;
        Ok(Box::new(CalibratedFusion { fusion: self.fuser.fit(predictions, truth, seed)?, calibration }))
    }
}

/// Fitted [`Calibrated`].
///
/// ```
/// # use consort_core::{Classes, Fusion, Gives, Ids, Outputs, Predictions, Target, Truth};
/// # use consort_fusion::{calibrate::{Calibrator, CalibratedFusion, Platt}, weights::SimplexWeights};
/// # let classes = Classes::new(["no", "yes"])?;
/// # let predictions = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(2))
/// #     .member("m", Gives::Probabilities, &[0.9, 0.1, 0.2, 0.8])?
/// #     .build()?;
/// # let target = Target::from_labels(["no", "yes"], &classes, "y")?;
/// # let truth = Truth::new(&target);
/// let fusion = SimplexWeights::default().optimise(&predictions, &truth)?;
/// let calibration = Platt::default().fit(&fusion.fuse(&predictions)?, &truth)?;
/// let both = CalibratedFusion::new(Box::new(fusion), calibration);
/// assert_eq!(both.name(), "simplex_weights+platt");
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct CalibratedFusion {
    #[serde(rename = "fuses")]
    fusion: Box<dyn Fusion>,
    calibration: Box<dyn Calibration>,
}

impl CalibratedFusion {
    /// A fitted fusion followed by a fitted calibration.
    pub fn new(fusion: Box<dyn Fusion>, calibration: Box<dyn Calibration>) -> Self {
        Self { fusion, calibration }
    }

    /// What fuses.
    pub fn fusion(&self) -> &dyn Fusion {
        &*self.fusion
    }

    /// What calibrates.
    pub fn calibration(&self) -> &dyn Calibration {
        &*self.calibration
    }
}

#[typetag::serde(name = "calibrated")]
impl Fusion for CalibratedFusion {
    fn name(&self) -> String {
        format!("{}+{}", self.fusion.name(), self.calibration.name())
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        self.calibration.apply(&self.fusion.fuse(predictions)?)
    }

    fn row_by_row(&self) -> bool {
        self.fusion.row_by_row()
    }

    fn gives(&self, outputs: &Outputs) -> Gives {
        match self.fusion.gives(outputs) {
            Gives::Values => Gives::Values,
            _ => Gives::Probabilities,
        }
    }

    fn weights(&self) -> Option<Vec<f64>> {
        self.fusion.weights()
    }
}
