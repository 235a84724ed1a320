//! The score of one estimate on resampled rows: by sums of what each row adds, or by weights.

use consort_core::{Estimates, Metric, Reads, Result, Score, Target, Truth, Values, blocks};

/// What each row adds to the state of a metric's accumulator, if the state is such a sum.
///
/// An accumulator does not say whether its state is a sum over rows; so it is tried: the summed states must give the
/// score of the whole, and of a resample (see `bootstrap`), or the metric is scored by weights instead.
pub(super) enum RowStates {
    /// Few numbers: one column each, so that a resample is a few dot products.
    Columns(Vec<Vec<f64>>),
    /// Many numbers, few of them not 0: `(place, number)` of row i at `starts[i]..starts[i + 1]`.
    Sparse { length: usize, starts: Vec<usize>, places: Vec<u32>, numbers: Vec<f64> },
}

/// States of at most this length are kept as columns.
const COLUMNS: usize = 4;
/// At most so many numbers a row are worth keeping.
const KEPT: usize = 12;

impl RowStates {
    /// The states of `rows`, each times its weight; `None` if the metric has no accumulator or too long a state.
    pub(super) fn new(metric: &dyn Metric, estimates: &Estimates<'_>, truth: &Truth<'_>, rows: &[u32]) -> Option<Self> {
        metric.accumulator()?;
        let parts = blocks::map(rows.len(), |range| {
            let mut one = OneRow::new(truth.target());
            let (mut lengths, mut places, mut numbers, mut length) = (Vec::new(), Vec::new(), Vec::new(), 0);
            for &i in &rows[range] {
                let i = i as usize;
                let mut accumulator = metric.accumulator()?;
                accumulator.update(&row_of(estimates, i)?, &Truth::new(one.set(truth.target(), i))).ok()?;
                let state = accumulator.state();
                if length != 0 && state.len() != length {
                    return None;
                }
                length = state.len();
                let before = numbers.len();
                for (place, number) in state.into_iter().enumerate().filter(|(_, number)| *number != 0.0) {
                    places.push(place as u32);
                    numbers.push(number * truth.weight(i));
                }
                lengths.push(numbers.len() - before);
            }
            (numbers.len() <= KEPT * lengths.len() && numbers.iter().all(|x: &f64| x.is_finite()))
                .then_some((length, lengths, places, numbers))
        });
        let parts: Vec<_> = parts.into_iter().collect::<Option<_>>()?;
        let length = parts.first()?.0;
        if length == 0 || parts.iter().any(|part| part.0 != length) {
            return None;
        }
        if length <= COLUMNS {
            let mut columns = vec![vec![0.0; rows.len()]; length];
            let mut row = 0;
            for (_, lengths, places, numbers) in parts {
                let mut entries = places.into_iter().zip(numbers);
                for count in lengths {
                    for (place, number) in entries.by_ref().take(count) {
                        columns[place as usize][row] = number;
                    }
                    row += 1;
                }
            }
            return Some(RowStates::Columns(columns));
        }
        // Asked for at once: what grows takes twice its room.
        let total = parts.iter().map(|part| part.2.len()).sum();
        let (mut all_places, mut all_numbers) = (Vec::with_capacity(total), Vec::with_capacity(total));
        let (mut starts, mut end) = (Vec::with_capacity(rows.len() + 1), 0);
        starts.push(end);
        for (_, lengths, places, numbers) in parts {
            all_places.extend(places);
            all_numbers.extend(numbers);
            for count in lengths {
                end += count;
                starts.push(end);
            }
        }
        Some(RowStates::Sparse { length, starts, places: all_places, numbers: all_numbers })
    }

    /// The state of rows that count so often.
    pub(super) fn sum(&self, counts: &[f64]) -> Vec<f64> {
        match self {
            RowStates::Columns(columns) => columns.iter().map(|column| dot(column, counts)).collect(),
            RowStates::Sparse { length, starts, places, numbers } => {
                let mut sum = vec![0.0; *length];
                for (i, count) in counts.iter().enumerate().filter(|(_, count)| **count != 0.0) {
                    let entries = starts[i]..starts[i + 1];
                    for (place, number) in places[entries.clone()].iter().zip(&numbers[entries]) {
                        sum[*place as usize] += count * number;
                    }
                }
                sum
            }
        }
    }

    /// The score of rows that count so often.
    pub(super) fn score(&self, metric: &dyn Metric, counts: &[f64]) -> Result<Score> {
        match metric.accumulator() {
            None => Ok(Score::undefined("the metric has no accumulator")),
            Some(mut accumulator) => {
                accumulator.merge(&self.sum(counts))?;
                Ok(accumulator.finish())
            }
        }
    }
}

/// A target of one row, written over for each row so that nothing is allocated.
struct OneRow(Target);

impl OneRow {
    fn new(target: &Target) -> Self {
        Self(target.take(&[0]))
    }

