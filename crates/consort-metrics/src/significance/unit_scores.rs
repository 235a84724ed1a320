//! The score of one estimate on units that count so often: by sums of what each unit adds, or by weights.

use consort_core::{Estimates, Metric, Reads, Result, Score, Target, Truth, Values};
use rayon::prelude::*;

use super::units::Units;
use crate::dot::dot;

/// What each unit adds to the state of a metric's accumulator, if the state is such a sum.
///
/// An accumulator does not say whether its state is a sum over rows; so it is tried whether [merging adds](Self::merge_by_adding),
/// and whether the summed states give the score of the whole, and of a resample (see `bootstrap`). If not, the metric is scored by
/// weights instead.
pub(super) enum UnitStates {
    /// One column for each number of the state, so that a resample is a few dot products.
    Columns(Vec<Vec<f64>>),
    /// Many numbers, few of them not 0: `(place, number)` of unit u at `starts[u]..starts[u + 1]`.
    Sparse { length: usize, starts: Vec<usize>, places: Vec<u32>, numbers: Vec<f64> },
}

/// States of at most this length are kept as columns in any case.
const COLUMNS: usize = 4;
/// At most so many numbers a row are worth keeping.
const KEPT: usize = 12;
/// On how many units it is tried at most whether merging adds.
const TRIED: usize = 64;
/// How many units are one piece of work.
const UNITS: usize = 512;

/// The numbers that are not 0 of the states of some units.
#[derive(Default)]
struct Part {
    length: usize,
    counts: Vec<usize>,
    places: Vec<u32>,
    numbers: Vec<f64>,
}

impl UnitStates {
    /// The states of the units; `None` if the metric has no accumulator or too long a state.
    pub(super) fn new(
        metric: &dyn Metric,
        estimates: &Estimates<'_>,
        truth: &Truth<'_>,
        units: &Units,
    ) -> Option<Self> {
        metric.accumulator()?;
        let (rows, starts) = units.by_unit();
        let parts: Option<Vec<Part>> = (0..units.len().div_ceil(UNITS))
            .into_par_iter()
            .map(|part| {
                let range = part * UNITS..((part + 1) * UNITS).min(units.len());
                states(metric, estimates, truth, &rows, &starts[range.start..=range.end])
            })
            .collect();
        let parts = parts?;
        let length = parts.iter().map(|part| part.length).max()?;
        // A unit of no rows has no state, and every other one of the same length.
        if length == 0 || parts.iter().any(|part| part.length != length && !part.numbers.is_empty()) {
            return None;
        }
        let total: usize = parts.iter().map(|part| part.numbers.len()).sum();
        if length <= COLUMNS || length * units.len() <= 2 * total {
            let mut columns = vec![vec![0.0; units.len()]; length];
            let mut unit = 0;
            for part in parts {
                let mut entries = part.places.into_iter().zip(part.numbers);
                for count in part.counts {
                    for (place, number) in entries.by_ref().take(count) {
                        columns[place as usize][unit] = number;
                    }
                    unit += 1;
                }
            }
            return Some(UnitStates::Columns(columns));
        }
        // Asked for at once: what grows takes twice its room.
        let (mut places, mut numbers) = (Vec::with_capacity(total), Vec::with_capacity(total));
        let (mut starts, mut end) = (Vec::with_capacity(units.len() + 1), 0);
        starts.push(end);
        for part in parts {
            places.extend(part.places);
            numbers.extend(part.numbers);
            for count in part.counts {
                end += count;
                starts.push(end);
            }
        }
        Some(UnitStates::Sparse { length, starts, places, numbers })
    }

    /// The state of units that count so often.
    pub(super) fn sum(&self, counts: &[f64]) -> Vec<f64> {
        match self {
            UnitStates::Columns(columns) => columns.iter().map(|column| dot(column, counts)).collect(),
            UnitStates::Sparse { length, starts, places, numbers } => {
                let mut sum = vec![0.0; *length];
                for (unit, count) in counts.iter().enumerate().filter(|(_, count)| **count != 0.0) {
                    let entries = starts[unit]..starts[unit + 1];
                    for (place, number) in places[entries.clone()].iter().zip(&numbers[entries]) {
                        sum[*place as usize] += count * number;
                    }
                }
                sum
            }
        }
    }

