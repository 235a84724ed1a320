use consort_core::{FitContext, Result};
use rayon::prelude::*;

use super::{
    kernel::{Alike, Gamma, Kernel},
    platt::Platt,
    smo::Problem,
};

/// What all decisions of a fit share.
pub(super) struct Setting<'a> {
    pub(super) kernel: Kernel,
    pub(super) gamma: f64,
    pub(super) c: f64,
    pub(super) tolerance: f64,
    pub(super) steps: usize,
    pub(super) width: usize,
    pub(super) ctx: &'a FitContext<'a>,
}

/// `f(x) = b + Σ_i v_i K(x_i, x)`, with a `v` for each training row.
pub(super) struct Decision {
    pub(super) values: Vec<f64>,
    pub(super) constant: f64,
}

impl Decision {
    pub(super) fn at(&self, alike: &[f64]) -> f64 {
        self.constant + self.values.iter().zip(alike).map(|(v, k)| v * k).sum::<f64>()
    }
}

/// The factor `γ`.
pub(super) fn gamma(gamma: Gamma, rows: &[f64], weights: &[f64], width: usize) -> f64 {
    let Gamma::Scale = gamma else {
        return if let Gamma::Value(value) = gamma { value } else { 1.0 };
    };
    let total = weights.iter().sum::<f64>() * width as f64;
    let pairs = || rows.chunks_exact(width).zip(weights);
    let mean = pairs().map(|(row, w)| w * row.iter().sum::<f64>()).sum::<f64>() / total;
    let square = |row: &[f64]| row.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>();
    let variance = pairs().map(|(row, w)| w * square(row)).sum::<f64>() / total;
    if variance > 0.0 { 1.0 / (width as f64 * variance) } else { 1.0 }
}

impl Setting<'_> {
    fn alike<'r>(&self, rows: &'r [f64]) -> Alike<'r> {
        Alike::new(self.kernel, self.gamma, rows, self.width)
    }

    /// Tells one class from the others.
    fn between(&self, rows: &[f64], is_own: &[bool], weights: &[f64]) -> Result<Decision> {
        let alike = self.alike(rows);
        let signs: Vec<f64> = is_own.iter().map(|own| if *own { 1.0 } else { -1.0 }).collect();
        let problem = Problem {
            alike: &alike,
            rows: (0..is_own.len() as u32).collect(),
            linear: vec![-1.0; is_own.len()],
            most: weights.iter().map(|w| self.c * w).collect(),
            signs,
        };
        let solved = problem.solve(self.tolerance, self.steps, self.ctx)?;
        let values = solved.alphas.iter().zip(&problem.signs).map(|(alpha, sign)| alpha * sign).collect();
        Ok(Decision { values, constant: solved.constant })
    }

    /// Follows values, errors up to `epsilon` being none.
    pub(super) fn along(&self, rows: &[f64], values: &[f64], weights: &[f64], epsilon: f64) -> Result<Decision> {
        let (alike, count) = (self.alike(rows), values.len());
        let most: Vec<f64> = weights.iter().map(|w| self.c * w).collect();
        let problem = Problem {
            alike: &alike,
            rows: (0..count as u32).chain(0..count as u32).collect(),
            signs: (0..2 * count).map(|t| if t < count { 1.0 } else { -1.0 }).collect(),
            linear: values.iter().map(|y| epsilon - y).chain(values.iter().map(|y| epsilon + y)).collect(),
            most: most.iter().chain(&most).copied().collect(),
        };
        let solved = problem.solve(self.tolerance, self.steps, self.ctx)?;
        let (up, down) = solved.alphas.split_at(count);
        let values = up.iter().zip(down).map(|(up, down)| up - down).collect();
        Ok(Decision { values, constant: solved.constant })
    }

    /// A decision and its curve of probabilities, which is fitted on scores of rows by decisions that never saw them.
    pub(super) fn calibrated(
        &self,
        rows: &[f64],
        is_own: &[bool],
        weights: &[f64],
        folds: &[usize],
    ) -> Result<(Decision, Platt)> {
        let width = self.width;
        let decision = self.between(rows, is_own, weights)?;
        let count = folds.iter().max().map_or(0, |last| last + 1);
        // Out of fold, where each training part has both classes.
        let parts: Vec<Option<Vec<(usize, f64)>>> = (0..count)
            .into_par_iter()
            .map(|fold| {
                let kept: Vec<usize> = (0..is_own.len()).filter(|&i| folds[i] != fold).collect();
                let own: Vec<bool> = kept.iter().map(|&i| is_own[i]).collect();
                if own.iter().all(|own| *own) || own.iter().all(|own| !*own) {
                    return Ok(None);
                }
                let part: Vec<f64> = kept.iter().flat_map(|&i| &rows[i * width..(i + 1) * width]).copied().collect();
                let weights: Vec<f64> = kept.iter().map(|&i| weights[i]).collect();
                let decision = self.between(&part, &own, &weights)?;
                let alike = self.alike(&part);
                let left_out = (0..is_own.len()).filter(|&i| folds[i] == fold);
                let score = |i: usize| (i, decision.at(&alike.to(&rows[i * width..(i + 1) * width])));
                Ok(Some(left_out.map(score).collect()))
            })
            .collect::<Result<_>>()?;
        let mut scores = vec![0.0; is_own.len()];
        match parts.into_iter().collect::<Option<Vec<_>>>() {
            Some(parts) if count > 1 => parts.into_iter().flatten().for_each(|(i, score)| scores[i] = score),
            _ => {
                let alike = self.alike(rows);
                (0..is_own.len()).for_each(|i| scores[i] = decision.at(&alike.row(i)));
            }
        }
        Ok((decision, Platt::fit(&scores, is_own, weights)))
    }
}
