//! What every score of labels is made of, taken in parts.

use consort_core::{Accumulator, Estimates, Reads, Result, Score, Target, Truth, Values, blocks};

use crate::classification::{ConfusionMatrix, Counts, decide, label_is_set};
use crate::mean_over_rows::wrong_state;
use crate::rows::{ClassRows, LabelRows, weight};

/// The rows so far: nothing is known of them before the first.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum Tally {
    #[default]
    Nothing,
    /// One class a row.
    Classes { matrix: ConfusionMatrix, positive: usize },
    /// Several labels a row.
    Labels(Vec<Counts>),
}

impl Tally {
    pub(crate) fn of(estimates: &Estimates<'_>, truth: &Truth<'_>, by: &str) -> Result<Self> {
        if let Target::Labels { .. } = truth.target() {
            let rows = LabelRows::of(estimates, truth, Reads::Label, by)?;
            let floor = label_is_set(estimates.gives());
            return Ok(Tally::Labels(match estimates.values() {
                Values::F32(values) => count_labels(&rows, |i| f64::from(values[i]) >= floor),
                Values::F64(values) => count_labels(&rows, |i| values[i] >= floor),
            }));
        }
        let rows = ClassRows::of(estimates, truth, Reads::Label, by)?;
        let mut matrix = ConfusionMatrix::new(rows.classes.len());
        matrix.add(rows.codes, &decide(estimates, rows.positive()), rows.weights);
        Ok(Tally::Classes { matrix, positive: rows.classes.positive() })
    }

    /// Each class or label against the others, and which one is positive where there are two classes.
    pub(crate) fn counts(&self) -> (Vec<Counts>, Option<usize>) {
        match self {
            Tally::Nothing => (Vec::new(), None),
            Tally::Classes { matrix, positive } => (matrix.counts(), (matrix.classes() == 2).then_some(*positive)),
            Tally::Labels(counts) => (counts.clone(), None),
        }
    }

    /// The confusion matrix, or the reason why there is none.
    pub(crate) fn matrix(&self) -> Result<&ConfusionMatrix, Score> {
        match self {
            Tally::Classes { matrix, .. } => Ok(matrix),
            Tally::Nothing => Err(Score::undefined("no row has weight")),
            Tally::Labels(_) => Err(Score::undefined("several labels a row have no confusion matrix")),
        }
    }

    fn state(&self) -> Vec<f64> {
        match self {
            Tally::Nothing => Vec::new(),
            Tally::Classes { matrix, positive } => {
                let head = [1.0, *positive as f64, matrix.classes() as f64];
                head.into_iter().chain(matrix.cells().iter().copied()).collect()
            }
            Tally::Labels(counts) => {
                let head = [2.0, 0.0, counts.len() as f64];
                let cells =
                    counts.iter().flat_map(|c| [c.true_positive, c.false_positive, c.false_negative, c.true_negative]);
                head.into_iter().chain(cells).collect()
            }
        }
    }

    fn from_state(state: &[f64]) -> Result<Self> {
        match state {
            [] => Ok(Tally::Nothing),
            [kind, positive, classes, cells @ ..] if *kind == 1.0 => Ok(Tally::Classes {
                matrix: ConfusionMatrix::from_cells(*classes as usize, cells.to_vec())?,
                positive: *positive as usize,
            }),
            [kind, _, labels, cells @ ..] if *kind == 2.0 && cells.len() as f64 == labels * 4.0 => {
                Ok(Tally::Labels(cells.chunks_exact(4).map(|c| Counts::new(c[0], c[1], c[2], c[3])).collect()))
            }
            _ => Err(wrong_state(state.len(), 3)),
        }
    }

    fn merge(&mut self, other: Tally) -> Result<()> {
        let lengths = (other.state().len(), self.state().len());
        match (&mut *self, other) {
            (_, Tally::Nothing) => {}
            (Tally::Nothing, other) => *self = other,
            (Tally::Classes { matrix, .. }, Tally::Classes { matrix: more, .. }) => matrix.merge(&more)?,
            (Tally::Labels(counts), Tally::Labels(more)) if counts.len() == more.len() => {
                for (counts, more) in counts.iter_mut().zip(more) {
                    *counts += more;
                }
            }
            _ => return Err(wrong_state(lengths.0, lengths.1)),
        }
        Ok(())
    }
}

fn count_labels(rows: &LabelRows<'_>, is_set: impl Fn(usize) -> bool + Sync) -> Vec<Counts> {
    let labels = rows.labels;
    let parts = blocks::map(rows.truth.len() / labels.max(1), |block| {
        let mut counts = vec![Counts::default(); labels];
        for i in block {
            let w = weight(rows.weights, i);
            for (k, counts) in counts.iter_mut().enumerate() {
                counts.take(rows.truth[i * labels + k], is_set(i * labels + k), w);
            }
        }
        counts
    });
    parts.into_iter().fold(vec![Counts::default(); labels], |mut all, part| {
        for (all, part) in all.iter_mut().zip(part) {
            *all += part;
        }
        all
    })
}

/// A metric that is a function of the tally.
pub(crate) trait OfTally: std::fmt::Debug + Clone + Send + 'static {
    /// What errors call it.
    fn by(&self) -> String;

    /// The score of the tally.
    fn of_tally(&self, tally: &Tally) -> Score;

    /// The score of all these rows.
    fn tallied(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<Score> {
        Ok(self.of_tally(&Tally::of(estimates, truth, &self.by())?))
    }

    /// The score in parts.
    fn tally_in_parts(&self) -> Option<Box<dyn Accumulator>> {
        Some(Box::new(RunningTally { of: self.clone(), tally: Tally::Nothing }))
    }
}

#[derive(Debug)]
struct RunningTally<M> {
    of: M,
    tally: Tally,
}

impl<M: OfTally> Accumulator for RunningTally<M> {
    fn update(&mut self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<()> {
        self.tally.merge(Tally::of(estimates, truth, &self.of.by())?)
    }
    fn state(&self) -> Vec<f64> {
        self.tally.state()
    }
    fn merge(&mut self, state: &[f64]) -> Result<()> {
        self.tally.merge(Tally::from_state(state)?)
    }
    fn finish(&self) -> Score {
        self.of.of_tally(&self.tally)
    }
}
