use consort_core::{Gives, Matrix, Outputs, Result};

use super::{
    exp::exp,
    ln::ln,
    panel::{FEW_LANES, Panel, Rows},
    products::{Products, RoundedProducts},
    wide::wide,
};

/// What members may give to a rule that multiplies probabilities.
pub(super) const MULTIPLIED: [Gives; 2] = [Gives::Probabilities, Gives::Logits];

/// The logarithmic opinion pool, Π xₘ^wₘ: the engine of the rules that multiply.
pub(super) struct LogPool {
    /// Probabilities below this count as this.
    pub(super) floor: f32,
    /// Whether the exponents sum to 1 (a mean) or are the weights as given (a product).
    pub(super) mean: bool,
    /// Whether rows are left as they are, not scaled to a sum of 1.
    pub(super) raw: bool,
}

#[derive(Default)]
pub(super) struct Logs {
    /// Σ wₘ·ln xₘ for each row and column.
    sums: Vec<f64>,
    /// The same of 1 − xₘ, for labels.
    against: Vec<f64>,
    products: Products,
    rounded: RoundedProducts,
}

impl LogPool {
    /// Fuses. Logits are added as they are where rows are scaled anyway: a softmax before would change nothing but
    /// lose those beyond the range of `f32`.
    pub(super) fn fuse(&self, panel: Panel<'_>) -> Result<Matrix> {
        let labels = matches!(panel.outputs(), Outputs::Labels(_));
        let classes = matches!(panel.outputs(), Outputs::Classes(_));
        let scaled = (classes || labels) && !self.raw;
        let panel = if scaled { panel.keep_logits() } else { panel }.in_lanes(FEW_LANES);
        let logits = |place: usize| scaled && panel.gives_logits(place);
        let any_logits = panel.places().iter().any(|&place| logits(place));
        panel.fuse(|rows: &Rows<'_>, logs: &mut Logs, out: &mut [f32]| {
            let weights = if self.mean { rows.shares } else { rows.weights };
            logs.sums.clear();
            logs.sums.resize(out.len(), 0.0);
            let two_sided = labels && scaled;
            if two_sided {
                logs.against.clear();
                logs.against.resize(out.len(), 0.0);
            }
            if any_logits {
                let (mut values, mut exponents) = (Vec::new(), Vec::new());
                for ((&place, &member), &weight) in rows.places.iter().zip(rows.values).zip(weights) {
                    if logits(place) {
                        add_scaled(member, weight, &mut logs.sums);
                    } else {
                        values.push(member);
                        exponents.push(weight);
                    }
                }
                self.add(&values, &exponents, two_sided, logs);
            } else {
                self.add(rows.values, weights, two_sided, logs);
            }
            match (scaled, labels) {
                (true, true) => {
                    for ((out, &yes), &no) in out.iter_mut().zip(&logs.sums).zip(&logs.against) {
                        let p = 1.0 / (1.0 + exp(no - yes));
                        // Members that are sure of opposite answers leave 0 for both.
                        *out = if p.is_nan() { 0.5 } else { p as f32 };
                    }
                }
                (true, false) if self.mean && !any_logits => exponentiate(&mut logs.sums, rows.columns, out),
                (true, false) => softmax(&mut logs.sums, rows.columns, out),
                (false, _) => out.iter_mut().zip(&logs.sums).for_each(|(out, &log)| *out = exp(log) as f32),
            }
        })
    }

    fn add(&self, values: &[&[f32]], weights: &[f64], two_sided: bool, logs: &mut Logs) {
        let floor = self.floor;
        let products = &mut logs.products;
        let equal = weights.windows(2).all(|pair| pair[0] == pair[1]);
        if self.mean && equal && !two_sided {
            // What each factor is rounded by is divided by their number, as its logarithm is.
            let weight = weights.first().copied().unwrap_or(1.0);
            let products = &mut logs.rounded;
            wide(MeanOfLogs { values, weight, floor, products, sums: &mut logs.sums });
        } else if two_sided {
            let held = |x: f32| f64::from(x.max(floor));
            wide(SumOfLogs { values, weights, f: held, products, sums: &mut logs.sums });
            let against = |x: f32| (1.0 - f64::from(x)).max(f64::from(floor));
            wide(SumOfLogs { values, weights, f: against, products, sums: &mut logs.against });
        } else if floor > 0.0 {
            let held = |x: f32| f64::from(if x > floor { x } else { floor });
            wide(SumOfLogs { values, weights, f: held, products, sums: &mut logs.sums });
        } else {
            wide(SumOfLogs { values, weights, f: f64::from, products, sums: &mut logs.sums });
        }
    }
}

fn add_scaled(values: &[f32], weight: f64, sums: &mut [f64]) {
    for (sum, &x) in sums.iter_mut().zip(values) {
        *sum += weight * f64::from(x);
    }
}

/// Adds w·Σₘ ln max(xₘ, floor) to the sums, where w is one over the number of members.
struct MeanOfLogs<'a> {
    values: &'a [&'a [f32]],
    weight: f64,
    floor: f32,
    products: &'a mut RoundedProducts,
    sums: &'a mut [f64],
}

