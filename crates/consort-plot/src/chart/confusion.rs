use serde::{Deserialize, Serialize};

use crate::{
    Figure, Svg, Table,
    draw::{
        Anchor, Canvas, Grid, Ink, SMALL, TEXT, notes, notes_height,
        number::{count, percent},
        ramp_key,
    },
};

/// What is taken for what: rows of each true class by the class that was chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Confusion {
    /// Whose choices they are.
    pub of: String,
    /// The classes.
    pub classes: Vec<String>,
    /// The rows, or the sums of their weights: `[true class][chosen class]`, row after row.
    pub counts: Vec<f64>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

impl Confusion {
    fn at(&self, truth: usize, chosen: usize) -> f64 {
        self.counts.get(truth * self.classes.len() + chosen).copied().unwrap_or(0.0)
    }

    /// The share of the rows of a true class; `None` where the class has no row.
    fn share(&self, truth: usize, chosen: usize) -> Option<f64> {
        let all: f64 = (0..self.classes.len()).map(|k| self.at(truth, k)).sum();
        (all > 0.0).then(|| self.at(truth, chosen) / all)
    }

    /// The confusions with any row, most first.
    fn mistakes(&self) -> Vec<(f64, usize, usize)> {
        let k = self.classes.len();
        let mut all: Vec<(f64, usize, usize)> = (0..k)
            .flat_map(|t| (0..k).map(move |c| (t, c)))
            .filter(|(t, c)| t != c)
            .map(|(t, c)| (self.at(t, c), t, c))
            .filter(|mistake| mistake.0 > 0.0)
            .collect();
        all.sort_by(|a, b| b.0.total_cmp(&a.0));
        all
    }
}

impl Figure for Confusion {
    fn slug(&self) -> &'static str {
        "confusion"
    }

    fn title(&self) -> String {
        format!("What {} takes for what", self.of)
    }

    fn reading(&self) -> String {
        "Each line is a true class, each column the class that was chosen; the colour is the share of the line. The \
         diagonal is right."
            .into()
    }

    fn description(&self) -> String {
        let all: f64 = self.counts.iter().sum();
        let right: f64 = (0..self.classes.len()).map(|k| self.at(k, k)).sum();
        let worst = self.mistakes().first().map_or_else(String::new, |&(rows, t, c)| {
            format!(
                " The commonest mistake takes {} for {}, in {} rows.",
                self.classes[t],
                self.classes[c],
                count(rows)
            )
        });
        if all > 0.0 {
            format!("{} of {} rows are right.{worst}", count(right), count(all))
        } else {
            "There is no row.".into()
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut said = self.notes.clone();
        let every = Grid::new(&self.classes, 0.0, 0.0).every();
        if every > 1 {
            said.push(format!("One class name in {every} is shown."));
        }
        said
    }

    fn draw(&self) -> Svg {
        let grid = Grid::new(&self.classes, 2.0, 64.0);
        let width = (grid.left + grid.side() + 8.0).max(330.0);
        let below = grid.top + grid.height();
        let said = self.notes();
        let mut canvas = Canvas::new(width, below + 26.0 + notes_height(&said, width));
        ramp_key(&mut canvas, (2.0, 6.0), "0 %", "100 % of the true class");
        canvas.text((2.0, grid.top - 12.0), "true class ↓", TEXT, Anchor::Start, Ink::Text);
        if self.classes.len() <= 12 {
            for t in 0..self.classes.len() {
                for c in 0..self.classes.len() {
                    let (x, y) = grid.middle(t, c);
                    let share = self.share(t, c);
                    let ink = share.map_or(Ink::Grid, Ink::ramp);
                    let tip = format!(
                        "{} taken for {}: {} rows, {}",
                        self.classes[t],
                        self.classes[c],
                        count(self.at(t, c)),
                        share.map_or("no row".into(), percent)
                    );
                    let side = grid.cell - 1.0;
                    canvas.with_tip(&tip, |canvas| {
                        canvas.rect((x - grid.cell / 2.0, y - grid.cell / 2.0), (side, side), ink);
                    });
                    if self.at(t, c) > 0.0 {
                        canvas.text((x, y + 4.0), &brief(self.at(t, c)), SMALL, Anchor::Middle, ink.text_on());
                    }
                }
            }
        } else {
            canvas.rect((grid.left, grid.top), (grid.side(), grid.side()), Ink::Grid);
            grid.draw_cells(&mut canvas, |t, c| self.share(t, c));
        }
        grid.draw_names(&mut canvas);
        canvas.text((grid.left + grid.side() / 2.0, below + 16.0), "chosen class", TEXT, Anchor::Middle, Ink::Text);
        notes(&mut canvas, &said, below + 18.0, width);
        canvas.finish(&self.title(), &self.description())
    }

    fn table(&self) -> Table {
        let k = self.classes.len();
        if k <= 12 {
            let head = ["true class".to_owned()].into_iter().chain(self.classes.iter().map(|c| format!("chosen {c}")));
            let mut table = Table::new("Rows of each true class by the class chosen", head);
            for t in 0..k {
                table.push([self.classes[t].clone()].into_iter().chain((0..k).map(|c| count(self.at(t, c)))));
            }
            return table;
        }
        let mut table =
            Table::new("The commonest mistakes", ["true class", "chosen", "rows", "share of the true class"]);
        for (rows, t, c) in self.mistakes().into_iter().take(100) {
            let share = self.share(t, c).map_or("—".into(), percent);
            table.push([self.classes[t].clone(), self.classes[c].clone(), count(rows), share]);
        }
        table
    }
}

/// A count that fits in a cell.
fn brief(rows: f64) -> String {
    match rows {
        x if x >= 1e7 => format!("{:.0}M", x / 1e6),
        x if x >= 1e4 => format!("{:.0}k", x / 1e3),
        x if x.fract() == 0.0 => format!("{x}"),
        x => format!("{x:.1}"),
    }
}
