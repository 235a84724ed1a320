//! Our side of `metrics.py` and `rules.py`: does what each line of its input asks for, once, and answers with one line.
//!
//! `peer_side DIR MEMBERS ROWS COLUMNS THREADS`, where DIR holds `cube.f32` (`[member][row][column]`) and, for two and
//! more columns, `truth.u32` (`[row]`), else `truth.f64`; all little-endian. Lines are `metric NAME` (of the first
//! member), `rule NAME` and `weighted NAME` (weights 1 to 7, over and over). An answer is a JSON object: seconds, CPU
//! seconds of the one thread, and the score or the sum of a few fused numbers.

use std::{
    error::Error,
    fs,
    io::{BufRead, Write},
    path::Path,
    time::Instant,
};

use consort::{
    core::{Classes, Gives, Ids, Outputs, Predictions, Target, Truth},
    fusion::rule::{Options, by_name},
    metrics::registry,
};

/// The CPU seconds of this thread, where the system tells (Linux).
fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(stat.split_whitespace().next()?.parse::<f64>().ok()? / 1e9)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, sizes @ ..] = &arguments[..] else { return Err(USAGE.into()) };
    let sizes: Vec<usize> = sizes.iter().map(|size| size.parse()).collect::<Result<_, _>>()?;
    let &[members, rows, columns, threads] = &sizes[..] else { return Err(USAGE.into()) };
    let (predictions, target) = read(Path::new(folder), members, rows, columns)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    println!("ready");
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (kind, name) = line.split_once(' ').ok_or(USAGE)?;
        let answer = pool.install(|| -> Result<serde_json::Value, consort::core::Error> {
            if kind == "metric" {
                let metric = registry::by_name(name)?;
                let (wall, cpu) = (Instant::now(), cpu_seconds());
                let score = metric.score(&predictions.estimates(0), &Truth::new(&target))?;
                return Ok(answer(wall, cpu, score.value()));
            }
            let weights = (0..members).map(|m| 1.0 + (m % 7) as f64).collect();
            let rule = by_name(name, &Options { weights: (kind == "weighted").then_some(weights) })?;
            let (wall, cpu) = (Instant::now(), cpu_seconds());
            let fused = rule.fuse(&predictions)?;
            let timed = answer(wall, cpu, None);
            let check: Vec<f32> = fused.values().iter().step_by(9973).copied().collect();
            Ok(serde_json::json!({ "seconds": timed["seconds"], "cpu": timed["cpu"], "check": check }))
        })?;
        println!("{answer}");
        std::io::stdout().flush()?;
    }
    Ok(())
}

const USAGE: &str = "usage: peer_side DIR MEMBERS ROWS COLUMNS THREADS; lines: metric, rule or weighted, and a NAME";

fn answer(wall: Instant, cpu: Option<f64>, value: Option<f64>) -> serde_json::Value {
    let seconds = wall.elapsed().as_secs_f64();
    let cpu = cpu_seconds().zip(cpu).map(|(after, before)| after - before);
    serde_json::json!({ "seconds": seconds, "cpu": cpu, "value": value })
}

fn read(folder: &Path, members: usize, rows: usize, columns: usize) -> Result<(Predictions, Target), Box<dyn Error>> {
    let (outputs, gives, target) = if columns > 1 {
        let classes = Classes::new((0..columns).map(|k| k.to_string()))?;
        let bytes = fs::read(folder.join("truth.u32"))?;
        let codes = bytes.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
        (Outputs::Classes(classes.clone()), Gives::Probabilities, Target::Classes { codes, classes })
    } else {
        let bytes = fs::read(folder.join("truth.f64"))?;
        let values = bytes.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
        (Outputs::target("y"), Gives::Values, Target::from_values(values, "y")?)
    };
    let cube = fs::read(folder.join("cube.f32"))?;
    let mut builder = Predictions::builder(outputs, Ids::positions(rows)).reserve(members);
    for (m, block) in cube.chunks_exact(4 * rows * columns).enumerate() {
        builder.add(format!("m{m:03}"), gives, |slot| {
            for (x, bytes) in slot.iter_mut().zip(block.as_chunks::<4>().0) {
                *x = f32::from_le_bytes(*bytes);
            }
            Ok(())
        })?;
    }
    Ok((builder.build()?, target))
}
