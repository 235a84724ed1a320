//! Faults that users of such tools reported: each input, and the right answer.

use serde_json::Value;

use crate::program::*;

fn fuse(args: &[&str]) -> (Value, std::collections::HashMap<String, Vec<String>>) {
    let folder = folder();
    let out = path(&folder, "out.csv");
    let args: Vec<String> =
        ["fuse"].iter().chain(args).chain(&["--json", "-o", &out]).map(ToString::to_string).collect();
    let said = consort(&args).json();
    (said, columns(out))
}

fn scores(args: &[&str]) -> Value {
    let args: Vec<&str> = ["evaluate"].iter().chain(args).chain(&["--json"]).copied().collect();
    consort(&args).json()["predictions"][0]["scores"].clone()
}

#[track_caller]
fn is(got: &Value, want: &Value) {
    near(&[got.as_f64().unwrap()], &[want.as_f64().unwrap()]);
}

#[test]
fn d01_labels_are_texts_and_keep_their_spelling() {
    let (said, out) = fuse(&[&case("d01/m1.csv"), &case("d01/m2.csv"), &case("d01/m3.csv"), "--rule", "vote"]);
    assert_eq!(out["label"], texts(&expected("d01", "hard vote labels, row order row0..row5")));
    assert_eq!(texts(&said["classes"]), texts(&expected("d01", "class list in sorted (byte) order")));
}

#[test]
fn d02_the_class_of_a_column_comes_from_its_name() {
    let members = [case("d02/m1.csv"), case("d02/m2.csv")];
    let (said, out) = fuse(&[&members[0], &members[1], "--rule", "mean", "--truth", &case("d02/truth.csv")]);
    assert_eq!(out["label"], texts(&expected("d02", "soft-vote labels")));
    let want = expected("d02", "soft-vote probabilities (columns -1,3,10)");
    for (k, class) in ["-1", "3", "10"].iter().enumerate() {
        let want: Vec<f64> = want.as_array().unwrap().iter().map(|row| row[k].as_f64().unwrap()).collect();
        near(&numbers(&out[&format!("p_{class}")]), &want);
    }
    is(&said["ensemble"]["in_sample"]["accuracy"], &expected("d02", "accuracy"));
    is(&said["ensemble"]["in_sample"]["log_loss"], &expected("d02", "log_loss"));
    let (_, out) = fuse(&[&members[0], &members[1], "--rule", "vote"]);
    assert_eq!(out["label"], texts(&expected("d02", "hard-vote labels (ties -> smallest class id)")));
}

#[test]
fn d03_rows_are_joined_by_id_in_the_order_of_the_first_file() {
    let a = case("d03/a.csv");
    let (_, out) = fuse(&[&a, &case("d03/b.csv")]);
    assert_eq!(out["id"], ["r1", "r2", "r3", "r4", "r5"]);
    near(&numbers(&out["p"]), &list(&expected("d03", "mean of a.csv and b.csv, order r1..r5")));
    for (file, words) in [
        ("b_dup", &["b_dup", "r3", "duplicate"][..]),
        ("b_missing", &["b_missing", "r2", "missing"]),
        ("b_extra", &["b_extra", "r9"]),
    ] {
        let ran = consort(&["fuse", &a, &case(&format!("d03/{file}.csv"))]);
        for word in words {
            assert!(ran.error().contains(word), "{file}: {}", ran.stderr);
        }
    }
    // An inner join relaxes what is missing and extra, and says so, but never what is doubled.
    let (said, out) = fuse(&[&a, &case("d03/b_missing.csv"), "--join", "inner"]);
    assert_eq!(out["id"], ["r1", "r3", "r4", "r5"]);
    assert!(said["warnings"].to_string().contains("left out"), "{}", said["warnings"]);
    assert!(consort(&["fuse", &a, &case("d03/b_dup.csv"), "--join", "inner"]).error().contains("r3"));
}

#[test]
fn d04_ids_are_never_numbers() {
    let (_, out) = fuse(&[&case("d04/a.csv"), &case("d04/b.csv")]);
    assert_eq!(out["id"], texts(&expected("d04", "output ids, exact text")));
    near(&numbers(&out["p"]), &list(&expected("d04", "mean per id")));
}

