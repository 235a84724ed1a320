use consort_metrics::{ranking::RankedScores, significance::wilson_interval};
use serde::{Deserialize, Serialize};

use super::lines::{Line, Lines, Scale};
use crate::{
    Figure, Svg, Table,
    draw::{
        Ink, Stroke, decimals,
        number::{number, percent},
    },
};

/// What each decision threshold gives: precision, recall, F1, and how many rows are flagged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// Whose scores they are.
    pub model: String,
    /// What is looked for, such as `class good`.
    pub of: String,
    /// The thresholds, ascending.
    pub points: Vec<ThresholdPoint>,
    /// The threshold with the greatest F1 of all, and that F1; the least of equals.
    pub best: Option<(f64, f64)>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// What one threshold gives; a row is flagged if its score is not below it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ThresholdPoint {
    /// The threshold.
    pub threshold: f64,
    /// The share of flagged rows that are of the class; `None` where none is flagged.
    pub precision: Option<f64>,
    /// The 95 % interval of the precision (Wilson 1927).
    pub interval: Option<(f64, f64)>,
    /// The share of the class that is flagged.
    pub recall: f64,
    /// The harmonic mean of precision and recall.
    pub f1: f64,
    /// The share of all rows that is flagged.
    pub flagged: f64,
}

impl Threshold {
    /// Thresholds are looked at in so many equal steps.
    const STEPS: usize = 200;

    /// The thresholds of ranked scores, from the least to the greatest score (from 0 to 1 if all lie between).
    /// `None` without a row of the class.
    ///
    /// ```
    /// use consort_metrics::ranking::RankedScores;
    /// use consort_plot::chart::Threshold;
    /// let ranked = RankedScores::new(&[0.9, 0.8, 0.6, 0.1], &[true, false, true, false], None)?;
    /// let chart = Threshold::of("m", "class yes", &ranked).unwrap();
    /// assert_eq!(chart.best, Some((0.6, 0.8)));
    /// # Ok::<(), consort_core::Error>(())
    /// ```
    pub fn of(model: impl Into<String>, of: impl Into<String>, ranked: &RankedScores<'_>) -> Option<Self> {
        let (positives, total) = (ranked.positives(), ranked.positives() + ranked.negatives());
        if positives <= 0.0 {
            return None;
        }
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        ranked.for_each_group(|group| (low, high) = (low.min(group.score), high.max(group.score)));
        if low >= 0.0 && high <= 1.0 {
            (low, high) = (0.0, 1.0);
        }
        if !(low.is_finite() && high.is_finite()) {
            return None;
        }
        let steps = if high > low { Self::STEPS } else { 0 };
        let at = |step: usize| low + (high - low) * step as f64 / steps.max(1) as f64;
        let f1 = |hits: f64, flagged: f64| 2.0 * hits / (flagged + positives);
        // A share of weights is as sure as that of so many rows of equal weight.
        let sure = |hits: f64, flagged: f64, squares: f64| {
            let rows = flagged * flagged / squares;
            wilson_interval(hits / flagged * rows, rows, 0.95).ok()
        };
        let point = |threshold: f64, hits: f64, flagged: f64, squares: f64| ThresholdPoint {
            threshold,
            precision: (flagged > 0.0).then(|| hits / flagged),
            interval: sure(hits, flagged, squares),
            recall: hits / positives,
            f1: f1(hits, flagged),
            flagged: flagged / total,
        };
        let (mut hits, mut flagged, mut squared) = (0.0f64, 0.0, 0.0);
        let mut best: Option<(f64, f64)> = None;
        let mut points = Vec::with_capacity(steps + 1);
        let mut step = steps as isize;
        ranked.for_each_group_squared(|group, squares| {
            // The thresholds above this score flag what came before it.
            while step >= 0 && at(step as usize) > group.score {
                points.push(point(at(step as usize), hits, flagged, squared));
                step -= 1;
            }
            hits += group.positive;
            flagged += group.positive + group.negative;
            squared += squares;
            let value = f1(hits, flagged);
            if best.is_none_or(|(_, most)| value >= most) {
                best = Some((group.score, value));
            }
        });
        points.extend((0..=step).rev().map(|step| point(at(step as usize), hits, flagged, squared)));
        points.reverse();
        Some(Self { model: model.into(), of: of.into(), points, best, notes: Vec::new() })
    }
}

