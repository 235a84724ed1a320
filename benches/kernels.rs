//! The kernels on the best device there is, or, without one, the same rules on the CPU; the table says which.
//!
//! `cargo bench -p consort-benches --bench kernels` runs everywhere; `--features cuda` or `wgpu` compile the devices in.
//! Beside criterion's report it writes one line of JSON for each figure to the file that `CONSORT_FIGURES` names, and
//! ends with a table. `benches/gpu.sh` runs it beside the peers and writes the tables to `$OUT/report.md`, from which
//! `docs/benchmarks/kernels.md` is made.

#[allow(unreachable_pub, dead_code)]
#[path = "least_times.rs"]
mod least_times;
#[allow(unreachable_pub)]
#[path = "variants.rs"]
mod variants;

use std::{
    error::Error,
    io::Write,
    time::{Duration, Instant},
};

use consort_core::{Classes, Fusion, Gives, Ids, Outputs, Predictions};
use consort_fusion::rule;
use consort_kernels::{
    Borda, Cube, Device, GreedySelection, LogPool, Loss, OrderStatistic, PowerMean, RankAverage, Truth, Uncertainty,
    Vote, WeightSearch, WeightedMean,
};
use criterion::{Criterion, SamplingMode};
use least_times::{LeastTimes, markdown};

const COLUMNS: usize = 10;

type Failure = Box<dyn Error>;

/// A rule on both sides.
type Pair = (&'static str, Box<dyn Fusion>, Box<dyn consort_kernels::DeviceRule>);

/// Some work, done once; it is finished when the device is.
type Work<'a> = Box<dyn Fn() -> Result<(), Failure> + 'a>;

fn main() -> Result<(), Failure> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut figures = Figures::new()?;
    let name = std::env::var("CONSORT_DEVICE").unwrap_or_else(|_| "auto".into());
    // `auto` takes no software renderer; if nothing else is compiled in, it is better than nothing.
    match Device::open(&name).or_else(|_| Device::open("wgpu")) {
        Ok(device) => on_device(&mut criterion, &device, &mut figures)?,
        Err(why) => on_cpu(&mut criterion, &why.to_string(), &mut figures)?,
    }
    criterion.final_summary();
    Ok(())
}

/// Where figures go, one a line.
struct Figures(Option<std::fs::File>);

impl Figures {
    fn new() -> Result<Self, Failure> {
        let file = std::env::var("CONSORT_FIGURES").ok().map(std::fs::File::create).transpose()?;
        Ok(Self(file))
    }

    fn note(&mut self, line: &str) -> Result<(), Failure> {
        if let Some(file) = &mut self.0 {
            writeln!(file, "{line}")?;
        }
        Ok(())
    }
}

/// Whether the device is the driver of benches/ptx, which runs nothing: what comes back from it is no prediction.
fn is_stand_in(device: &Device) -> bool {
    device.name().contains("stand-in")
}

/// Says what the code that is compiled next is for, to benches/ptx.
fn begins(device: &Device, work: &str) {
    if is_stand_in(device) {
        eprintln!("for {work}");
    }
}

/// What is measured on a cube, and how many bytes it must move at least.
fn works(cube: &Cube) -> Vec<(&'static str, usize, Work<'_>)> {
    let (read, numbers) = (cube.bytes(), 4 * cube.rows() * cube.columns());
    let rows = cube.rows();
    macro_rules! fuse {
        ($rule:expr) => {{
            let rule = $rule;
            Box::new(move || {
                rule.fuse(cube)?;
                Ok(())
            })
        }};
    }
    vec![
        ("mean", read + numbers, fuse!(WeightedMean::default().numbers_only())),
        ("mean, label, margin, entropy", read + numbers + 16 * rows, fuse!(WeightedMean::default())),
        ("softmax of mean logits, label …", read + numbers + 16 * rows, fuse!(WeightedMean::of_logits())),
        ("log pool, label …", read + numbers + 16 * rows, fuse!(LogPool::geometric())),
        ("product, label …", read + numbers + 16 * rows, fuse!(LogPool::product())),
        ("power mean 2, label …", read + numbers + 16 * rows, fuse!(PowerMean::new(2.0))),
        ("vote, share", read + numbers + 8 * rows, fuse!(Vote { share: true, ..Vote::default() })),
        ("Borda", read + numbers, fuse!(Borda::default())),
        ("median, label …", read + numbers + 16 * rows, fuse!(OrderStatistic::median())),
        ("trimmed mean, label …", read + numbers + 16 * rows, fuse!(OrderStatistic::trimmed(cube.members() / 8))),
        (
            "uncertainty",
            read + 28 * rows,
            Box::new(move || {
                Uncertainty::of(cube)?;
                Ok(())
            }),
        ),
    ]
}