#[test]
fn d05_a_byte_order_mark_quotes_and_crlf_are_no_obstacle() {
    let said = consort(&["evaluate", &case("d05/excel.csv"), "--json"]).json();
    assert_eq!(texts(&said["columns"][0]), texts(&expected("d05", "column names")));
    is(&said["predictions"][0]["scores"]["log_loss"], &expected("d05", "log_loss of excel.csv"));
    let (_, out) = fuse(&[&case("d05/excel.csv"), &case("d05/plain.csv"), "--rule", "mean"]);
    near(&numbers(&out["p"]), &list(&expected("d05", "averaged p of both files")));
}

#[test]
fn d06_decimals_may_come_late() {
    let (said, out) = fuse(&[&case("d06/late_float.csv"), "--rule", "mean"]);
    assert_eq!(said["rows"], expected("d06", "rows"));
    let sum: f64 = numbers(&out["p"]).iter().sum();
    assert!((sum - expected("d06", "sum of p").as_f64().unwrap()).abs() < 1e-4, "{sum}");
    let scores = scores(&[&case("d06/late_float.csv"), "--metrics", "brier,roc_auc"]);
    is(&scores["brier"], &expected("d06", "brier (binary, mean of (p-y)^2)"));
    is(&scores["roc_auc"], &expected("d06", "roc_auc"));
}

#[test]
fn d07_words_for_missing_are_missing_in_numbers_and_words_in_text() {
    let folder = folder();
    let out = path(&folder, "split.csv");
    let said = consort(&["split", &case("d07/features.csv"), "--folds", "2", "--json", "-o", &out]).json();
    let column = |name: &str| said["columns"].as_array().unwrap().iter().find(|c| c["name"] == name).unwrap().clone();
    let means = expected("d07", "mean of present values");
    for (name, kind) in expected("d07", "column kinds").as_object().unwrap() {
        assert_eq!(&column(name)["kind"], kind, "{name}");
    }
    for (name, missing) in expected("d07", "missing per column").as_object().unwrap() {
        assert_eq!(&column(name)["missing"], missing, "{name}");
    }
    for (name, mean) in means.as_object().unwrap() {
        is(&column(name)["mean"], mean);
    }
    let ran = consort(&["evaluate", &case("d07/missing_label.csv")]);
    let error = ran.error();
    assert!(error.contains("`y`"), "{error}");
    assert!(["row 2", "line 3", "id 2", "id `2`"].iter().any(|place| error.contains(place)), "{error}");
}

#[test]
fn d08_a_class_that_a_member_never_saw_counts_0_or_is_left_to_those_that_know_it() {
    let members = [case("d08/m1.csv"), case("d08/m2.csv"), case("d08/m3.csv")];
    let run =
        |policy: &str| fuse(&[&members[0], &members[1], &members[2], "--rule", "mean", "--classes-missing", policy]);
    let check = |out: &std::collections::HashMap<String, Vec<String>>, want: &Value| {
        for (k, class) in ["a", "b", "c"].iter().enumerate() {
            let want: Vec<f64> = want.as_array().unwrap().iter().map(|row| row[k].as_f64().unwrap()).collect();
            near(&numbers(&out[&format!("p_{class}")]), &want);
        }
    };
    let (said, out) = run("zero");
    check(&out, &expected("d08", "average, zero-fill (a,b,c)"));
    assert_eq!(out["label"], texts(&expected("d08", "labels, zero-fill")));
    let warnings = said["warnings"].to_string();
    assert!(warnings.contains("m2") && warnings.contains("`c`"), "{warnings}");
    let (_, out) = run("known-only");
    check(&out, &expected("d08", "average, known-only (a,b,c)"));
    assert_eq!(out["label"], texts(&expected("d08", "labels, known-only")));
}