    /// Whether the metric merges states by adding them. A state merged with itself must become its double, which no maximum
    /// other than 0 does; and many merged must become their sum. For each number of the state a unit is tried in which it is
    /// not 0, for at most [`TRIED`] units: where all are 0, so is their sum and their maximum.
    pub(super) fn merge_by_adding(&self, metric: &dyn Metric) -> bool {
        let mut seen = vec![false; self.length()];
        let (mut tried, mut sum, mut all) = (0, vec![0.0; self.length()], None);
        for unit in 0..self.units() {
            let mut is_new = false;
            self.entries(unit, |place, _| is_new |= !std::mem::replace(&mut seen[place], true));
            if !is_new {
                continue;
            }
            let mut state = vec![0.0; self.length()];
            self.entries(unit, |place, number| state[place] = number);
            sum.iter_mut().zip(&state).for_each(|(sum, number)| *sum += number);
            let twice: Vec<f64> = state.iter().map(|number| 2.0 * number).collect();
            let Some(mut pair) = metric.accumulator() else { return false };
            let merged = pair.merge(&state).and_then(|()| pair.merge(&state));
            if merged.is_err() || !same_numbers(&pair.state(), &twice) {
                return false;
            }
            if all.is_none() {
                all = metric.accumulator();
            }
            if all.as_mut().is_none_or(|all| all.merge(&state).is_err()) {
                return false;
            }
            tried += 1;
            if tried == TRIED || seen.iter().all(|&seen| seen) {
                break;
            }
        }
        all.is_none_or(|all| same_numbers(&all.state(), &sum))
    }

    /// How many units there are.
    fn units(&self) -> usize {
        match self {
            UnitStates::Columns(columns) => columns.first().map_or(0, Vec::len),
            UnitStates::Sparse { starts, .. } => starts.len() - 1,
        }
    }

    /// How many numbers a state has.
    fn length(&self) -> usize {
        match self {
            UnitStates::Columns(columns) => columns.len(),
            UnitStates::Sparse { length, .. } => *length,
        }
    }

    /// Calls `f` with place and number of what is not 0 in the state of a unit.
    fn entries(&self, unit: usize, mut f: impl FnMut(usize, f64)) {
        match self {
            UnitStates::Columns(columns) => {
                let numbers = columns.iter().map(|column| column[unit]).enumerate();
                numbers.filter(|(_, number)| *number != 0.0).for_each(|(place, number)| f(place, number));
            }
            UnitStates::Sparse { starts, places, numbers, .. } => {
                let entries = starts[unit]..starts[unit + 1];
                places[entries.clone()].iter().zip(&numbers[entries]).for_each(|(&place, &x)| f(place as usize, x));
            }
        }
    }

    /// The score of units that count so often.
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

/// Equal but for the rounding of sums.
fn same_numbers(a: &[f64], b: &[f64]) -> bool {
    let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-9 * a.abs().max(b.abs());
    a.len() == b.len() && a.iter().zip(b).all(near)
}

/// The states of the units whose rows begin at `starts` and end where the next begin.
fn states(
    metric: &dyn Metric,
    estimates: &Estimates<'_>,
    truth: &Truth<'_>,
    rows: &[u32],
    starts: &[u32],
) -> Option<Part> {
    let mut gathered = Gathered::new(truth.target());
    let mut part = Part::default();
    for pair in starts.windows(2) {
        let rows = &rows[pair[0] as usize..pair[1] as usize];
        if rows.is_empty() {
            part.counts.push(0);
            continue;
        }
        gathered.fill(estimates, truth, rows);
        let mut accumulator = metric.accumulator()?;
        accumulator.update(&gathered.estimates(estimates)?, &gathered.truth(truth)?).ok()?;
        let state = accumulator.state();
        if part.length != 0 && state.len() != part.length {
            return None;
        }
        part.length = state.len();
        let before = part.numbers.len();
        for (place, number) in state.into_iter().enumerate().filter(|(_, number)| *number != 0.0) {
            part.places.push(place as u32);
            part.numbers.push(number);
        }
        part.counts.push(part.numbers.len() - before);
    }
    let seen = (starts[starts.len() - 1] - starts[0]) as usize;
    (part.numbers.len() <= KEPT * seen && part.numbers.iter().all(|x: &f64| x.is_finite())).then_some(part)
}

/// The score, by weights, of the rows of the units that count.
pub(super) fn score_of_counts(
    metric: &dyn Metric,
    estimates: &Estimates<'_>,
    truth: &Truth<'_>,
    units: &Units,
    counts: &[f64],
) -> Result<Score> {
    let (mut rows, mut weights) = (Vec::new(), Vec::new());
    for place in 0..units.rows() {
        let count = counts[units.at(place)];
        if count > 0.0 {
            let row = units.row(place);
            rows.push(row as u32);
            weights.push(count * truth.weight(row));
        }
    }
    let mut gathered = Gathered::new(truth.target());
    gathered.fill(estimates, truth, &rows);
    let Some(gathered_estimates) = gathered.estimates(estimates) else {
        return Ok(Score::undefined("the rows cannot be gathered"));
    };
    metric.score(&gathered_estimates, &Truth::weighted(&gathered.target, &weights)?)
}

/// Some rows side by side, written over for each unit so that nothing is allocated.
struct Gathered {
    target: Target,
    weights: Vec<f64>,
    single: Vec<f32>,
    double: Vec<f64>,
}

impl Gathered {
    fn new(target: &Target) -> Self {
        Self { target: target.take(&[]), weights: Vec::new(), single: Vec::new(), double: Vec::new() }
    }

