//! Metrics of one member over 1,000,000 rows: two classes, ten, and values; one thread, and all cores.

use std::{error::Error, time::Duration};

use consort::{core::Truth, metrics::registry};
use consort_benches::{LeastTimes, classes, markdown, pools, regression};
use criterion::{Criterion, SamplingMode, Throughput};

const ROWS: usize = 1_000_000;
const CLASSIFICATION: [&str; 8] =
    ["accuracy", "log_loss", "brier", "roc_auc", "average_precision", "f1_macro", "mcc", "ece"];
const REGRESSION: [&str; 3] = ["rmse", "mae", "r2"];

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    let data = [
        ("2 classes", classes(1, ROWS, 2)?, &CLASSIFICATION[..]),
        ("10 classes", classes(1, ROWS, 10)?, &CLASSIFICATION[..]),
        ("values", regression(ROWS)?, &REGRESSION[..]),
    ];
    let mut tables = String::new();
    for (kind, (predictions, target), names) in &data {
        let truth = Truth::new(target);
        let estimates = predictions.estimates(0);
        let mut least = LeastTimes::default();
        let pools = pools()?;
        for pool in &pools {
            let threads = pool.current_num_threads();
            let mut group = criterion.benchmark_group(format!("metrics/{kind}/{threads}"));
            group.sample_size(10).sampling_mode(SamplingMode::Flat).throughput(Throughput::Elements(ROWS as u64));
            group.warm_up_time(Duration::from_millis(20)).measurement_time(Duration::from_millis(200));
            for &name in *names {
                let metric = registry::by_name(name)?;
                metric.score(&estimates, &truth)?;
                group.bench_function(name, |bench| {
                    bench.iter_custom(|times| {
                        pool.install(|| {
                            least.run(&format!("{name}/{threads}"), times, || metric.score(&estimates, &truth))
                        })
                    });
                });
            }
            group.finish();
        }
        let lines: Vec<Vec<String>> = names
            .iter()
            .map(|name| {
                let ms =
                    |pool: &rayon::ThreadPool| 1e3 * least.seconds(&format!("{name}/{}", pool.current_num_threads()));
                std::iter::once((*name).to_owned()).chain(pools.iter().map(|pool| format!("{:.2}", ms(pool)))).collect()
            })
            .collect();
        let heads: Vec<String> =
            pools.iter().map(|pool| format!("ms, {} threads", pool.current_num_threads())).collect();
        let head: Vec<&str> = std::iter::once("metric").chain(heads.iter().map(String::as_str)).collect();
        tables += &format!("\n**{ROWS} rows, {kind}**\n\n{}", markdown(&head, &lines));
    }
    criterion.final_summary();
    println!("{tables}");
    Ok(())
}
