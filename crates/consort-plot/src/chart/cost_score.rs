use consort_core::Direction;
use serde::{Deserialize, Serialize};

use super::member_scores::axis_title;
use crate::{
    Figure, Svg, Table,
    draw::{
        Anchor, Canvas, Frame, Ink, SMALL, Stroke, fit, notes, notes_height, number::number, range, reach, text_width,
        y_labels_width,
    },
};

/// What each model costs against how good it is, with those that no other beats in both (the Pareto front).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CostScore {
    /// The name of the metric.
    pub metric: String,
    /// Which way it gets better.
    pub direction: Direction,
    /// What the cost is, with its unit, such as `time to fit, in seconds`.
    pub cost: String,
    /// The models.
    pub points: Vec<CostPoint>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// One model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CostPoint {
    /// The model.
    pub name: String,
    /// What it costs.
    pub cost: f64,
    /// Its score.
    pub score: f64,
    /// The ends of the score's interval.
    pub interval: Option<(f64, f64)>,
    /// Whether it is the ensemble.
    pub ensemble: bool,
}

impl CostScore {
    /// Which models are on the front: none is as good for less, or better for as much.
    ///
    /// ```
    /// use consort_core::Direction;
    /// use consort_plot::chart::{CostPoint, CostScore};
    /// let point = |cost, score| CostPoint { name: "m".into(), cost, score, interval: None, ensemble: false };
    /// let points = vec![point(1.0, 0.7), point(2.0, 0.6), point(3.0, 0.9), point(3.0, 0.9)];
    /// let chart =
    ///     CostScore { metric: "auc".into(), direction: Direction::Higher, cost: "seconds".into(), points, notes: vec![] };
    /// assert_eq!(chart.front(), [true, false, true, true]);
    /// ```
    pub fn front(&self) -> Vec<bool> {
        let loss = |point: &CostPoint| self.direction.cost(point.score);
        let beats = |a: &CostPoint, b: &CostPoint| {
            a.cost <= b.cost && loss(a) <= loss(b) && (a.cost < b.cost || loss(a) < loss(b))
        };
        self.points.iter().map(|point| !self.points.iter().any(|other| beats(other, point))).collect()
    }

    /// Costs that span more than a factor of 30 are shown by their logarithm.
    fn is_log(&self) -> bool {
        let (low, high) = self.points.iter().fold((f64::INFINITY, 0.0f64), |(l, h), p| (l.min(p.cost), h.max(p.cost)));
        low > 0.0 && high / low > 30.0
    }

    /// The points of the front, cheapest first.
    fn front_points(&self) -> Vec<&CostPoint> {
        let mut front: Vec<&CostPoint> =
            self.points.iter().zip(self.front()).filter_map(|(point, on)| on.then_some(point)).collect();
        front.sort_by(|a, b| a.cost.total_cmp(&b.cost));
        front
    }
}

