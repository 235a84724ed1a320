use consort_core::Outputs;

use crate::{Borda, DeviceRule, LogPool, OrderStatistic, PowerMean, Vote, WeightedMean};

/// The kernel of a rule of `consort-fusion`, by the name that the rule gives itself (`trimmed:2`, `vote:majority,share`),
/// with one weight a member or none; `None` if there is no kernel that does the same.
///
/// There is none for rules that look at other rows or must be fitted, for weighted order statistics and products, for
/// labels and values where a rule of probabilities does something else with them.
///
/// ```
/// use consort_core::{Classes, Outputs};
/// use consort_kernels::device_rule;
/// let outputs = Outputs::Classes(Classes::new(["no", "yes"])?);
/// assert!(device_rule("trimmed:0.2", None, &outputs, 10).is_some());
/// assert!(device_rule("dempster-shafer:0.9", None, &outputs, 10).is_none());
/// # Ok::<(), consort_core::Error>(())
/// ```
pub fn device_rule(
    name: &str,
    weights: Option<Vec<f64>>,
    outputs: &Outputs,
    members: usize,
) -> Option<Box<dyn DeviceRule>> {
    let (rule, options) = name.split_once(':').unwrap_or((name, ""));
    let options: Vec<&str> = options.split(',').map(str::trim).filter(|option| !option.is_empty()).collect();
    let has = |option: &str| options.contains(&option);
    let classes = match outputs {
        Outputs::Classes(classes) => Some(classes),
        _ => None,
    };
    // Only rows of classes are scaled.
    let raw = has("raw") || classes.is_none();
    let equal = weights.as_ref().is_none_or(|weights| weights.windows(2).all(|pair| pair[0] == pair[1]));
    let order = |statistic: OrderStatistic| -> Option<Box<dyn DeviceRule>> {
        let statistic = if raw { statistic.raw() } else { statistic };
        equal.then(|| Box::new(statistic.numbers_only()) as Box<dyn DeviceRule>)
    };
    let trim = || -> Option<usize> {
        let text = options.iter().find(|option| **option != "raw").copied().unwrap_or("0.1");
        match text.parse::<usize>() {
            Ok(count) => Some(count),
            // A share is rounded down to whole members, as the rule does it.
            Err(_) => text.parse::<f64>().ok().map(|share| (share * members as f64 + 1e-9) as usize),
        }
    };
    let power = |p: f32| -> Option<Box<dyn DeviceRule>> {
        classes?;
        Some(Box::new(PowerMean { p, weights: weights.clone(), raw, numbers_only: true }))
    };
    match rule {
        "mean" => Some(Box::new(WeightedMean { weights, numbers_only: true, logits: false })),
        "geometric" => {
            classes?;
            Some(Box::new(LogPool { weights, raw, numbers_only: true, ..LogPool::geometric() }))
        }
        "logit-mean" => {
            classes?;
            Some(Box::new(LogPool { weights, floor: 1e-15, numbers_only: true, ..LogPool::geometric() }))
        }
        "product" => {
            classes?;
            // A rule tells its weights as shares, and a product takes them as they are.
            weights.is_none().then(|| Box::new(LogPool::product().numbers_only()) as Box<dyn DeviceRule>)
        }
        "power" => power(options.iter().find_map(|option| option.parse().ok()).unwrap_or(2.0)),
        "harmonic" => power(-1.0),
        "median" => order(OrderStatistic::median()),
        "trimmed" => order(OrderStatistic::trimmed(trim()?)),
        "winsorised" => order(OrderStatistic::winsorised(trim()?)),
        "minimum" => order(OrderStatistic::minimum()),
        "maximum" => order(OrderStatistic::maximum()),
        "borda" => {
            classes?;
            Some(Box::new(Borda { weights }))
        }
        "vote" => Some(Box::new(Vote {
            weights,
            share: has("share"),
            majority: has("majority"),
            by_mean: has("mean"),
            positive: Some(classes?.positive()).filter(|_| outputs.len() == 2),
        })),
        _ => None,
    }
}
