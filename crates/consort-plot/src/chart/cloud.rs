use serde::{Deserialize, Serialize};

use crate::{
    Figure, Svg, Table,
    draw::{
        Canvas, Frame, Ink, Stroke, notes, notes_height, number::count, number::number, ramp_key, range, y_labels_width,
    },
};

/// Many rows as points of a plane: each one where they are few, counted in cells where they are many; and the
/// middle of y along x.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cloud {
    /// The least and the greatest x; the axis is a little longer.
    pub x: (f64, f64),
    /// The least and the greatest y.
    pub y: (f64, f64),
    /// The points, where they are few.
    pub points: Vec<(f64, f64)>,
    /// How many points lie in each cell, line after line from the least y, where they are many.
    pub cells: Vec<u64>,
    /// The median and the middle 80 % of y in equal parts of the rows along x.
    pub trend: Vec<TrendBin>,
    /// All rows that are shown or counted.
    pub rows: usize,
    /// How many rows the trend was computed from.
    pub trend_rows: usize,
}

/// The spread of y in a stretch of x.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TrendBin {
    /// The median of x.
    pub x: f64,
    /// The 10th percentile of y.
    pub low: f64,
    /// The median of y.
    pub middle: f64,
    /// The 90th percentile of y.
    pub high: f64,
}

impl Cloud {
    /// The most points that are drawn one by one.
    pub const POINTS: usize = 1500;
    /// Cells across.
    pub const ACROSS: usize = 56;
    /// Cells up.
    pub const UP: usize = 40;
    /// The most rows that the trend is computed from: every `k`-th row of more.
    const TREND_ROWS: usize = 200_000;

    /// A cloud of `rows` points; those that are not finite are left out.
    ///
    /// ```
    /// let cloud = consort_plot::chart::Cloud::new(10_000, |i| (i as f64, (i % 7) as f64));
    /// assert!(cloud.points.is_empty() && cloud.cells.iter().sum::<u64>() == 10_000);
    /// ```
    pub fn new(rows: usize, point: impl Fn(usize) -> (f64, f64)) -> Self {
        let finite = |i: usize| Some(point(i)).filter(|p| p.0.is_finite() && p.1.is_finite());
        let empty = (f64::INFINITY, f64::NEG_INFINITY);
        let (mut x, mut y, mut found) = (empty, empty, 0);
        for (px, py) in (0..rows).filter_map(finite) {
            (x, y) = ((x.0.min(px), x.1.max(px)), (y.0.min(py), y.1.max(py)));
            found += 1;
        }
        if found == 0 {
            (x, y) = Default::default();
        }
        let (mut points, mut cells) = (Vec::new(), Vec::new());
        if found <= Self::POINTS {
            points.extend((0..rows).filter_map(finite));
        } else {
            cells = counted((0..rows).filter_map(finite), range([x.0, x.1]), range([y.0, y.1]));
        }
        let step = rows.div_ceil(Self::TREND_ROWS).max(1);
        let sample: Vec<(f64, f64)> = (0..rows).step_by(step).filter_map(finite).collect();
        let trend_rows = sample.len();
        Self { x, y, points, cells, trend: trend(sample), rows: found, trend_rows }
    }

    fn notes(&self) -> Vec<String> {
        let mut said = Vec::new();
        if !self.cells.is_empty() {
            let rows = count(self.rows as f64);
            said.push(format!("{rows} rows, counted in cells; colours in equal steps of the logarithm."));
        }
        if self.trend_rows < self.rows {
            said.push(format!("The line and band are of every k-th row, {} in all.", count(self.trend_rows as f64)));
        }
        said
    }

    fn draw(&self, figure: &impl Figure, titles: (&str, &str), reference: impl FnOnce(&mut Canvas, &Frame)) -> Svg {
        const WIDTH: f64 = 400.0;
        let key = if self.cells.is_empty() { 0.0 } else { 24.0 };
        let (top, bottom) = (28.0 + key, 358.0 + key);
        let (x, y) = (range([self.x.0, self.x.1]), range([self.y.0, self.y.1]));
        let left = y_labels_width(y, bottom - top);
        let frame = Frame { left, top, right: WIDTH - 12.0, bottom, x, y };
        let said = figure.notes();
        let below = bottom + 44.0;
        let mut canvas = Canvas::new(WIDTH, below + notes_height(&said, WIDTH));
        frame.draw(&mut canvas, titles.0, titles.1);
        if self.cells.is_empty() {
            canvas.cloud(&frame.all(&self.points), 3.0, Ink::Ensemble);
        } else {
            let most = self.cells.iter().copied().max().unwrap_or(1);
            draw_cells(&mut canvas, &frame, &self.cells);
            ramp_key(&mut canvas, (2.0, 2.0), "1", &format!("{} rows in a cell", count(most as f64)));
        }
        reference(&mut canvas, &frame);
        if self.trend.len() > 1 {
            let line = |pick: fn(&TrendBin) -> f64| -> Vec<(f64, f64)> {
                self.trend.iter().map(|bin| frame.at((bin.x, pick(bin)))).collect()
            };
            for edge in [line(|bin| bin.low), line(|bin| bin.high)] {
                canvas.polyline(&edge, Stroke::new(Ink::Bad, 1.25).dashed(Some("5 3")));
            }
            canvas.polyline(&line(|bin| bin.middle), Stroke::new(Ink::Bad, 2.25));
        }
        notes(&mut canvas, &said, below - 4.0, WIDTH);
        canvas.finish(&figure.title(), &figure.description())
    }