    fn set(&mut self, target: &Target, i: usize) -> &Target {
        match (&mut self.0, target) {
            (Target::Classes { codes: to, .. }, Target::Classes { codes, .. }) => to[0] = codes[i],
            (Target::Labels { values: to, names }, Target::Labels { values, .. }) => {
                to.copy_from_slice(&values[i * names.len()..(i + 1) * names.len()]);
            }
            (Target::Values { values: to, names }, Target::Values { values, .. }) => {
                to.copy_from_slice(&values[i * names.len()..(i + 1) * names.len()]);
            }
            // A kind of target that is new: take the row, at the price of a copy.
            (to, target) => *to = target.take(&[i as u32]),
        }
        &self.0
    }
}

fn row_of<'a>(estimates: &Estimates<'a>, i: usize) -> Option<Estimates<'a>> {
    let (columns, gives) = (estimates.columns(), estimates.gives());
    match estimates.values() {
        Values::F32(values) => Estimates::f32(&values[i * columns..(i + 1) * columns], columns, gives),
        Values::F64(values) => Estimates::f64(&values[i * columns..(i + 1) * columns], columns, gives),
    }
    .ok()
}

/// An estimate whose rows are scored with weights. Rows of a metric that sorts are laid in sorted order first, so that
/// each of its sorts finds nothing to do.
pub(super) struct Weighted<'a> {
    estimates: Estimates<'a>,
    sorted: Option<Sorted>,
}

struct Sorted {
    values: Kept,
    target: Target,
    /// Which of the rows drawn from each sorted row is.
    places: Vec<u32>,
}

enum Kept {
    F32(Vec<f32>),
    F64(Vec<f64>),
}

impl<'a> Weighted<'a> {
    pub(super) fn new(metric: &dyn Metric, estimates: &Estimates<'a>, truth: &Truth<'_>, rows: &[u32]) -> Self {
        let column = match truth.target() {
            Target::Classes { classes, .. } if classes.len() == 2 => Some(classes.positive()),
            Target::Values { names, .. } if names.len() == 1 => Some(0),
            _ => None,
        };
        let sorted = column.filter(|k| metric.reads() == Reads::Score && *k < estimates.columns()).map(|k| {
            let mut places: Vec<u32> = (0..rows.len() as u32).collect();
            let key = |place: u32| estimates.at(rows[place as usize] as usize, k);
            places.sort_by(|&a, &b| key(b).total_cmp(&key(a)));
            let order: Vec<u32> = places.iter().map(|&place| rows[place as usize]).collect();
            let values = match estimates.values() {
                Values::F32(values) => Kept::F32(take(values, estimates.columns(), &order)),
                Values::F64(values) => Kept::F64(take(values, estimates.columns(), &order)),
            };
            Sorted { values, target: truth.target().take(&order), places }
        });
        Self { estimates: *estimates, sorted }
    }

    /// The same without sorting.
    pub(super) fn plain(estimates: &Estimates<'a>) -> Self {
        Self { estimates: *estimates, sorted: None }
    }

    /// The score of rows that count so often; `weights` is room to work in.
    pub(super) fn score(
        &self,
        metric: &dyn Metric,
        truth: &Truth<'_>,
        rows: &[u32],
        counts: &[f64],
        weights: &mut Vec<f64>,
    ) -> Result<Score> {
        if counts.iter().all(|&count| count == 0.0) {
            return Ok(Score::undefined("no row was drawn"));
        }
        weights.clear();
        match &self.sorted {
            Some(Sorted { values, target, places }) => {
                weights.extend(places.iter().map(|&p| counts[p as usize] * truth.weight(rows[p as usize] as usize)));
                let (columns, gives) = (self.estimates.columns(), self.estimates.gives());
                let estimates = match values {
                    Kept::F32(values) => Estimates::f32(values, columns, gives)?,
                    Kept::F64(values) => Estimates::f64(values, columns, gives)?,
                };
                metric.score(&estimates, &Truth::weighted(target, weights)?)
            }
            None => {
                weights.resize(truth.rows(), 0.0);
                for (&i, &count) in rows.iter().zip(counts) {
                    weights[i as usize] = count * truth.weight(i as usize);
                }
                metric.score(&self.estimates, &Truth::weighted(truth.target(), weights)?)
            }
        }
    }
}

fn take<T: Copy>(values: &[T], columns: usize, rows: &[u32]) -> Vec<T> {
    rows.iter().flat_map(|&i| &values[i as usize * columns..(i as usize + 1) * columns]).copied().collect()
}

/// The rows that have weight.
pub(super) fn rows_of(truth: &Truth<'_>) -> Vec<u32> {
    (0..truth.rows()).filter(|&i| truth.weight(i) > 0.0).map(|i| i as u32).collect()
}

/// Σ aᵢbᵢ in eight lanes, which a compiler makes wide.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let (a8, b8) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a8.remainder().iter().zip(b8.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a8.zip(b8) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += a * b;
        }
    }
    lanes.iter().sum::<f64>() + rest
}
