//! Runs in trouble: killed, out of space, out of time, two in one place.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::{
    fit::products,
    program::{consort, folder, path, shipped, write},
};

fn program() -> Command {
    let mut program = Command::new(assert_cmd::cargo::cargo_bin("consort"));
    program.stdout(Stdio::null()).stderr(Stdio::null());
    program
}

fn wait_for(path: &Path, child: &mut Child) {
    let start = Instant::now();
    while !path.exists() {
        assert!(start.elapsed() < Duration::from_secs(60) && child.try_wait().unwrap().is_none(), "{}", path.display());
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A member that no one waits for.
const ENDLESS: &str =
    "[[members]]\nname = \"tree\"\n\n[[members]]\nname = \"endless\"\nlike = \"boost\"\nrounds = 100000000\n";

#[test]
fn a_run_that_is_killed_twenty_times_goes_on_to_the_same_bytes() {
    let folder = folder();
    let data = shipped("tables/penguins.csv");
    let args = ["--target", "species", "--members", "tree,boost,gnb", "--folds", "4", "--layers", "2"];
    let whole = path(&folder, "whole");
    let start = Instant::now();
    assert!(consort(&[&["fit", &data, "-o", &whole], &args[..]].concat()).ok);
    let took = start.elapsed();
    let (mut killed, mut number) = (0, 0u32);
    while killed < 20 {
        let run = path(&folder, &format!("run {number}"));
        // Each run is killed up to four times. What it had done by then is kept, so parts of the time cover the whole.
        for again in 0..4 {
            let planned = Path::new(&run).join("run.json").exists();
            let mut child = if planned {
                program().args(["fit", "--resume", &run]).spawn().unwrap()
            } else {
                program().args(["fit", &data, "-o", &run]).args(args).spawn().unwrap()
            };
            let share = 0.35 * f64::from((number * 4 + again) * 37 % 41) / 41.0;
            std::thread::sleep(took.mul_f64(share));
            killed += u32::from(child.try_wait().unwrap().is_none());
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let planned = Path::new(&run).join("run.json").exists();
        let ran = if planned {
            consort(&["fit", "--resume", &run])
        } else {
            consort(&[&["fit", &data, "-o", &run], &args[..]].concat())
        };
        assert!(ran.ok, "{}", ran.stderr);
        let (got, wanted) = (products(Path::new(&run)), products(Path::new(&whole)));
        let names = |files: &[(PathBuf, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&got), names(&wanted), "run {number}");
        for ((name, got), (_, wanted)) in got.iter().zip(&wanted) {
            assert!(got == wanted, "{} of run {number}: {}", name.display(), ran.stderr);
        }
        number += 1;
        assert!(number < 40, "the program is too fast to be killed");
    }
}

#[test]
fn a_member_that_takes_too_long_is_left_out_and_named() {
    let folder = folder();
    let (run, recipe) = (path(&folder, "run"), write(&folder, "r.toml", ENDLESS));
    let data = shipped("tables/penguins.csv");
    let fit = |limit: &str| {
        let run = format!("{run} {limit}");
        let args =
            ["fit", &data, "--target", "species", "--recipe", &recipe, "--time-limit", limit, "-o", &run, "--json"];
        (consort(&args), run)
    };
    let start = Instant::now();
    let (ran, run) = fit("3s");
    let told = ran.json();
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    let warnings = told["warnings"].to_string();
    assert!(warnings.contains("left out `endless`: the time was over"), "{warnings}");
    assert_eq!(told["members"].as_array().unwrap().len(), 1);
    let out = path(&folder, "out.csv");
    assert!(consort(&["predict", &run, &data, "-o", &out]).ok);
    // No time for any of them.
    let (ran, _) = fit("0.000001");
    assert!(ran.error().contains("the time was over"), "{}", ran.stderr);
}

#[test]
fn one_process_works_in_a_run_and_one_run_is_in_a_folder() {
    let folder = folder();
    let (run, recipe) = (path(&folder, "run"), write(&folder, "r.toml", ENDLESS));
    let data = shipped("tables/penguins.csv");
    let begin = ["fit", &data, "--target", "species", "--recipe", &recipe, "-o", &run];
    let mut child = program().args(begin).spawn().unwrap();
    wait_for(&Path::new(&run).join("models/tree"), &mut child);
    let second = consort(&["fit", "--resume", &run]);
    let third = consort(&begin);
    let members = consort(&["members", &run]);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(second.error().contains("another process"), "{}", second.stderr);
    assert!(third.error().contains("a run already"), "{}", third.stderr);
    assert!(members.error().contains("another process"), "{}", members.stderr);
    // The lock went with the process.
    let unfinished = consort(&["members", &run]);
    assert!(unfinished.error().contains("--resume"), "{}", unfinished.stderr);
}

#[test]
fn a_place_that_cannot_be_written_is_named_before_any_work() {
    let folder = folder();
    let data = shipped("tables/penguins.csv");
    let file = write(&folder, "file", "");
    for place in [format!("{file}/run"), "/proc/consort/run".into()] {
        let ran = consort(&["fit", &data, "--target", "species", "-o", &place]);
        assert!(ran.error().contains(&place) && ran.stderr.contains("cannot be written"), "{}", ran.stderr);
    }
    let full = path(&folder, "full");
    fs::create_dir(&full).unwrap();
    fs::write(format!("{full}/thesis.doc"), "").unwrap();
    let ran = consort(&["fit", &data, "--target", "species", "-o", &full]);
    assert!(ran.error().contains("thesis.doc"), "{}", ran.stderr);
}

#[cfg(unix)]
#[test]
fn a_disk_without_room_is_an_error_and_the_run_goes_on_when_there_is_some() {
    let folder = folder();
    let data = shipped("tables/penguins.csv");
    let (run, whole) = (path(&folder, "run"), path(&folder, "whole"));
    let args = ["--target", "species", "--members", "tree,forest", "--folds", "3", "--threads", "1"];
    assert!(consort(&[&["fit", &data, "-o", &whole], &args[..]].concat()).ok);
    // No file may be larger than so many blocks of 512 or 1,024 bytes: the plan and the tree have room, the forest not.
    let limited = |blocks: &str, command: &[&str]| {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let program = assert_cmd::cargo::cargo_bin("consort");
        let output = Command::new("sh").args(["-c", &script]).arg(program).args(command).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = limited("100", &[&["fit", &data, "-o", &run], &args[..]].concat());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("cannot be written") && said.contains("forest") && !said.contains("panicked"), "{said}");
    let ran = consort(&["fit", "--resume", &run]);
    assert!(ran.ok, "{}", ran.stderr);
    assert!(products(Path::new(&run)) == products(Path::new(&whole)));
    // Predictions that have no room leave what was there.
    let out = write(&folder, "out.csv", "as it was");
    let (code, said) = limited("1", &["predict", &run, &data, "-o", &out]);
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(fs::read_to_string(&out).unwrap(), "as it was");
}
