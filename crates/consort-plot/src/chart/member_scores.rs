use consort_core::{Direction, Score};
use serde::{Deserialize, Serialize};

use crate::{
    Figure, Svg, Table,
    draw::{
        Anchor, Canvas, Frame, Ink, SMALL, Stroke, TEXT, decimals, fit, notes, notes_height,
        number::{number, places},
        range, reach, text_width,
    },
};

/// The score of each member, with an interval where there is one, and of the ensemble among them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberScores {
    /// The name of the metric.
    pub metric: String,
    /// Which way it gets better.
    pub direction: Direction,
    /// How sure the intervals are meant to be, such as 0.95.
    pub level: f64,
    /// One for each member and ensemble, best first.
    pub scores: Vec<NamedScore>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// One member's score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NamedScore {
    /// Whose score it is.
    pub name: String,
    /// The score, or why there is none.
    pub score: Score,
    /// The ends of its interval.
    pub interval: Option<(f64, f64)>,
    /// Whether it is the ensemble's.
    pub ensemble: bool,
}

impl MemberScores {
    /// Puts the scores in order: best first, those without a value last, ties as given.
    pub fn new(metric: impl Into<String>, direction: Direction, level: f64, mut scores: Vec<NamedScore>) -> Self {
        let cost = |score: &NamedScore| score.score.value().map_or(f64::INFINITY, |value| direction.cost(value));
        scores.sort_by(|a, b| cost(a).total_cmp(&cost(b)));
        Self { metric: metric.into(), direction, level, scores, notes: Vec::new() }
    }

    /// The end of the scale, where some scores lie beyond it.
    fn limit(&self) -> Option<f64> {
        reach(self.scores.iter().filter_map(|score| score.score.value()), self.direction)
    }
}

/// The metric and which way it gets better, as the title of an axis.
pub(crate) fn axis_title(metric: &str, direction: Direction) -> String {
    let better = match direction {
        Direction::Higher => "higher is better",
        Direction::Lower => "lower is better",
    };
    format!("{} ({better})", metric.replace('_', " "))
}

