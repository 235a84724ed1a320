use serde::{Deserialize, Serialize};

use super::clustering::cluster_order;
use crate::{
    Figure, Svg, Table,
    draw::{Anchor, Canvas, Grid, Ink, SMALL, decimals, notes, notes_height, ramp_key},
};

/// How alike two members are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LikenessMeasure {
    /// Correlation of their errors: 1 means they err together, and nothing is gained by having both.
    ErrorCorrelation,
    /// The share of rows on which exactly one of them is right.
    Disagreement,
}

/// A map of how alike each two members are, ordered so that what is alike lies together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Likeness {
    /// What is measured.
    pub measure: LikenessMeasure,
    /// The members, in the order of the map.
    pub names: Vec<String>,
    /// The measure for each two of them, row after row; `None` where it is undefined.
    pub values: Vec<Option<f64>>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

impl Likeness {
    /// A map of `value(i, k)` between the members `i` and `k`, clustered.
    ///
    /// ```
    /// use consort_plot::chart::{Likeness, LikenessMeasure};
    /// let correlation = [[1.0, 0.1, 0.9], [0.1, 1.0, 0.2], [0.9, 0.2, 1.0]];
    /// let names = ["a", "b", "c"].map(String::from);
    /// let map = Likeness::new(LikenessMeasure::ErrorCorrelation, &names, |i, k| Some(correlation[i][k]));
    /// assert_eq!(map.names, ["a", "c", "b"]); // a and c err together
    /// ```
    pub fn new(measure: LikenessMeasure, names: &[String], value: impl Fn(usize, usize) -> Option<f64>) -> Self {
        let value = |i, k| value(i, k).filter(|x| x.is_finite());
        let order = cluster_order(names.len(), |i, k| {
            value(i, k).map_or(f64::NAN, |x| match measure {
                LikenessMeasure::ErrorCorrelation => 1.0 - x,
                LikenessMeasure::Disagreement => x,
            })
        });
        Self {
            measure,
            names: order.iter().map(|&i| names[i].clone()).collect(),
            values: order.iter().flat_map(|&i| order.iter().map(move |&k| (i, k))).map(|(i, k)| value(i, k)).collect(),
            notes: Vec::new(),
        }
    }

    fn at(&self, i: usize, k: usize) -> Option<f64> {
        if i == k { None } else { self.values.get(i * self.names.len() + k).copied().flatten() }
    }

    /// Each two members with a value, the greatest first.
    fn pairs(&self) -> Vec<(f64, usize, usize)> {
        let n = self.names.len();
        let mut pairs: Vec<(f64, usize, usize)> =
            (0..n).flat_map(|i| (0..i).filter_map(move |k| Some((self.at(i, k)?, k, i)))).collect();
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
        pairs
    }

    /// Round ends of the colours.
    fn ends(&self) -> (f64, f64) {
        let pairs = self.pairs();
        let (Some(high), Some(low)) = (pairs.first(), pairs.last()) else { return (0.0, 1.0) };
        match self.measure {
            LikenessMeasure::ErrorCorrelation => (((low.0 * 10.0).floor() / 10.0).clamp(-1.0, 0.9), 1.0),
            LikenessMeasure::Disagreement => {
                let unit = if high.0 > 0.2 { 10.0 } else { 100.0 };
                (0.0, ((high.0 * unit).ceil() / unit).clamp(1e-6, 1.0))
            }
        }
    }

    fn name(&self) -> &'static str {
        match self.measure {
            LikenessMeasure::ErrorCorrelation => "error correlation",
            LikenessMeasure::Disagreement => "disagreement",
        }
    }
}

