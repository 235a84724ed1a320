use consort_core::{Direction, Score, comparable};
use serde::{Deserialize, Serialize};

use crate::draw::number::{decimals, number, percent, places};

/// The members and the ensemble with their scores.
///
/// ```
/// use consort_core::{Direction, Score};
/// use consort_plot::report::{LeaderRow, Leaderboard};
/// let row = |name: &str, score: f64| LeaderRow::new(name, score.into());
/// let board = Leaderboard::new("log_loss", Direction::Lower, vec![row("a", 0.5), row("b", 0.4)]);
/// assert_eq!(board.rows[0].name, "b");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Leaderboard {
    /// The metric that gives the order.
    pub metric: String,
    /// Which way it gets better.
    pub direction: Direction,
    /// The names of other metrics, in the order of [`LeaderRow::others`].
    pub others: Vec<String>,
    /// The rows, best first.
    pub rows: Vec<LeaderRow>,
}

/// One line of the leaderboard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeaderRow {
    /// The member, or the ensemble.
    pub name: String,
    /// Whether it is the ensemble.
    pub ensemble: bool,
    /// Its score.
    pub score: Score,
    /// The ends of the score's interval.
    pub interval: Option<(f64, f64)>,
    /// Its other scores.
    pub others: Vec<Score>,
    /// Its weight in the ensemble.
    pub weight: Option<f64>,
    /// The share of the rows, by weight, that its scores are of, where it does not answer all.
    #[serde(default)]
    pub share: Option<f64>,
}

impl LeaderRow {
    /// A member with one score.
    pub fn new(name: impl Into<String>, score: Score) -> Self {
        Self {
            name: name.into(),
            ensemble: false,
            score,
            interval: None,
            others: Vec::new(),
            weight: None,
            share: None,
        }
    }
}

impl Leaderboard {
    /// The rows in order: best first, ties as given; then those whose scores are of much fewer rows than others', and last
    /// those without a value.
    pub fn new(metric: impl Into<String>, direction: Direction, rows: Vec<LeaderRow>) -> Self {
        let cost = |row: &LeaderRow| row.score.value().map_or(f64::INFINITY, |value| direction.cost(value));
        let shares: Vec<f64> = rows.iter().map(|row| row.share.unwrap_or(1.0)).collect();
        let mut rows: Vec<(bool, LeaderRow)> = comparable(&shares).into_iter().zip(rows).collect();
        let place = |(nearly_all, row): &(bool, LeaderRow)| (row.score.value().is_none(), !nearly_all);
        rows.sort_by(|a, b| place(a).cmp(&place(b)).then(cost(&a.1).total_cmp(&cost(&b.1))));
        let rows = rows.into_iter().map(|(_, row)| row).collect();
        Self { metric: metric.into(), direction, others: Vec::new(), rows }
    }

    /// With other metrics, whose scores the rows hold.
    pub fn others<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.others = names.into_iter().map(Into::into).collect();
        self
    }

    pub(crate) fn has_intervals(&self) -> bool {
        self.rows.iter().any(|row| row.interval.is_some())
    }

    pub(crate) fn has_weights(&self) -> bool {
        self.rows.iter().any(|row| row.weight.is_some())
    }

    pub(crate) fn views(&self) -> Vec<RowView> {
        let scores = places(self.rows.iter().filter_map(|row| row.score.value()));
        let others: Vec<usize> = (0..self.others.len())
            .map(|k| places(self.rows.iter().filter_map(|row| row.others.get(k).and_then(Score::value))))
            .collect();
        self.rows
            .iter()
            .enumerate()
            .map(|(rank, row)| RowView {
                rank: rank + 1,
                name: row.name.clone(),
                ensemble: row.ensemble,
                link: None,
                score: Cell::of(&row.score, scores).of_share(row.share),
                interval: row.interval.map_or_else(Cell::none, |(low, high)| {
                    Cell::new(format!("{} – {}", decimals(low, scores), decimals(high, scores)), low)
                }),
                others: (0..self.others.len())
                    .map(|k| row.others.get(k).map_or_else(Cell::none, |score| Cell::of(score, others[k])))
                    .collect(),
                weight: row.weight.map_or_else(Cell::none, |weight| Cell::new(decimals(weight, 3), weight)),
            })
            .collect()
    }
}

pub(crate) struct RowView {
    pub(crate) rank: usize,
    pub(crate) name: String,
    pub(crate) ensemble: bool,
    /// Which list of rows its name leads to.
    pub(crate) link: Option<usize>,
    pub(crate) score: Cell,
    pub(crate) interval: Cell,
    pub(crate) others: Vec<Cell>,
    pub(crate) weight: Cell,
}

/// A cell that shows `text`, sorts by `key` and explains itself by `why`.
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) key: String,
    pub(crate) why: String,
}

impl Cell {
    fn new(text: String, key: f64) -> Self {
        Self { text, key: key.to_string(), why: String::new() }
    }

    fn none() -> Self {
        Self { text: "—".into(), key: String::new(), why: String::new() }
    }

    /// Says of which share of the rows the score is.
    fn of_share(mut self, share: Option<f64>) -> Self {
        if let Some(share) = share {
            self.text += &format!(" ({} of the rows)", percent(share));
        }
        self
    }

    fn of(score: &Score, places: usize) -> Self {
        match score {
            // Very small numbers keep their exponent.
            Score::Value(value) if *value != 0.0 && value.abs() < 1e-4 => Self::new(number(*value), *value),
            Score::Value(value) => Self::new(decimals(*value, places), *value),
            Score::Undefined(reason) => Self { text: "undefined".into(), key: String::new(), why: reason.clone() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_of_few_rows_says_so_and_leads_no_other() {
        let row = |name: &str, score: Score, share| LeaderRow { share, ..LeaderRow::new(name, score) };
        let rows = vec![
            row("easy", 0.1.into(), Some(0.625)),
            row("none", Score::undefined("no row"), Some(0.0)),
            row("a", 0.5.into(), None),
            row("b", 0.4.into(), Some(0.99)),
        ];
        let board = Leaderboard::new("log_loss", Direction::Lower, rows);
        let names: Vec<&str> = board.rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["b", "a", "easy", "none"]);
        assert_eq!(board.views()[2].score.text, "0.1000 (62.5 % of the rows)");
    }
}