    fn table(&self, caption: String, x: &str, y: &str) -> Table {
        let head = [
            format!("median {x}"),
            format!("10th percentile of {y}"),
            format!("median {y}"),
            format!("90th percentile of {y}"),
        ];
        let mut table = Table::new(caption, head);
        for bin in &self.trend {
            table.push([number(bin.x), number(bin.low), number(bin.middle), number(bin.high)]);
        }
        table
    }
}

/// How many points lie in each cell, line after line from the least y.
fn counted(points: impl Iterator<Item = (f64, f64)>, x: (f64, f64), y: (f64, f64)) -> Vec<u64> {
    let mut cells = vec![0; Cloud::ACROSS * Cloud::UP];
    let place = |v: f64, (low, high): (f64, f64), n: usize| (((v - low) / (high - low) * n as f64) as usize).min(n - 1);
    for (px, py) in points {
        cells[place(py, y, Cloud::UP) * Cloud::ACROSS + place(px, x, Cloud::ACROSS)] += 1;
    }
    cells
}

/// Draws points as counts in cells of the frame; gives the greatest count.
pub(super) fn draw_counts(canvas: &mut Canvas, frame: &Frame, points: &[(f64, f64)]) -> u64 {
    let cells = counted(points.iter().copied(), frame.x, frame.y);
    draw_cells(canvas, frame, &cells);
    cells.iter().copied().max().unwrap_or(0)
}

/// Cells in the colours of the ramp, by the logarithm of their counts.
fn draw_cells(canvas: &mut Canvas, frame: &Frame, cells: &[u64]) {
    let most = cells.iter().copied().max().unwrap_or(1);
    let (w, h) = ((frame.right - frame.left) / Cloud::ACROSS as f64, (frame.bottom - frame.top) / Cloud::UP as f64);
    let mut steps: Vec<Vec<(f64, f64, f64, f64)>> = vec![Vec::new(); Ink::STEPS];
    for (place, &cell) in cells.iter().enumerate().filter(|(_, cell)| **cell > 0) {
        let share = (cell as f64).ln() / (most as f64).ln().max(1e-9);
        // The palest step would be lost on the page.
        let step = 1 + (share * (Ink::STEPS - 2) as f64).round() as usize;
        let (i, k) = (place / Cloud::ACROSS, place % Cloud::ACROSS);
        let at = (frame.left + w * k as f64, frame.bottom - h * (i + 1) as f64);
        steps[step.min(Ink::STEPS - 1)].push((at.0, at.1, w, h));
    }
    for (step, cells) in steps.iter().enumerate() {
        canvas.cells(cells, Ink::Ramp(step));
    }
}

/// Equal parts along x, ten to twenty of them; none for too few rows.
fn trend(mut sample: Vec<(f64, f64)>) -> Vec<TrendBin> {
    let bins = (sample.len() / 20).min(20);
    if bins < 3 {
        return Vec::new();
    }
    sample.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    (0..bins)
        .map(|b| {
            let part = &sample[b * sample.len() / bins..(b + 1) * sample.len() / bins];
            let mut ys: Vec<f64> = part.iter().map(|point| point.1).collect();
            ys.sort_by(f64::total_cmp);
            let at = |share: f64| ys[((ys.len() - 1) as f64 * share).round() as usize];
            TrendBin { x: part[part.len() / 2].0, low: at(0.1), middle: at(0.5), high: at(0.9) }
        })
        .collect()
}

/// Residuals, truth minus prediction, against the prediction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Residuals {
    /// Whose predictions they are.
    pub of: String,
    /// The rows: x is the prediction, y the residual.
    pub cloud: Cloud,
}

/// The truth against the prediction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PredictedTrue {
    /// Whose predictions they are.
    pub of: String,
    /// The rows: x is the prediction, y the truth.
    pub cloud: Cloud,
}

