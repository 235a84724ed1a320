use serde::{Deserialize, Serialize};

use super::ReliabilityBin;

/// The Brier score of two outcomes as reliability − resolution + uncertainty, and what binning adds.
///
/// With bins k of weight n_k, mean probability f̄_k and observed frequency ō_k, ō over all and N = Σn_k
/// (Murphy 1973; the within-bin terms: Stephenson, Coelho and Jolliffe 2008):
///
/// | term | formula |
/// |---|---|
/// | reliability | Σ n_k (f̄_k − ō_k)² / N: 0 if calibrated |
/// | resolution | Σ n_k (ō_k − ō)² / N: great if the bins tell rows apart |
/// | uncertainty | ō(1 − ō): of the rows, not of the predictions |
/// | within-bin variance | Σ_k Σ_j (f_kj − f̄_k)² / N |
/// | within-bin covariance | 2 Σ_k Σ_j (f_kj − f̄_k)(o_kj − ō_k) / N |
///
/// Brier = reliability − resolution + uncertainty + within-bin variance − within-bin covariance, exactly.
///
/// ```
/// use consort_metrics::calibration::{Bins, ReliabilityTable};
/// let (p, y) = ([0.1, 0.3, 0.8, 1.0], [false, true, true, true]);
/// let murphy = ReliabilityTable::new(&p, &y, None, &Bins::default().count(2))?.murphy().unwrap();
/// let brier = (0.01 + 0.49 + 0.04 + 0.0) / 4.0;
/// assert!((murphy.brier() - brier).abs() < 1e-15);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MurphyDecomposition {
    /// How far the bins are from what is observed: less is better.
    pub reliability: f64,
    /// How far the observed frequencies of the bins lie apart: more is better.
    pub resolution: f64,
    /// The variance of the outcome.
    pub uncertainty: f64,
    /// The variance of the probabilities within their bins.
    pub within_bin_variance: f64,
    /// Twice the covariance of probability and outcome within the bins.
    pub within_bin_covariance: f64,
}

impl MurphyDecomposition {
    pub(super) fn of(bins: &[ReliabilityBin], variance: f64, covariance: f64) -> Option<Self> {
        let total: f64 = bins.iter().map(|bin| bin.weight).sum();
        if total == 0.0 {
            return None;
        }
        let mean = |f: &dyn Fn(&ReliabilityBin) -> f64| bins.iter().map(|bin| bin.weight * f(bin)).sum::<f64>() / total;
        let observed = mean(&|bin| bin.frequency);
        Some(Self {
            reliability: mean(&|bin| bin.gap().powi(2)),
            resolution: mean(&|bin| (bin.frequency - observed).powi(2)),
            uncertainty: observed * (1.0 - observed),
            within_bin_variance: variance / total,
            within_bin_covariance: 2.0 * covariance / total,
        })
    }

    /// The Brier score that the terms add up to: the mean of (probability − outcome)².
    pub fn brier(&self) -> f64 {
        self.reliability - self.resolution + self.uncertainty + self.within_bin_variance - self.within_bin_covariance
    }
}