fn on_device(criterion: &mut Criterion, device: &Device, figures: &mut Figures) -> Result<(), Failure> {
    let software = ["llvmpipe", "lavapipe", "SwiftShader"].iter().any(|name| device.name().contains(name));
    let kind = if software { "a software renderer, not a GPU" } else { "a GPU" };
    // Quick runs are for CI and for trying the bench itself.
    let quick = software || std::env::var("CONSORT_QUICK").is_ok();
    let copy = device.copy_rate(if quick { 1 << 26 } else { 1 << 32 })?;
    println!("runtime: {} ({kind}); it copies {:.0} GB/s", device.name(), copy / 1e9);
    figures.note(&format!("{{\"kind\":\"device\",\"name\":{:?},\"copy\":{copy:e}}}", device.name()))?;
    let sizes: &[usize] = if quick { &[10_000, 100_000] } else { &[10_000, 100_000, 1_000_000, 10_000_000] };
    // A first look at a machine that is lent by the minute takes one size only: CONSORT_ROWS=1000000.
    let only: Option<usize> = std::env::var("CONSORT_ROWS").ok().and_then(|rows| rows.parse().ok());
    let mut least = LeastTimes::default();
    let mut lines = Vec::new();
    for members in [8, 32, 128] {
        for &rows in sizes {
            // A buffer may take a quarter of the memory; 128 members of 10⁸ numbers are 51 GB.
            let large =
                if quick { members > 32 && rows > 10_000 } else { u32::try_from(members * rows * COLUMNS).is_err() };
            if large || only.is_some_and(|only| only != rows) {
                continue;
            }
            let cube = Cube::drawn(device, members, rows, COLUMNS, 7)?;
            device.wait()?;
            let mut group = criterion.benchmark_group(format!("kernels/{members}x{rows}x{COLUMNS}"));
            group.sample_size(10).sampling_mode(SamplingMode::Flat);
            group.warm_up_time(Duration::from_millis(1)).measurement_time(Duration::from_millis(if quick {
                20
            } else {
                60
            }));
            for (name, bytes, work) in works(&cube) {
                let key = format!("{name}/{members}x{rows}");
                begins(device, &format!("{name}, {members} members"));
                // Once to compile, once to see how long it takes.
                work()?;
                device.wait()?;
                let start = Instant::now();
                work()?;
                device.wait()?;
                let once = start.elapsed().max(Duration::from_micros(5));
                // So many at a time that waiting for the device does not count.
                let times = (Duration::from_millis(4).as_nanos() / once.as_nanos()).clamp(1, 200) as u32;
                let mut failed = None;
                group.bench_function(name, |bench| {
                    bench.iter_custom(|repeats| {
                        let mut all = Duration::ZERO;
                        for _ in 0..repeats {
                            let start = Instant::now();
                            let done = (0..times).try_for_each(|_| work()).and_then(|()| Ok(device.wait()?));
                            let time = start.elapsed() / times;
                            failed = failed.take().or(done.err());
                            least.note(&key, time);
                            all += time;
                        }
                        all
                    });
                });
                if let Some(failed) = failed {
                    return Err(failed);
                }
                let seconds = least.seconds(&key);
                let rate = bytes as f64 / seconds;
                lines.push(vec![
                    name.to_owned(),
                    format!("{members}"),
                    format!("{rows} × {COLUMNS}"),
                    format!("{:.3}", 1e3 * seconds),
                    format!("{:.0}", rate / 1e9),
                    format!("{:.0} %", 100.0 * rate / copy),
                ]);
                figures.note(&format!(
                    "{{\"kind\":\"kernel\",\"name\":{name:?},\"members\":{members},\"rows\":{rows},\"columns\":{COLUMNS},\
                     \"seconds\":{seconds:e},\"bytes\":{bytes}}}"
                ))?;
            }
            group.finish();
        }
    }
    println!("\n{}", markdown(&["kernel", "members", "rows", "ms", "GB/s", "of copying"], &lines));
    whole_works(device, quick, figures)?;
    if std::env::var("CONSORT_VARIANTS").is_ok() {
        variants::launch(device)?;
    }
    if is_stand_in(device) {
        return Ok(());
    }
    sending(device, quick, figures)?;
    crossover(device, quick, figures)
}