impl Figure for Likeness {
    fn slug(&self) -> &'static str {
        match self.measure {
            LikenessMeasure::ErrorCorrelation => "error-correlation",
            LikenessMeasure::Disagreement => "disagreement",
        }
    }

    fn title(&self) -> String {
        match self.measure {
            LikenessMeasure::ErrorCorrelation => "Which members err together".into(),
            LikenessMeasure::Disagreement => "How often exactly one of two is right".into(),
        }
    }

    fn reading(&self) -> String {
        match self.measure {
            LikenessMeasure::ErrorCorrelation => {
                "The correlation of the errors of each two members, those alike side by side. Near 1 they make \
                 the same mistakes and one of them would do; small means they complement each other."
                    .into()
            }
            LikenessMeasure::Disagreement => {
                "The share of rows on which one of two members is right and the other wrong, those alike side by side. \
                 Members that are right and wrong together add nothing to each other."
                    .into()
            }
        }
    }

    fn description(&self) -> String {
        let pairs = self.pairs();
        let (Some(most), Some(least)) = (pairs.first(), pairs.last()) else {
            return match self.names.len() {
                0 | 1 => "There are no two members.".into(),
                _ => {
                    format!("The {} of no two members is defined: their errors are the same on all rows.", self.name())
                }
            };
        };
        let pair =
            |p: &(f64, usize, usize)| format!("{} and {} ({})", self.names[p.1], self.names[p.2], decimals(p.0, 2));
        format!(
            "The {} of {} members. Greatest: {}; least: {}.",
            self.name(),
            self.names.len(),
            pair(most),
            pair(least)
        )
    }

    fn notes(&self) -> Vec<String> {
        let mut said = self.notes.clone();
        let every = Grid::new(&self.names, 0.0, 0.0).every();
        if every > 1 {
            said.push(format!("One name in {every} is shown."));
        }
        said
    }

    fn draw(&self) -> Svg {
        let grid = Grid::new(&self.names, 2.0, 34.0);
        let width = (grid.left + grid.side() + 8.0).max(330.0);
        let said = self.notes();
        let (low, high) = self.ends();
        let mut canvas = Canvas::new(width, grid.top + grid.height() + 8.0 + notes_height(&said, width));
        ramp_key(&mut canvas, (2.0, 6.0), &decimals(low, 2), &format!("{} {}", decimals(high, 2), self.name()));
        let share = |value: f64| (value - low) / (high - low);
        if self.names.len() <= 40 {
            for i in 0..self.names.len() {
                for k in 0..self.names.len() {
                    let (x, y) = grid.middle(i, k);
                    let (corner, side) = ((x - grid.cell / 2.0, y - grid.cell / 2.0), grid.cell - 1.0);
                    let Some(value) = self.at(i, k) else {
                        canvas.rect(corner, (side, side), Ink::Grid);
                        continue;
                    };
                    let ink = Ink::ramp(share(value));
                    let tip = format!("{} and {}: {}", self.names[i], self.names[k], decimals(value, 3));
                    canvas.with_tip(&tip, |canvas| canvas.rect(corner, (side, side), ink));
                    if grid.has_room() {
                        canvas.text((x, y + 4.0), &decimals(value, 2), SMALL, Anchor::Middle, ink.text_on());
                    }
                }
            }
        } else {
            canvas.rect((grid.left, grid.top), (grid.side(), grid.side()), Ink::Grid);
            grid.draw_cells(&mut canvas, |i, k| self.at(i, k).map(share));
        }
        grid.draw_names(&mut canvas);
        notes(&mut canvas, &said, grid.top + grid.height(), width);
        canvas.finish(&self.title(), &self.description())
    }

    fn table(&self) -> Table {
        const ENDS: usize = 50;
        let pairs = self.pairs();
        let caption = if pairs.len() > 2 * ENDS {
            format!("The {} of two members: the {ENDS} greatest and the {ENDS} least of {}", self.name(), pairs.len())
        } else {
            format!("The {} of each two members, greatest first", self.name())
        };
        let mut table = Table::new(caption, ["member", "and", self.name()]);
        for (rank, &(value, i, k)) in pairs.iter().enumerate() {
            if pairs.len() <= 2 * ENDS || rank < ENDS || rank + ENDS >= pairs.len() {
                table.push([self.names[i].clone(), self.names[k].clone(), decimals(value, 4)]);
            }
        }
        table
    }
}
