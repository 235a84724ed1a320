use consort_core::Result;
use consort_metrics::{
    ranking::{RankedScores, Ties, lift_of},
    significance::wilson_interval,
};
use serde::{Deserialize, Serialize};

use super::{
    curve::{Curve, drawn, thin},
    lines::{Line, Lines, Scale},
    roc::said,
};
use crate::{
    Figure, Svg, Table,
    draw::{Ink, Stroke, decimals, number::percent},
};

/// How many of the class are found when only the rows with the greatest scores are looked at: gain, and lift, which
/// is gain over the share looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lift {
    /// What is looked for, such as `class good`.
    pub of: String,
    /// The share of the class among the rows; 0 where each curve has one of its own.
    pub prevalence: f64,
    /// The models.
    pub models: Vec<LiftModel>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// One model's gains.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LiftModel {
    /// The gain: share of rows looked at, share of the class found. Its area is that under the gain.
    pub gain: Curve,
    /// The lift among the first 1, 5, 10, 20, 30 and 50 % of the rows.
    pub lifts: Vec<LiftAt>,
}

/// The lift among the rows with the greatest scores.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LiftAt {
    /// The share of the rows that is looked at.
    pub share: f64,
    /// How many times more of the class are among them than among all rows.
    pub lift: f64,
    /// The 95 % interval of the lift, from that of the share of the class among them (Wilson 1927).
    pub interval: Option<(f64, f64)>,
}

impl LiftModel {
    /// The gains of ranked scores; rows with equal scores are looked at together. `None` without a row of the class.
    ///
    /// ```
    /// use consort_metrics::ranking::RankedScores;
    /// use consort_plot::chart::LiftModel;
    /// let ranked = RankedScores::new(&[0.9, 0.8, 0.2, 0.1], &[true, false, false, false], None)?;
    /// let model = LiftModel::of("m", &ranked, false)?.unwrap();
    /// assert_eq!(model.gain.points, [(0.0, 0.0), (0.25, 1.0), (1.0, 1.0)]);
    /// assert_eq!(model.lifts[5].lift, 2.0); // half of the rows hold all of the class
    /// # Ok::<(), consort_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// None for scores that could be ranked.
    pub fn of(name: impl Into<String>, ranked: &RankedScores<'_>, ensemble: bool) -> Result<Option<Self>> {
        const SHARES: [f64; 6] = [0.01, 0.05, 0.1, 0.2, 0.3, 0.5];
        let (positives, total) = (ranked.positives(), ranked.positives() + ranked.negatives());
        if positives <= 0.0 {
            return Ok(None);
        }
        let (mut seen, mut found, mut area) = (0.0, 0.0, 0.0);
        let mut points = vec![(0.0, 0.0)];
        ranked.for_each_group(|group| {
            let before = (seen, found);
            seen += (group.positive + group.negative) / total;
            found += group.positive / positives;
            area += (seen - before.0) * (found + before.1) / 2.0;
            points.push((seen, found));
        });
        let gain = Curve { name: name.into(), area: Some(area), points: thin(points, Curve::MOST), ensemble };
        let mut lifts = Vec::new();
        for share in SHARES {
            if let Some(lift) = lift_of(ranked, share, Ties::Share)?.value() {
                let rows = rows_as_sure(ranked, share * total);
                let hits = (lift * positives / total * rows).clamp(0.0, rows);
                let interval = wilson_interval(hits, rows, 0.95)
                    .ok()
                    .map(|(low, high)| (low * total / positives, high * total / positives));
                lifts.push(LiftAt { share, lift, interval });
            }
        }
        Ok(Some(Self { gain, lifts }))
    }

    fn at(&self, share: f64) -> Option<&LiftAt> {
        self.lifts.iter().find(|lift| lift.share == share)
    }
}

/// How many rows of equal weight say as much as those with the greatest scores, up to this weight of them.
fn rows_as_sure(ranked: &RankedScores<'_>, weight: f64) -> f64 {
    let (mut left, mut squared) = (weight, 0.0);
    ranked.for_each_group_squared(|group, squares| {
        let whole = group.positive + group.negative;
        // Of equal scores a part is taken.
        squared += squares * (left / whole).clamp(0.0, 1.0);
        left -= whole.min(left);
    });
    weight * weight / squared
}

impl Lift {
    fn curves(&self) -> Vec<Curve> {
        self.models.iter().map(|model| model.gain.clone()).collect()
    }
}

