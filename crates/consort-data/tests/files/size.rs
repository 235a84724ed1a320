//! Time and memory of reading at full size. Slow, so only run when asked: `cargo test --release -- --ignored size`.

use std::path::{Path, PathBuf};
use std::process::Command;

use consort_data::files::{Cells, ReadOptions, Source, read_members, write_table};

const ROWS: usize = 1_000_000;
const CLASSES: usize = 10;
const MEMBERS: usize = 5;
/// How the parent tells the child where the files are.
const FILES: &str = "CONSORT_SIZE_FILES";

/// The most memory that this process had at once, in bytes; `None` where the system does not say.
fn peak() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<usize>().ok().map(|kib| kib * 1024)
}

fn write(path: &Path, wide: bool) {
    let probability = |row: usize, class: usize| if row % CLASSES == class { 0.55 } else { 0.05 };
    let ids = (0..ROWS).map(|row| Some(format!("r{row:07}"))).collect();
    let mut columns = vec![("id".to_string(), Cells::Text(ids))];
    for class in 0..CLASSES {
        let values = (0..ROWS).map(|row| probability(row, class));
        let cells =
            if wide { Cells::Double(values.collect()) } else { Cells::Single(values.map(|x| x as f32).collect()) };
        columns.push((format!("p_{class}"), cells));
    }
    write_table(path, &columns).unwrap();
}

/// Writes the files, and reads them in a process of its own, whose memory is that of reading alone.
fn measure(ending: &str, wide: bool) {
    let dir = tempfile::tempdir().unwrap();
    let first = dir.path().join(format!("m0.{ending}"));
    write(&first, wide);
    for m in 1..MEMBERS {
        std::fs::copy(&first, dir.path().join(format!("m{m}.{ending}"))).unwrap();
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture", "size::reading_of_files_that_the_parent_wrote"])
        .env(FILES, dir.path())
        .env("RUST_TEST_THREADS", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout).into_owned();
    println!("{ending} {}: {said}", if wide { "f64" } else { "f32" });
    assert!(child.status.success(), "{said}{}", String::from_utf8_lossy(&child.stderr));
}

#[test]
#[ignore = "a part of the tests below"]
fn reading_of_files_that_the_parent_wrote() {
    let Some(dir) = std::env::var_os(FILES) else { return };
    let mut paths: Vec<PathBuf> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let sources: Vec<Source> = paths.into_iter().map(Source::stem).collect();
    let start = std::time::Instant::now();
    let loaded = read_members(&sources, None, &ReadOptions::default()).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(loaded.predictions.rows(), ROWS);
    if let Some(peak) = peak() {
        let times = peak as f64 / (MEMBERS * ROWS * CLASSES * 4) as f64;
        println!("{seconds:.2} s, peak {times:.2} × the cube");
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
