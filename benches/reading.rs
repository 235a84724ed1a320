//! Five Parquet files of 1,000,000 rows and ten classes, from disk to a fused file: reading beside the rest. What memory the
//! program takes `benches/peers/reading.py` says: this process also makes the files.

use std::{error::Error, time::Duration};

use consort::{
    core::{Estimates, Fusion, Gives, Truth},
    data::files::{Cells, Fused, ReadOptions, Source, read_members, write_fused, write_table},
    fusion::rule::Mean,
    metrics::registry,
};
use consort_benches::{LeastTimes, classes, markdown, pools};
use criterion::{Criterion, SamplingMode, Throughput};

const MEMBERS: usize = 5;
const ROWS: usize = 1_000_000;
const CLASSES: usize = 10;

/// Writes the member files; the first one holds the truth too.
fn write(folder: &std::path::Path) -> Result<Vec<Source>, Box<dyn Error + Send + Sync>> {
    let (predictions, target) = classes(MEMBERS, ROWS, CLASSES)?;
    let truth = Truth::new(&target);
    let (codes, _) = truth.classes("the bench")?;
    let mut sources = Vec::new();
    for m in 0..MEMBERS {
        let mut columns = vec![("id".to_owned(), Cells::Text((0..ROWS).map(|i| Some(format!("r{i:07}"))).collect()))];
        for k in 0..CLASSES {
            let column = predictions.member(m).iter().skip(k).step_by(CLASSES).copied().collect();
            columns.push((format!("p_{k}"), Cells::Single(column)));
        }
        if m == 0 {
            columns.push(("y".into(), Cells::Text(codes.iter().map(|code| Some(code.to_string())).collect())));
        }
        let path = folder.join(format!("m{m}.parquet"));
        write_table(&path, &columns)?;
        sources.push(Source::stem(path));
    }
    Ok(sources)
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut criterion = Criterion::default().configure_from_args();
    let folder = tempfile::tempdir()?;
    let sources = write(folder.path())?;
    let cube = (4 * MEMBERS * ROWS * CLASSES) as f64;
    let (options, metric) = (ReadOptions::default(), registry::by_name("log_loss")?);
    let out = folder.path().join("fused.parquet");
    let steps = ["read", "fuse", "score", "write"];
    let mut lines = Vec::new();
    for pool in pools()? {
        let threads = pool.current_num_threads();
        let mut group = criterion.benchmark_group(format!("reading/{threads}"));
        group.sample_size(10).sampling_mode(SamplingMode::Flat).throughput(Throughput::Bytes(cube as u64));
        group.warm_up_time(Duration::from_millis(1)).measurement_time(Duration::from_millis(100));
        group.bench_function("read", |bench| {
            bench.iter_custom(|times| {
                pool.install(|| LeastTimes::default().run("read", times, || read_members(&sources, None, &options)))
            });
        });
        group.finish();
        let mut least = LeastTimes::default();
        for _ in 0..5 {
            pool.install(|| -> Result<(), Box<dyn Error + Send + Sync>> {
                let mut loaded = None;
                least.run("read", 1, || loaded = Some(read_members(&sources, None, &options)));
                let loaded = loaded.ok_or("nothing was read")??;
                let mut fused = None;
                least.run("fuse", 1, || fused = Some(Mean::new().fuse(&loaded.predictions)));
                let fused = fused.ok_or("nothing was fused")??;
                let target = loaded.target.as_ref().ok_or("no truth was found")?;
                let estimates = Estimates::matrix(&fused, Gives::Probabilities);
                least.run("score", 1, || metric.score(&estimates, &Truth::new(target)));
                let (ids, outputs) = (loaded.predictions.ids(), loaded.predictions.outputs());
                let (order, style, gives) = (&loaded.order[..], loaded.style, Gives::Probabilities);
                let fused = Fused { ids: &ids, order, outputs, values: &fused, gives, style, id: "id", beside: &[] };
                least.run("write", 1, || write_fused(&out, &fused));
                Ok(())
            })?;
        }
        let total: f64 = steps.iter().map(|step| least.seconds(step)).sum();
        let times = steps
            .iter()
            .map(|step| format!("{:.3} s ({:.0} %)", least.seconds(step), 100.0 * least.seconds(step) / total));
        lines.push(std::iter::once(threads.to_string()).chain(times).collect());
    }
    criterion.final_summary();
    println!("\n{}", markdown(&["threads", "read", "fuse", "score", "write"], &lines));
    Ok(())
}
