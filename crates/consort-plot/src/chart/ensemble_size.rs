use consort_core::{Direction, Estimates, Metric, Predictions, Result, Seed, Truth};
use serde::{Deserialize, Serialize};

use super::member_scores::axis_title;
use crate::{
    Figure, Svg, Table,
    draw::{Canvas, Frame, Ink, Stroke, notes, notes_height, number::number, range, y_labels_width},
};

/// The score of the plain mean of members against how many they are, over random orders of the members.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EnsembleSize {
    /// The name of the metric.
    pub metric: String,
    /// Which way it gets better.
    pub direction: Direction,
    /// The sizes, ascending.
    pub sizes: Vec<SizeScore>,
    /// How many random orders were tried.
    pub orders: usize,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// The scores of ensembles of one size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SizeScore {
    /// How many members.
    pub members: usize,
    /// The mean score over the orders.
    pub mean: f64,
    /// The 10th percentile of the scores.
    pub low: f64,
    /// The 90th percentile of the scores.
    pub high: f64,
}

impl EnsembleSize {
    /// Scores the mean of the first 1, 2, … members of random orders. Members must all be there on every row of
    /// weight above 0.
    ///
    /// ```
    /// use consort_core::{Gives, Ids, Outputs, Predictions, Seed, Target, Truth};
    /// use consort_metrics::regression::RootMeanSquaredError;
    /// use consort_plot::chart::EnsembleSize;
    /// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(1))
    ///     .member("a", Gives::Values, &[1.0])?.member("b", Gives::Values, &[-1.0])?.build()?;
    /// let target = Target::from_values(vec![0.0], "y")?;
    /// let chart = EnsembleSize::of_mean(&predictions, &Truth::new(&target), &RootMeanSquaredError, 10, Seed::new(0))?;
    /// assert_eq!((chart.sizes[0].mean, chart.sizes[1].mean), (1.0, 0.0));
    /// # Ok::<(), consort_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Metric::score`].
    pub fn of_mean(
        predictions: &Predictions,
        truth: &Truth<'_>,
        metric: &dyn Metric,
        orders: usize,
        seed: Seed,
    ) -> Result<Self> {
        let members = predictions.members().len();
        let at = sizes(members);
        let mut scores: Vec<Vec<f64>> = vec![Vec::new(); at.len()];
        let mut sum = vec![0.0f64; predictions.rows() * predictions.columns()];
        let mut mean = sum.clone();
        let gives = predictions.members().first().map_or(consort_core::Gives::Values, |member| member.gives);
        for draw in 0..orders {
            let mut order: Vec<usize> = (0..members).collect();
            seed.nth("order of members", draw as u64).stream().shuffle(&mut order);
            sum.fill(0.0);
            for (taken, &m) in order.iter().enumerate() {
                for (sum, &x) in sum.iter_mut().zip(predictions.member(m)) {
                    *sum += f64::from(x);
                }
                let Some(place) = at.iter().position(|&size| size == taken + 1) else { continue };
                for (mean, sum) in mean.iter_mut().zip(&sum) {
                    *mean = sum / (taken + 1) as f64;
                }
                let estimates = Estimates::f64(&mean, predictions.columns(), gives)?;
                scores[place].extend(metric.score(&estimates, truth)?.value());
            }
        }
        let sizes = at
            .iter()
            .zip(scores)
            .filter(|(_, scores)| !scores.is_empty())
            .map(|(&members, mut scores)| {
                scores.sort_by(f64::total_cmp);
                let at = |share: f64| scores[((scores.len() - 1) as f64 * share).round() as usize];
                let mean = scores.iter().sum::<f64>() / scores.len() as f64;
                SizeScore { members, mean, low: at(0.1), high: at(0.9) }
            })
            .collect();
        Ok(Self { metric: metric.name(), direction: metric.direction(), sizes, orders, notes: Vec::new() })
    }
}

