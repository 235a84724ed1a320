//! Made-up rows that can be learnt from, and what the suite of learners does to them.

use super::case::LearnerCase;
use crate::{Classes, Column, Dataset, Features, Samples, Seed, Takes, Target, Task};

/// Features and a target that depends on them.
#[derive(Debug, Clone)]
pub(super) struct Lesson {
    pub(super) columns: Vec<Column>,
    pub(super) target: Target,
}

/// The names of the features: what an error must name.
pub(super) const SIZE: &str = "size";
pub(super) const NOISE: &str = "noise";
pub(super) const COLOUR: &str = "colour";

/// What a level adds to the target; the order of levels means nothing. Nothing has the last level.
const COLOURS: [(&str, f64); 5] = [("red", 1.2), ("green", -1.0), ("blue", 0.7), ("grey", -0.6), ("unseen", 0.0)];

impl Lesson {
    /// Rows with the features that the learner takes. The target rises with `size`, and depends on `colour` where there
    /// are categories; `noise` says nothing.
    pub(super) fn new(case: &LearnerCase, takes: Takes, rows: usize, seed: Seed) -> Self {
        let mut stream = seed.child("lesson").stream();
        let mut size: Vec<f32> = (0..rows).map(|_| stream.normal() as f32).collect();
        let noise: Vec<f32> = (0..rows).map(|_| stream.unit() as f32).collect();
        let mut colour: Vec<u32> = (0..rows).map(|_| stream.below(COLOURS.len() as u64 - 1) as u32).collect();
        let mut truth: Vec<f64> = (0..rows)
            .map(|i| {
                let of_colour = if takes.categories { COLOURS[colour[i] as usize].1 } else { 0.0 };
                f64::from(size[i]) + of_colour + 0.3 * stream.normal()
            })
            .collect();
        if takes.missing {
            (0..rows).filter(|i| i % 13 == 5).for_each(|i| size[i] = f32::NAN);
            (0..rows).filter(|i| i % 17 == 3).for_each(|i| colour[i] = Column::MISSING);
        }
        let target = match case.task {
            Task::Binary | Task::Multiclass => {
                let count = if case.task == Task::Binary { 2 } else { 4 };
                let step = |x: &f64| (x + 0.5 * f64::from(count)).floor().clamp(0.0, f64::from(count) - 1.0) as u32;
                let codes = truth.iter().map(step).collect();
                Target::Classes { codes, classes: classes(count) }
            }
            _ => {
                truth.iter_mut().for_each(|x| *x = if case.amounts { (1.0 + 0.3 * *x).exp() } else { 10.0 + 3.0 * *x });
                Target::Values { values: truth, names: vec!["y".into()] }
            }
        };
        if case.amounts {
            size.iter_mut().for_each(|x| *x = (*x + 3.0).max(0.0));
        }
        let mut columns = vec![
            Column::Numeric { name: SIZE.into(), values: size },
            Column::Numeric { name: NOISE.into(), values: noise },
        ];
        if takes.categories {
            columns.push(colours(colour));
        }
        Self { columns, target }
    }

    pub(super) fn rows(&self) -> usize {
        self.target.rows()
    }

    /// The features and the target.
    pub(super) fn dataset(&self) -> Dataset {
        self.features().with_target(self.target.clone()).unwrap_or_else(|e| unreachable!("the lesson is legal: {e}"))
    }

    /// The features alone.
    pub(super) fn features(&self) -> Dataset {
        Dataset::new(Features::Columns(self.columns.clone())).unwrap_or_else(|e| unreachable!("it is legal: {e}"))
    }

    /// Some rows, in the order given, in a data set of their own.
    pub(super) fn take(&self, rows: &[u32]) -> Self {
        let columns = self.columns.iter().map(|column| take(column, rows)).collect();
        Self { columns, target: self.target.take(rows) }
    }

    /// With another column in the place of the one of its name, or after all.
    pub(super) fn with_column(&self, column: Column) -> Self {
        let mut columns = self.columns.clone();
        match columns.iter_mut().find(|known| known.name() == column.name()) {
            Some(place) => *place = column,
            None => columns.push(column),
        }
        Self { columns, ..self.clone() }
    }