/// The least time of some runs of what waits by itself.
fn best(runs: usize, mut work: impl FnMut() -> Result<(), Failure>) -> Result<f64, Failure> {
    let mut least = f64::INFINITY;
    work()?;
    for _ in 0..runs {
        let start = Instant::now();
        work()?;
        least = least.min(start.elapsed().as_secs_f64());
    }
    Ok(least)
}

/// Selections, searches and sorts, from truth on the host to the answer on the host.
fn whole_works(device: &Device, quick: bool, figures: &mut Figures) -> Result<(), Failure> {
    let (members, rows, rounds) = if quick { (20, 10_000, 10) } else { (100, 1_000_000, 50) };
    let cube = Cube::drawn(device, members, rows, COLUMNS, 11)?;
    let codes: Vec<u32> = (0..rows as u32).map(|i| i.wrapping_mul(2_654_435_761) % COLUMNS as u32).collect();
    let mut lines = Vec::new();
    let mut note = |name: &str, seconds: f64| -> Result<(), Failure> {
        lines.push(vec![name.to_owned(), format!("{members} × {rows} × {COLUMNS}"), format!("{:.2}", 1e3 * seconds)]);
        figures.note(&format!(
            "{{\"kind\":\"whole\",\"name\":{name:?},\"members\":{members},\"rows\":{rows},\"seconds\":{seconds:e}}}"
        ))
    };
    begins(device, "greedy selection");
    for (name, loss) in [("log loss", Loss::log()), ("Brier", Loss::Brier), ("zero-one", Loss::ZeroOne)] {
        let select = |rounds: usize| -> Result<f64, Failure> {
            best(3, || {
                GreedySelection::new(rounds, loss).select(&cube, Truth::Classes(&codes))?;
                Ok(())
            })
        };
        let all = select(rounds)?;
        note(&format!("greedy selection, {name}, {rounds} rounds"), all)?;
        let one = select(1)?;
        note(&format!("  one round more, {name}"), (all - one) / (rounds - 1) as f64)?;
    }
    begins(device, "weight search");
    let vectors = vec![vec![1.0 / members as f64; members]; 8];
    let lent: Vec<&[f64]> = vectors.iter().map(Vec::as_slice).collect();
    for (name, search) in [
        ("log loss and gradient of 8 weight vectors", WeightSearch::log_loss(&cube, &codes, 1e-15)?),
        ("  of a class", WeightSearch::of_class(&cube, &codes, 1, 1e-15)?),
    ] {
        note(name, best(5, || Ok(search.losses(&lent).map(drop)?))?)?;
    }
    let values: Vec<f32> = (0..rows).map(|i| (i % 997) as f32 / 997.0).collect();
    let resamples = if quick { 50 } else { 2000 };
    begins(device, "bootstrap");
    let bootstrap = consort_kernels::Bootstrap { resamples, seed: 1 };
    note(
        &format!("bootstrap, {resamples} resamples of a pair"),
        best(3, || Ok(bootstrap.on(device, &[&values, &values]).map(drop)?))?,
    )?;
    begins(device, "counts");
    let fused = WeightedMean::default().fuse(&cube)?;
    note("confusion table of the mean", best(5, || Ok(fused.confusion(&codes).map(drop)?))?)?;
    note("calibration in 15 bins of the mean", best(5, || Ok(fused.calibration(&codes, 15).map(drop)?))?)?;
    begins(device, "rank average");
    note(
        "rank average",
        best(2, || {
            RankAverage::default().fuse(&cube)?;
            Ok(device.wait()?)
        })?,
    )?;
    // More members than are sorted in registers.
    let (members, rows) = (300, if quick { 1000 } else { 400_000 });
    let many = Cube::drawn(device, members, rows, COLUMNS, 13)?;
    for (name, statistic) in [
        ("median, label …, of 300 members", OrderStatistic::median()),
        ("trimmed mean, label …, of 300 members", OrderStatistic::trimmed(30)),
    ] {
        begins(device, name);
        let seconds = best(5, || {
            statistic.fuse(&many)?;
            Ok(device.wait()?)
        })?;
        lines.push(vec![
            name.to_owned(),
            format!("{members} × {rows} × {COLUMNS}"),
            format!("{:.2} ({:.0} GB/s)", 1e3 * seconds, many.bytes() as f64 / seconds / 1e9),
        ]);
        figures.note(&format!(
            "{{\"kind\":\"whole\",\"name\":{name:?},\"members\":{members},\"rows\":{rows},\"seconds\":{seconds:e}}}"
        ))?;
    }
    println!("\n{}", markdown(&["work, from the host and back", "cube", "ms"], &lines));
    Ok(())
}

