use std::sync::Arc;

use consort_core::{
    Dataset, Error, Estimates, FitContext, Gives, Matrix, Metric, Result, Samples, Score, Seed, Splitter, Target, Truth,
};
use consort_split::{By, KnownRows, Size, TrainValidTest};
use serde::{Deserialize, Serialize};

use super::loss::Loss;

/// When boosting ends before its last round: once the score on the validation rows has not become better for a while.
/// The model keeps the trees up to the best round.
///
/// A fit without validation rows holds some of its own out to watch them: the last in time, or whole groups, or of each class
/// its share, at least one row if it has two. It does not learn from these.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EarlyStopping {
    /// After how many rounds without a better score.
    pub rounds: usize,
    /// By how much a score must be better to count.
    pub least_gain: f64,
    /// What is watched; `None` for the loss's own metric.
    pub metric: Option<Arc<dyn Metric>>,
    /// Which share of its rows a fit without validation rows holds out, above 0 and below 1.
    pub held_out: f64,
}

impl Default for EarlyStopping {
    fn default() -> Self {
        Self { rounds: 50, least_gain: 0.0, metric: None, held_out: 0.1 }
    }
}

impl EarlyStopping {
    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check(&self) -> Result<()> {
        if self.rounds == 0 {
            return Err(Error::parameter("early_stopping.rounds", 0, "at least 1"));
        }
        if !(self.least_gain.is_finite() && self.least_gain >= 0.0) {
            return Err(Error::parameter("early_stopping.least_gain", self.least_gain, "finite and at least 0"));
        }
        if !(self.held_out > 0.0 && self.held_out < 1.0) {
            return Err(Error::parameter("early_stopping.held_out", self.held_out, "above 0 and below 1"));
        }
        Ok(())
    }
}

/// Rows to learn from and rows to watch.
#[derive(Debug)]
pub struct HeldOut {
    learnt: Vec<u32>,
    watched: Vec<u32>,
    /// One for each row of the data set.
    weights: Vec<f64>,
}

impl HeldOut {
    /// The rows to learn from, and those to watch.
    ///
    /// # Errors
    /// [`Error::Length`] for a data set of other rows.
    pub fn of<'a>(&'a self, data: &'a Dataset) -> Result<[Samples<'a>; 2]> {
        let samples = |rows: &'a [u32]| Samples::rows(data, rows)?.with_weights(&self.weights);
        Ok([samples(&self.learnt)?, samples(&self.watched)?])
    }
}

/// What watches the score of the validation rows while boosting goes on.
#[derive(Debug)]
pub struct Watch<'a> {
    target: std::borrow::Cow<'a, Target>,
    weights: Vec<f64>,
    metric: Arc<dyn Metric>,
    patience: usize,
    least_gain: f64,
    best: Option<f64>,
    best_round: usize,
}

impl EarlyStopping {
    /// The rows of a fit without validation rows, parted into those to learn from and those to watch; `None` where there are
    /// validation rows.
    ///
    /// # Errors
    /// Of the split: too few rows, groups or times.
    pub fn hold_out(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Option<HeldOut>> {
        if ctx.validation.is_some_and(|rows| !rows.is_empty()) {
            return Ok(None);
        }
        let data = train.dataset();
        // A row that was drawn twice is one row of twice the weight, on one side alone.
        let weights = train.row_weights().unwrap_or_else(|| vec![1.0; data.rows()]);
        let rows: Vec<u32> = (0..data.rows() as u32).filter(|&row| weights[row as usize] > 0.0).collect();
        let by = match (data.time(), data.groups(), data.target()) {
            (Some(_), ..) => By::Time,
            (_, Some(_), _) => By::Groups,
            (_, _, Some(Target::Classes { .. })) => By::Classes,
            _ => By::Rows,
        };
        let split = TrainValidTest::new(Size::Fraction(self.held_out)).by(by);
        let seed = ctx.seed.child("held out");
        let folds = split.split(&KnownRows::of(data, &rows).info(), seed)?.folds;
        let of = |places: &[u32]| places.iter().map(|&i| rows[i as usize]).collect();
        let Some(fold) = folds.first() else { return Ok(None) };
        let (mut learnt, mut watched) = (of(&fold.train), of(&fold.test));
        if by == By::Classes {
            spare_rare_classes(data, &mut learnt, &mut watched, seed)?;
        }
        Ok(Some(HeldOut { learnt, watched, weights }))
    }

    /// The validation rows of a fit.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if it has none.
    pub fn rows<'a>(ctx: &FitContext<'a>) -> Result<Samples<'a>> {
        ctx.validation.filter(|rows| !rows.is_empty()).ok_or_else(|| Error::Unsupported {
            by: "early stopping".into(),
            what: "a fit without validation rows".into(),
            hint: "give validation rows in the context, or set `early_stopping` to none".into(),
        })
    }

    /// What watches these rows from after `round` rounds on.
    ///
    /// # Errors
    /// If the rows have no target or the metric does not suit it.
    pub fn watch<'a>(&self, rows: &Samples<'a>, loss: &dyn Loss, round: usize) -> Result<Watch<'a>> {
        let target = rows.target("early stopping")?;
        let weights = (0..rows.len()).map(|i| rows.weight(i)).collect();
        let metric = self.metric.clone().unwrap_or_else(|| loss.metric());
        if !metric.suits(target.outputs().task()) {
            return Err(Error::Unsupported {
                by: format!("`{}`", metric.name()),
                what: format!("a target of {}", target.outputs().task()),
                hint: "choose another metric for early stopping".into(),
            });
        }
        let (patience, least_gain) = (self.rounds, self.least_gain);
        Ok(Watch { target, weights, metric, patience, least_gain, best: None, best_round: round })
    }
}

