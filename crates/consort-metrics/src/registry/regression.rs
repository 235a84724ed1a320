//! The metrics of [`crate::regression`] by name.

use std::sync::Arc;

use consort_core::Metric;

use super::Entry;
use crate::regression::{
    AbsoluteBias, D2AbsoluteError, D2Pinball, D2Tweedie, ExplainedVariance, GammaDeviance, Huber, IntervalScore,
    Kendall, MaxError, MeanAbsoluteError, MeanAbsolutePercentageError, MeanSquaredError, MeanSquaredLogError,
    MedianAbsoluteError, Pearson, Pinball, PoissonDeviance, QuantileCoverage, QuantileCrossing, QuantileCrps,
    QuantilePinball, R2, RootMeanSquaredError, RootMeanSquaredLogError, Spearman, SymmetricPercentageError,
    TweedieDeviance, WeightedPercentageError,
};

/// Those with a name of their own.
pub(super) const ENTRIES: &[Entry] = &[
    Entry { name: "mse", about: "Mean squared error.", make: || Arc::new(MeanSquaredError) },
    Entry {
        name: "rmse",
        about: "Root of the mean squared error, in units of the target.",
        make: || Arc::new(RootMeanSquaredError),
    },
    Entry { name: "mae", about: "Mean absolute error.", make: || Arc::new(MeanAbsoluteError) },
    Entry { name: "median_absolute_error", about: "Median absolute error.", make: || Arc::new(MedianAbsoluteError) },
    Entry { name: "max_error", about: "Greatest absolute error.", make: || Arc::new(MaxError) },
    Entry {
        name: "absolute_bias",
        about: "Size of the mean of estimate minus truth.",
        make: || Arc::new(AbsoluteBias),
    },
    Entry {
        name: "mape",
        about: "Mean absolute error in shares of the truth.",
        make: || Arc::new(MeanAbsolutePercentageError),
    },
    Entry {
        name: "smape",
        about: "Symmetric mean absolute percentage error (0 to 2).",
        make: || Arc::new(SymmetricPercentageError),
    },
    Entry {
        name: "wape",
        about: "Sum of absolute errors in shares of the sum of the truth.",
        make: || Arc::new(WeightedPercentageError),
    },
    Entry { name: "msle", about: "Mean squared error of ln(1 + x).", make: || Arc::new(MeanSquaredLogError) },
    Entry {
        name: "rmsle",
        about: "Root of the mean squared error of ln(1 + x).",
        make: || Arc::new(RootMeanSquaredLogError),
    },
    Entry { name: "r2", about: "Share of the variance of the truth that is explained.", make: || Arc::new(R2) },
    Entry {
        name: "explained_variance",
        about: "Share of the variance of the truth that is explained, a constant bias forgiven.",
        make: || Arc::new(ExplainedVariance),
    },
    Entry { name: "pearson", about: "Pearson's correlation of estimates and truth.", make: || Arc::new(Pearson) },
    Entry {
        name: "spearman",
        about: "Spearman's rank correlation of estimates and truth.",
        make: || Arc::new(Spearman),
    },
    Entry {
        name: "kendall_tau_b",
        about: "Kendall's rank correlation of estimates and truth, ties taken out.",
        make: || Arc::new(Kendall),
    },
    Entry {
        name: "d2_absolute_error",
        about: "Share of the absolute error of the median that is saved.",
        make: || Arc::new(D2AbsoluteError),
    },
    Entry {
        name: "pinball_0.5",
        about: "Pinball loss of the median; pinball_0.9 for another level.",
        make: || Arc::new(Pinball::default()),
    },
    Entry {
        name: "huber_1",
        about: "Huber's loss, linear from an error of 1 on; huber_2.5 for another.",
        make: || Arc::new(Huber::default()),
    },
    Entry { name: "poisson_deviance", about: "Mean Poisson deviance, for counts.", make: || Arc::new(PoissonDeviance) },
    Entry {
        name: "gamma_deviance",
        about: "Mean gamma deviance, for amounts above 0.",
        make: || Arc::new(GammaDeviance),
    },
    Entry {
        name: "tweedie_1.5",
        about: "Mean Tweedie deviance, for amounts that are often 0; tweedie_1.2 for another power.",
        make: || Arc::new(TweedieDeviance::default()),
    },
    Entry {
        name: "d2_pinball_0.5",
        about: "Share of the pinball loss of the best constant that is saved; d2_pinball_0.9 for another level.",
        make: || Arc::new(D2Pinball::default()),
    },
    Entry {
        name: "d2_tweedie_1.5",
        about: "Share of the Tweedie deviance of the mean that is saved; d2_tweedie_1 for another power.",
        make: || Arc::new(D2Tweedie::default()),
    },
];

