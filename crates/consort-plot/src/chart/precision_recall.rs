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
    /// The share of the class among the rows, which blind choice reaches: one where all curves are of one class, else one
    /// a curve.
    pub prevalence: Vec<f64>,
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
        let blind = match self.one_prevalence() {
            Some(_) => "The dashed line is blind choice: the share of the class among the rows.",
            None => "Blind choice reaches the share of the class among the rows, which the table has.",
        };
        format!(
            "How many of the alarms are right (up) when how many of the class are found (right). {blind} Where the class is \
             rare, this says more than ROC."
        )
    }

    fn description(&self) -> String {
        let areas = describe("average precision", &self.curves);
        match self.one_prevalence() {
            Some(prevalence) => format!("{areas} The class makes {} of the rows.", percent(prevalence)),
            None => {
                let shares = self.curves.iter().zip(&self.prevalence).take(12);
                let shares: Vec<String> =
                    shares.map(|(curve, share)| format!("{} {}", curve.name, percent(*share))).collect();
                format!("{areas} Of the rows: {}.", shares.join(", "))
            }
        }
    }

    fn notes(&self) -> Vec<String> {
        said(&self.notes, &self.curves)
    }

    fn draw(&self) -> Svg {
        let prevalence = |canvas: &mut Canvas, frame: &Frame| {
            let Some(prevalence) = self.one_prevalence() else { return };
            let y = frame.py(prevalence);
            canvas.line((frame.left, y), (frame.right, y), Stroke::new(Ink::Muted, 1.25).dashed(Some("3 4")));
            let label = format!("prevalence {}", percent(prevalence));
            let above = if prevalence > 0.94 { 15.0 } else { -5.0 };
            canvas.text((frame.left + 6.0, y + above), &label, SMALL, Anchor::Start, Ink::Muted);
        };
        square(self, &self.curves, "recall", "precision", "AP", prevalence)
    }

    fn table(&self) -> Table {
        if let Some(prevalence) = self.one_prevalence() {
            let mut table = areas(self.title(), "average precision", &self.curves);
            table.push(["blind choice".into(), crate::decimals(prevalence, 4)]);
            return table;
        }
        let mut table = Table::new(self.title(), ["class", "average precision", "blind choice"]);
        for (curve, prevalence) in self.curves.iter().zip(&self.prevalence) {
            let area = curve.area.map_or("undefined".into(), |area| crate::decimals(area, 4));
            table.push([curve.name.clone(), area, crate::decimals(*prevalence, 4)]);
        }
        table
    }
}

impl PrecisionRecall {
    /// The share of the class, where all curves are of one.
    fn one_prevalence(&self) -> Option<f64> {
        match self.prevalence[..] {
            [one] => Some(one),
            _ => None,
        }
    }
}