#[test]
fn d09_the_classes_come_from_the_columns() {
    is(&scores(&[&case("d09/multi.csv"), "--metrics", "log_loss"])["log_loss"], &expected("d09", "multi.csv log_loss"));
    let said =
        consort(&["evaluate", &case("d09/binary_ones.csv"), "--json", "--metrics", "log_loss,brier,roc_auc"]).json();
    let scores = &said["predictions"][0]["scores"];
    is(&scores["log_loss"], &expected("d09", "binary_ones.csv log_loss"));
    is(&scores["brier"], &expected("d09", "binary_ones.csv brier"));
    assert!(scores["roc_auc"].is_null());
    assert!(said["warnings"].to_string().contains("roc_auc"), "{}", said["warnings"]);
    assert!(consort(&["evaluate", &case("d09/unknown_label.csv")]).error().contains("`z`"));
}

#[test]
fn d10_saturated_probabilities_give_the_same_finite_loss_from_csv_and_parquet() {
    for file in ["d10/sat.csv", "d10/sat_f32.parquet"] {
        let said = consort(&["evaluate", &case(file), "--json", "--metrics", "log_loss,roc_auc"]).json();
        let scores = &said["predictions"][0]["scores"];
        is(&scores["log_loss"], &expected("d10", "log_loss, eps = f64 machine epsilon"));
        is(&scores["roc_auc"], &expected("d10", "roc_auc"));
        assert!(
            said["warnings"].to_string().contains("probability 0 to the true class of 2 rows"),
            "{}",
            said["warnings"]
        );
    }
}

#[test]
fn d11_tied_scores_are_one_threshold_in_any_order_of_rows() {
    for file in ["d11/pos_first.csv", "d11/neg_first.csv"] {
        let plain = scores(&[&case(file), "--metrics", "roc_auc,average_precision"]);
        is(&plain["roc_auc"], &expected("d11", "roc_auc (both files)"));
        is(&plain["average_precision"], &expected("d11", "average_precision (both files)"));
        let weighted = scores(&[&case(file), "--metrics", "roc_auc,average_precision", "--weight", "w"]);
        is(&weighted["roc_auc"], &expected("d11", "roc_auc weighted by w"));
        is(&weighted["average_precision"], &expected("d11", "average_precision weighted by w"));
    }
    let tied = scores(&[&case("d11/all_tied.csv"), "--metrics", "roc_auc,average_precision"]);
    is(&tied["roc_auc"], &expected("d11", "all_tied.csv roc_auc"));
    is(&tied["average_precision"], &expected("d11", "all_tied.csv average_precision"));
}

#[test]
fn d12_big_counts_do_not_overflow_and_constants_do_not_divide_by_0() {
    let metrics = "mcc,cohen_kappa,accuracy,balanced_accuracy";
    let big =
        scores(&[&case("d12/counts.csv"), "--task", "classification", "--weight", "weight", "--metrics", metrics]);
    is(&big["mcc"], &expected("d12", "counts.csv mcc (weight column = number of rows)"));
    is(&big["cohen_kappa"], &expected("d12", "counts.csv cohen_kappa"));
    is(&big["accuracy"], &expected("d12", "counts.csv accuracy"));
    // The labels alone do not show the other class: it is declared.
    let constant =
        scores(&[&case("d12/constant.csv"), "--task", "classification", "--classes", "0,1", "--metrics", metrics]);
    is(&constant["mcc"], &expected("d12", "constant.csv mcc"));
    is(&constant["cohen_kappa"], &expected("d12", "constant.csv cohen_kappa"));
    is(&constant["balanced_accuracy"], &expected("d12", "constant.csv balanced_accuracy"));
}

/// A run with members told by a recipe, and the numbers of a column of a member's out-of-fold predictions.
fn fitted(data: &str, recipe: &str, args: &[&str]) -> (Value, impl Fn(&str, &str) -> Vec<f64> + use<>) {
    let folder = folder();
    let (recipe, run) = (write(&folder, "r.toml", recipe), path(&folder, "run"));
    let ran = consort(&[&["fit", data, "--target", "y", "--recipe", &recipe, "-o", &run, "--json"], args].concat());
    let read = move |member: &str, column: &str| {
        let file = folder.path().join(format!("run/predictions/{member}.parquet"));
        let source = consort::data::files::Source::stem(file);
        consort::data::files::read_columns(&source, Some(&[column])).unwrap()[0].numbers().unwrap()
    };
    (ran.json(), read)
}