    fn fill(&mut self, estimates: &Estimates<'_>, truth: &Truth<'_>, rows: &[u32]) {
        match (&mut self.target, truth.target()) {
            (Target::Classes { codes: to, .. }, Target::Classes { codes, .. }) => gather(codes, 1, rows, to),
            (Target::Labels { values: to, names }, Target::Labels { values, .. }) => {
                gather(values, names.len(), rows, to);
            }
            (Target::Values { values: to, names }, Target::Values { values, .. }) => {
                gather(values, names.len(), rows, to);
            }
            // A kind of target that is new: take the rows, at the price of a copy.
            (to, target) => *to = target.take(rows),
        }
        match estimates.values() {
            Values::F32(values) => gather(values, estimates.columns(), rows, &mut self.single),
            Values::F64(values) => gather(values, estimates.columns(), rows, &mut self.double),
        }
        if let Some(weights) = truth.weights() {
            gather(weights, 1, rows, &mut self.weights);
        }
    }

    fn estimates(&self, like: &Estimates<'_>) -> Option<Estimates<'_>> {
        match like.values() {
            Values::F32(_) => Estimates::f32(&self.single, like.columns(), like.gives()),
            Values::F64(_) => Estimates::f64(&self.double, like.columns(), like.gives()),
        }
        .ok()
    }

    fn truth(&self, like: &Truth<'_>) -> Option<Truth<'_>> {
        match like.weights() {
            None => Some(Truth::new(&self.target)),
            Some(_) => Truth::weighted(&self.target, &self.weights).ok(),
        }
    }
}

/// Puts some rows into `to`, in place of what was there.
fn gather<T: Copy>(values: &[T], columns: usize, rows: &[u32], to: &mut Vec<T>) {
    to.clear();
    rows.iter().for_each(|&i| to.extend_from_slice(&values[i as usize * columns..(i as usize + 1) * columns]));
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
    /// The unit of each sorted row, and its own weight, where rows have such.
    units: Vec<u32>,
    weights: Option<Vec<f64>>,
}

enum Kept {
    F32(Vec<f32>),
    F64(Vec<f64>),
}

impl<'a> Weighted<'a> {
    pub(super) fn new(metric: &dyn Metric, estimates: &Estimates<'a>, truth: &Truth<'_>, units: &Units) -> Self {
        let column = match truth.target() {
            Target::Classes { classes, .. } if classes.len() == 2 => Some(classes.positive()),
            Target::Values { names, .. } if names.len() == 1 => Some(0),
            _ => None,
        };
        let by_order = matches!(metric.reads(), Reads::Score | Reads::Value);
        let sorted = column.filter(|k| by_order && *k < estimates.columns()).map(|k| {
            let mut places: Vec<u32> = (0..units.rows() as u32).collect();
            let key = |place: u32| estimates.at(units.row(place as usize), k);
            places.sort_by(|&a, &b| key(b).total_cmp(&key(a)));
            let order: Vec<u32> = places.iter().map(|&place| units.row(place as usize) as u32).collect();
            let values = match estimates.values() {
                Values::F32(values) => Kept::F32(take(values, estimates.columns(), &order)),
                Values::F64(values) => Kept::F64(take(values, estimates.columns(), &order)),
            };
            let weights = truth.weights().map(|weights| take(weights, 1, &order));
            places.iter_mut().for_each(|place| *place = units.at(*place as usize) as u32);
            Sorted { values, target: truth.target().take(&order), units: places, weights }
        });
        Self { estimates: *estimates, sorted }
    }

    /// The score of units that count so often; `weights` is room to work in.
    pub(super) fn score(
        &self,
        metric: &dyn Metric,
        truth: &Truth<'_>,
        units: &Units,
        counts: &[f64],
        weights: &mut Vec<f64>,
    ) -> Result<Score> {
        weights.clear();
        let (estimates, target) = match &self.sorted {
            Some(Sorted { values, target, units, weights: own }) => {
                let counts = units.iter().map(|&unit| counts[unit as usize]);
                match own {
                    None => weights.extend(counts),
                    Some(own) => weights.extend(counts.zip(own).map(|(count, own)| count * own)),
                }
                let (columns, gives) = (self.estimates.columns(), self.estimates.gives());
                let estimates = match values {
                    Kept::F32(values) => Estimates::f32(values, columns, gives)?,
                    Kept::F64(values) => Estimates::f64(values, columns, gives)?,
                };
                (estimates, target)
            }
            None => {
                weights.resize(truth.rows(), 0.0);
                for place in 0..units.rows() {
                    let i = units.row(place);
                    weights[i] = counts[units.at(place)] * truth.weight(i);
                }
                (self.estimates, truth.target())
            }
        };
        // A unit may have no rows.
        if weights.iter().all(|&weight| weight == 0.0) {
            return Ok(Score::undefined("no row was drawn"));
        }
        metric.score(&estimates, &Truth::weighted(target, weights)?)
    }
}

fn take<T: Copy>(values: &[T], columns: usize, rows: &[u32]) -> Vec<T> {
    let mut taken = Vec::with_capacity(rows.len() * columns);
    gather(values, columns, rows, &mut taken);
    taken
}
