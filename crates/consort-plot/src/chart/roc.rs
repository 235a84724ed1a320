use serde::{Deserialize, Serialize};

use super::curve::{Curve, drawn};
use crate::{
    Figure, Svg, Table,
    draw::{Canvas, Frame, Ink, Key, Stroke, decimals, legend, legend_height, notes, notes_height, number::number},
};

/// The receiver operating characteristic: true positives against false positives over all thresholds.
///
/// Rows with equal scores are one step, a straight slope, so the area is that of the rank statistic (Mann and
/// Whitney 1947; Fawcett 2006).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Roc {
    /// What is found or missed, such as `class good` or `each class against the rest`.
    pub of: String,
    /// The curves: false positive rate, true positive rate.
    pub curves: Vec<Curve>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

impl Figure for Roc {
    fn slug(&self) -> &'static str {
        "roc"
    }

    fn title(&self) -> String {
        format!("ROC of {}", self.of)
    }

    fn reading(&self) -> String {
        "How many of the class are found (up) at the price of how many false alarms (right). The nearer to the upper \
         left corner the better; the diagonal is chance."
            .into()
    }

    fn description(&self) -> String {
        describe("area under ROC", &self.curves)
    }

    fn notes(&self) -> Vec<String> {
        said(&self.notes, &self.curves)
    }

    fn draw(&self) -> Svg {
        let chance = |canvas: &mut Canvas, frame: &Frame| {
            let line = [frame.at((0.0, 0.0)), frame.at((1.0, 1.0))];
            canvas.polyline(&line, Stroke::new(Ink::Muted, 1.25).dashed(Some("3 4")));
        };
        square(self, &self.curves, "false positive rate", "true positive rate", "AUC", chance)
    }

    fn table(&self) -> Table {
        areas(self.title(), "area under ROC", &self.curves)
    }
}

pub(crate) fn describe(area: &str, curves: &[Curve]) -> String {
    let parts: Vec<String> =
        curves.iter().take(12).map(|c| format!("{} {}", c.name, c.area.map_or("undefined".into(), number))).collect();
    if parts.is_empty() { "There is no curve.".into() } else { format!("The {area}: {}.", parts.join(", ")) }
}

pub(crate) fn said(notes: &[String], curves: &[Curve]) -> Vec<String> {
    let mut said = notes.to_vec();
    let shown = drawn(curves).len();
    if shown < curves.len() {
        let ensemble = if curves.iter().any(|curve| curve.ensemble) { "The ensemble and the" } else { "The" };
        said.push(format!("{ensemble} best of {} curves are drawn; the table has all.", curves.len()));
    }
    said
}

pub(crate) fn areas(caption: String, area: &str, curves: &[Curve]) -> Table {
    let mut table = Table::new(caption, ["model", area]);
    for curve in curves {
        table.push([curve.name.clone(), curve.area.map_or("undefined".into(), |area| decimals(area, 4))]);
    }
    table
}

/// Curves in the unit square, with their areas in the legend.
pub(crate) fn square(
    figure: &impl Figure,
    curves: &[Curve],
    x_title: &str,
    y_title: &str,
    area: &str,
    reference: impl FnOnce(&mut Canvas, &Frame),
) -> Svg {
    const WIDTH: f64 = 400.0;
    const SIDE: f64 = 330.0;
    let drawn = drawn(curves);
    let mut keys: Vec<Key> = drawn
        .iter()
        .map(|(i, curve)| {
            let area = curve.area.map_or_else(String::new, |x| format!(", {area} {}", decimals(x, 3)));
            Key::line(format!("{}{area}", curve.name), *i, curve.ensemble)
        })
        .collect();
    // The ensemble is drawn last, to lie on top, and named first; then the best.
    keys.sort_by_key(|key| key.stroke.ink != Ink::Ensemble);
    let frame = Frame { left: 44.0, top: 28.0, right: 44.0 + SIDE, bottom: 28.0 + SIDE, x: (0.0, 1.0), y: (0.0, 1.0) };
    let below = frame.bottom + 48.0;
    let keys_height = legend_height(&keys, WIDTH);
    let said = figure.notes();
    let mut canvas = Canvas::new(WIDTH, below + keys_height + notes_height(&said, WIDTH) + 4.0);
    frame.draw(&mut canvas, x_title, y_title);
    reference(&mut canvas, &frame);
    for (i, curve) in drawn {
        let key = Key::line(String::new(), i, curve.ensemble);
        let tip = format!("{}: {area} {}", curve.name, curve.area.map_or("undefined".into(), |x| decimals(x, 4)));
        canvas.with_tip(&tip, |canvas| canvas.polyline(&frame.all(&curve.points), key.stroke));
    }
    legend(&mut canvas, &keys, (2.0, below), WIDTH);
    notes(&mut canvas, &said, below + keys_height, WIDTH);
    canvas.finish(&figure.title(), &figure.description())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_legend_names_the_ensemble_and_then_the_best_first() {
        let areas = [("poor", 0.6), ("together", 0.7), ("good", 0.9), ("fair", 0.8)];
        let curve =
            |(name, area): (&str, f64)| Curve::new(name, Some(area), vec![(0.0, 0.0), (1.0, 1.0)], name == "together");
        let roc = Roc { of: "class yes".into(), curves: areas.map(curve).to_vec(), notes: vec![] };
        let svg = roc.draw().to_inline("roc");
        let legend = ["together, AUC 0.700", "good, AUC 0.900", "fair, AUC 0.800", "poor, AUC 0.600"];
        let places: Vec<usize> = legend.iter().map(|key| svg.find(key).unwrap()).collect();
        assert!(places.is_sorted(), "{places:?}");
    }
}
