//! Time and memory of reading at full size. Slow, so only run when asked: `cargo test --release -- --ignored size`.

use consort_data::files::{Cells, ReadOptions, Source, read_members, write_table};

const ROWS: usize = 1_000_000;
const CLASSES: usize = 10;
const MEMBERS: usize = 5;

/// The most memory that this process had at once since the last reset, in bytes; `None` where the system does not say.
fn peak() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<usize>().ok().map(|kib| kib * 1024)
}

fn write(path: &std::path::Path, member: usize, wide: bool) {
    let probability = |row: usize, class: usize| if row % CLASSES == class { 0.55 } else { 0.05 } + member as f64 * 0.0;
    let mut columns = vec![("id".to_string(), Cells::Text((0..ROWS).map(|row| Some(format!("r{row:07}"))).collect()))];
    for class in 0..CLASSES {
        let values = (0..ROWS).map(|row| probability(row, class));
        let cells =
            if wide { Cells::Double(values.collect()) } else { Cells::Single(values.map(|x| x as f32).collect()) };
        columns.push((format!("p_{class}"), cells));
    }
    write_table(path, &columns).unwrap();
}

fn measure(ending: &str, wide: bool) {
    let dir = tempfile::tempdir().unwrap();
    let sources: Vec<Source> = (0..MEMBERS)
        .map(|m| {
            let path = dir.path().join(format!("m{m}.{ending}"));
            write(&path, m, wide);
            Source::stem(path)
        })
        .collect();
    // Five resets the high-water mark (see proc(5)).
    std::fs::write("/proc/self/clear_refs", "5").ok();
    let start = std::time::Instant::now();
    let loaded = read_members(&sources, None, &ReadOptions::default()).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(loaded.predictions.rows(), ROWS);
    let cube = MEMBERS * ROWS * CLASSES * 4;
    if let Some(peak) = peak() {
        let times = peak as f64 / cube as f64;
        println!("{ending} {}: {seconds:.2} s, peak {times:.2} × the cube", if wide { "f64" } else { "f32" });
        assert!(times < 1.5, "{times}");
    }
}

#[test]
#[ignore = "writes and reads gigabytes"]
fn five_parquet_files_of_32_bits_stay_under_half_a_cube_beside_the_cube() {
    measure("parquet", false);
}

#[test]
#[ignore = "writes and reads gigabytes"]
fn five_parquet_files_of_64_bits_stay_under_half_a_cube_beside_the_cube() {
    measure("parquet", true);
}

#[test]
#[ignore = "writes and reads gigabytes"]
fn five_csv_files_stay_under_half_a_cube_beside_the_cube() {
    measure("csv", false);
}
