use consort_core::{Error, Result, Seed, Truth};
use serde::{Deserialize, Serialize};

/// Which rows a round sees.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RowSampling {
    /// All of them.
    #[default]
    All,
    /// A random share of them, without replacement (stochastic gradient boosting, Friedman 2002).
    Share(f64),
    /// Those of the greatest gradients, and a random part of the others that stands for all of them: gradient-based
    /// one-side sampling (Ke and others 2017).
    Goss {
        /// The share of rows that are taken for their gradients.
        top: f64,
        /// The share of all rows that are drawn from the others.
        other: f64,
    },
}

/// The rows of one round.
#[derive(Debug, Clone, PartialEq)]
pub struct RowSample {
    /// The rows, ascending.
    pub rows: Vec<u32>,
    /// Those among them that stand for others too.
    raised: Vec<u32>,
    /// For how many rows each of these stands.
    factor: f32,
}

impl RowSample {
    /// The weights of all rows as this sample counts them, or `None` where each row stands for itself.
    pub(super) fn weights(&self, truth: &Truth<'_>) -> Option<Vec<f64>> {
        if self.raised.is_empty() {
            return None;
        }
        let mut weights = truth.weights().map_or_else(|| vec![1.0; truth.rows()], <[f64]>::to_vec);
        self.raised.iter().for_each(|&row| weights[row as usize] *= f64::from(self.factor));
        Some(weights)
    }
}

impl RowSampling {
    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check(&self) -> Result<()> {
        let within = |share: f64| share > 0.0 && share <= 1.0;
        match *self {
            RowSampling::All => Ok(()),
            RowSampling::Share(share) if within(share) => Ok(()),
            RowSampling::Goss { top, other } if within(top) && within(other) && top + other <= 1.0 => Ok(()),
            RowSampling::Share(share) => Err(Error::parameter("rows", share, "a share above 0, at most 1")),
            RowSampling::Goss { top, other } => {
                Err(Error::parameter("rows", format!("{top} and {other}"), "two shares above 0 of at most 1 in sum"))
            }
        }
    }

    /// The rows of one round, or `None` for all those present. Gradients and Hessians (`[outputs][rows]`) of
    /// rows that stand for others are raised.
    pub fn draw(
        &self,
        present: Option<&[u32]>,
        rows: usize,
        gradients: &mut [f32],
        hessians: &mut [f32],
        seed: Seed,
    ) -> Option<RowSample> {
        let count = present.map_or(rows, <[u32]>::len);
        let row = |i: usize| present.map_or(i as u32, |present| present[i]);
        let mut stream = seed.stream();
        match *self {
            RowSampling::All => None,
            RowSampling::Share(1.0) => None,
            RowSampling::Share(share) => {
                let wanted = ((count as f64 * share).round() as usize).clamp(1.min(count), count);
                let mut drawn = Vec::with_capacity(wanted);
                // One pass that keeps the order (selection sampling; Fan, Muller and Rezucha 1962).
                for i in 0..count {
                    if stream.below((count - i) as u64) < (wanted - drawn.len()) as u64 {
                        drawn.push(row(i));
                    }
                }
                Some(RowSample { rows: drawn, raised: Vec::new(), factor: 1.0 })
            }
            RowSampling::Goss { top, other } => {
                let strength = |i: usize| {
                    let row = row(i) as usize;
                    gradients.iter().zip(&*hessians).skip(row).step_by(rows).map(|(g, h)| (g * h).abs()).sum::<f32>()
                };
                let strengths: Vec<f32> = (0..count).map(strength).collect();
                let tops = ((count as f64 * top).ceil() as usize).min(count);
                let others = ((count as f64 * other).ceil() as usize).min(count - tops);
                // Greatest first; of equal strength, the first row.
                let mut order: Vec<u32> = (0..count as u32).collect();
                if tops < count {
                    order.select_nth_unstable_by(tops, |&a, &b| {
                        strengths[b as usize].total_cmp(&strengths[a as usize]).then(a.cmp(&b))
                    });
                }
                let (taken, rest) = order.split_at_mut(tops);
                rest.sort_unstable();
                let mut drawn: Vec<u32> = taken.iter().map(|&i| row(i as usize)).collect();
                let factor = if others == 0 { 1.0 } else { rest.len() as f32 / others as f32 };
                let mut raised = Vec::with_capacity(others);
                for (i, &place) in rest.iter().enumerate() {
                    if stream.below((rest.len() - i) as u64) < (others - raised.len()) as u64 {
                        let row = row(place as usize);
                        raised.push(row);
                        for (g, h) in gradients.iter_mut().zip(&mut *hessians).skip(row as usize).step_by(rows) {
                            *g *= factor;
                            *h *= factor;
                        }
                    }
                }
                drawn.extend(&raised);
                drawn.sort_unstable();
                Some(RowSample { rows: drawn, raised, factor })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_has_its_size_and_is_the_same_for_the_same_seed() {
        let draw = |seed| RowSampling::Share(0.3).draw(None, 1000, &mut [0.0; 1000], &mut [0.0; 1000], Seed::new(seed));
        let rows = draw(1).unwrap().rows;
        assert_eq!(rows.len(), 300);
        assert!(rows.is_sorted() && rows.windows(2).all(|pair| pair[0] != pair[1]));
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn goss_takes_the_greatest_and_keeps_the_sum_of_the_others_in_expectation() {
        let gradients: Vec<f32> = (0..1000).map(|i| (i % 10) as f32).collect();
        let goss = RowSampling::Goss { top: 0.1, other: 0.2 };
        let mut sum = 0.0;
        for seed in 0..200 {
            let (mut g, mut h) = (gradients.clone(), vec![1.0f32; 1000]);
            let rows = goss.draw(None, 1000, &mut g, &mut h, Seed::new(seed)).unwrap().rows;
            assert_eq!(rows.len(), 300);
            assert_eq!(rows.iter().filter(|&&row| gradients[row as usize] == 9.0).count(), 100);
            sum += rows.iter().map(|&row| f64::from(g[row as usize])).sum::<f64>() / 200.0;
        }
        assert!((sum / 4500.0 - 1.0).abs() < 0.02, "{sum}");
    }

    #[test]
    fn shares_out_of_range_are_refused() {
        for rows in [RowSampling::Share(0.0), RowSampling::Share(f64::NAN), RowSampling::Goss { top: 0.6, other: 0.6 }]
        {
            assert!(rows.check().is_err(), "{rows:?}");
        }
    }
}
