//! Trees on 100,000 rows of 20 numbers: binning, boosting, forests, prediction; one thread, and all cores.
//!
//! `cargo bench -p consort-trees --bench trees` builds without a data frame. The table at its end is that of
//! `docs/benchmarks/trees.md`.

#[allow(unreachable_pub, dead_code)]
#[path = "least_times.rs"]
mod least_times;
#[allow(unreachable_pub)]
#[path = "threads.rs"]
mod threads;

use std::{error::Error, time::Duration};

use consort_core::{Classes, Column, Dataset, Features, FitContext, Model, Samples, Seed, Target};
use consort_trees::{bins::Binned, boosting::GradientBoosting, forest::RandomForest};
use criterion::{Criterion, SamplingMode, Throughput};
use least_times::{LeastTimes, markdown};
use threads::pools;

const ROWS: usize = 100_000;
const FEATURES: usize = 20;

/// Normal numbers, of which half bear on the class.
fn table() -> Result<Dataset, consort_core::Error> {
    let column = |f: usize| {
        let mut stream = Seed::new(7).nth("column", f as u64).stream();
        Column::Numeric { name: format!("x{f}"), values: (0..ROWS).map(|_| stream.normal() as f32).collect() }
    };
    let columns: Vec<Column> = (0..FEATURES).map(column).collect();
    let mut noise = Seed::new(7).child("noise").stream();
    let mut codes = vec![0u32; ROWS];
    for (i, code) in codes.iter_mut().enumerate() {
        let at = |f: usize| match &columns[f] {
            Column::Numeric { values, .. } => f64::from(values[i]),
            Column::Categorical { .. } => 0.0,
        };
        let signal: f64 = (0..FEATURES / 4).map(|f| at(f) * at(f + FEATURES / 4) + 0.5 * at(f)).sum();
        *code = u32::from(signal + noise.normal() > 0.0);
    }
    let target = Target::Classes { codes, classes: Classes::new(["no", "yes"])? };
    Dataset::new(Features::Columns(columns))?.with_target(target)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    let data = table()?;
    let few: Vec<u32> = (0..ROWS as u32 / 5).collect();
    let (all, fifth) = (Samples::all(&data), Samples::rows(&data, &few)?);
    let boosting = GradientBoosting { rounds: 20, ..GradientBoosting::default() };
    let (forest, extra) = (RandomForest::default().trees(20), RandomForest::extra_trees().trees(20));
    let binned = Binned::shared(&data, &boosting.bins)?;
    let boosted = boosting.fit_boosted(&all, &FitContext::new(Seed::new(0)))?;
    let grown = forest.fit_forest(&fifth, &FitContext::new(Seed::new(0)))?;
    let mut least = LeastTimes::default();
    let pools = pools()?;
    for pool in &pools {
        let threads = pool.current_num_threads();
        let context = FitContext { threads, ..FitContext::new(Seed::new(0)) };
        let mut group = criterion.benchmark_group(format!("trees/{threads}"));
        group.sample_size(10).sampling_mode(SamplingMode::Flat).throughput(Throughput::Elements(ROWS as u64));
        group.warm_up_time(Duration::from_millis(20)).measurement_time(Duration::from_millis(500));
        let mut bench = |name: &str, work: &(dyn Fn() -> consort_core::Result<()> + Sync)| {
            group.bench_function(name, |bench| {
                bench.iter_custom(|times| pool.install(|| least.run(&format!("{name}/{threads}"), times, work)));
            });
        };
        bench("bin 100,000 rows", &|| Binned::new(&data, &boosting.bins).map(drop));
        bench("boost 20 rounds", &|| boosting.fit_binned(&binned, &all, &context).map(drop));
        bench("predict 100,000 rows, 20 boosted trees", &|| boosted.predict(&all).map(drop));
        bench("forest of 20 trees, 20,000 rows", &|| forest.fit_forest(&fifth, &context).map(drop));
        bench("20 extra trees, 20,000 rows", &|| extra.fit_forest(&fifth, &context).map(drop));
        bench("predict 100,000 rows, forest of 20 trees", &|| grown.predict(&all).map(drop));
        group.finish();
    }
    criterion.final_summary();
    let mut names: Vec<String> = Vec::new();
    for name in least.names().filter_map(|name| name.rsplit_once('/')) {
        if !names.iter().any(|known| known == name.0) {
            names.push(name.0.to_owned());
        }
    }
    let lines: Vec<Vec<String>> = names
        .iter()
        .map(|name| {
            let ms = |pool: &rayon::ThreadPool| 1e3 * least.seconds(&format!("{name}/{}", pool.current_num_threads()));
            std::iter::once(name.clone()).chain(pools.iter().map(|pool| format!("{:.2}", ms(pool)))).collect()
        })
        .collect();
    let heads: Vec<String> = pools.iter().map(|pool| format!("ms, {} threads", pool.current_num_threads())).collect();
    let head: Vec<&str> = std::iter::once("what").chain(heads.iter().map(String::as_str)).collect();
    println!("\n{}", markdown(&head, &lines));
    Ok(())
}
