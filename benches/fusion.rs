//! Each rule beside the bandwidth of the machine: one thread, and all cores.
//!
//! Before each call of a rule the cube is copied and read once, so that all three are measured in the same seconds.
//! Traffic is what must move at least: the cube read once and the result written once. A copy reads and writes.

use std::{error::Error, time::Duration};

use consort::{
    core::{Fusion, Predictions, Seed, Target, Truth},
    fusion::rule::{Options, by_name, fuser_by_name, names},
};
use consort_benches::{Bandwidth, LeastTimes, classes, markdown, pools};
use criterion::{Criterion, SamplingMode, Throughput};

/// Members, rows, classes.
const SHAPES: [[usize; 3]; 2] = [[20, 1_000_000, 10], [200, 100_000, 2]];

/// Rules whose work is mostly sorting get a tenth of the rows, so that the bench ends in minutes.
const SORTS: [&str; 1] = ["rank"];

/// All rules by name, and some with weights.
fn rules(cube: &Predictions, target: &Target) -> consort::core::Result<Vec<(String, Box<dyn Fusion>)>> {
    let mut rules = Vec::new();
    let few = cube.slice(0..20_000.min(cube.rows()));
    let truth = target.take(&(0..few.rows() as u32).collect::<Vec<_>>());
    for rule in names() {
        let fusion = if rule.fitted {
            fuser_by_name(rule.name, &Options::default())?.fit(&few, &Truth::new(&truth), Seed::new(0))?
        } else {
            by_name(rule.name, &Options::default())?
        };
        rules.push((rule.name.to_owned(), fusion));
        if ["mean", "vote", "geometric"].contains(&rule.name) {
            let weights = (0..cube.members().len()).map(|m| 1.0 + (m % 7) as f64).collect();
            let fusion = by_name(rule.name, &Options { weights: Some(weights) })?;
            rules.push((format!("{}, weighted", rule.name), fusion));
        }
    }
    Ok(rules)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut tables = String::new();
    for [members, rows, columns] in SHAPES {
        let (cube, target) = classes(members, rows, columns)?;
        let rules = rules(&cube, &target)?;
        for pool in pools()? {
            let threads = pool.current_num_threads();
            let mut group = criterion.benchmark_group(format!("fusion/{members}x{rows}x{columns}/{threads}"));
            group.sample_size(10).sampling_mode(SamplingMode::Flat);
            group.warm_up_time(Duration::from_millis(1)).measurement_time(Duration::from_millis(100));
            let mut lines = Vec::new();
            let whole = cube.clone();
            let tenth = cube.slice(0..rows / 10);
            let mut bandwidth = Bandwidth::new(&whole);
            for (name, rule) in &rules {
                let part = if SORTS.contains(&name.as_str()) { &tenth } else { &whole };
                rule.fuse(&part.slice(0..1000))?;
                let share = part.rows() as f64 / rows as f64;
                let mut least = LeastTimes::default();
                let traffic = share * (bandwidth.bytes() + 4 * rows * columns) as f64;
                group.throughput(Throughput::Bytes(traffic as u64));
                group.bench_function(name, |bench| {
                    bench.iter_custom(|times| {
                        (0..times)
                            .map(|_| {
                                let (copy, read) = pool.install(|| (bandwidth.copy(), bandwidth.read()));
                                least.note("copy", copy);
                                least.note("read", read);
                                pool.install(|| least.run("rule", 1, || rule.fuse(part)))
                            })
                            .sum()
                    });
                });
                let seconds = least.seconds("rule");
                if seconds.is_nan() {
                    continue;
                }
                let rate = traffic / seconds;
                let copy = 2.0 * bandwidth.bytes() as f64 / least.seconds("copy");
                let read = bandwidth.bytes() as f64 / least.seconds("read");
                lines.push(vec![
                    format!("{name}{}", if share < 1.0 { " (a tenth of the rows)" } else { "" }),
                    format!("{:.1}", 1e3 * seconds),
                    format!("{:.2}", rate / 1e9),
                    format!("{:.2}", copy / 1e9),
                    format!("{:.2}", read / 1e9),
                    format!("{:.0} %", 100.0 * rate / copy),
                    format!("{:.0} %", 100.0 * rate / read),
                ]);
            }
            group.finish();
            if !lines.is_empty() {
                let head = ["rule", "ms", "rule GB/s", "copy GB/s", "read GB/s", "of copy", "of read"];
                tables += &format!(
                    "\n**{members} members × {rows} rows × {columns} classes, {threads} thread{}**\n\n{}",
                    if threads == 1 { "" } else { "s" },
                    markdown(&head, &lines)
                );
            }
        }
    }
    criterion.final_summary();
    println!("{tables}");
    Ok(())
}
