//! Generated rows, and what the suite of metrics does to them.

use crate::{Classes, Error, Estimates, Gives, Result, Seed, Stream, Target, Task, Truth};

/// Estimates, truth and weights of some rows. All numbers are exact in `f32`.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    values: Vec<f64>,
    columns: usize,
    gives: Gives,
    target: Target,
    weights: Vec<f64>,
    single: bool,
}

impl Rows {
    /// Rows whose numbers are multiples of 1 / `grain`, a power of two; weights are 0, 1, 2 or 3.
    pub(super) fn new(task: Task, gives: Gives, columns: usize, rows: usize, grain: u64, seed: Seed) -> Self {
        let mut stream = seed.stream();
        let weights = (0..rows).map(|_| stream.below(4) as f64).collect();
        let names = |stem: &str| (0..columns).map(|k| format!("{stem}{k}")).collect::<Vec<_>>();
        let (mut values, target) = match task {
            Task::Binary | Task::Multiclass => {
                let codes: Vec<u32> = (0..rows).map(|_| stream.below(columns as u64) as u32).collect();
                let values = codes.iter().flat_map(|&code| simplex(&mut stream, columns, code, grain)).collect();
                // The names are distinct, so there is a class list.
                let classes = Classes::new(names("class ")).ok();
                let target = classes.map(|classes| Target::Classes { codes, classes });
                (values, target.unwrap_or(Target::Values { values: Vec::new(), names: Vec::new() }))
            }
            Task::Multilabel => {
                let answers: Vec<bool> = (0..rows * columns).map(|_| stream.below(3) == 0).collect();
                let values = answers.iter().map(|&yes| leaning(&mut stream, yes, grain)).collect();
                (values, Target::Labels { values: answers, names: names("label ") })
            }
            Task::Regression | Task::Quantile => {
                // Positive numbers, since some errors are relative or logarithmic.
                let targets = if task == Task::Quantile { 1 } else { columns };
                let truth: Vec<f64> = (0..rows * targets).map(|_| 1.0 + on_grid(8.0 * stream.unit(), grain)).collect();
                let values: Vec<f64> = (0..rows * columns)
                    .map(|i| {
                        truth[i / columns * targets + i % columns % targets] + on_grid(stream.unit(), grain) - 0.25
                    })
                    .collect();
                let names = if task == Task::Quantile { vec!["target".into()] } else { names("target ") };
                (values, Target::Values { values: truth, names })
            }
        };
        if task == Task::Quantile {
            values.chunks_mut(columns.max(1)).for_each(|row| row.sort_by(f64::total_cmp));
        }
        Self { values, columns, gives, target, weights, single: false }
    }

    /// Runs `work` on the rows.
    pub(super) fn with<T>(
        &self,
        weighted: bool,
        work: impl FnOnce(&Estimates<'_>, &Truth<'_>) -> Result<T>,
    ) -> Result<T> {
        let truth = if weighted { Truth::weighted(&self.target, &self.weights)? } else { Truth::new(&self.target) };
        if self.single {
            let values: Vec<f32> = self.values.iter().map(|&x| x as f32).collect();
            work(&Estimates::f32(&values, self.columns, self.gives)?, &truth)
        } else {
            work(&Estimates::f64(&self.values, self.columns, self.gives)?, &truth)
        }
    }

    /// Runs `work` on the rows, or on none if no row has weight.
    pub(super) fn with_any_weights(
        &self,
        work: impl FnOnce(&Estimates<'_>, &Truth<'_>) -> Result<()>,
    ) -> Result<(), Error> {
        if self.weights.iter().all(|&w| w == 0.0) { Ok(()) } else { self.with(true, work) }
    }

    /// Some rows, in the order given.
    pub(super) fn take(&self, rows: &[u32]) -> Self {
        let cells = |i: &u32| *i as usize * self.columns..(*i as usize + 1) * self.columns;
        Self {
            values: rows.iter().flat_map(|i| &self.values[cells(i)]).copied().collect(),
            target: self.target.take(rows),
            weights: rows.iter().map(|&i| self.weights[i as usize]).collect(),
            ..self.clone()
        }
    }

