//! What a person gets wrong, and what they are told.

use std::path::Path;

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
    told(&["fuse", "--with", &saved, &b], &["needs member `a`", "given are `b`", "a=FILE"]);
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

#[test]
fn results_over_what_is_read() {
    let folder = folder();
    let a = write(&folder, "a.csv", "id,y,p\na,1,0.5\nb,0,0.25\nc,1,0.75\nd,0,0.5\n");
    let before = std::fs::read(&a).unwrap();
    let truth = write(&folder, "y.csv", "id,y\na,1\nb,0\nc,1\nd,0\n");
    told(&["fuse", &a, "-o", &a], &["a.csv", "another place"]);
    told(&["fuse", &a, "--truth", &truth, "-o", &truth], &["y.csv", "another place"]);
    told(&["fuse", &a, "--report", &a], &["another place"]);
    told(&["split", &a, "--folds", "2", "-o", &a], &["another place"]);
    told(&["report", &a, "-o", &a], &["another place"]);
    assert_eq!(std::fs::read(&a).unwrap(), before);
}

#[test]
fn options_that_a_run_or_a_saved_fusion_has_the_answer_to() {
    let folder = folder();
    let (run, data) = (path(&folder, "run"), shipped("tables/penguins.csv"));
    let ran = consort(&["fit", &data, "--target", "species", "-o", &run, "--members", "gnb,tree"]);
    assert!(ran.ok, "{}", ran.stderr);
    for options in [["--weight", "year"], ["--target", "island"], ["--task", "regression"], ["--missing", "available"]]
    {
        told(&[&["evaluate", &run, &data], &options[..]].concat(), &[options[0], "evaluate RUN"]);
    }
    told(&["report", &run, "-o", &path(&folder, "r.html"), "--truth", &data], &["--truth", "report RUN"]);
    told(&["diagnose", &run, "--fold", "year"], &["--fold", "diagnose RUN"]);
    // A run is not written over, but for its reports.
    let plan = Path::new(&run).join("run.json").display().to_string();
    told(&["predict", &run, &data, "-o", &plan], &["run.json", "belongs to the run"]);
    told(&["bundle", &run, "-o", &plan], &["belongs to the run"]);
    told(&["report", &run, "-o", &plan], &["belongs to the run"]);
    assert!(consort(&["report", &run, "-o", &Path::new(&run).join("report.html").display().to_string()]).ok);
    // What it is scored on is what it was.
    let truth = Path::new(&run).join("truth.parquet");
    let split = std::fs::read(Path::new(&run).join("split.parquet")).unwrap();
    std::fs::write(&truth, split).unwrap();
    told(&["members", &run], &["truth.parquet", "not what it was"]);

    let a = write(&folder, "a.csv", "id,y,p\na,1,0.5\nb,0,0.25\nc,1,0.75\nd,0,0.5\n");
    let saved = path(&folder, "fusion.json");
    assert!(consort(&["fuse", &a, "--rule", "mean", "--save", &saved]).ok);
    told(&["fuse", "--with", &saved, &a, "--positive", "0"], &["--positive", "saved fusion"]);
}

#[test]
fn a_fit_that_fails_before_it_begins_leaves_no_folder_in_the_way() {
    let folder = folder();
    let (run, data) = (path(&folder, "run"), shipped("tables/penguins.csv"));
    let fit =
        |folds: &str| consort(&["fit", &data, "--target", "species", "-o", &run, "--members", "gnb", "--folds", folds]);
    assert!(!fit("100000").ok);
    assert!(!Path::new(&run).exists());
    let ran = fit("3");
    assert!(ran.ok, "{}", ran.stderr);
    let asked = ["fit", &data, "--target", "species", "-o", &path(&folder, "other"), "--members", "gnb"];
    told(&[&asked[..], &["--layers", "4294967295"]].concat(), &["--layers", "16"]);
    let ran = consort(&[&asked[..], &["--time-limit", "5000000000000000h"]].concat());
    assert!(ran.ok, "{}", ran.stderr);
}

#[test]
fn votes_are_judged_by_what_reads_labels() {
    let folder = folder();
    let data = shipped("tables/penguins.csv");
    let fit = |run: &str, more: &[&str]| {
        let run = path(&folder, run);
        let asked = ["fit", &data, "--target", "species", "-o", &run, "--members", "gnb,tree,knn", "--method", "vote"];
        consort(&[&asked[..], more].concat())
    };
    let told = fit("votes", &["--json"]).json();
    assert_eq!(told["metric"], "accuracy", "{told}");
    assert!(fit("other", &["--metric", "log_loss"]).error().contains("labels"));
}

