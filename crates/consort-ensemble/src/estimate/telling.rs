use consort_core::{Column, Dataset, Features, Target};
use rayon::prelude::*;

/// How many rows are looked at.
const ROWS: usize = 20_000;
/// So many rows a value at least, or a number is judged by its order and not by its values.
const ROWS_A_VALUE: usize = 20;

/// A feature that tells the target almost by itself.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Telling {
    pub(super) feature: String,
    /// The share of the target's variance (of classes: of their Gini impurity) that it explains.
    pub(super) share: f64,
}

/// The features that explain more than `least` of the target's variance by themselves.
///
/// Categories, and numbers of few values, explain all but what is left within each value: `1 − Σ (y − ȳ_value)² / Σ (y − ȳ)²`.
/// Other numbers are put in order; rows that are neighbours then differ by what the number leaves open:
/// `1 − Σ (y_(i+1) − y_(i))² / 2 Σ (y − ȳ)²` (the ratio of von Neumann 1941). Categories with more than one level for every twenty
/// rows are passed over: they would explain anything.
pub(super) fn telling(data: &Dataset, least: f64) -> Vec<Telling> {
    let step = data.rows().div_ceil(ROWS).max(1);
    let rows: Vec<usize> = (0..data.rows()).step_by(step).collect();
    // As numbers: one column a class, or the first target.
    let answers: Vec<Vec<f64>> = match data.target() {
        Some(Target::Classes { codes, classes }) => (0..classes.len())
            .map(|k| rows.iter().map(|&row| f64::from(u8::from(codes[row] as usize == k))).collect())
            .collect(),
        Some(Target::Values { values, names }) => {
            vec![rows.iter().map(|&row| values[row * names.len()]).collect()]
        }
        _ => return Vec::new(),
    };
    if rows.len() < 20 || answers.iter().flatten().any(|x| !x.is_finite()) {
        return Vec::new();
    }
    let total: f64 = answers.iter().map(|answer| within(answer, &vec![0; rows.len()], 1)).sum();
    let Features::Columns(columns) = data.features() else { return Vec::new() };
    let share = |column: &Column| -> Option<f64> {
        let left: f64 = match Kinds::of(column, &rows)? {
            Kinds::Values(cells, count) => answers.iter().map(|answer| within(answer, &cells, count)).sum(),
            Kinds::Order(order) => answers.iter().map(|answer| between_neighbours(answer, &order)).sum(),
        };
        (total > 0.0).then(|| 1.0 - left / total)
    };
    let shares: Vec<Option<f64>> = columns.par_iter().map(share).collect();
    let found = columns.iter().zip(shares).filter_map(|(column, share)| Some((column, share.filter(|s| *s > least)?)));
    found.map(|(column, share)| Telling { feature: column.name().into(), share }).collect()
}

/// How a feature sorts rows.
enum Kinds {
    /// The number of each row's value, and how many values there are.
    Values(Vec<u32>, usize),
    /// The rows in the order of a number.
    Order(Vec<u32>),
}

impl Kinds {
    fn of(column: &Column, rows: &[usize]) -> Option<Self> {
        match column {
            Column::Categorical { codes, levels, .. } => {
                let own = |&row: &usize| codes[row].min(levels.len() as u32);
                (levels.len() * ROWS_A_VALUE <= rows.len())
                    .then(|| Kinds::Values(rows.iter().map(own).collect(), levels.len() + 1))
            }
            Column::Numeric { values, .. } => {
                let mut order: Vec<u32> = (0..rows.len() as u32).collect();
                let value = |i: u32| values[rows[i as usize]] + 0.0;
                order.sort_unstable_by(|&a, &b| value(a).total_cmp(&value(b)).then(a.cmp(&b)));
                let runs = || order.chunk_by(|&a, &b| value(a).total_cmp(&value(b)).is_eq());
                let count = runs().count();
                if count * ROWS_A_VALUE > rows.len() {
                    return Some(Kinds::Order(order));
                }
                let mut cells = vec![0u32; rows.len()];
                for (cell, run) in (0..).zip(runs()) {
                    run.iter().for_each(|&i| cells[i as usize] = cell);
                }
                Some(Kinds::Values(cells, count))
            }
        }
    }
}

/// Half the sum of squares of the differences between neighbours.
fn between_neighbours(values: &[f64], order: &[u32]) -> f64 {
    order.windows(2).map(|pair| (values[pair[1] as usize] - values[pair[0] as usize]).powi(2)).sum::<f64>() / 2.0
}

/// The sum of squares about the mean of each cell.
fn within(values: &[f64], cells: &[u32], count: usize) -> f64 {
    let mut sums = vec![[0.0f64; 2]; count];
    for (&value, &cell) in values.iter().zip(cells) {
        let [sum, rows] = &mut sums[cell as usize];
        *sum += value;
        *rows += 1.0;
    }
    values
        .iter()
        .zip(cells)
        .map(|(value, &cell)| (value - sums[cell as usize][0] / sums[cell as usize][1]).powi(2))
        .sum()
}