impl Figure for CostScore {
    fn slug(&self) -> &'static str {
        "cost-score"
    }

    fn title(&self) -> String {
        "What a model costs, and what it is worth".into()
    }

    fn reading(&self) -> String {
        let better = match self.direction {
            Direction::Higher => "upper",
            Direction::Lower => "lower",
        };
        format!(
            "Cheap and good is the {better} left. The stepped line is the front: for each cost the best score to be had \
             at it. A model off the line is beaten by another in both. The diamond is the ensemble."
        )
    }

    fn description(&self) -> String {
        let front: Vec<String> = self
            .front_points()
            .iter()
            .take(8)
            .map(|point| {
                format!("{} (cost {}, {} {})", point.name, number(point.cost), self.metric, number(point.score))
            })
            .collect();
        format!("{} models. On the front: {}.", self.points.len(), front.join(", "))
    }

    fn notes(&self) -> Vec<String> {
        let mut said = self.notes.clone();
        if reach(self.points.iter().map(|point| point.score), self.direction).is_some() {
            said.push("Models at the very edge are worse than the scale shows.".into());
        }
        said
    }

    fn draw(&self) -> Svg {
        const WIDTH: f64 = 400.0;
        let log = self.is_log();
        let place = |cost: f64| if log { cost.log10() } else { cost };
        let x = range(self.points.iter().map(|point| place(point.cost)));
        let ends = |p: &CostPoint| [Some(p.score), p.interval.map(|i| i.0), p.interval.map(|i| i.1)];
        let limit = reach(self.points.iter().map(|point| point.score), self.direction);
        let off = |x: f64| limit.is_some_and(|limit| self.direction.better(limit, x));
        let y = range(self.points.iter().flat_map(ends).flatten().filter(|x| !off(*x)).chain(limit));
        let (top, bottom) = (28.0, 310.0);
        let frame = Frame { left: y_labels_width(y, bottom - top), top, right: WIDTH - 16.0, bottom, x, y };
        let said = self.notes();
        let mut canvas = Canvas::new(WIDTH, bottom + 44.0 + notes_height(&said, WIDTH));
        if log {
            frame.draw_log_x(&mut canvas, &self.cost);
        } else {
            frame.draw_x(&mut canvas, &self.cost);
        }
        frame.draw_y(&mut canvas, &axis_title(&self.metric, self.direction));
        let at = |point: &CostPoint| frame.at((place(point.cost), point.score));
        let mut steps: Vec<(f64, f64)> = Vec::new();
        for point in self.front_points() {
            let (x, y) = at(point);
            if let Some(&(_, before)) = steps.last() {
                steps.push((x, before));
            }
            steps.push((x, y));
        }
        if let Some(&(_, last)) = steps.last() {
            steps.push((frame.right, last));
        }
        canvas.polyline(&steps, Stroke::new(Ink::Muted, 1.5));
        let front = self.front();
        for (point, &on) in self.points.iter().zip(&front) {
            let (x, y) = at(point);
            let tip = format!("{}: cost {}, {} {}", point.name, number(point.cost), self.metric, number(point.score));
            let ink = if point.ensemble {
                Ink::Ensemble
            } else if on {
                Ink::Text
            } else {
                Ink::Muted
            };
            canvas.with_tip(&tip, |canvas| {
                if let Some((low, high)) = point.interval.filter(|_| !off(point.score)) {
                    canvas.line((x, frame.py(low)), (x, frame.py(high)), Stroke::new(ink, 1.25));
                }
                if point.ensemble {
                    canvas.diamond((x, y), 7.5, ink);
                } else {
                    canvas.dot((x, y), if on { 4.5 } else { 3.5 }, ink);
                }
            });
        }
        self.name_points(&mut canvas, &frame, &front, at);
        notes(&mut canvas, &said, bottom + 40.0, WIDTH);
        canvas.finish(&self.title(), &self.description())
    }

    fn table(&self) -> Table {
        let mut table = Table::new(
            "Cost and score of each model, cheapest first",
            ["model", &self.cost, &self.metric, "on the front"],
        );
        let mut order: Vec<(&CostPoint, bool)> = self.points.iter().zip(self.front()).collect();
        order.sort_by(|a, b| a.0.cost.total_cmp(&b.0.cost));
        for (point, on) in order {
            let on = if on { "yes" } else { "no" };
            table.push([point.name.clone(), number(point.cost), number(point.score), on.into()]);
        }
        table
    }
}

impl CostScore {
    /// Names beside the points, those of the front first, wherever no other name is.
    fn name_points(&self, canvas: &mut Canvas, frame: &Frame, front: &[bool], at: impl Fn(&CostPoint) -> (f64, f64)) {
        let mut order: Vec<usize> = (0..self.points.len()).collect();
        order.sort_by_key(|&i| (!self.points[i].ensemble, !front[i]));
        let mut taken: Vec<(f64, f64, f64)> = Vec::new();
        for i in order.into_iter().take(40) {
            let point = &self.points[i];
            let (x, y) = at(point);
            let name = fit(&point.name, SMALL, 120.0);
            let width = text_width(&name, SMALL);
            // Above the point, else below it: beside it is the line of the front.
            let left = (x - width / 2.0).clamp(frame.left + 2.0, (frame.right - width).max(frame.left + 2.0));
            for line in [y - 9.0, y + 18.0, y - 23.0] {
                let inside = line > frame.top && line < frame.bottom - 2.0;
                let free = taken.iter().all(|&(l, w, h)| left > l + w || l > left + width || (h - line).abs() > 13.0);
                if inside && free {
                    let ink = if point.ensemble { Ink::Ensemble } else { Ink::Text };
                    canvas.text((left, line), &name, SMALL, Anchor::Start, ink);
                    taken.push((left, width, line));
                    break;
                }
            }
        }
    }
}