/// How fast a cube of the host goes through the device: parts one after the other, and two or three on their way.
fn sending(device: &Device, quick: bool, figures: &mut Figures) -> Result<(), Failure> {
    let (members, rows) = (16, if quick { 10_000 } else { 2_000_000 });
    let host = predictions(members, rows, &Cube::drawn(device, members, rows, COLUMNS, 5)?.numbers()?)?;
    let bytes = 4 * members * rows * COLUMNS;
    let rule = LogPool::geometric().numbers_only();
    let mut lines = Vec::new();
    for megabytes in [4, 16, 64] {
        let step = ((megabytes << 20) / (4 * members * COLUMNS)).max(1);
        for queues in 1..=3 {
            let seconds = best(3, || Ok(consort_kernels::stream_in(device, &host, &rule, step, queues).map(drop)?))?;
            let rate = bytes as f64 / seconds;
            lines.push(vec![
                format!("{megabytes} MB"),
                queues.to_string(),
                format!("{:.1}", 1e3 * seconds),
                format!("{:.2}", rate / 1e9),
            ]);
            figures.note(&format!(
                "{{\"kind\":\"sending\",\"megabytes\":{megabytes},\"queues\":{queues},\"bytes\":{bytes},\"seconds\":{seconds:e}}}"
            ))?;
        }
    }
    println!("\nlog pool of a cube of the host, {members} × {rows} × {COLUMNS}\n");
    println!("{}", markdown(&["a part", "on their way", "ms", "GB/s"], &lines));
    Ok(())
}

/// From which size a device pays: the CPU's rule, the kernel on a cube that is there, and with the cube sent first.
fn crossover(device: &Device, quick: bool, figures: &mut Figures) -> Result<(), Failure> {
    let sizes: &[usize] = if quick { &[100, 1000] } else { &[100, 1000, 10_000, 100_000, 1_000_000, 4_000_000] };
    let mut lines = Vec::new();
    for &rows in sizes {
        let members = 8;
        let cube = Cube::drawn(device, members, rows, COLUMNS, 3)?;
        let host = predictions(members, rows, &cube.numbers()?)?;
        let pairs: [Pair; 3] = [
            ("mean", Box::new(rule::Mean::new()), Box::new(WeightedMean::default().numbers_only())),
            ("log pool", Box::new(rule::Geometric::new()), Box::new(LogPool::geometric().numbers_only())),
            ("median", Box::new(rule::Median::new()), Box::new(OrderStatistic::median().numbers_only())),
        ];
        for (name, cpu, kernel) in pairs {
            let cpu = best(5, || Ok(cpu.fuse(&host).map(drop)?))?;
            let there = best(5, || Ok(kernel.fuse(&cube)?.matrix().map(drop)?))?;
            let sent = best(3, || Ok(consort_kernels::stream(device, &host, &*kernel).map(drop)?))?;
            lines.push(vec![
                name.to_owned(),
                format!("{members} × {rows} × {COLUMNS}"),
                format!("{:.3}", 1e3 * cpu),
                format!("{:.3}", 1e3 * there),
                format!("{:.3}", 1e3 * sent),
            ]);
            figures.note(&format!(
                "{{\"kind\":\"crossover\",\"name\":{name:?},\"members\":{members},\"rows\":{rows},\"cpu\":{cpu:e},\
                 \"there\":{there:e},\"sent\":{sent:e}}}"
            ))?;
        }
    }
    println!("\n{}", markdown(&["rule", "cube", "ms, CPU", "ms, cube on the device", "ms, cube sent"], &lines));
    Ok(())
}