    /// The numbers of the rows, in a random order.
    pub(super) fn shuffled(&self, seed: Seed) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.weights.len() as u32).collect();
        seed.stream().shuffle(&mut order);
        order
    }

    /// The rows that have weight.
    pub(super) fn present(&self) -> Vec<u32> {
        (0..self.weights.len() as u32).filter(|&i| self.weights[i as usize] != 0.0).collect()
    }

    /// Each row as often as its weight says.
    pub(super) fn repeated(&self) -> Self {
        let rows: Vec<u32> = (0..).zip(&self.weights).flat_map(|(i, &w)| std::iter::repeat_n(i, w as usize)).collect();
        self.take(&rows)
    }

    /// The same numbers in single precision.
    pub(super) fn in_single(&self) -> Self {
        Self { single: true, ..self.clone() }
    }

    /// The rows of weight 0 say NaN.
    pub(super) fn with_nan_where_absent(&self) -> Self {
        let mut rows = self.clone();
        for (row, &w) in rows.values.chunks_mut(self.columns).zip(&self.weights) {
            if w == 0.0 {
                row.fill(f64::NAN);
            }
        }
        rows
    }

    /// A row says something else in its last column.
    pub(super) fn with_value(&self, row: usize, value: f64) -> Self {
        let mut rows = self.clone();
        rows.values[row * self.columns + self.columns - 1] = value;
        rows
    }

    /// The last row has no estimates.
    pub(super) fn with_estimates_cut(&self) -> Self {
        let mut rows = self.clone();
        rows.values.truncate(self.values.len() - self.columns);
        rows
    }

    /// The estimates have one column more than they should; it says 0.
    pub(super) fn with_column_more(&self) -> Self {
        let values = self.values.chunks(self.columns).flat_map(|row| row.iter().copied().chain([0.0])).collect();
        Self { values, columns: self.columns + 1, ..self.clone() }
    }

    /// The truth is of another kind of problem.
    pub(super) fn with_foreign_target(&self) -> Self {
        let rows = self.weights.len();
        let target = match self.target {
            Target::Values { .. } => {
                let names = (0..self.columns).map(|k| k.to_string()).collect();
                Target::Labels { values: vec![true; rows * self.columns], names }
            }
            _ => Target::Values { values: vec![1.0; rows], names: vec!["target".into()] },
        };
        Self { target, ..self.clone() }
    }

    /// The first class or label becomes the last; the positive class stays the same class.
    pub(super) fn rotated(&self) -> Self {
        let mut rows = self.clone();
        rows.values.chunks_mut(self.columns).for_each(|row| row.rotate_left(1));
        let columns = self.columns as u32;
        match &mut rows.target {
            Target::Classes { codes, classes } => {
                codes.iter_mut().for_each(|code| *code = (*code + columns - 1) % columns);
                let mut names = classes.names().to_vec();
                let positive = names[classes.positive()].clone();
                names.rotate_left(1);
                if let Ok(rotated) = Classes::new(names).and_then(|classes| classes.with_positive(&positive)) {
                    *classes = rotated;
                }
            }
            Target::Labels { values, names } => {
                values.chunks_mut(self.columns).for_each(|row| row.rotate_left(1));
                names.rotate_left(1);
            }
            Target::Values { .. } => {}
        }
        rows
    }
}

fn on_grid(x: f64, grain: u64) -> f64 {
    (x * grain as f64).round() / grain as f64
}

/// A probability that leans to the answer; never 0 or 1.
fn leaning(stream: &mut Stream, yes: bool, grain: u64) -> f64 {
    let p = 0.05 + 0.6 * stream.unit() + if yes { 0.3 } else { 0.0 };
    on_grid(p, grain)
}

/// Probabilities that sum to 1 exactly and lean to the class; none is 0.
fn simplex(stream: &mut Stream, columns: usize, code: u32, grain: u64) -> Vec<f64> {
    let sizes: Vec<f64> =
        (0..columns).map(|k| 0.1 + stream.unit() + if k == code as usize { 0.5 } else { 0.0 }).collect();
    let total: f64 = sizes.iter().sum();
    let mut row: Vec<f64> = sizes.iter().map(|size| (size / total * grain as f64).floor().max(1.0)).collect();
    // What rounding left goes to a random class.
    let rest = grain as f64 - row.iter().sum::<f64>();
    row[stream.below(columns as u64) as usize] += rest;
    row.iter().map(|count| count / grain as f64).collect()
}
