//! What is fitted or resampled: greedy selection, simplex weights, the paired bootstrap, diversity.

use std::{error::Error, time::Duration};

use consort::{
    core::{Seed, Truth},
    fusion::{
        select::GreedySelection,
        weights::{SimplexWeights, WeightLoss},
    },
    metrics::{
        diversity::Diversity,
        registry,
        significance::{Bootstrap, paired_bootstrap},
    },
};
use consort_benches::{LeastTimes, classes, markdown, pools};
use criterion::{Criterion, SamplingMode};

type Work<'a> = Box<dyn Fn() -> consort::core::Result<()> + Send + Sync + 'a>;

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    let (large, large_target) = classes(20, 1_000_000, 10)?;
    let (many, many_target) = classes(200, 100_000, 2)?;
    let (large_truth, many_truth) = (Truth::new(&large_target), Truth::new(&many_target));
    let greedy = |name: &str| Ok::<_, consort::core::Error>(GreedySelection::new(registry::by_name(name)?).rounds(50));
    let (log_loss, auc) = (greedy("log_loss")?, greedy("roc_auc")?);
    let simplex = |loss| SimplexWeights::default().loss(loss);
    let bootstrap = |name: &str| {
        let metric = registry::by_name(name)?;
        let (a, b) = (many.estimates(0), many.estimates(1));
        paired_bootstrap(&*metric, &a, &b, &many_truth, &Bootstrap::default(), Seed::new(0)).map(drop)
    };
    let seed = Seed::new(0);
    let works: Vec<(&str, Work<'_>)> = vec![
        (
            "greedy, log loss, 50 rounds, 20 × 1,000,000 × 10",
            Box::new(|| log_loss.select(&large, &large_truth, seed).map(drop)),
        ),
        (
            "greedy, log loss, 50 rounds, 200 × 100,000 × 2",
            Box::new(|| log_loss.select(&many, &many_truth, seed).map(drop)),
        ),
        ("greedy, AUC, 50 rounds, 200 × 100,000 × 2", Box::new(|| auc.select(&many, &many_truth, seed).map(drop))),
        (
            "simplex, log loss, 20 × 1,000,000 × 10",
            Box::new(|| simplex(WeightLoss::Log).optimise(&large, &large_truth).map(drop)),
        ),
        (
            "simplex, squared, 20 × 1,000,000 × 10",
            Box::new(|| simplex(WeightLoss::Squared).optimise(&large, &large_truth).map(drop)),
        ),
        (
            "simplex, log loss, 200 × 100,000 × 2",
            Box::new(|| simplex(WeightLoss::Log).optimise(&many, &many_truth).map(drop)),
        ),
        ("paired bootstrap, log loss, 2000 × 100,000 rows", Box::new(|| bootstrap("log_loss"))),
        ("paired bootstrap, AUC, 2000 × 100,000 rows", Box::new(|| bootstrap("roc_auc"))),
        ("diversity, 200 × 100,000 × 2", Box::new(|| Diversity::of(&many, &many_truth).map(drop))),
    ];
    let pools = pools()?;
    let mut least = LeastTimes::default();
    for pool in &pools {
        let threads = pool.current_num_threads();
        let mut group = criterion.benchmark_group(format!("selection/{threads}"));
        group.sample_size(10).sampling_mode(SamplingMode::Flat);
        group.warm_up_time(Duration::from_millis(1)).measurement_time(Duration::from_millis(100));
        for (name, work) in &works {
            group.bench_function(*name, |bench| {
                bench.iter_custom(|times| pool.install(|| least.run(&format!("{name}/{threads}"), times, work)));
            });
        }
        group.finish();
    }
    criterion.final_summary();
    let lines: Vec<Vec<String>> = works
        .iter()
        .map(|(name, _)| {
            let seconds = |pool: &rayon::ThreadPool| least.seconds(&format!("{name}/{}", pool.current_num_threads()));
            std::iter::once((*name).to_owned())
                .chain(pools.iter().map(|pool| format!("{:.3}", seconds(pool))))
                .collect()
        })
        .collect();
    let heads: Vec<String> = pools.iter().map(|pool| format!("s, {} threads", pool.current_num_threads())).collect();
    let head: Vec<&str> = std::iter::once("work").chain(heads.iter().map(String::as_str)).collect();
    println!("\n{}", markdown(&head, &lines));
    Ok(())
}
