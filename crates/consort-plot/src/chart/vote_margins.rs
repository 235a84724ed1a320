use consort_core::{Error, Predictions, Result, Truth, blocks};
use consort_metrics::classification::decide;
use serde::{Deserialize, Serialize};

use crate::{
    Figure, Svg, Table,
    draw::{
        Anchor, Canvas, Frame, Ink, SMALL, Stroke, TEXT, decimals, fit, notes, notes_height,
        number::{count, percent},
        text_width,
    },
};

/// How clearly the members vote for the truth: the margin of each row, by its true class (Schapire and others 1998).
///
/// The margin is the share of the votes for the true class minus the greatest share for another: 1 if all members are
/// right, −1 if all choose one same wrong class; below 0 the vote is lost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VoteMargins {
    /// Who votes, such as `9 members` or `9 members with their weights`.
    pub of: String,
    /// The classes, the one with the lowest mean margin first.
    pub classes: Vec<ClassMargins>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// The margins of the rows of one true class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassMargins {
    /// The class.
    pub class: String,
    /// Its rows, or the sum of their weights.
    pub rows: f64,
    /// The share of its rows with a margin below 0.
    pub lost: f64,
    /// The mean margin.
    pub mean: f64,
    /// The rows in each of [`VoteMargins::BINS`] equal bins from −1 to 1.
    pub counts: Vec<f64>,
}

impl VoteMargins {
    /// Bins from −1 to 1; an odd number, so that 0 has a bin of its own.
    pub const BINS: usize = 41;
    /// The most classes that are drawn.
    const DRAWN: usize = 12;

    /// The margins of these members' votes, each with its weight (1 without weights). A member that lacks a row does
    /// not vote on it; rows on which nobody votes, and rows of weight 0, are left out.
    ///
    /// ```
    /// use consort_core::{Classes, Gives, Ids, Outputs, Predictions, Target, Truth};
    /// use consort_plot::chart::VoteMargins;
    /// let classes = Classes::new(["no", "yes"])?;
    /// let predictions = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(2))
    ///     .member("a", Gives::Probabilities, &[0.9, 0.1, 0.4, 0.6])?
    ///     .member("b", Gives::Probabilities, &[0.8, 0.2, 0.7, 0.3])?
    ///     .build()?;
    /// let target = Target::from_labels(["no", "yes"], &classes, "y")?;
    /// let chart = VoteMargins::of(&predictions, &Truth::new(&target), None)?;
    /// // Both are right about the first row; of the second, one is: its margin is 0.
    /// assert_eq!((chart.classes[0].mean, chart.classes[1].mean), (0.0, 1.0));
    /// # Ok::<(), consort_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Length`] unless truth and weights are parallel; that of [`Truth::classes`] for other tasks.
    pub fn of(predictions: &Predictions, truth: &Truth<'_>, weights: Option<&[f64]>) -> Result<Self> {
        let (codes, classes) = truth.classes("vote margins")?;
        let members = predictions.members().len();
        for (what, got, expected, unit) in [
            ("the truth", truth.rows(), predictions.rows(), "rows"),
            ("the weights", weights.map_or(members, <[f64]>::len), members, "members"),
        ] {
            if got != expected {
                let hint = "they must be parallel to the predictions".into();
                return Err(Error::Length { what: what.into(), got, expected, unit, hint });
            }
        }
        let k = classes.len();
        let positive = (k == 2).then(|| classes.positive());
        let voters: Vec<(usize, f64)> =
            (0..members).map(|m| (m, weights.map_or(1.0, |w| w[m]))).filter(|(_, weight)| *weight > 0.0).collect();
        let chosen: Vec<Vec<u32>> = voters.iter().map(|&(m, _)| decide(&predictions.estimates(m), positive)).collect();
        // One line of sums a class: rows, lost, margin, then the bins.
        let width = 3 + Self::BINS;
        let parts = blocks::map(predictions.rows(), |rows| {
            let mut sums = vec![0.0f64; k * width];
            let mut votes = vec![0.0f64; k];
            for i in rows.filter(|&i| truth.weight(i) > 0.0) {
                votes.fill(0.0);
                for (&(m, weight), chosen) in voters.iter().zip(&chosen) {
                    if !predictions.is_missing(m, i) {
                        votes[chosen[i] as usize] += weight;
                    }
                }
                let all: f64 = votes.iter().sum();
                if all == 0.0 {
                    continue;
                }
                let right = codes[i] as usize;
                let other = (0..k).filter(|&c| c != right).map(|c| votes[c]).fold(0.0, f64::max);
                let margin = (votes[right] - other) / all;
                let weight = truth.weight(i);
                let line = &mut sums[right * width..(right + 1) * width];
                line[0] += weight;
                line[1] += if margin < -1e-9 { weight } else { 0.0 };
                line[2] += weight * margin;
                line[3 + Self::bin(margin)] += weight;
            }
            sums
        });
        let mut sums = vec![0.0f64; k * width];
        for part in parts {
            sums.iter_mut().zip(part).for_each(|(sum, x)| *sum += x);
        }
        let mut found: Vec<ClassMargins> = sums
            .chunks_exact(width)
            .zip(classes.names())
            .filter(|(line, _)| line[0] > 0.0)
            .map(|(line, class)| ClassMargins {
                class: class.clone(),
                rows: line[0],
                lost: line[1] / line[0],
                mean: line[2] / line[0],
                counts: line[3..].to_vec(),
            })
            .collect();
        found.sort_by(|a, b| a.mean.total_cmp(&b.mean));
        let who = if voters.len() == 1 { "1 member".into() } else { format!("{} members", voters.len()) };
        let of = if weights.is_some() { format!("{who} with their weights") } else { who };
        Ok(Self { of, classes: found, notes: Vec::new() })
    }