impl Figure for Residuals {
    fn slug(&self) -> &'static str {
        "residuals"
    }

    fn title(&self) -> String {
        format!("Residuals of {}", self.of)
    }

    fn reading(&self) -> String {
        "Above 0 the truth was greater than predicted. The line is the median and the dashed lines hold the middle \
         80 %; a line off 0 is a bias, a widening band means that large predictions are less sure."
            .into()
    }

    fn description(&self) -> String {
        let (Some(first), Some(last)) = (self.cloud.trend.first(), self.cloud.trend.last()) else {
            return format!("{} rows.", count(self.cloud.rows as f64));
        };
        format!(
            "{} rows. The median residual is {} where the prediction is {} and {} where it is {}.",
            count(self.cloud.rows as f64),
            number(first.middle),
            number(first.x),
            number(last.middle),
            number(last.x)
        )
    }

    fn notes(&self) -> Vec<String> {
        self.cloud.notes()
    }

    fn draw(&self) -> Svg {
        self.cloud.draw(self, ("predicted", "residual (true − predicted)"), |canvas, frame| {
            if frame.y.0 < 0.0 && frame.y.1 > 0.0 {
                let y = frame.py(0.0);
                canvas.line((frame.left, y), (frame.right, y), Stroke::new(Ink::Text, 1.25));
            }
        })
    }

    fn table(&self) -> Table {
        self.cloud.table(self.title(), "prediction", "residual")
    }
}

impl Figure for PredictedTrue {
    fn slug(&self) -> &'static str {
        "predicted-true"
    }

    fn title(&self) -> String {
        format!("Truth against the prediction of {}", self.of)
    }

    fn reading(&self) -> String {
        "On the diagonal the prediction is right. The line is the median of the truth and the dashed lines hold the \
         middle 80 %."
            .into()
    }

    fn description(&self) -> String {
        if self.cloud.rows == 0 {
            return "0 rows.".into();
        }
        format!(
            "{} rows, predicted from {} to {}, in truth from {} to {}.",
            count(self.cloud.rows as f64),
            number(self.cloud.x.0),
            number(self.cloud.x.1),
            number(self.cloud.y.0),
            number(self.cloud.y.1)
        )
    }

    fn notes(&self) -> Vec<String> {
        self.cloud.notes()
    }

    fn draw(&self) -> Svg {
        self.cloud.draw(self, ("predicted", "true"), |canvas, frame| {
            let (low, high) = (frame.x.0.max(frame.y.0), frame.x.1.min(frame.y.1));
            if low < high {
                canvas.line(frame.at((low, low)), frame.at((high, high)), Stroke::new(Ink::Text, 1.25));
            }
        })
    }

    fn table(&self) -> Table {
        self.cloud.table(self.title(), "prediction", "truth")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_rows_are_points_and_many_are_counted_whole() {
        let few = Cloud::new(100, |i| (i as f64, if i == 7 { f64::NAN } else { 1.0 }));
        assert_eq!((few.points.len(), few.cells.len(), few.rows), (99, 0, 99));
        let many = Cloud::new(300_000, |i| (i as f64, -(i as f64)));
        assert_eq!((many.cells.iter().sum::<u64>(), many.rows, many.trend_rows), (300_000, 300_000, 150_000));
        assert_eq!(many.notes().len(), 2);
        // The anti-diagonal: the first trend bin is the least x with the greatest y.
        assert!(many.trend.windows(2).all(|pair| pair[0].x < pair[1].x && pair[0].middle > pair[1].middle));
    }

    #[test]
    fn the_description_tells_the_rows_and_not_the_axes() {
        for rows in [101, 10_001] {
            let cloud = Cloud::new(rows, |i| (2.0 + (i % 101) as f64, 600.0 - (i % 101) as f64));
            let said = PredictedTrue { of: "m".into(), cloud }.description();
            assert!(said.ends_with("rows, predicted from 2 to 102, in truth from 500 to 600."), "{said}");
        }
    }

    #[test]
    fn the_trend_holds_the_quantiles() {
        let bins = trend((0..60).map(|i| (f64::from(i / 20), f64::from(i % 20))).collect());
        assert_eq!(bins.len(), 3);
        assert_eq!((bins[1].x, bins[1].low, bins[1].middle, bins[1].high), (1.0, 2.0, 10.0, 17.0));
    }

    #[test]
    fn no_row_and_one_row_do_no_harm() {
        for rows in [0, 1] {
            let chart = Residuals { of: "m".into(), cloud: Cloud::new(rows, |_| (3.0, 3.0)) };
            assert!(!chart.draw().to_inline("x").contains("NaN"));
        }
    }
}