#[test]
fn lists_need_no_files() {
    assert!(consort(&["fuse", "--rule", "list"]).stdout.contains("geometric"));
    let metrics = consort(&["evaluate", "--metrics", "list"]);
    let line = |name: &str| metrics.stdout.lines().find(|line| line.trim().starts_with(name)).unwrap().to_owned();
    assert!(line("rmse ").contains("regression") && !line("rmse ").contains("binary"));
    told(&["fuse", "--rule", "mean"], &["prediction files"]);
    told(&["evaluate", "--metrics", "rmse"], &["prediction files"]);
}

#[test]
fn a_correlation_of_ranks_is_scored_for_values() {
    let folder = folder();
    let a = write(&folder, "a.csv", "id,y,pred\na,1,1.5\nb,2,1.75\nc,3,2.5\nd,4,2.25\n");
    let told = consort(&["evaluate", &a, "--metrics", "spearman,kendall_tau_b", "--json"]).json();
    let scores = &told["predictions"][0]["scores"];
    assert!((scores["spearman"].as_f64().unwrap() - 0.8).abs() < 1e-12, "{told}");
    assert!((scores["kendall_tau_b"].as_f64().unwrap() - 2.0 / 3.0).abs() < 1e-12, "{told}");
}

#[test]
fn a_product_that_is_0_for_every_class_is_said() {
    let folder = folder();
    let a = write(&folder, "a.csv", "id,p\na,1\nb,0.25\n");
    let b = write(&folder, "b.csv", "id,p\na,0\nb,0.5\n");
    for rule in ["geometric", "product"] {
        let ran = consort(&["fuse", &a, &b, "--rule", rule]);
        assert!(ran.ok && ran.stderr.contains("in 1 of 2 rows every class has probability 0"), "{}", ran.stderr);
    }
}

#[test]
fn hints_name_the_options_of_the_command() {
    let folder = folder();
    // Options of files, of a command that has them.
    let a = write(&folder, "a.csv", "id,y,p\na,1,0.5\nb,0,0.25\nc,1,0.75\n");
    let b = write(&folder, "b.csv", "id,p\na,0.5\nb,0.25\n");
    told(&["evaluate", &a, &b], &["missing id `c`", "or say --join inner"]);
    let classes = write(&folder, "k.csv", "id,y,label\na,x,x\nb,z,w\n");
    told(&["evaluate", &classes], &["`z`", "name it with --classes, or mend the label"]);
    // Of a table.
    let rows = |cell: &str, last: &str| format!("x,y\n{cell},yes\n2,no\n3,yes\n4,no\n5,yes\n6,{last}\n");
    let infinite = write(&folder, "inf.csv", &rows("inf", "no"));
    let run = path(&folder, "run");
    let asked = |data: &'_ str, more: &[&str]| -> Vec<String> {
        let asked = ["fit", data, "--target", "y", "--members", "tree", "--method", "average", "-o", &run];
        asked.iter().chain(more).map(ToString::to_string).collect()
    };
    told(&asked(&infinite, &[]), &["`x`", "or say --infinite missing"]);
    let no_target = write(&folder, "no_target.csv", &rows("1", ""));
    told(&asked(&no_target, &[]), &["`y`", "or say --drop-missing-target"]);
    // They do what they say, and new rows are read the same way.
    let ran = consort(&asked(&infinite, &["--infinite", "missing"]));
    assert!(ran.ok, "{}", ran.stderr);
    let recipe = std::fs::read_to_string(Path::new(&run).join("recipe.toml")).unwrap();
    assert!(recipe.contains("infinite = \"missing\"\n"), "{recipe}");
    let ran = consort(&["predict", &run, &infinite, "-o", &path(&folder, "p.csv")]);
    assert!(ran.ok, "{}", ran.stderr);
    // A command without the option does not name it.
    let foreign = write(&folder, "foreign.csv", "id,p\n0,0.5\n1,0.25\n");
    let ran = consort(&["members", &run, "add", &format!("f={foreign}")]);
    assert!(ran.error().contains("add the row") && !ran.stderr.contains("join"), "{}", ran.stderr);
}