/// Those with parameters in their name: `pinball_0.9`, `huber_2`, `tweedie_1.2`; and other names of the same.
pub(super) fn parse(name: &str) -> Option<Arc<dyn Metric>> {
    if let Some(metric) = alias(name) {
        return Some(metric);
    }
    let (stem, number) = name.rsplit_once('_')?;
    let number: f64 = number.parse().ok()?;
    Some(match stem {
        "pinball" if (0.0..=1.0).contains(&number) => Arc::new(Pinball { level: number }),
        "d2_pinball" if (0.0..=1.0).contains(&number) => Arc::new(D2Pinball { level: number }),
        "huber" if number > 0.0 && number.is_finite() => Arc::new(Huber { delta: number }),
        "tweedie" if is_power(number) => Arc::new(TweedieDeviance { power: number }),
        "d2_tweedie" if is_power(number) => Arc::new(D2Tweedie { power: number }),
        _ => return None,
    })
}

fn is_power(number: f64) -> bool {
    number.is_finite() && (number <= 0.0 || number >= 1.0)
}

fn alias(name: &str) -> Option<Arc<dyn Metric>> {
    Some(match name {
        "mean_squared_error" => Arc::new(MeanSquaredError),
        "root_mean_squared_error" => Arc::new(RootMeanSquaredError),
        "mean_absolute_error" => Arc::new(MeanAbsoluteError),
        "median_ae" | "medae" => Arc::new(MedianAbsoluteError),
        "kendall" => Arc::new(Kendall),
        "pinball" => Arc::new(Pinball::default()),
        "huber" => Arc::new(Huber::default()),
        "tweedie" => Arc::new(TweedieDeviance::default()),
        _ => return None,
    })
}

/// The metrics of predicted quantiles of these levels, in the order of the columns: the mean pinball loss first, then CRPS,
/// coverage error, crossing, and the interval score of each central interval.
///
/// Estimates do not say their levels, so these metrics are made for them and are not found by name.
///
/// ```
/// let metrics = consort_metrics::registry::for_quantiles(&[0.1, 0.5, 0.9]);
/// let names: Vec<String> = metrics.iter().map(|metric| metric.name()).collect();
/// assert_eq!(names, ["mean_pinball", "crps", "coverage_error", "quantile_crossing", "interval_score_0.8"]);
/// ```
pub fn for_quantiles(levels: &[f64]) -> Vec<Arc<dyn Metric>> {
    let levels = levels.to_vec();
    let mut metrics: Vec<Arc<dyn Metric>> = vec![
        Arc::new(QuantilePinball { levels: levels.clone() }),
        Arc::new(QuantileCrps { levels: levels.clone() }),
        Arc::new(QuantileCoverage { levels: levels.clone() }),
        Arc::new(QuantileCrossing { levels: levels.clone() }),
    ];
    for lower in levels.iter().filter(|&&level| level < 0.5) {
        if levels.iter().any(|level| (level - (1.0 - lower)).abs() < 1e-9) {
            // Without the noise of the subtraction, for the name.
            let level = ((1.0 - 2.0 * lower) * 1e9).round() / 1e9;
            metrics.push(Arc::new(IntervalScore { levels: levels.clone(), level }));
        }
    }
    metrics
}
