//! How long a greedy selection takes on a cube from a file, for `benches/peers/selection.py`.
//!
//! `selection_speed DIR MEMBERS ROWS CLASSES METRIC ROUNDS THREADS`, where DIR holds `cube.f32` (`[member][row][class]`)
//! and `truth.u32` (`[row]`), little-endian. Prints one JSON object.

use std::{error::Error, fs, path::Path, sync::Arc, time::Instant};

use consort_core::{Classes, Gives, Ids, Metric, Outputs, Predictions, Seed, Target, Truth};
use consort_fusion::select::{GreedySelection, Keep, Tie};
use consort_metrics::{LogLoss, RocAuc};

/// User and system time of this process in seconds, where the system tells (Linux).
fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: f64 = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    Some(ticks / 100.0)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, members, rows, classes, metric, rounds, threads] = &arguments[..] else {
        return Err("usage: selection_speed DIR MEMBERS ROWS CLASSES METRIC ROUNDS THREADS".into());
    };
    let (members, rows, classes): (usize, usize, usize) = (members.parse()?, rows.parse()?, classes.parse()?);
    let metric: Arc<dyn Metric> = match metric.as_str() {
        "log_loss" => Arc::new(LogLoss::default()),
        "roc_auc" => Arc::new(RocAuc::default()),
        other => return Err(format!("unknown metric `{other}`").into()),
    };
    let names = Classes::new((0..classes).map(|k| k.to_string()))?;
    let truth = fs::read(Path::new(folder).join("truth.u32"))?;
    let codes = truth.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    let target = Target::Classes { codes, classes: names.clone() };
    let cube = fs::read(Path::new(folder).join("cube.f32"))?;
    let mut builder = Predictions::builder(Outputs::Classes(names), Ids::positions(rows)).reserve(members);
    for (m, block) in cube.chunks_exact(rows * classes * 4).enumerate() {
        builder.add(format!("m{m}"), Gives::Probabilities, |out| {
            for (out, b) in out.iter_mut().zip(block.chunks_exact(4)) {
                *out = f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
            }
            Ok(())
        })?;
    }
    drop(cube);
    let predictions = builder.build()?;
    let greedy = GreedySelection::new(metric).rounds(rounds.parse()?).tie(Tie::Used).keep(Keep::Best);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.parse()?).build()?;
    let (wall, cpu) = (Instant::now(), cpu_seconds());
    let selection = pool.install(|| greedy.select(&predictions, &Truth::new(&target), Seed::new(0)))?;
    let seconds = wall.elapsed().as_secs_f64();
    let cpu = cpu_seconds().zip(cpu).map(|(after, before)| after - before);
    let run = &selection.runs()[0];
    println!(
        "{}",
        serde_json::json!({
            "seconds": seconds,
            "cpu_seconds": cpu,
            "picks": run.picks,
            "path": run.path,
            "best_round": run.best_round,
            "weights": selection.member_weights(),
        })
    );
    Ok(())
}