impl Figure for Lift {
    fn slug(&self) -> &'static str {
        "lift"
    }

    fn title(&self) -> String {
        format!("Gain and lift for {}", self.of)
    }

    fn reading(&self) -> String {
        "Look at the rows with the greatest scores first: how many of the class are found (up) in how many of the rows \
         (right). The diagonal is blind choice; the thin line is a model that knows. Lift is how many times steeper than \
         the diagonal the way to a point is."
            .into()
    }

    fn description(&self) -> String {
        let parts: Vec<String> = self
            .models
            .iter()
            .take(12)
            .filter_map(|model| Some(format!("{} {}", model.gain.name, decimals(model.at(0.1)?.lift, 2))))
            .collect();
        if parts.is_empty() {
            "There is no model.".into()
        } else {
            format!("Lift among the first 10 % of the rows: {}.", parts.join(", "))
        }
    }

    fn notes(&self) -> Vec<String> {
        said(&self.notes, &self.curves())
    }

    fn draw(&self) -> Svg {
        let curves = self.curves();
        let mut lines = vec![Line::new("", 0, false, vec![(0.0, 0.0), (1.0, 1.0)])];
        lines[0].stroke = Stroke::new(Ink::Muted, 1.25).dashed(Some("3 4"));
        if self.prevalence > 0.0 {
            let mut best = Line::new("", 0, false, vec![(0.0, 0.0), (self.prevalence, 1.0), (1.0, 1.0)]);
            best.stroke = Stroke::new(Ink::Muted, 1.0);
            lines.push(best);
        }
        for (rank, curve) in drawn(&curves) {
            // A member may be called as the ensemble is.
            let is_same = |model: &&LiftModel| model.gain.name == curve.name && model.gain.ensemble == curve.ensemble;
            let lift = self.models.iter().find(is_same).and_then(|model| model.at(0.1));
            let lift = lift.map_or_else(String::new, |at| format!(", lift at 10 %: {}", decimals(at.lift, 2)));
            lines.push(Line::new(format!("{}{lift}", curve.name), rank, curve.ensemble, curve.points.clone()));
        }
        let unit = Some((0.0, 1.0));
        Lines {
            x_title: "share of the rows, greatest scores first",
            y_title: "share of the class found",
            scale: Scale::Plain,
            x: unit,
            y: unit,
            lines,
            marks: Vec::new(),
            marks_below: false,
        }
        .draw(self, |_, _| {})
    }

    fn table(&self) -> Table {
        let shares: Vec<f64> = self.models.first().map_or(Vec::new(), |m| m.lifts.iter().map(|at| at.share).collect());
        let mut head = vec!["model".to_owned()];
        head.extend(shares.iter().map(|&share| format!("lift at {}", percent(share))));
        head.push("95 % interval at 10 %".into());
        let mut table = Table::new(self.title(), head);
        for model in &self.models {
            let mut row = vec![model.gain.name.clone()];
            row.extend(shares.iter().map(|&share| model.at(share).map_or("—".into(), |at| decimals(at.lift, 3))));
            let ends = model.at(0.1).and_then(|at| at.interval);
            row.push(ends.map_or("—".into(), |i| format!("{} to {}", decimals(i.0, 2), decimals(i.1, 2))));
            table.push(row);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked<'a>(scores: &[f64], weights: Option<&'a [f64]>) -> RankedScores<'a> {
        let is: Vec<bool> = (0..scores.len()).map(|i| i % 3 == 0).collect();
        RankedScores::new(scores, &is, weights).unwrap()
    }

    #[test]
    fn the_unit_of_the_weights_changes_no_interval() {
        let scores: Vec<f64> = (0..300).map(|i| f64::from(i * 37 % 101)).collect();
        let [one, many] = [1.0, 100.0].map(|unit| {
            let weights: Vec<f64> = (0..300).map(|i| unit * f64::from(1 + i % 2)).collect();
            LiftModel::of("m", &ranked(&scores, Some(&weights)), false).unwrap().unwrap()
        });
        for (a, b) in one.lifts.iter().zip(&many.lifts) {
            let (a, b) = (a.interval.unwrap(), b.interval.unwrap());
            assert!((a.0 - b.0).abs() < 1e-9 && (a.1 - b.1).abs() < 1e-9, "{a:?} {b:?}");
        }
        assert!((rows_as_sure(&ranked(&scores, None), 150.0) - 150.0).abs() < 1e-9);
    }

    #[test]
    fn a_member_called_ensemble_keeps_its_own_lift() {
        let model = |ensemble: bool, turn: f64| {
            let scores: Vec<f64> = (0..300).map(|i| turn * f64::from(i % 3)).collect();
            LiftModel::of("ensemble", &ranked(&scores, None), ensemble).unwrap().unwrap()
        };
        let models = vec![model(false, 1.0), model(true, -1.0)];
        let chart = Lift { of: "class yes".into(), prevalence: 1.0 / 3.0, models, notes: Vec::new() };
        let drawn = chart.draw().to_inline("x");
        assert!(drawn.contains("lift at 10 %: 0.00") && drawn.contains("lift at 10 %: 3.00"), "{drawn}");
    }
}
