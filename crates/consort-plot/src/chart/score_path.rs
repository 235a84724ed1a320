use consort_core::Direction;
use serde::{Deserialize, Serialize};

use super::member_scores::axis_title;
use crate::{
    Figure, Svg, Table,
    draw::{Anchor, Canvas, Frame, Ink, SMALL, Stroke, number::number, range, y_labels_width},
};

/// How the score grew while members were selected, round by round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScorePath {
    /// The name of the metric.
    pub metric: String,
    /// Which way it gets better.
    pub direction: Direction,
    /// The rounds.
    pub rounds: Vec<ScoreRound>,
    /// The round (from 1) that was taken.
    pub chosen: Option<usize>,
    /// The score of the best member alone.
    pub best_member: Option<f64>,
}

/// One round of a selection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreRound {
    /// The member added (or removed).
    pub member: String,
    /// The score after it, on the rows the selection was made on.
    pub score: f64,
}

impl Figure for ScorePath {
    fn slug(&self) -> &'static str {
        "score-path"
    }

    fn title(&self) -> String {
        "How the score grew".into()
    }

    fn reading(&self) -> String {
        "The score after each round of the selection, on the very rows it selected on: a flattering number. Where the \
         line is flat, more rounds add nothing."
            .into()
    }

    fn description(&self) -> String {
        match (self.rounds.first(), self.rounds.last()) {
            (Some(first), Some(last)) => format!(
                "{} goes from {} after the first round to {} after round {}.",
                self.metric,
                number(first.score),
                number(last.score),
                self.rounds.len()
            ),
            _ => "There is no round.".into(),
        }
    }

    fn draw(&self) -> Svg {
        const WIDTH: f64 = 400.0;
        let y = range(self.rounds.iter().map(|round| round.score).chain(self.best_member));
        let (top, bottom) = (28.0, 280.0);
        let last = self.rounds.len().max(2) as f64;
        let left = y_labels_width(y, bottom - top);
        let frame = Frame { left, top, right: WIDTH - 14.0, bottom, x: (1.0, last), y };
        let mut canvas = Canvas::new(WIDTH, bottom + 46.0);
        frame.draw_count_x(&mut canvas, "round");
        frame.draw_y(&mut canvas, &axis_title(&self.metric, self.direction));
        if let Some(best) = self.best_member {
            let y = frame.py(best);
            canvas.line((frame.left, y), (frame.right, y), Stroke::new(Ink::Muted, 1.25).dashed(Some("3 4")));
            let dy = if y < frame.top + 20.0 { 15.0 } else { -5.0 };
            canvas.text((frame.right, y + dy), "best member alone", SMALL, Anchor::End, Ink::Muted);
        }
        let points: Vec<(f64, f64)> =
            self.rounds.iter().enumerate().map(|(r, round)| (r as f64 + 1.0, round.score)).collect();
        canvas.polyline(&frame.all(&points), Stroke::new(Ink::Ensemble, 2.5));
        for (round, &point) in self.rounds.iter().zip(&points) {
            let chosen = self.chosen == Some(point.0 as usize);
            let tip = format!("Round {}: {}, {}", point.0, round.member, number(round.score));
            canvas.with_tip(&tip, |canvas| {
                if chosen {
                    canvas.diamond(frame.at(point), 7.5, Ink::Ensemble);
                } else {
                    canvas.dot(frame.at(point), if points.len() > 100 { 2.0 } else { 3.5 }, Ink::Ensemble);
                }
            });
            if chosen {
                let (x, y) = frame.at(point);
                let dy = if y > frame.top + 24.0 { -12.0 } else { 22.0 };
                let anchor = if x > frame.right - 30.0 { Anchor::End } else { Anchor::Middle };
                canvas.bold((x, y + dy), "taken", SMALL, anchor, Ink::Ensemble);
            }
        }
        canvas.finish(&self.title(), &self.description())
    }

    fn table(&self) -> Table {
        let mut table = Table::new("Score after each round", ["round", "member", self.metric.as_str()]);
        for (r, round) in self.rounds.iter().enumerate() {
            table.push([(r + 1).to_string(), round.member.clone(), number(round.score)]);
        }
        table
    }
}