    /// With another number in one row of a numeric feature.
    pub(super) fn with_number(&self, feature: &str, row: usize, number: f32) -> Self {
        let mut lesson = self.clone();
        for column in &mut lesson.columns {
            if let Column::Numeric { name, values } = column
                && name == feature
            {
                values[row] = number;
            }
        }
        lesson
    }

    /// Rows that say something else, or nothing: other targets, and other features if asked for.
    pub(super) fn with_spoilt_rows(&self, spoil: impl Fn(usize) -> bool, features: bool) -> Self {
        let mut lesson = self.clone();
        let spoilt: Vec<usize> = (0..self.rows()).filter(|&i| spoil(i)).collect();
        match &mut lesson.target {
            Target::Classes { codes, classes } => {
                spoilt.iter().for_each(|&i| codes[i] = (codes[i] + 1) % classes.len() as u32);
            }
            Target::Labels { values, .. } => spoilt.iter().for_each(|&i| values[i] = !values[i]),
            Target::Values { values, .. } => spoilt.iter().for_each(|&i| values[i] = f64::NAN),
        }
        for column in lesson.columns.iter_mut().filter(|_| features) {
            match column {
                Column::Numeric { values, .. } => {
                    spoilt.iter().for_each(|&i| values[i] = if i % 2 == 0 { f32::NAN } else { -1e30 });
                }
                Column::Categorical { codes, levels, .. } => {
                    let last = levels.len() as u32 - 1;
                    spoilt.iter().for_each(|&i| codes[i] = if i % 2 == 0 { Column::MISSING } else { last });
                }
            }
        }
        lesson
    }

    /// The same levels of each category, listed in another order.
    pub(super) fn with_levels_reversed(&self) -> Self {
        let mut lesson = self.clone();
        for column in &mut lesson.columns {
            if let Column::Categorical { codes, levels, .. } = column {
                levels.reverse();
                let last = levels.len() as u32 - 1;
                codes.iter_mut().filter(|code| **code != Column::MISSING).for_each(|code| *code = last - *code);
            }
        }
        lesson
    }

    /// How far predictions of some samples are from their target: the mean squared error, of probabilities or of numbers.
    pub(super) fn error(samples: &Samples<'_>, predicted: impl Fn(usize, usize) -> f64) -> f64 {
        let mut sum = 0.0;
        for i in 0..samples.len() {
            sum += match samples.dataset().target() {
                Some(Target::Classes { codes, classes }) => (0..classes.len())
                    .map(|k| (predicted(i, k) - f64::from(codes[samples.row(i)] as usize == k)).powi(2))
                    .sum(),
                Some(Target::Values { values, .. }) => (predicted(i, 0) - values[samples.row(i)]).powi(2),
                _ => f64::NAN,
            };
        }
        sum / samples.len() as f64
    }

    /// The best constant prediction of some samples.
    pub(super) fn constant(samples: &Samples<'_>) -> Vec<f64> {
        let count = samples.len() as f64;
        let rows = (0..samples.len()).map(|i| samples.row(i));
        match samples.dataset().target() {
            Some(Target::Classes { codes, classes }) => {
                let mut shares = vec![0.0; classes.len()];
                rows.for_each(|row| shares[codes[row] as usize] += 1.0 / count);
                shares
            }
            Some(Target::Values { values, .. }) => vec![rows.map(|row| values[row]).sum::<f64>() / count],
            _ => Vec::new(),
        }
    }
}

pub(super) fn classes(count: u32) -> Classes {
    Classes::new((1..=count).map(|k| format!("class{k}"))).unwrap_or_else(|_| unreachable!("the names are distinct"))
}

/// A feature of colours.
pub(super) fn colours(codes: Vec<u32>) -> Column {
    Column::Categorical { name: COLOUR.into(), codes, levels: COLOURS.map(|(name, _)| name.into()).to_vec() }
}

fn take(column: &Column, rows: &[u32]) -> Column {
    fn pick<T: Copy>(values: &[T], rows: &[u32]) -> Vec<T> {
        rows.iter().map(|&i| values[i as usize]).collect()
    }
    match column {
        Column::Numeric { name, values } => Column::Numeric { name: name.clone(), values: pick(values, rows) },
        Column::Categorical { name, codes, levels } => {
            Column::Categorical { name: name.clone(), codes: pick(codes, rows), levels: levels.clone() }
        }
    }
}