#[test]
fn d05_to_d09_go_through_a_fit() {
    let folder = folder();
    let fit = |data: &str, more: &[&str]| {
        let run = path(&folder, &format!("run {}", std::fs::read_dir(folder.path()).unwrap().count()));
        let args = ["fit", data, "--target", "y", "--members", "gnb", "--folds", "2", "-o", &run, "--json"];
        consort(&[&args, more].concat())
    };
    let column = |told: &Value, name: &str| {
        let columns = told["columns"].as_array().unwrap();
        columns.iter().find(|column| column["column"] == name).unwrap_or_else(|| panic!("no {name}: {told}")).clone()
    };
    // Decimals that come late, in 1,200 rows.
    let told = fit(&case("d06/late_float.csv"), &[]).json();
    assert_eq!((&told["rows"], &column(&told, "p")["kind"]), (&1200.into(), &"number".into()));
    // Words for missing are missing in numbers and words in texts.
    let told = fit(&case("d07/features.csv"), &[]).json();
    let missing = expected("d07", "missing per column");
    for name in ["x1", "x2", "country", "y"] {
        assert_eq!(column(&told, name)["missing"], missing[name], "{name}");
    }
    let country = column(&told, "country");
    assert_eq!((&country["kind"], &country["used_as"]), (&"text".into(), &"category of 3 levels".into()));
    let said = fit(&case("d07/missing_label.csv"), &[]).error().to_owned();
    assert!(said.contains("`y`") && said.contains("row 2"), "{said}");
    // Neither a mark of bytes nor quotes are in a name.
    let said = fit(&case("d05/excel.csv"), &["--ignore", "id"]);
    assert!(said.ok || said.error().contains("excel.csv"), "{}", said.stderr);
    assert!(!said.stderr.contains("no target column"), "{}", said.stderr);
}

#[test]
fn d15_rows_that_no_fold_tests_are_left_out_and_counted() {
    let recipe =
        "[[members]]\nname = \"mean\"\nlearner = \"dummy\"\n\n[[members]]\nname = \"line\"\nlearner = \"linear\"\n";
    let (told, read) = fitted(&case("d15/series.csv"), recipe, &["--time", "t", "--folds", "3", "--method", "stack"]);
    let want = expected("d15", "OOF (rows 3..11; columns mean, linear)");
    for (k, member) in ["mean", "line"].into_iter().enumerate() {
        let want: Vec<f64> = want.as_array().unwrap().iter().map(|row| row[k].as_f64().unwrap()).collect();
        near(&read(member, "pred"), &want);
    }
    assert!(told["warnings"].to_string().contains("3 rows left out: no fold tests them"), "{}", told["warnings"]);
}

#[test]
fn d16_out_of_fold_predictions_stand_in_the_order_of_the_data_whatever_the_folds_are_called() {
    let recipe = "[[members]]\nname = \"knn\"\nlearner = \"k_nearest\"\nk = 3\nencoder = \"none\"\n\n[[members]]\nname = \"prior\"\nlearner = \"dummy\"\n";
    let (told, read) = fitted(&case("d16/data.csv"), recipe, &["--fold", "fold", "--id", "id"]);
    near(&read("knn", "p_1"), &list(&expected("d16", "OOF P(y=1) in data order, 3-nearest-neighbours (Euclidean)")));
    near(&read("prior", "p_1"), &list(&expected("d16", "OOF train-prior")));
    let scores = &told["members"].as_array().unwrap().iter().find(|member| member["name"] == "knn").unwrap()["scores"];
    is(&scores["brier"], &expected("d16", "brier of kNN OOF"));
    is(&scores["roc_auc"], &expected("d16", "roc_auc of kNN OOF"));
}

