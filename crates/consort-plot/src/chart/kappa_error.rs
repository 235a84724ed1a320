use consort_core::{Predictions, Result, Truth};
use consort_metrics::diversity::Decisions;
use serde::{Deserialize, Serialize};

use super::{Cloud, cloud::draw_counts};
use crate::{
    Figure, Svg, Table,
    draw::{
        Anchor, Canvas, Frame, Ink, SMALL, Stroke, decimals, notes, notes_height, number::count, ramp_key, range,
        y_labels_width,
    },
};

/// How often two members agree against how often they err: one point for each pair (Margineantu and Dietterich 1997).
///
/// x is Cohen's kappa between the decisions of the two, y the mean of their shares of wrong rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KappaError {
    /// The members.
    pub names: Vec<String>,
    /// The pairs whose kappa is defined.
    pub pairs: Vec<KappaErrorPair>,
    /// The share of rows that the ensemble gets wrong, where there is one.
    pub ensemble: Option<f64>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// One pair of members.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct KappaErrorPair {
    /// The first, by its place among the names.
    pub first: usize,
    /// The second.
    pub second: usize,
    /// Cohen's kappa between their decisions: 1 if they always agree, 0 if as often as by chance.
    pub kappa: f64,
    /// The mean of their shares of wrong rows.
    pub error: f64,
}

impl KappaError {
    /// The pairs of these members, on the rows that all of them predict.
    ///
    /// ```
    /// use consort_core::{Classes, Gives, Ids, Outputs, Predictions, Target, Truth};
    /// use consort_plot::chart::KappaError;
    /// let classes = Classes::new(["no", "yes"])?;
    /// let predictions = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(4))
    ///     .member("a", Gives::Probabilities, &[0.9, 0.1, 0.4, 0.6, 0.3, 0.7, 0.8, 0.2])?
    ///     .member("b", Gives::Probabilities, &[0.8, 0.2, 0.7, 0.3, 0.1, 0.9, 0.6, 0.4])?
    ///     .build()?;
    /// let target = Target::from_labels(["no", "yes", "yes", "yes"], &classes, "y")?;
    /// let chart = KappaError::of(&predictions, &Truth::new(&target))?;
    /// assert_eq!((chart.pairs[0].kappa, chart.pairs[0].error), (0.5, 0.375));
    /// # Ok::<(), consort_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Decisions::new`].
    pub fn of(predictions: &Predictions, truth: &Truth<'_>) -> Result<Self> {
        let decisions = Decisions::new(predictions, truth)?;
        let (kappa, right) = (decisions.kappa()?, decisions.correctness());
        let members = predictions.members().len();
        let wrong: Vec<f64> = (0..members).map(|m| 1.0 - right.accuracy(m)).collect();
        let pairs = (0..members)
            .flat_map(|first| (first + 1..members).map(move |second| (first, second)))
            .filter_map(|(first, second)| {
                let kappa = kappa.at(first, second)?;
                Some(KappaErrorPair { first, second, kappa, error: (wrong[first] + wrong[second]) / 2.0 })
            })
            .collect();
        Ok(Self { names: predictions.names().map(String::from).collect(), pairs, ensemble: None, notes: Vec::new() })
    }

    fn name(&self, pair: &KappaErrorPair) -> String {
        let name = |m: usize| self.names.get(m).map_or("?", String::as_str);
        format!("{} and {}", name(pair.first), name(pair.second))
    }

    /// The pairs that differ most at their error: lowest kappa first.
    fn by_kappa(&self) -> Vec<&KappaErrorPair> {
        let mut order: Vec<&KappaErrorPair> = self.pairs.iter().collect();
        order.sort_by(|a, b| a.kappa.total_cmp(&b.kappa).then(a.error.total_cmp(&b.error)));
        order
    }

    fn counted(&self) -> bool {
        self.pairs.len() > Cloud::POINTS
    }
}

impl Figure for KappaError {
    fn slug(&self) -> &'static str {
        "kappa-error"
    }

    fn title(&self) -> String {
        "Agreement against error of each two members".into()
    }

    fn reading(&self) -> String {
        "Each point is a pair. Left: they decide differently; low: both are often right. Pairs to the lower left help \
         an ensemble most; a tight heap on the right says that the members are copies of each other."
            .into()
    }

    fn description(&self) -> String {
        let order = self.by_kappa();
        match (order.first(), order.last()) {
            (Some(least), Some(most)) => format!(
                "{} pairs of members. Agreement is least between {} (kappa {}) and greatest between {} ({}).",
                self.pairs.len(),
                self.name(least),
                decimals(least.kappa, 2),
                self.name(most),
                decimals(most.kappa, 2)
            ),
            _ => "There is no pair of members.".into(),
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut said = self.notes.clone();
        if self.counted() {
            let pairs = count(self.pairs.len() as f64);
            said.push(format!("{pairs} pairs, counted in cells; colours in equal steps of the logarithm."));
        }
        said
    }

    fn draw(&self) -> Svg {
        const WIDTH: f64 = 400.0;
        let points: Vec<(f64, f64)> = self.pairs.iter().map(|pair| (pair.kappa, pair.error)).collect();
        let x = range(points.iter().map(|point| point.0));
        let y = range(points.iter().map(|point| point.1).chain(self.ensemble));
        let key = if self.counted() { 24.0 } else { 0.0 };
        let (top, bottom) = (28.0 + key, 300.0 + key);
        let frame = Frame { left: y_labels_width(y, bottom - top), top, right: WIDTH - 14.0, bottom, x, y };
        let said = self.notes();
        let mut canvas = Canvas::new(WIDTH, bottom + 44.0 + notes_height(&said, WIDTH));
        frame.draw(&mut canvas, "kappa between the two (1: always the same)", "mean error of the two (share of rows)");
        if let Some(error) = self.ensemble {
            let y = frame.py(error);
            canvas.line((frame.left, y), (frame.right, y), Stroke::new(Ink::Ensemble, 1.75).dashed(Some("6 4")));
            let text = format!("the ensemble, {}", decimals(error, 3));
            canvas.text((frame.left + 4.0, y - 5.0), &text, SMALL, Anchor::Start, Ink::Ensemble);
        }
        if self.counted() {
            let most = draw_counts(&mut canvas, &frame, &points);
            ramp_key(&mut canvas, (2.0, 2.0), "1", &format!("{} pairs in a cell", count(most as f64)));
        } else if points.len() > 400 {
            canvas.cloud(&frame.all(&points), 3.0, Ink::Text);
        } else {
            for (pair, &point) in self.pairs.iter().zip(&points) {
                let tip = format!(
                    "{}: kappa {}, error {}",
                    self.name(pair),
                    decimals(pair.kappa, 3),
                    decimals(pair.error, 3)
                );
                canvas.with_tip(&tip, |canvas| canvas.dot(frame.at(point), 4.0, Ink::Text));
            }
        }
        notes(&mut canvas, &said, bottom + 40.0, WIDTH);
        canvas.finish(&self.title(), &self.description())
    }

    fn table(&self) -> Table {
        let mut table = Table::new("Pairs of members, those that agree least first", ["pair", "kappa", "mean error"]);
        for pair in self.by_kappa() {
            table.push([self.name(pair), decimals(pair.kappa, 4), decimals(pair.error, 4)]);
        }
        table
    }
}
