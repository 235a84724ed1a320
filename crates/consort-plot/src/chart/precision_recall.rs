use serde::{Deserialize, Serialize};

use super::{
    curve::Curve,
    roc::{areas, describe, said, square},
};
use crate::{
    Figure, Svg, Table,
    draw::{Anchor, Canvas, Frame, Ink, SMALL, Stroke, number::percent},
};

/// Precision against recall over all thresholds, as steps (no straight line between two points can be reached:
/// Davis and Goadrich 2006).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrecisionRecall {
    /// What is found or missed, such as `class good` or `each class against the rest`.
    pub of: String,
    /// The share of the class among the rows: what blind choice reaches.
    pub prevalence: f64,
    /// The curves: recall, precision. The area is the average precision.
    pub curves: Vec<Curve>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// The corners of a step curve: each precision holds back to the recall before.
///
/// ```
/// let steps = consort_plot::chart::steps(&[(0.5, 1.0), (1.0, 0.6)]);
/// assert_eq!(steps, [(0.0, 1.0), (0.5, 1.0), (0.5, 0.6), (1.0, 0.6)]);
/// ```
pub fn steps(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut out = Vec::with_capacity(2 * points.len());
    let mut recall = 0.0;
    for &point in points {
        out.push((recall, point.1));
        out.push(point);
        recall = point.0;
    }
    out
}

impl Figure for PrecisionRecall {
    fn slug(&self) -> &'static str {
        "precision-recall"
    }

    fn title(&self) -> String {
        format!("Precision and recall of {}", self.of)
    }

    fn reading(&self) -> String {
        "How many of the alarms are right (up) when how many of the class are found (right). The dashed line is blind \
         choice: the share of the class among the rows. Where the class is rare, this says more than ROC."
            .into()
    }

    fn description(&self) -> String {
        format!(
            "{} The class makes {} of the rows.",
            describe("average precision", &self.curves),
            percent(self.prevalence)
        )
    }

    fn notes(&self) -> Vec<String> {
        said(&self.notes, &self.curves)
    }

    fn draw(&self) -> Svg {
        let prevalence = |canvas: &mut Canvas, frame: &Frame| {
            let y = frame.py(self.prevalence);
            canvas.line((frame.left, y), (frame.right, y), Stroke::new(Ink::Muted, 1.25).dashed(Some("3 4")));
            let label = format!("prevalence {}", percent(self.prevalence));
            let above = if self.prevalence > 0.94 { 15.0 } else { -5.0 };
            canvas.text((frame.left + 6.0, y + above), &label, SMALL, Anchor::Start, Ink::Muted);
        };
        square(self, &self.curves, "recall", "precision", "AP", prevalence)
    }

    fn table(&self) -> Table {
        let mut table = areas(self.title(), "average precision", &self.curves);
        table.push(["blind choice".into(), crate::decimals(self.prevalence, 4)]);
        table
    }
}