#[test]
fn d17_a_stump_that_is_no_better_than_chance_is_an_error_or_answers_soundly() {
    let folder = folder();
    let run = path(&folder, "run");
    let stumps = write(&folder, "r.toml", "method = \"average\"\n[[members]]\nlike = \"adaboost\"\n");
    let data = case("d17/xor.csv");
    let ran = consort(&["fit", &data, "--target", "y", "--recipe", &stumps, "--folds", "2", "-o", &run]);
    if ran.ok {
        let out = path(&folder, "out.csv");
        assert!(consort(&["predict", &run, &data, "-o", &out]).ok);
        assert!(numbers(&columns(out)["p_1"]).iter().all(|p| (0.0..=1.0).contains(p)));
    } else {
        assert!(ran.error().contains("no better than chance"), "{}", ran.stderr);
    }
}

#[test]
fn d18_the_best_prefix_of_a_selection_is_kept() {
    let args = ["--wide", &case("d18/oof.csv"), "--select", "greedy", "--metric", "accuracy", "--rounds", "6"];
    let (said, _) = fuse(&args);
    let run = &said["fusion"]["runs"][0];
    let names = ["m1", "m2", "m3", "m4"];
    let picks: Vec<&str> =
        run["picks"].as_array().unwrap().iter().map(|pick| names[pick.as_u64().unwrap() as usize]).collect();
    assert_eq!(picks, texts(&expected("d18", "picks per round")));
    near(&list(&run["path"]), &list(&expected("d18", "accuracy per round")));
    assert_eq!(run["best_round"], expected("d18", "best round (1-based)"));
    let weights: Vec<f64> = said["members"].as_array().unwrap().iter().map(|m| m["weight"].as_f64().unwrap()).collect();
    near(&weights, &[0.75, 0.0, 0.0, 0.25]);
    assert_eq!(weights.iter().sum::<f64>(), 1.0);
    let singles: Vec<f64> =
        said["members"].as_array().unwrap().iter().map(|m| m["scores"]["accuracy"].as_f64().unwrap()).collect();
    near(&singles, &list(&expected("d18", "single-model accuracy")));
    let (said, _) = fuse(&["--wide", &case("d18/oof.csv"), "--select", "best", "--metric", "accuracy"]);
    assert_eq!(said["members"][0]["weight"], 1.0);
}

#[test]
fn d19_a_confidence_of_0_or_1_is_in_the_first_or_last_bin() {
    let scores = scores(&[&case("d19/pred.csv"), "--metrics", "ece,mce,ece_15"]);
    is(&scores["ece"], &expected("d19", "binary ECE, 10 bins, on P(y=1)"));
    is(&scores["mce"], &expected("d19", "binary MCE, 10 bins"));
    is(&scores["ece_15"], &expected("d19", "binary ECE, 15 bins"));
}

#[test]
fn d20_votes_have_quorums_weights_and_a_tie_rule() {
    let votes = case("d20/votes.csv");
    let labels = |args: &[&str]| fuse(&[&["--wide", &votes], args].concat()).1["label"].clone();
    assert_eq!(labels(&["--rule", "vote"]), texts(&expected("d20", "plurality, equal weights")));
    assert_eq!(labels(&["--rule", "vote:majority"]), texts(&expected("d20", "absolute majority, equal weights")));
    let weights = case("d20/weights.csv");
    let weighted = |rule: &str| labels(&["--rule", rule, "--member-weights", &weights]);
    assert_eq!(weighted("vote"), texts(&expected("d20", "weighted plurality")));
    assert_eq!(weighted("vote:majority"), texts(&expected("d20", "weighted absolute majority")));
    let (_, shares) = fuse(&["--wide", &votes, "--rule", "vote:share"]);
    for (k, class) in ["a", "b", "c"].iter().enumerate() {
        let want = expected("d20", "vote shares, equal weights (a,b,c)");
        let want: Vec<f64> = want.as_array().unwrap().iter().map(|row| row[k].as_f64().unwrap()).collect();
        near(&numbers(&shares[&format!("p_{class}")]), &want);
    }
    let (_, tie) = fuse(&[
        "--wide",
        &case("d20/float_tie.csv"),
        "--rule",
        "vote",
        "--member-weights",
        &case("d20/float_tie_weights.csv"),
    ]);
    assert_eq!(tie["label"], ["a"]);
    let said = consort(&["fuse", "--wide", &votes, "--rule", "vote:majority", "--json"]).json();
    assert_eq!(said["undecided"], 3);
}