    fn bin(margin: f64) -> usize {
        (((margin + 1.0) / 2.0 * Self::BINS as f64) as usize).min(Self::BINS - 1)
    }
}

impl Figure for VoteMargins {
    fn slug(&self) -> &'static str {
        "vote-margins"
    }

    fn title(&self) -> String {
        "How clear the vote is, by true class".into()
    }

    fn reading(&self) -> String {
        "The share of votes for the truth minus the greatest share for another class. At 1 all members are right; left \
         of 0 the vote is lost; near 0 a few votes decide. A heap at −1 is rows that no weights can win."
            .into()
    }

    fn description(&self) -> String {
        let parts: Vec<String> = self
            .classes
            .iter()
            .take(5)
            .map(|c| format!("{}: mean margin {}, vote lost in {}", c.class, decimals(c.mean, 2), percent(c.lost)))
            .collect();
        if parts.is_empty() {
            "There is no row.".into()
        } else {
            format!("Votes of {}. {}.", self.of, parts.join("; "))
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut said = vec![format!("Votes of {}; each strip has a height of its own.", self.of)];
        if self.classes.len() > Self::DRAWN {
            said.push(format!(
                "The {} classes with the lowest mean margin of {}; the table has more.",
                Self::DRAWN,
                self.classes.len()
            ));
        }
        said.extend(self.notes.iter().cloned());
        said
    }

    fn draw(&self) -> Svg {
        const WIDTH: f64 = 400.0;
        let shown = &self.classes[..self.classes.len().min(Self::DRAWN)];
        let strip = if shown.len() <= 3 { 84.0 } else { 52.0 };
        let labels = shown.iter().map(|c| text_width(&c.class, TEXT)).fold(60.0, f64::max).min(110.0);
        let bottom = 12.0 + strip * shown.len() as f64;
        let frame = Frame { left: labels + 14.0, top: 8.0, right: WIDTH - 12.0, bottom, x: (-1.0, 1.0), y: (0.0, 1.0) };
        let said = self.notes();
        let mut canvas = Canvas::new(WIDTH, bottom + 44.0 + notes_height(&said, WIDTH));
        frame.draw_x(&mut canvas, "margin of the vote (−1: all for one wrong class)");
        let zero = frame.px(0.0);
        canvas.line((zero, frame.top), (zero, bottom), Stroke::new(Ink::Muted, 1.25));
        let width = (frame.right - frame.left) / Self::BINS as f64;
        for (s, class) in shown.iter().enumerate() {
            let floor = 12.0 + strip * (s + 1) as f64 - 2.0;
            let most = class.counts.iter().fold(0.0f64, |most, x| most.max(*x));
            canvas.text(
                (4.0, floor - strip / 2.0 + 2.0),
                &fit(&class.class, TEXT, labels),
                TEXT,
                Anchor::Start,
                Ink::Text,
            );
            let lost = format!("{} lost", percent(class.lost));
            canvas.text((4.0, floor - strip / 2.0 + 18.0), &lost, SMALL, Anchor::Start, Ink::Muted);
            canvas.line((frame.left, floor), (frame.right, floor), Stroke::new(Ink::Grid, 1.0));
            for (b, &rows) in class.counts.iter().enumerate().filter(|(_, rows)| **rows > 0.0) {
                let ink = match b.cmp(&(Self::BINS / 2)) {
                    std::cmp::Ordering::Less => Ink::Bad,
                    std::cmp::Ordering::Equal => Ink::Muted,
                    std::cmp::Ordering::Greater => Ink::Good,
                };
                let height = (rows / most * (strip - 12.0)).max(1.0);
                let middle = (b as f64 + 0.5) / Self::BINS as f64 * 2.0 - 1.0;
                let tip = format!("{}: {} rows with a margin about {}", class.class, count(rows), decimals(middle, 2));
                canvas.with_tip(&tip, |canvas| {
                    canvas.rect((frame.left + width * b as f64 + 0.5, floor - height), (width - 1.0, height), ink);
                });
            }
        }
        notes(&mut canvas, &said, bottom + 40.0, WIDTH);
        canvas.finish(&self.title(), &self.description())
    }

    fn table(&self) -> Table {
        let head = ["true class", "rows", "vote lost", "mean margin"];
        let mut table = Table::new("Margins of the vote, lowest mean first", head);
        for class in &self.classes {
            table.push([class.class.clone(), count(class.rows), percent(class.lost), decimals(class.mean, 4)]);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_and_the_middle_have_bins_of_their_own() {
        assert_eq!([-1.0, 0.0, 1.0].map(VoteMargins::bin), [0, VoteMargins::BINS / 2, VoteMargins::BINS - 1]);
    }
}
