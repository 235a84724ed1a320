//! How much memory `fuse` takes beside the cube of predictions.

#![cfg(target_os = "linux")]

use std::{
    process::{Command, Stdio},
    thread::sleep,
    time::Duration,
};

use consort::{
    core::{Classes, Gives, Ids, Matrix, Outputs, Seed},
    data::files::{Cells, Fused, Style, write_fused, write_table},
};
use tempfile::TempDir;

use crate::program::{folder, path};

const MEMBERS: usize = 5;
const CLASSES: usize = 10;

/// Parquet files of members, each in an order of its own, and their truth. Gives the arguments of `fuse`.
fn write_members(folder: &TempDir, rows: usize) -> Vec<String> {
    let outputs = Outputs::Classes(Classes::new((0..CLASSES).map(|k| k.to_string())).unwrap());
    let ids = Ids::from_texts((0..rows).map(|i| format!("r{i:06}")));
    let mut order: Vec<u32> = (0..rows as u32).collect();
    let mut stream = Seed::new(1).stream();
    let codes: Vec<usize> = (0..rows).map(|_| stream.below(CLASSES as u64) as usize).collect();
    let mut args = vec!["fuse".to_string()];
    for m in 0..MEMBERS {
        let mut values = Matrix::zeros(rows, CLASSES);
        for (row, &code) in values.values_mut().chunks_exact_mut(CLASSES).zip(&codes) {
            row.iter_mut().for_each(|x| *x = stream.unit() as f32 + 0.01);
            row[code] += 1.0;
            let sum: f32 = row.iter().sum();
            row.iter_mut().for_each(|x| *x /= sum);
        }
        if m > 0 {
            stream.shuffle(&mut order);
        }
        let file = path(folder, &format!("m{m}-{rows}.parquet"));
        let (style, id) = (Style::Classes, "id");
        let fused = Fused {
            ids: &ids,
            order: &order,
            outputs: &outputs,
            values: &values,
            gives: Gives::Probabilities,
            style,
            id,
            beside: &[],
        };
        write_fused(file.as_ref(), &fused).unwrap();
        args.push(file);
    }
    let texts = |text: &dyn Fn(usize) -> String| Cells::Text((0..rows).map(|i| Some(text(i))).collect());
    let columns = [("id", texts(&|i| ids.text(i).into_owned())), ("y", texts(&|i| codes[i].to_string()))];
    let truth = path(folder, &format!("truth-{rows}.parquet"));
    write_table(truth.as_ref(), &columns).unwrap();
    args.extend(["-o".into(), path(folder, "fused.parquet"), "--truth".into(), truth]);
    args
}

/// The most memory that a run of the program ever held, in bytes, as the system counts it.
fn peak(args: &[String]) -> u64 {
    let program = assert_cmd::cargo::cargo_bin("consort");
    let mut child = Command::new(program).args(args).args(["--threads", "2"]).stdout(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    loop {
        // It only grows, so the last look before the end has it.
        if let Ok(text) = std::fs::read_to_string(&status)
            && let Some(line) = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))
        {
            most = most.max(line.trim().trim_end_matches(" kB").parse::<u64>().unwrap());
        }
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            return 1024 * most;
        }
        sleep(Duration::from_millis(2));
    }
}

#[test]
fn fuse_takes_little_more_than_the_cube() {
    const ROWS: usize = 250_000;
    let folder = folder();
    let program = peak(&write_members(&folder, 2_000));
    let args = write_members(&folder, ROWS);
    let cube = (4 * MEMBERS * CLASSES * ROWS) as f64;
    let without = peak(&args[..args.len() - 2]);
    let with = peak(&args);
    // What the program takes for next to no rows is its own: code, threads, and what they keep at hand.
    let of_cube = |peak: u64| peak.saturating_sub(program) as f64 / cube;
    assert!(of_cube(without) < 1.5, "without a truth {:.2} of the cube, and {program} bytes", of_cube(without));
    assert!(of_cube(with) < 1.6, "with a truth {:.2} of the cube, and {program} bytes", of_cube(with));
}