/// All sizes up to 20, then ever wider steps.
fn sizes(members: usize) -> Vec<usize> {
    let mut at: Vec<usize> = (1..=members.min(20)).collect();
    let mut next = 20.0f64;
    while at.last().is_some_and(|&last| last < members) {
        next *= 1.25;
        at.push((next as usize).min(members));
    }
    at
}

impl Figure for EnsembleSize {
    fn slug(&self) -> &'static str {
        "ensemble-size"
    }

    fn title(&self) -> String {
        "Score against the number of members".into()
    }

    fn reading(&self) -> String {
        "The plain mean of so many members drawn at random: the line is the average over random orders, the band holds \
         80 % of them. Where it is flat, more members of this kind add little."
            .into()
    }

    fn description(&self) -> String {
        match (self.sizes.first(), self.sizes.last()) {
            (Some(first), Some(last)) => format!(
                "{} of the mean: {} with {} member, {} with {}.",
                self.metric,
                number(first.mean),
                first.members,
                number(last.mean),
                last.members
            ),
            _ => "There is no size.".into(),
        }
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    fn draw(&self) -> Svg {
        const WIDTH: f64 = 400.0;
        let y = range(self.sizes.iter().flat_map(|size| [size.low, size.mean, size.high]));
        let (top, bottom) = (28.0, 280.0);
        let most = self.sizes.last().map_or(2, |size| size.members).max(2) as f64;
        let frame =
            Frame { left: y_labels_width(y, bottom - top), top, right: WIDTH - 14.0, bottom, x: (1.0, most), y };
        let below = bottom + 44.0;
        let mut canvas = Canvas::new(WIDTH, below + notes_height(&self.notes, WIDTH));
        frame.draw_count_x(&mut canvas, "members");
        frame.draw_y(&mut canvas, &axis_title(&self.metric, self.direction));
        let point = |size: &SizeScore, y: f64| frame.at((size.members as f64, y));
        let mut band: Vec<(f64, f64)> = self.sizes.iter().map(|size| point(size, size.high)).collect();
        band.extend(self.sizes.iter().rev().map(|size| point(size, size.low)));
        canvas.area(&band, Ink::Ensemble, 0.22, None);
        let line: Vec<(f64, f64)> = self.sizes.iter().map(|size| point(size, size.mean)).collect();
        canvas.polyline(&line, Stroke::new(Ink::Ensemble, 2.5));
        for (size, &at) in self.sizes.iter().zip(&line) {
            let tip = format!(
                "{} members: {} ({} to {})",
                size.members,
                number(size.mean),
                number(size.low),
                number(size.high)
            );
            canvas.with_tip(&tip, |canvas| canvas.dot(at, 3.5, Ink::Ensemble));
        }
        notes(&mut canvas, &self.notes, below - 4.0, WIDTH);
        canvas.finish(&self.title(), &self.description())
    }

    fn table(&self) -> Table {
        let head = ["members", "mean", "10th percentile", "90th percentile"];
        let mut table = Table::new(format!("{} over {} random orders", self.metric, self.orders), head);
        for size in &self.sizes {
            table.push([size.members.to_string(), number(size.mean), number(size.low), number(size.high)]);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_tick_is_between_two_numbers_of_members() {
        let size = |members: usize| SizeScore { members, mean: 200.0, low: 100.0, high: 300.0 };
        let sizes = (1..=13).map(size).collect();
        let chart = EnsembleSize { metric: "m".into(), direction: Direction::Lower, sizes, orders: 1, notes: vec![] };
        let svg = chart.draw().to_inline("size");
        assert!(svg.contains(">12<") && !svg.contains(">7.5<") && !svg.contains(">2.5<"), "{svg}");
    }

    #[test]
    fn sizes_start_whole_and_end_at_all() {
        assert_eq!(sizes(3), [1, 2, 3]);
        assert!(sizes(0).is_empty());
        let many = sizes(200);
        assert_eq!((many[19], *many.last().unwrap()), (20, 200));
        assert!(many.len() < 35 && many.windows(2).all(|pair| pair[0] < pair[1]), "{many:?}");
    }
}
