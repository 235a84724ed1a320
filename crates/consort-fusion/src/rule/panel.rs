use consort_core::{Error, Gives, Matrix, Missing, Outputs, Predictions, Result, blocks};
use rayon::prelude::*;

use super::softmax;

/// The members that have a say, in the order of their names, and their weights.
///
/// A member of weight 0 is not in it. The order is by name so that a sum over members has the same bits however
/// the members were listed.
pub(crate) struct Panel<'a> {
    predictions: &'a Predictions,
    /// Which member of the predictions each one is.
    places: Vec<usize>,
    /// As given, or 1 each.
    weights: Vec<f64>,
    /// The same, with a sum of 1.
    shares: Vec<f64>,
    /// Whether logits are made into probabilities before a rule sees them.
    softmax: bool,
    /// How many numbers of each member are read before the next member's.
    lanes: usize,
}

/// What the members of a panel say of some rows.
pub(super) struct Rows<'a> {
    /// For each member its numbers, row after row.
    pub(super) values: &'a [&'a [f32]],
    /// The weight of each member.
    pub(super) weights: &'a [f64],
    /// The weight of each member, with a sum of 1.
    pub(super) shares: &'a [f64],
    /// How many numbers a row has.
    pub(super) columns: usize,
    /// Which member of the predictions each one is.
    pub(super) places: &'a [usize],
}

impl Rows<'_> {
    /// How many members there are.
    pub(super) fn members(&self) -> usize {
        self.values.len()
    }

    /// The numbers of member `m` in row `i`.
    pub(super) fn row(&self, m: usize, i: usize) -> &[f32] {
        &self.values[m][i * self.columns..(i + 1) * self.columns]
    }
}

/// Fuses some rows; it owns what room it needs.
type Worker<'b> = Box<dyn FnMut(&Rows<'_>, &mut [f32]) + 'b>;

/// How many numbers of each member are read before the next member's: long enough runs for the memory to foresee
/// them, and few enough that their sums stay in the second-level cache.
const LANES: usize = 16_384;

/// The same for rules that keep more than a sum, so that what they keep stays in the first-level cache.
pub(super) const FEW_LANES: usize = 4096;

impl<'a> Panel<'a> {
    /// The members of positive weight; all, with weight 1, where no weights are given.
    ///
    /// # Errors
    /// [`Error::Length`] or [`Error::Parameter`] for bad weights; [`Error::Unsupported`] naming the first member
    /// that gives what is not in `accepts`.
    pub(crate) fn new(
        by: &str,
        predictions: &'a Predictions,
        weights: Option<&[f64]>,
        accepts: &[Gives],
    ) -> Result<Self> {
        let members = predictions.members();
        if let Some(weights) = weights {
            check_weights(weights)?;
            if weights.len() != members.len() {
                return Err(Error::Length {
                    what: format!("the list of weights of `{by}`"),
                    got: weights.len(),
                    expected: members.len(),
                    unit: "weights",
                    hint: "give one weight for each member, in the order of the members".into(),
                });
            }
        }
        let weight = |m: usize| weights.map_or(1.0, |weights| weights[m]);
        let mut places: Vec<usize> = (0..members.len()).filter(|&m| weight(m) > 0.0).collect();
        places.sort_by(|&a, &b| members[a].name.cmp(&members[b].name));
        let regression = matches!(predictions.outputs(), Outputs::Targets(_) | Outputs::Quantiles(_));
        for &m in &places {
            let gives = members[m].gives;
            if !accepts.contains(&gives) || (gives == Gives::Values) != regression {
                return Err(Error::Unsupported {
                    by: format!("rule `{by}`"),
                    what: format!("the {gives} of member `{}` ({})", members[m].name, predictions.outputs().task()),
                    hint: instead(gives, regression).into(),
                });
            }
        }
        let weights: Vec<f64> = places.iter().map(|&m| weight(m)).collect();
        let total: f64 = weights.iter().sum();
        let shares = weights.iter().map(|weight| weight / total).collect();
        Ok(Self { predictions, places, weights, shares, softmax: true, lanes: LANES })
    }

