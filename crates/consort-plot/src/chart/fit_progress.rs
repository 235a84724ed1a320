use consort_core::Direction;
use serde::{Deserialize, Serialize};

use super::{
    lines::{Line, Lines, Scale},
    member_scores::axis_title,
};
use crate::{
    Figure, Svg, Table,
    draw::{Ink, Stroke, number::number, reach},
};

/// The scores of fits in the order in which they were done: how a run gets on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FitProgress {
    /// The name of the metric.
    pub metric: String,
    /// Which way it gets better.
    pub direction: Direction,
    /// How many fits there will be.
    pub fits: usize,
    /// The fits that are done, first to last.
    pub done: Vec<DoneFit>,
}

/// A fit that is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DoneFit {
    /// The member.
    pub member: String,
    /// Seconds since the run began.
    pub at: f64,
    /// The score on the rows of its fold, where it has one.
    pub score: Option<f64>,
}

impl FitProgress {
    /// Up to so many members have a line of their own.
    const SINGLY: usize = 8;
    /// The most fits that are drawn: of more, the last.
    const DRAWN: usize = 2_000;

    /// The members in the order of their first score, each with the mean of its scores after each of its fits.
    fn means(&self) -> Vec<(&str, Vec<(f64, f64)>)> {
        let mut means: Vec<(&str, Vec<(f64, f64)>)> = Vec::new();
        let mut sums: Vec<(f64, f64)> = Vec::new();
        for fit in &self.done {
            let Some(score) = fit.score.filter(|score| score.is_finite()) else { continue };
            let place = means.iter().position(|(name, _)| *name == fit.member).unwrap_or_else(|| {
                means.push((&fit.member, Vec::new()));
                sums.push((0.0, 0.0));
                means.len() - 1
            });
            sums[place].0 += score;
            sums[place].1 += 1.0;
            means[place].1.push((fit.at, sums[place].0 / sums[place].1));
        }
        means
    }

    /// The end of the scale, where a few scores lie far beyond the others.
    fn limit(&self) -> Option<f64> {
        reach(self.means().into_iter().flat_map(|(_, points)| points).map(|point| point.1), self.direction)
    }

    /// The member with the best mean so far.
    fn best(&self) -> Option<(&str, f64)> {
        let last = self.means().into_iter().filter_map(|(name, points)| Some((name, points.last()?.1)));
        last.min_by(|a, b| self.direction.cost(a.1).total_cmp(&self.direction.cost(b.1)))
    }
}

impl Figure for FitProgress {
    fn slug(&self) -> &'static str {
        "fit-progress"
    }

    fn title(&self) -> String {
        "Scores as the fits are done".into()
    }

    fn reading(&self) -> String {
        "A dot is the mean score of a member over its folds so far, on rows that its fits did not see. A line that still \
         moves is not settled: its next fold may move it again."
            .into()
    }

    fn description(&self) -> String {
        let best = self.best().map_or_else(String::new, |(name, score)| {
            format!(" The best so far is {name} with {} {}.", self.metric, number(score))
        });
        format!("{} of {} fits are done.{best}", self.done.len(), self.fits)
    }

    fn notes(&self) -> Vec<String> {
        let mut said = Vec::new();
        let members = self.means().len();
        if members > Self::SINGLY {
            said.push(format!("The {} best of {members} members are drawn.", Self::SINGLY));
        }
        if let Some(limit) = self.limit() {
            said.push(format!("Scores worse than {} are not drawn.", number(limit)));
        }
        if self.done.len() > Self::DRAWN {
            said.push(format!("The last {} dots of each member are drawn.", Self::DRAWN / Self::SINGLY));
        }
        said
    }

    fn draw(&self) -> Svg {
        let mut means = self.means();
        let last = |points: &[(f64, f64)]| points.last().map_or(f64::INFINITY, |point| self.direction.cost(point.1));
        means.sort_by(|a, b| last(&a.1).total_cmp(&last(&b.1)));
        let (limit, cost) = (self.limit(), |score: f64| self.direction.cost(score));
        let lines = means.into_iter().take(Self::SINGLY).enumerate().map(|(i, (name, points))| {
            let most = Self::DRAWN / Self::SINGLY;
            let from = if self.done.len() > Self::DRAWN { points.len().saturating_sub(most) } else { 0 };
            let near = |point: &(f64, f64)| limit.is_none_or(|limit| cost(point.1) <= cost(limit));
            let mut line = Line::new(name, i, false, points[from..].iter().copied().filter(near).collect());
            line.stroke = Stroke::new(Ink::Series(i), 1.75);
            line.dots = true;
            line
        });
        let y_title = axis_title(&self.metric, self.direction);
        Lines {
            x_title: "time since the run began, in seconds",
            y_title: &y_title,
            scale: Scale::Plain,
            x: None,
            y: None,
            lines: lines.collect(),
            marks: Vec::new(),
            marks_below: false,
        }
        .draw(self, |_, _| {})
    }

    fn table(&self) -> Table {
        let mut table =
            Table::new("The fits that are done, the last first", ["member", "seconds since the beginning", "score"]);
        for fit in self.done.iter().rev() {
            table.push([fit.member.clone(), number(fit.at), fit.score.map_or("—".into(), number)]);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_the_running_mean_of_a_member_and_the_best_is_named() {
        let fit = |member: &str, at: f64, score: Option<f64>| DoneFit { member: member.into(), at, score };
        let done = vec![
            fit("a", 1.0, Some(0.5)),
            fit("b", 2.0, Some(0.1)),
            fit("a", 3.0, Some(0.3)),
            fit("c", 4.0, None),
            fit("b", 5.0, Some(f64::NAN)),
        ];
        let chart = FitProgress { metric: "log_loss".into(), direction: Direction::Lower, fits: 9, done };
        assert_eq!(chart.means(), [("a", vec![(1.0, 0.5), (3.0, 0.4)]), ("b", vec![(2.0, 0.1)])]);
        assert_eq!(chart.best(), Some(("b", 0.1)));
        assert!(chart.description().starts_with("5 of 9 fits") && chart.notes().is_empty());
        assert!(!chart.draw().to_inline("x").contains("NaN"));
    }
}
