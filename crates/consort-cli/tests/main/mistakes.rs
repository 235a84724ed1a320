//! What a person gets wrong, and what they are told.

use crate::program::*;

#[track_caller]
fn told<S: AsRef<str>>(args: &[S], words: &[&str]) {
    let ran = consort(args);
    let error = ran.error();
    for word in words {
        assert!(error.contains(word), "`{word}` is not in: {error}");
    }
}

#[test]
fn files_that_are_not_there_or_not_predictions() {
    let folder = folder();
    let good = write(&folder, "good.csv", "id,p\na,0.5\nb,0.25\n");
    told(&["fuse", "nowhere.csv"], &["nowhere.csv"]);
    told(&["fuse", &write(&folder, "empty.csv", "")], &["empty.csv", "empty"]);
    told(&["fuse", &write(&folder, "header.csv", "id,p\n")], &["header.csv"]);
    told(&["fuse", &write(&folder, "m.pkl", "x")], &["m.pkl", ".parquet"]);
    told(&["fuse", &folder.path().display().to_string()], &[]);
    told(&["fuse", &good, &write(&folder, "ragged.csv", "id,p\na,0.5\nb\n")], &["ragged.csv", "3"]);
    told(&["fuse", &good, &write(&folder, "word.csv", "id,p\na,0.5\nb,half\n")], &["word.csv", "half", "`p`"]);
    told(&["fuse", &good, &write(&folder, "above.csv", "id,p\na,0.5\nb,1.5\n")], &["above.csv", "row 2", "1.5"]);
    told(&["fuse", &good, &write(&folder, "nan.csv", "id,p\na,0.5\nb,NaN\n")], &["nan", "`b`"]);
    told(&["fuse", &good, &write(&folder, "noid.csv", "p\n0.5\n0.5\n")], &["noid.csv", "`id`"]);
    told(&["fuse", &good, &write(&folder, "twice.csv", "id,p,p\na,0.5,0.5\nb,0.5,0.5\n")], &["twice.csv", "`p`"]);
    told(&["fuse", &good, &write(&folder, "broken.parquet", "PAR1 not really PAR1")], &["broken.parquet"]);
    told(&["fuse", &good, &write(&folder, "broken.csv.gz", "not gzip")], &["broken.csv.gz"]);
    told(&["fuse", &good, &write(&folder, "broken.npy", "\u{93}NUMPY")], &["broken.npy"]);
    let path = folder.path().join("latin.csv");
    std::fs::write(&path, b"id,p\na,0.5\nb\xff,0.5\n").unwrap();
    told(&["fuse", &good, &path.display().to_string()], &["latin.csv", "UTF-8"]);
}

#[test]
fn options_that_do_not_fit() {
    let folder = folder();
    let a = write(&folder, "a.csv", "id,y,p\na,1,0.5\nb,0,0.25\nc,1,0.75\n");
    told(&["fuse", &a, "--rule", "meen"], &["meen", "mean"]);
    told(&["fuse", &a, "--metric", "log_los"], &["log_los"]);
    told(&["fuse", &a, "--metric", "rmse"], &["rmse", "binary"]);
    told(&["fuse", &a, "--select", "greedily"], &["greedily", "greedy"]);
    told(&["fuse", &a, "--select", "greedy", "--rounds", "0"], &["rounds", "0"]);
    told(&["fuse", &a, "--threads", "0"], &["--threads"]);
    told(&["fuse", &a, "-o", "/nowhere/at/all/out.csv"], &["/nowhere/at/all/out.csv"]);
    told(&["fuse", &a, "-o", &path(&folder, "out.xlsx")], &["out.xlsx"]);
    told(&["fuse", &a, &a], &["duplicate member `a`"]);
    told(&["fuse", &a, "--target", "truth"], &["truth"]);
    told(&["fuse", &a, "--weight", "w"], &["`w`"]);
    told(&["fuse", &a, "--positive", "2"], &["2"]);
    told(&["fuse", &write(&folder, "b.csv", "id,p\na,0.5\n"), "--select", "greedy"], &["truth"]);
    told(&["compare", &a], &["two"]);
    told(&["evaluate", &write(&folder, "c.csv", "id,p\na,0.5\n")], &["truth"]);
}

#[test]
fn saved_fusions_that_do_not_fit() {
    let folder = folder();
    let a = write(&folder, "a.csv", "id,y,p\na,1,0.5\nb,0,0.25\nc,1,0.75\nd,0,0.5\n");
    let b = write(&folder, "b.csv", "id,p\na,0.75\nb,0.25\nc,0.5\nd,0.125\n");
    let saved = path(&folder, "fusion.json");
    let ran = consort(&["fuse", &a, &b, "--rule", "mean", "--save", &saved]);
    assert!(ran.ok, "{}", ran.stderr);
    told(&["fuse", "--with", &saved, &b], &["`a`"]);
    let other = write(&folder, "other.csv", "id,p_x,p_y\na,0.5,0.5\n");
    told(&["fuse", "--with", &saved, &format!("a={other}"), &format!("b={other}")], &["x"]);
    told(&["fuse", "--with", &b, &a], &["b.csv"]);
    let text = std::fs::read_to_string(&saved).unwrap();
    let newer = write(&folder, "newer.json", &text.replacen("\"version\": 1", "\"version\": 99", 1));
    told(&["fuse", "--with", &newer, &a, &b], &["99", "newer.json"]);
    let damaged = write(&folder, "damaged.json", &text.replace("\"a\"", "\"z\""));
    told(&["fuse", "--with", &damaged, &a, &b], &["checksum"]);
    let deep = write(&folder, "deep.json", &("[".repeat(100_000) + &"]".repeat(100_000)));
    told(&["fuse", "--with", &deep, &a], &["deep.json"]);
}

#[test]
fn tables_that_cannot_be_split() {
    let folder = folder();
    let table = write(&folder, "t.csv", "id,y,g,t\na,x,1,1\nb,x,1,2\nc,z,2,3\n");
    told(&["split", &table, "--folds", "9"], &["9", "3"]);
    told(&["split", &table, "--stratify", "nothing"], &["nothing"]);
    told(&["split", &table, "--folds", "3", "--group", "g"], &["3", "2"]);
    told(&["split", &table, "--folds", "1"], &["1"]);
    told(&["split", &write(&folder, "dup.csv", "id,y\na,1\na,2\n"), "--folds", "2"], &["`a`"]);
}
