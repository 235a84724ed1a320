use consort_core::Direction;
use consort_metrics::significance::mean_interval;
use serde::{Deserialize, Serialize};

use super::{
    lines::{Line, Lines, Scale},
    member_scores::axis_title,
};
use crate::{
    Figure, Svg, Table,
    draw::number::{count, number},
};

/// The score against how many rows a model was fitted on: would more rows help?
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LearningCurve {
    /// The name of the metric.
    pub metric: String,
    /// Which way it gets better.
    pub direction: Direction,
    /// The models.
    pub models: Vec<LearningModel>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// One model's curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LearningModel {
    /// The model.
    pub name: String,
    /// Whether it is the ensemble.
    pub ensemble: bool,
    /// Its scores, by rising number of rows.
    pub points: Vec<LearningPoint>,
}

/// The scores of fits on so many rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LearningPoint {
    /// How many rows were fitted on.
    pub rows: u64,
    /// The mean score on rows not fitted on.
    pub held_out: f64,
    /// The ends of its interval.
    pub interval: Option<(f64, f64)>,
    /// The mean score on the rows fitted on.
    pub train: Option<f64>,
}

impl LearningPoint {
    /// The mean and its 95 % interval of the scores of several fits on so many rows; `None` if one is not finite.
    ///
    /// ```
    /// use consort_plot::chart::LearningPoint;
    /// let point = LearningPoint::of_scores(100, &[0.4, 0.6], &[0.2, 0.2]).unwrap();
    /// assert_eq!((point.held_out, point.train), (0.5, Some(0.2)));
    /// ```
    pub fn of_scores(rows: u64, held_out: &[f64], train: &[f64]) -> Option<Self> {
        let (held_out, interval) = mean_interval(held_out, 0.95)?;
        Some(Self { rows, held_out, interval, train: mean_interval(train, 0.95).map(|(mean, _)| mean) })
    }
}

impl LearningModel {
    /// By how much the last doubling of the rows made the score better; `None` where there is no such.
    fn last_doubling(&self, direction: Direction) -> Option<f64> {
        let last = self.points.last()?;
        let half = self.points.iter().rev().find(|point| 2 * point.rows <= last.rows)?;
        Some(direction.cost(half.held_out) - direction.cost(last.held_out))
    }
}

impl LearningCurve {
    /// The most models that are drawn.
    const DRAWN: usize = 8;
    /// Up to so many models also show their scores on the rows fitted on.
    const WITH_TRAIN: usize = 2;

    /// The models that are drawn: the ensemble and the best at the end.
    fn shown(&self) -> Vec<&LearningModel> {
        let mut order: Vec<&LearningModel> = self.models.iter().filter(|model| !model.points.is_empty()).collect();
        let cost = |model: &LearningModel| {
            model.points.last().map_or(f64::INFINITY, |point| self.direction.cost(point.held_out))
        };
        order.sort_by(|a, b| b.ensemble.cmp(&a.ensemble).then(cost(a).total_cmp(&cost(b))));
        order.truncate(Self::DRAWN);
        order
    }
}

impl Figure for LearningCurve {
    fn slug(&self) -> &'static str {
        "learning-curve"
    }

    fn title(&self) -> String {
        "Would more rows help?".into()
    }

    fn reading(&self) -> String {
        "The score on rows not fitted on, against how many rows were fitted on. Where the curve still moves, more rows \
         help. A dashed curve is the score on the rows fitted on: a wide gap that closes is cured by rows, a small gap at \
         a bad score by a richer model."
            .into()
    }

    fn description(&self) -> String {
        let parts: Vec<String> = self
            .shown()
            .iter()
            .filter_map(|model| {
                let last = model.points.last()?;
                let gain = model
                    .last_doubling(self.direction)
                    .map_or_else(String::new, |gain| format!(", the last doubling gained {}", number(gain)));
                let rows = count(last.rows as f64);
                Some(format!("{}: {} with {rows} rows{gain}", model.name, number(last.held_out)))
            })
            .collect();
        if parts.is_empty() { "There is no fit.".into() } else { format!("{}. {}.", self.metric, parts.join("; ")) }
    }

    fn notes(&self) -> Vec<String> {
        let mut said = self.notes.clone();
        if self.models.len() > Self::DRAWN {
            said.push(format!("The best {} of {} models; the table has all.", Self::DRAWN, self.models.len()));
        }
        said
    }

    fn draw(&self) -> Svg {
        let mut lines = Vec::new();
        let shown = self.shown();
        for (i, model) in shown.iter().enumerate() {
            let points = model.points.iter().map(|point| (point.rows as f64, point.held_out)).collect();
            let mut line = Line::new(&model.name, i, model.ensemble, points);
            line.band = model.points.iter().map(|point| point.interval).collect();
            line.dots = true;
            let ink = line.stroke;
            lines.push(line);
            let train: Vec<(f64, f64)> =
                model.points.iter().filter_map(|point| Some((point.rows as f64, point.train?))).collect();
            if shown.len() <= Self::WITH_TRAIN && !train.is_empty() {
                let mut line = Line::new(format!("{}, on the rows fitted on", model.name), i, model.ensemble, train);
                line.stroke = crate::draw::Stroke::new(ink.ink, 1.5).dashed(Some("5 4"));
                line.dots = true;
                lines.push(line);
            }
        }
        let rows = || self.models.iter().flat_map(|model| &model.points).map(|point| point.rows);
        let far_apart = rows().max().unwrap_or(0) > 4 * rows().min().unwrap_or(0).max(1);
        let y_title = axis_title(&self.metric, self.direction);
        Lines {
            x_title: "rows fitted on",
            y_title: &y_title,
            scale: if far_apart { Scale::Logarithmic } else { Scale::Counts },
            x: None,
            y: None,
            lines,
            marks: Vec::new(),
            marks_below: false,
        }
        .draw(self, |_, _| {})
    }

    fn table(&self) -> Table {
        let mut table = Table::new(
            format!("{} by rows", self.metric),
            ["model", "rows", "not fitted on", "95 % interval", "fitted on"],
        );
        for model in &self.models {
            for point in &model.points {
                let ends = point.interval.map_or("—".into(), |i| format!("{} to {}", number(i.0), number(i.1)));
                let train = point.train.map_or("—".into(), number);
                table.push([model.name.clone(), count(point.rows as f64), number(point.held_out), ends, train]);
            }
        }
        table
    }
}