impl Figure for MemberScores {
    fn slug(&self) -> &'static str {
        "member-scores"
    }

    fn title(&self) -> String {
        "Scores of the members and the ensemble".into()
    }

    fn reading(&self) -> String {
        let bar = if self.scores.iter().any(|score| score.interval.is_some()) {
            format!(
                " The bar is the {} % interval: two scores whose bars overlap widely may well change places on other rows.",
                number(self.level * 100.0)
            )
        } else {
            String::new()
        };
        format!("Best on top. The diamond is the ensemble.{bar}")
    }

    fn description(&self) -> String {
        let best = self.scores.iter().find_map(|score| Some((&score.name, score.score.value()?)));
        match best {
            Some((name, value)) => format!(
                "{} of {} models. The best is {name} with {}.",
                axis_title(&self.metric, self.direction),
                self.scores.len(),
                number(value)
            ),
            None => "No model has a score.".into(),
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut said = self.notes.clone();
        if self.limit().is_some() {
            said.push("A triangle points to a score that is off the scale.".into());
        }
        said
    }

    fn draw(&self) -> Svg {
        const WIDTH: f64 = 400.0;
        let said = self.notes();
        let row = if self.scores.len() > 40 { 17.0 } else { 24.0 };
        let labels = self.scores.iter().map(|score| text_width(&score.name, TEXT)).fold(40.0, f64::max).min(130.0);
        let values = self
            .scores
            .iter()
            .flat_map(|score| [score.score.value(), score.interval.map(|i| i.0), score.interval.map(|i| i.1)])
            .flatten();
        let limit = self.limit();
        let off = |x: f64| limit.is_some_and(|limit| self.direction.better(limit, x));
        let values = values.filter(|x| !off(*x)).chain(limit);
        let places = places(self.scores.iter().filter_map(|score| score.score.value()));
        let bottom = 10.0 + row * self.scores.len() as f64;
        let frame = Frame {
            left: labels + 16.0,
            top: 6.0,
            right: WIDTH - 62.0,
            bottom: bottom + 4.0,
            x: range(values),
            y: (0.0, 1.0),
        };
        let height = frame.bottom + 44.0 + notes_height(&said, WIDTH);
        let mut canvas = Canvas::new(WIDTH, height);
        frame.draw_x(&mut canvas, &axis_title(&self.metric, self.direction));
        for (i, score) in self.scores.iter().enumerate() {
            let y = 10.0 + row * (i as f64 + 0.5);
            let name = fit(&score.name, TEXT, labels + 4.0);
            let text = score.score.value().map_or_else(|| "undefined".to_owned(), |value| decimals(value, places));
            let ink = if score.ensemble { Ink::Ensemble } else { Ink::Text };
            if score.ensemble {
                canvas.bold((frame.left - 10.0, y + 4.5), &name, TEXT, Anchor::End, ink);
                canvas.bold((WIDTH - 4.0, y + 4.5), &text, SMALL, Anchor::End, ink);
            } else {
                canvas.text((frame.left - 10.0, y + 4.5), &name, TEXT, Anchor::End, ink);
                canvas.text((WIDTH - 4.0, y + 4.5), &text, SMALL, Anchor::End, Ink::Muted);
            }
            let Some(value) = score.score.value() else { continue };
            let tip = match score.interval {
                Some((low, high)) => format!("{}: {} ({} to {})", score.name, number(value), number(low), number(high)),
                None => format!("{}: {}", score.name, number(value)),
            };
            canvas.with_tip(&tip, |canvas| {
                let ink = if score.ensemble { Ink::Ensemble } else { Ink::Muted };
                if let Some((low, high)) = score.interval.filter(|_| !off(value)) {
                    let (low, high) = (frame.px(low), frame.px(high));
                    canvas.line((low, y), (high, y), Stroke::new(ink, if score.ensemble { 3.0 } else { 2.0 }));
                    for end in [low, high] {
                        canvas.line((end, y - 4.0), (end, y + 4.0), Stroke::new(ink, 1.5));
                    }
                }
                if off(value) {
                    canvas.pointer((frame.px(value), y), value > frame.x.0, ink);
                } else if score.ensemble {
                    canvas.diamond((frame.px(value), y), 7.5, ink);
                } else {
                    canvas.dot((frame.px(value), y), 4.5, Ink::Text);
                }
            });
        }
        notes(&mut canvas, &said, frame.bottom + 40.0, WIDTH);
        canvas.finish(&self.title(), &self.description())
    }

    fn table(&self) -> Table {
        let level = number(self.level * 100.0);
        let head = ["model".to_owned(), self.metric.clone(), format!("{level} % from"), format!("{level} % to")];
        let mut table = Table::new(format!("{} of each model, best first", self.metric), head);
        for score in &self.scores {
            let end = |pick: fn((f64, f64)) -> f64| score.interval.map_or("—".into(), |i| number(pick(i)));
            let value = match &score.score {
                Score::Value(value) => number(*value),
                Score::Undefined(reason) => format!("undefined: {reason}"),
            };
            table.push([score.name.clone(), value, end(|i| i.0), end(|i| i.1)]);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(name: &str, score: Score) -> NamedScore {
        NamedScore { name: name.into(), score, interval: None, ensemble: false }
    }

    #[test]
    fn the_best_is_first_and_the_undefined_last() {
        let given = vec![score("a", 0.5.into()), score("u", Score::undefined("one class")), score("b", 0.2.into())];
        let order = |direction| -> Vec<String> {
            let chart = MemberScores::new("m", direction, 0.95, given.clone());
            chart.scores.into_iter().map(|score| score.name).collect()
        };
        assert_eq!(order(Direction::Lower), ["b", "a", "u"]);
        assert_eq!(order(Direction::Higher), ["a", "b", "u"]);
    }
}
