use serde::{Deserialize, Serialize};

use crate::{
    Figure, Svg, Table,
    draw::{
        Anchor, Canvas, Frame, Ink, Key, SMALL, Stroke, decimals, legend, legend_height, notes, notes_height,
        number::count,
    },
};

/// Are probabilities true? The share of rows that came true against the probability they were given.
///
/// After Murphy and Winkler (1977) and Niculescu-Mizil and Caruana (2005), with the counts below.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// What probability is judged, such as `the probability of class good` or `the confidence in the chosen class`.
    pub of: String,
    /// The curves, such as before and after; two or three read well.
    pub curves: Vec<ReliabilityCurve>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// The bins of one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityCurve {
    /// Whose probabilities they are.
    pub name: String,
    /// The expected calibration error, where it is defined.
    pub ece: Option<f64>,
    /// The bins that have rows, in order.
    pub bins: Vec<ReliabilityBin>,
    /// Whether it is the ensemble's.
    pub ensemble: bool,
}

/// The rows whose probability lies in one bin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// The ends of the bin.
    pub range: (f64, f64),
    /// The rows, or the sum of their weights.
    pub rows: f64,
    /// The mean of the probabilities.
    pub predicted: f64,
    /// The share that came true.
    pub observed: f64,
    /// The 95 % interval of that share, where there is one (Wilson 1927).
    pub interval: Option<(f64, f64)>,
}

impl Figure for Reliability {
    fn slug(&self) -> &'static str {
        "reliability"
    }

    fn title(&self) -> String {
        format!("Reliability of {}", self.of)
    }

    fn reading(&self) -> String {
        "On the dashed line a probability is true: of the rows given 70 %, 70 % come true. Below it the model is too \
         sure, above it too modest. The bars are 95 % intervals; the lower panel counts the rows."
            .into()
    }

    fn description(&self) -> String {
        let parts: Vec<String> = self
            .curves
            .iter()
            .map(|c| format!("{} {}", c.name, c.ece.map_or("undefined".into(), |x| decimals(x, 4))))
            .collect();
        format!("The expected calibration error: {}.", parts.join(", "))
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    fn draw(&self) -> Svg {
        const WIDTH: f64 = 400.0;
        let keys: Vec<Key> = self
            .curves
            .iter()
            .enumerate()
            .map(|(i, curve)| {
                let ece = curve.ece.map_or_else(String::new, |x| format!(", ECE {}", decimals(x, 3)));
                Key::line(format!("{}{ece}", curve.name), i, curve.ensemble)
            })
            .collect();
        let most = self.curves.iter().flat_map(|c| &c.bins).fold(0.0f64, |most, bin| most.max(bin.rows));
        let frame = Frame { left: 52.0, top: 28.0, right: 376.0, bottom: 320.0, x: (0.0, 1.0), y: (0.0, 1.0) };
        let top = if most > 0.0 { most * 1.05 } else { 1.0 };
        let counts = Frame { top: 372.0, bottom: 442.0, y: (0.0, top), ..frame };
        let below = counts.bottom + 48.0;
        let keys_height = legend_height(&keys, WIDTH);
        let mut canvas = Canvas::new(WIDTH, below + keys_height + notes_height(&self.notes, WIDTH) + 4.0);
        frame.draw(&mut canvas, "", "share that came true");
        let diagonal = [frame.at((0.0, 0.0)), frame.at((1.0, 1.0))];
        canvas.polyline(&diagonal, Stroke::new(Ink::Muted, 1.25).dashed(Some("3 4")));
        for (i, curve) in self.curves.iter().enumerate() {
            let stroke = Key::line("", i, curve.ensemble).stroke;
            let points: Vec<(f64, f64)> = curve.bins.iter().map(|bin| (bin.predicted, bin.observed)).collect();
            canvas.polyline(&frame.all(&points), stroke);
            for bin in &curve.bins {
                let (low, high) = bin.interval.unwrap_or((bin.observed, bin.observed));
                let (x, y) = frame.at((bin.predicted, bin.observed));
                let tip = format!(
                    "{}: {} rows given {} came true in {} ({} to {})",
                    curve.name,
                    count(bin.rows),
                    decimals(bin.predicted, 3),
                    decimals(bin.observed, 3),
                    decimals(low, 3),
                    decimals(high, 3)
                );
                canvas.with_tip(&tip, |canvas| {
                    canvas.line((x, frame.py(low)), (x, frame.py(high)), Stroke::new(stroke.ink, 1.25));
                    if curve.ensemble {
                        canvas.diamond((x, y), 5.5, stroke.ink);
                    } else {
                        canvas.dot((x, y), 3.5, stroke.ink);
                    }
                });
            }
        }
        self.draw_counts(&mut canvas, &counts);
        legend(&mut canvas, &keys, (2.0, below), WIDTH);
        notes(&mut canvas, &self.notes, below + keys_height, WIDTH);
        canvas.finish(&self.title(), &self.description())
    }

    fn table(&self) -> Table {
        let mut table = Table::new(
            self.title(),
            ["model", "bin", "rows", "mean probability", "share that came true", "95 % interval"],
        );
        for curve in &self.curves {
            for bin in &curve.bins {
                let (low, high) = bin.interval.unwrap_or((bin.observed, bin.observed));
                table.push([
                    curve.name.clone(),
                    format!("{} to {}", decimals(bin.range.0, 2), decimals(bin.range.1, 2)),
                    count(bin.rows),
                    decimals(bin.predicted, 4),
                    decimals(bin.observed, 4),
                    format!("{} to {}", decimals(low, 3), decimals(high, 3)),
                ]);
            }
        }
        table
    }
}

impl Reliability {
    /// Bars side by side within each bin.
    fn draw_counts(&self, canvas: &mut Canvas, counts: &Frame) {
        counts.draw_x(canvas, "probability given");
        canvas.text((2.0, counts.top - 12.0), "rows", crate::draw::TEXT, Anchor::Start, Ink::Text);
        for value in [0.0, counts.y.1 / 1.05] {
            canvas.text(
                (counts.left - 6.0, counts.py(value) + 4.0),
                &count(value.round()),
                SMALL,
                Anchor::End,
                Ink::Muted,
            );
        }
        let width = self.curves.len().max(1) as f64;
        for (i, curve) in self.curves.iter().enumerate() {
            let ink = Key::line("", i, curve.ensemble).stroke.ink;
            for bin in &curve.bins {
                let (from, to) = (counts.px(bin.range.0), counts.px(bin.range.1));
                let bar = ((to - from) / width - 1.0).max(0.5);
                let y = counts.py(bin.rows);
                let at = (from + 0.5 + i as f64 * (to - from) / width, y);
                let tip = format!("{}: {} rows", curve.name, count(bin.rows));
                canvas.with_tip(&tip, |canvas| canvas.rect(at, (bar, (counts.bottom - y).max(0.75)), ink));
            }
        }
    }
}