/// Moves rows of classes that are on one side alone: each class has a row to learn from, and one to watch if it has two. A
/// share of a small class can be none, and then a metric such as an area under a curve has no value.
fn spare_rare_classes(data: &Dataset, learnt: &mut Vec<u32>, watched: &mut Vec<u32>, seed: Seed) -> Result<()> {
    let Some(Target::Classes { codes, classes }) = data.target() else { return Ok(()) };
    let of_class = |rows: &[u32], class: u32| -> Vec<u32> {
        rows.iter().copied().filter(|&row| codes[row as usize] == class).collect()
    };
    let mut counts = vec![[0usize; 2]; classes.len()];
    for (side, rows) in [&*learnt, &*watched].into_iter().enumerate() {
        rows.iter().for_each(|&row| counts[codes[row as usize] as usize][side] += 1);
    }
    for (class, counts) in (0..).zip(counts) {
        let (from, to) = match (counts[0], counts[1]) {
            (2.., 0) => (&mut *learnt, &mut *watched),
            // Something must be left to watch.
            (0, 1..) if watched.len() > 1 => (&mut *watched, &mut *learnt),
            _ => continue,
        };
        let own = of_class(from, class);
        let drawn = if let [only] = own[..] {
            only
        } else {
            let one = TrainValidTest::new(Size::Count(1));
            let folds = one.split(&KnownRows::of(data, &own).info(), seed.nth("class", u64::from(class)))?.folds;
            own[folds.first().and_then(|fold| fold.test.first()).map_or(0, |&place| place as usize)]
        };
        from.retain(|&row| row != drawn);
        let place = to.partition_point(|&row| row < drawn);
        to.insert(place, drawn);
    }
    Ok(())
}

impl Watch<'_> {
    /// Takes the predictions of the rows after `round` rounds; gives the score, and whether it is time to stop.
    ///
    /// # Errors
    /// If the metric has no value on these rows, or cannot read the predictions.
    pub fn look(&mut self, predictions: &Matrix, gives: Gives, round: usize) -> Result<(f64, bool)> {
        let truth = Truth::weighted(&self.target, &self.weights)?;
        let score = match self.metric.score(&Estimates::matrix(predictions, gives), &truth)? {
            Score::Value(score) => score,
            Score::Undefined(reason) => {
                return Err(Error::Unsupported {
                    by: format!("`{}`", self.metric.name()),
                    what: format!("these validation rows: {reason}"),
                    hint: "give other validation rows, or choose another metric for early stopping".into(),
                });
            }
        };
        let cost = self.metric.direction().cost(score);
        if self.best.is_none_or(|best| cost < best - self.least_gain) {
            self.best = Some(cost);
            self.best_round = round;
        }
        Ok((score, round - self.best_round >= self.patience))
    }

    /// After how many rounds the best score was reached.
    pub fn best_round(&self) -> usize {
        self.best_round
    }

    /// The name of what is watched.
    pub fn name(&self) -> String {
        self.metric.name()
    }
}