impl pulp::NullaryFnOnce for MeanOfLogs<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { values, weight, floor, products, sums } = self;
        if floor > 0.0 {
            products.of(values, sums.len(), |x| if x > floor { x } else { floor });
        } else {
            products.of(values, sums.len(), |x| x);
        }
        products.add_logs(weight, sums);
    }
}

/// The work of [`sum_of_logs`].
struct SumOfLogs<'a, F> {
    values: &'a [&'a [f32]],
    weights: &'a [f64],
    f: F,
    products: &'a mut Products,
    sums: &'a mut [f64],
}

impl<F: Fn(f32) -> f64 + Copy> pulp::NullaryFnOnce for SumOfLogs<'_, F> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        sum_of_logs(self.values, self.weights, self.f, self.products, self.sums);
    }
}

/// Adds Σₘ wₘ·ln f(xₘ) to the sums.
///
/// Where weights are equal all numbers are multiplied before one logarithm is taken, six at a time: six numbers of
/// single precision, the smallest ones too, do not leave the range of double precision.
#[inline(always)]
fn sum_of_logs(
    values: &[&[f32]],
    weights: &[f64],
    f: impl Fn(f32) -> f64 + Copy,
    products: &mut Products,
    sums: &mut [f64],
) {
    let len = sums.len();
    let equal = weights.windows(2).all(|pair| pair[0] == pair[1]);
    if !equal {
        for (x, &w) in values.iter().zip(weights) {
            for (sum, &x) in sums.iter_mut().zip(x.iter()) {
                *sum += w * ln(f(x));
            }
        }
        return;
    }
    let weight = weights.first().copied().unwrap_or(1.0);
    products.restart(len);
    let mut sixes = values.chunks_exact(6);
    for x in sixes.by_ref() {
        products.multiply(x, |[a, b, c, d, e, g]| (f(a) * f(b) * f(c)) * (f(d) * f(e) * f(g)));
    }
    let rest = sixes.remainder();
    match rest.len() {
        0 => {}
        1 => products.multiply(rest, |[a]| f(a)),
        2 => products.multiply(rest, |[a, b]| f(a) * f(b)),
        3 => products.multiply(rest, |[a, b, c]| f(a) * f(b) * f(c)),
        4 => products.multiply(rest, |[a, b, c, d]| (f(a) * f(b)) * (f(c) * f(d))),
        _ => products.multiply(rest, |[a, b, c, d, e]| (f(a) * f(b)) * (f(c) * f(d)) * f(e)),
    }
    products.add_logs(weight, sums);
}

/// Rows of logarithms as distributions; a row of −∞ becomes the uniform one.
pub(super) fn softmax(logs: &mut [f64], columns: usize, out: &mut [f32]) {
    for row in logs.chunks_exact_mut(columns) {
        let top = row.iter().fold(f64::NEG_INFINITY, |top, &log| if log > top { log } else { top });
        let top = if top == f64::NEG_INFINITY { 0.0 } else { top };
        row.iter_mut().for_each(|log| *log -= top);
    }
    exponentiate(logs, columns, out);
}

/// The same for logarithms of which the greatest of each row is −∞ or lies between −600 and 0, as those of mean
/// probabilities in single precision do: they need no shift.
fn exponentiate(logs: &mut [f64], columns: usize, out: &mut [f32]) {
    wide(Exponentials(logs));
    for (row, out) in logs.chunks_exact(columns).zip(out.chunks_exact_mut(columns)) {
        let sum: f64 = row.iter().sum();
        if sum > 0.0 {
            let scale = 1.0 / sum;
            out.iter_mut().zip(row).for_each(|(out, &x)| *out = (x * scale) as f32);
        } else {
            out.fill(1.0 / columns as f32);
        }
    }
}

struct Exponentials<'a>(&'a mut [f64]);

impl pulp::NullaryFnOnce for Exponentials<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for log in self.0 {
            *log = exp(*log);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_logs_agree_with_the_standard_logarithm_for_any_number_of_members() {
        for members in 1..15 {
            let numbers: Vec<Vec<f32>> =
                (0..members).map(|m| (0..40).map(|i| ((i * 31 + m * 17) % 100 + 1) as f32 / 101.0).collect()).collect();
            let values: Vec<&[f32]> = numbers.iter().map(Vec::as_slice).collect();
            for equal in [true, false] {
                let weights: Vec<f64> = (0..members).map(|m| if equal { 0.5 } else { 1.0 + m as f64 }).collect();
                let mut sums = vec![0.0; 40];
                sum_of_logs(&values, &weights, f64::from, &mut Products::default(), &mut sums);
                for (i, sum) in sums.iter().enumerate() {
                    let expected: f64 = (0..members).map(|m| weights[m] * f64::from(numbers[m][i]).ln()).sum();
                    assert!((sum - expected).abs() < 1e-10, "{members} members: {sum}, not {expected}");
                }
            }
        }
    }

    #[test]
    fn the_smallest_numbers_do_not_vanish() {
        let tiny = [f32::from_bits(1); 6].map(|x| [x]);
        let values: Vec<&[f32]> = tiny.iter().map(|x| &x[..]).collect();
        let mut sums = vec![0.0];
        sum_of_logs(&values, &[1.0; 6], f64::from, &mut Products::default(), &mut sums);
        assert!((sums[0] - 6.0 * f64::from(f32::from_bits(1)).ln()).abs() < 1e-9);
    }
}