    /// The same panel, but logits stay logits.
    pub(super) fn keep_logits(mut self) -> Self {
        self.softmax = false;
        self
    }

    /// The same panel, read in shorter runs.
    pub(super) fn in_lanes(mut self, lanes: usize) -> Self {
        self.lanes = lanes;
        self
    }

    /// What is predicted.
    pub(super) fn outputs(&self) -> &'a Outputs {
        self.predictions.outputs()
    }

    /// Which member of the predictions each one is.
    pub(super) fn places(&self) -> &[usize] {
        &self.places
    }

    /// The weight of each member, with a sum of 1.
    pub(super) fn shares(&self) -> &[f64] {
        &self.shares
    }

    /// Whether member `place` gives logits.
    pub(super) fn gives_logits(&self, place: usize) -> bool {
        self.predictions.members()[place].gives == Gives::Logits
    }

    /// All that member `place` gives, logits as probabilities.
    pub(crate) fn probabilities(&self, place: usize) -> std::borrow::Cow<'a, [f32]> {
        let mut values = std::borrow::Cow::Borrowed(self.predictions.member(place));
        if self.gives_logits(place) {
            self.soft(values.to_mut());
        }
        values
    }

    /// Refuses a negative value, for rules that are only defined from 0 on.
    ///
    /// # Errors
    /// [`Error::Unsupported`] naming member and row.
    pub(super) fn refuse_negative(&self, by: &str) -> Result<()> {
        let columns = self.predictions.columns();
        for &m in &self.places {
            let values = self.predictions.member(m);
            let found = blocks::map(self.predictions.rows(), |rows| {
                let part = &values[rows.start * columns..rows.end * columns];
                part.iter().position(|&x| x < 0.0).map(|at| rows.start + at / columns)
            });
            if let Some(row) = found.into_iter().flatten().next() {
                return Err(Error::Unsupported {
                    by: format!("rule `{by}`"),
                    what: format!(
                        "the negative value in row {} of member `{}`",
                        row + 1,
                        self.predictions.members()[m].name
                    ),
                    hint: "it is defined from 0 on; use `mean` or `median`".into(),
                });
            }
        }
        Ok(())
    }

    /// Fuses block after block: `combine` gets what the members say of some rows, and the place for the answer.
    ///
    /// Where members lack rows the policy of the predictions is kept here, so that no rule sees a missing row: such
    /// rows are given one by one, with the members that have them.
    pub(super) fn fuse<S: Default>(&self, combine: impl Fn(&Rows<'_>, &mut S, &mut [f32]) + Sync) -> Result<Matrix> {
        let combine = &combine;
        self.fuse_blocks(&|| {
            let mut scratch = S::default();
            Box::new(move |rows, out| combine(rows, &mut scratch, out))
        })
    }

    /// The loops, compiled once for all rules; `hire` gives a worker for each block.
    fn fuse_blocks<'b>(&self, hire: &(dyn Fn() -> Worker<'b> + Sync)) -> Result<Matrix> {
        let columns = self.predictions.columns();
        let step = self.step();
        let softens = self.softmax && self.places.iter().any(|&m| self.gives_logits(m));
        let mut fused = Matrix::zeros(self.predictions.rows(), columns);
        let parts = fused.values_mut().par_chunks_mut(step * columns).enumerate();
        // A row is fused by itself, so where rows are cut changes no bit.
        parts.for_each_init(
            || (hire(), Vec::new()),
            |(work, softened), (part, out)| {
                let range = part * step..part * step + out.len() / columns;
                if softens {
                    self.soften(range.clone(), softened);
                }
                let mut soft = softened.chunks_exact(out.len());
                let member = |&m: &usize| match (softens && self.gives_logits(m)).then(|| soft.next()).flatten() {
                    Some(soft) => soft,
                    None => self.predictions.member_rows(m, range.clone()),
                };
                let values: Vec<&[f32]> = self.places.iter().map(member).collect();
                self.work_around_holes(&values, out, &mut **work);
            },
        );
        Ok(fused)
    }

    /// How many rows are worked on at a time: as many as the lanes hold, or fewer where threads would have nothing to do.
    fn step(&self) -> usize {
        let (columns, threads) = (self.predictions.columns(), rayon::current_num_threads());
        let share = if threads > 1 { self.predictions.rows().div_ceil(4 * threads) } else { usize::MAX };
        share.max(FEW_LANES / columns).min(self.lanes / columns).max(1)
    }

    /// The probabilities of the members that give logits, one member after the other.
    fn soften(&self, rows: std::ops::Range<usize>, softened: &mut Vec<f32>) {
        softened.clear();
        for &m in self.places.iter().filter(|&&m| self.gives_logits(m)) {
            let from = softened.len();
            softened.extend_from_slice(self.predictions.member_rows(m, rows.clone()));
            self.soft(&mut softened[from..]);
        }
    }

    fn soft(&self, logits: &mut [f32]) {
        match self.outputs() {
            Outputs::Labels(_) => softmax::sigmoid(logits),
            _ => softmax::rows(logits, self.predictions.columns()),
        }
    }

    /// Gives all rows to a worker at once, or one by one with the members that have them, if some member lacks some.
    fn work_around_holes(&self, values: &[&[f32]], out: &mut [f32], work: &mut dyn FnMut(&Rows<'_>, &mut [f32])) {
        let columns = self.predictions.columns();
        let missing = |m: &&[f32], i: usize| m[i * columns].is_nan();
        let rows = out.len() / columns;
        let holes = self.predictions.has_missing() && values.iter().any(|m| (0..rows).any(|i| missing(m, i)));
        if !holes {
            let all = Rows { values, weights: &self.weights, shares: &self.shares, columns, places: &self.places };
            return work(&all, out);
        }
        for (i, out) in out.chunks_exact_mut(columns).enumerate() {
            let there: Vec<usize> = (0..values.len()).filter(|&m| !missing(&values[m], i)).collect();
            let lost = there.len() < values.len() && self.predictions.missing() == Missing::Propagate;
            if there.is_empty() || lost {
                out.fill(f32::NAN);
                continue;
            }
            let row: Vec<&[f32]> = there.iter().map(|&m| &values[m][i * columns..(i + 1) * columns]).collect();
            let weights: Vec<f64> = there.iter().map(|&m| self.weights[m]).collect();
            let total: f64 = weights.iter().sum();
            let shares: Vec<f64> = weights.iter().map(|weight| weight / total).collect();
            let places: Vec<usize> = there.iter().map(|&m| self.places[m]).collect();
            work(&Rows { values: &row, weights: &weights, shares: &shares, columns, places: &places }, out);
        }
    }
}

/// Refuses weights that are negative, not finite, or all 0.
pub(super) fn check_weights(weights: &[f64]) -> Result<()> {
    if let Some(m) = weights.iter().position(|w| !(w.is_finite() && *w >= 0.0)) {
        let value = format!("{} for member {}", weights[m], m + 1);
        return Err(Error::parameter("weights", value, "finite and at least 0"));
    }
    let total: f64 = weights.iter().sum();
    if !(total > 0.0 && total.is_finite()) {
        return Err(Error::parameter("weights", format!("a list that sums to {total}"), "above 0 for some member"));
    }
    Ok(())
}

fn instead(gives: Gives, regression: bool) -> &'static str {
    match gives {
        _ if regression => "this task has values: use `mean`, `median`, `trimmed` or another rule for values",
        Gives::Values => "values are of a regression: declare probabilities, logits, scores or labels",
        Gives::Labels => "labels can be counted but not multiplied or ordered: use `vote` or `mean`",
        Gives::Scores => "scores of two members have no common scale: use `rank`, `borda` or `vote`, or calibrate them",
        Gives::Probabilities | Gives::Logits => "use `mean`",
    }
}