#[test]
fn a_report_is_written_as_what_its_ending_says_or_not_at_all() {
    let folder = folder();
    let a = write(&folder, "a.csv", "id,y,p\na,1,0.5\nb,0,0.25\nc,1,0.75\nd,0,0.5\n");
    let pdf = path(&folder, "r.pdf");
    told(&["report", &a, "-o", &pdf], &["r.pdf", ".html, .md, .json or .txt"]);
    told(&["fuse", &a, "--rule", "mean", "--report", &pdf], &["r.pdf", ".html"]);
    assert!(!Path::new(&pdf).exists());
    let text = path(&folder, "r.md");
    let ran = consort(&["fuse", &a, "--rule", "mean", "--report", &text]);
    assert!(ran.ok && std::fs::read_to_string(&text).unwrap().starts_with('#'), "{}", ran.stderr);
}

#[test]
fn a_run_that_is_not_done_and_a_table_that_no_row_of_counts() {
    let folder = folder();
    let (run, data) = (path(&folder, "run"), shipped("tables/penguins.csv"));
    let ran = consort(&["fit", &data, "--target", "species", "-o", &run, "--members", "tree", "--method", "average"]);
    assert!(ran.ok, "{}", ran.stderr);
    for last in ["bundle.consort", "members.json"] {
        std::fs::remove_file(Path::new(&run).join(last)).unwrap();
    }
    let out = path(&folder, "p.csv");
    let resume = format!("consort fit --resume {run}");
    told(&["predict", &run, &data, "-o", &out], &["not done", &resume]);
    told(&["evaluate", &run, &data], &["not done", &resume]);
    told(&["report", &run, "-o", &path(&folder, "r.html")], &["not done", "--resume"]);

    let zeros = write(&folder, "zeros.csv", "x,w,y\n1,0,a\n2,0,b\n3,0,a\n4,0,b\n");
    let asked = ["fit", &zeros, "--target", "y", "--weight", "w", "-o", &path(&folder, "other")];
    told(&asked, &["zeros.csv", "every weight in column `w` is 0"]);
}

#[test]
fn labels_among_probabilities_make_all_vote_and_that_is_said() {
    let folder = folder();
    let a = write(&folder, "a.csv", "id,y,p\na,1,0.5\nb,0,0.25\nc,1,0.75\nd,0,0.5\n");
    let b = write(&folder, "b.csv", "id,label\na,1\nb,0\nc,0\nd,0\n");
    let said = "`b` gives labels, so all members vote";
    let note = |files: &[&str]| consort(&[&["fuse"], files].concat());
    let ran = note(&[&a, &b]);
    assert!(ran.ok && ran.stderr.contains(said), "{}", ran.stderr);
    let ran = note(&[&a, &b, "--rule", "vote"]);
    assert!(ran.ok && !ran.stderr.contains("so all members vote"), "{}", ran.stderr);
    let c = write(&folder, "c.csv", "id,p\na,0.5\nb,0.25\nc,0.75\nd,0.5\n");
    assert!(!note(&[&a, &c]).stderr.contains("so all members vote"));
}

#[test]
fn numbers_are_labels_where_all_metrics_compare_labels() {
    let folder = folder();
    let counts = write(&folder, "counts.csv", "id,y,pred\na,1,1\nb,0,0\nc,1,0\nd,0,0\n");
    let told_of = |metrics: &str| consort(&["evaluate", &counts, "--metrics", metrics, "--json"]);
    let scored = told_of("mcc,cohen_kappa,accuracy").json();
    assert_eq!(scored["task"], "binary", "{scored}");
    assert!(scored["judged"].to_string().contains("the metrics asked for compare labels"), "{scored}");
    // scikit-learn: matthews_corrcoef([1, 0, 1, 0], [1, 0, 0, 0]) is 1 / sqrt(3).
    let mcc = scored["predictions"][0]["scores"]["mcc"].as_f64().unwrap();
    assert!((mcc - 1.0 / 3.0f64.sqrt()).abs() < 1e-6, "{scored}");
    assert_eq!(told_of("rmse").json()["task"], "regression");
    let error = told_of("rmse,mcc");
    assert!(error.error().contains("if the numbers are classes, say --task classification"), "{}", error.stderr);
}