fn predictions(members: usize, rows: usize, numbers: &[f32]) -> Result<Predictions, Failure> {
    let classes = Classes::new((0..COLUMNS).map(|k| k.to_string()))?;
    let mut builder = Predictions::builder(Outputs::Classes(classes), Ids::positions(rows)).reserve(members);
    for (m, part) in numbers.chunks_exact(rows * COLUMNS).enumerate() {
        builder = builder.member(format!("m{m:03}"), Gives::Probabilities, part)?;
    }
    Ok(builder.build()?)
}

/// The rules of the CPU, where no device is.
fn on_cpu(criterion: &mut Criterion, why: &str, figures: &mut Figures) -> Result<(), Failure> {
    println!("runtime: the CPU's own rules, no kernels ({why})");
    let mut least = LeastTimes::default();
    let mut lines = Vec::new();
    let works: [(&str, Box<dyn Fusion>); 5] = [
        ("mean", Box::new(rule::Mean::new())),
        ("log pool", Box::new(rule::Geometric::new())),
        ("vote, share", Box::new(rule::Vote::new().with_ballot(rule::Ballot::Share))),
        ("Borda", Box::new(rule::Borda::new())),
        ("median", Box::new(rule::Median::new())),
    ];
    for members in [8, 32] {
        for rows in [10_000, 100_000] {
            let mut stream = consort_core::Seed::new(7).stream();
            let numbers: Vec<f32> = (0..members * rows)
                .flat_map(|_| {
                    let row: Vec<f64> = (0..COLUMNS).map(|_| stream.unit() + 1e-6).collect();
                    let sum: f64 = row.iter().sum();
                    row.into_iter().map(move |x| (x / sum) as f32)
                })
                .collect();
            let host = predictions(members, rows, &numbers)?;
            let mut group = criterion.benchmark_group(format!("kernels/cpu/{members}x{rows}x{COLUMNS}"));
            group.sample_size(10).sampling_mode(SamplingMode::Flat);
            group.warm_up_time(Duration::from_millis(1)).measurement_time(Duration::from_millis(100));
            for (name, work) in &works {
                let key = format!("{name}/{members}x{rows}");
                group.bench_function(*name, |bench| {
                    bench.iter_custom(|times| least.run(&key, times, || work.fuse(&host)));
                });
                let seconds = least.seconds(&key);
                let bytes = 4 * (members + 1) * rows * COLUMNS;
                lines.push(vec![
                    (*name).to_owned(),
                    format!("{members}"),
                    format!("{rows} × {COLUMNS}"),
                    format!("{:.3}", 1e3 * seconds),
                    format!("{:.1}", bytes as f64 / seconds / 1e9),
                ]);
                figures.note(&format!(
                    "{{\"kind\":\"cpu\",\"name\":{name:?},\"members\":{members},\"rows\":{rows},\"seconds\":{seconds:e}}}"
                ))?;
            }
            group.finish();
        }
    }
    println!("\n{}", markdown(&["rule on the CPU", "members", "rows", "ms", "GB/s"], &lines));
    Ok(())
}