impl Figure for Threshold {
    fn slug(&self) -> &'static str {
        "threshold"
    }

    fn title(&self) -> String {
        format!("Where to draw the line: {} of {}", self.of, self.model)
    }

    fn reading(&self) -> String {
        "A row is flagged if its score reaches the threshold. Higher: fewer alarms, more of them right (precision), \
         less of the class found (recall). Choose the threshold on rows other than those you judge it by."
            .into()
    }

    fn description(&self) -> String {
        match self.best {
            Some((threshold, f1)) => {
                format!("F1 is greatest, {}, at the threshold {}.", decimals(f1, 3), number(threshold))
            }
            None => "There is no threshold.".into(),
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut said = self.notes.clone();
        said.push("The best threshold was chosen on these rows: its F1 flatters a little.".into());
        said
    }

    fn draw(&self) -> Svg {
        let pick = |value: &dyn Fn(&ThresholdPoint) -> Option<f64>| -> Vec<(f64, f64)> {
            self.points.iter().filter_map(|point| Some((point.threshold, value(point)?))).collect()
        };
        let mut precision = Line::new("precision", 0, false, pick(&|p| p.precision));
        precision.band = self.points.iter().filter(|p| p.precision.is_some()).map(|p| p.interval).collect();
        let mut f1 = Line::new("F1", 0, true, pick(&|p| Some(p.f1)));
        f1.stroke = Stroke::new(Ink::Ensemble, 2.5);
        let lines = vec![
            precision,
            Line::new("recall", 1, false, pick(&|p| Some(p.recall))),
            Line::new("rows flagged", 5, false, pick(&|p| Some(p.flagged))),
            f1,
        ];
        let ends = self.points.first().zip(self.points.last()).map(|(low, high)| (low.threshold, high.threshold));
        let marks = self
            .best
            .map(|(at, f1)| (at, format!("best F1 {} at {}", decimals(f1, 3), number(at))))
            .into_iter()
            .collect();
        Lines {
            x_title: "threshold",
            y_title: "share",
            scale: Scale::Plain,
            x: ends.filter(|(low, high)| low < high).or(Some((0.0, 1.0))),
            y: Some((0.0, 1.0)),
            lines,
            marks,
            marks_below: true,
        }
        .draw(self, |_, _| {})
    }

    fn table(&self) -> Table {
        let head = ["threshold", "precision", "95 % interval", "recall", "F1", "rows flagged"];
        let mut table = Table::new(self.title(), head);
        for point in self.points.iter().step_by(10) {
            table.push([
                number(point.threshold),
                point.precision.map_or("—".into(), |x| decimals(x, 4)),
                point.interval.map_or("—".into(), |i| format!("{} to {}", decimals(i.0, 3), decimals(i.1, 3))),
                decimals(point.recall, 4),
                decimals(point.f1, 4),
                percent(point.flagged),
            ]);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_of_the_weights_changes_no_interval() {
        let scores: Vec<f64> = (0..300).map(|i| f64::from(i * 37 % 101) / 101.0).collect();
        let is: Vec<bool> = (0..300).map(|i| i % 3 == 0).collect();
        let of = |unit: f64| {
            let weights: Vec<f64> = (0..300).map(|i| unit * f64::from(1 + i % 2)).collect();
            Threshold::of("m", "yes", &RankedScores::new(&scores, &is, Some(&weights)).unwrap()).unwrap()
        };
        let (one, many) = (of(1.0), of(100.0));
        for (a, b) in one.points.iter().zip(&many.points) {
            let ends = [a.interval, b.interval].map(Option::unwrap_or_default);
            assert!((ends[0].0 - ends[1].0).abs() < 1e-9 && (ends[0].1 - ends[1].1).abs() < 1e-9, "{a:?} {b:?}");
        }
        // Rows of equal weight are so many rows.
        let equal = RankedScores::new(&scores, &is, None).unwrap();
        let first = Threshold::of("m", "yes", &equal).unwrap().points[0];
        assert_eq!(first.interval, wilson_interval(100.0, 300.0, 0.95).ok());
    }
}
