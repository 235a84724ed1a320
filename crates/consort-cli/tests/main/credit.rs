//! Real predictions of real models, from the first command to new rows.

use crate::program::*;

const MEMBERS: [&str; 8] = [
    "adaboost.csv.gz",
    "forest.parquet",
    "gaussian_nb.csv",
    "hist_boosting.csv",
    "knn.csv",
    "logistic.csv",
    "mlp.csv.gz",
    "tree.csv",
];

pub(crate) fn members(part: &str) -> Vec<String> {
    MEMBERS.iter().map(|name| shipped(&format!("credit/{part}/{name}"))).collect()
}

#[test]
fn the_first_command_writes_output_report_and_fusion() {
    let folder = folder();
    let [out, report, saved] = ["fused.csv", "report.html", "fusion.json"].map(|name| path(&folder, name));
    let mut args = vec!["fuse".to_string(), "--truth".into(), shipped("credit/oof_truth.csv")];
    args.extend(["-o".into(), out.clone(), "--report".into(), report.clone(), "--save".into(), saved.clone()]);
    args.extend(members("oof"));
    let ran = consort(&args);
    assert!(ran.ok, "{}", ran.stderr);
    assert!(ran.stdout.contains("hist_boosting") && ran.stdout.contains("ensemble"), "{}", ran.stdout);
    let fused = columns(out);
    assert_eq!(fused["id"].len(), 3117);
    for (bad, good) in numbers(&fused["p_bad"]).into_iter().zip(numbers(&fused["p_good"])) {
        assert!((bad + good - 1.0).abs() < 1e-6);
    }
    let html = std::fs::read_to_string(report).unwrap();
    assert!(html.contains("<svg") && html.contains("Gain of the ensemble over"));
    assert!(!html.contains("<script src") && !html.contains("<link"), "the report must need nothing else");
    // The saved fusion says which members it needs; the others may be absent.
    let text = std::fs::read_to_string(&saved).unwrap();
    assert!(text.contains("\"checksum\""));
    std::fs::write(&saved, text.replacen("0.", "1.", 1)).unwrap();
    let mut args = vec!["fuse".to_string(), "--with".into(), saved];
    args.extend(members("test"));
    assert!(consort(&args).error().contains("checksum"));
}

#[test]
fn every_method_runs_on_real_predictions_and_its_estimate_is_honest() {
    let methods = [
        "--rule mean",
        "--rule geometric",
        "--rule median",
        "--rule vote:share",
        "--rule decision-templates",
        "--select greedy",
        "--select best",
        "--select top:3",
        "--select knora-u:25",
        "--select meta-des",
        "--weights optimise",
        "--weights nnls",
        "--weights per-class",
        "--weights score",
        "--stack linear",
        "--stack logistic",
        "--rule mean --calibrate isotonic",
        "--select greedy --calibrate temperature",
        "--rule mean --calibrate platt",
        "--rule mean --calibrate beta",
        "--rule mean --calibrate vector",
    ];
    for method in methods {
        let mut args = vec!["fuse".to_string(), "--json".into(), "--truth".into(), shipped("credit/oof_truth.csv")];
        args.extend(method.split(' ').map(Into::into));
        args.extend(members("oof"));
        let said = consort(&args).json();
        let nested = said["ensemble"]["nested"]["accuracy"].as_f64().unwrap();
        assert!((0.7..0.9).contains(&nested), "{method}: {nested}");
        assert!(said["verdict"]["text"].as_str().unwrap().len() > 40, "{method}");
    }
}

#[test]
fn compare_ranks_predictions_with_intervals_and_tests() {
    let args: Vec<String> = [
        "compare".into(),
        "--truth".into(),
        shipped("credit/oof_truth.csv"),
        "--json".into(),
        "--metric".into(),
        "roc_auc".into(),
    ]
    .into_iter()
    .chain(members("oof"))
    .collect();
    let said = consort(&args).json();
    assert_eq!(said["scores"].as_array().unwrap().len(), 8);
    assert_eq!(said["pairs"].as_array().unwrap().len(), 28);
    let best = &said["scores"][0];
    let interval = (best["interval"]["low"].as_f64().unwrap(), best["interval"]["high"].as_f64().unwrap());
    let score = best["score"].as_f64().unwrap();
    assert!(interval.0 < score && score < interval.1);
    let last = said["pairs"]
        .as_array()
        .unwrap()
        .iter()
        .find(|pair| pair["worse"] == "tree" && pair["better"] == best["name"])
        .unwrap();
    assert!(last["interval"][0].as_f64().unwrap() > 0.0, "{last}");
    assert!(last["delong"].is_object() && last["mcnemar"].is_object(), "{last}");
    assert!(said["cochran_q"].is_object());
}

#[test]
fn logits_are_read_as_the_probabilities_that_they_stand_for() {
    let folder = folder();
    let table = columns(shipped("credit/oof/logistic.csv"));
    let logit = |p: &f64| (p / (1.0 - p)).ln();
    let lines: Vec<String> =
        table["id"].iter().zip(numbers(&table["p_good"])).map(|(id, p)| format!("{id},{}", logit(&p))).collect();
    let logits = write(&folder, "logistic.csv", &format!("id,p\n{}\n", lines.join("\n")));
    let truth = shipped("credit/oof_truth.csv");
    let score = |args: &[&str]| {
        let said = consort(&[&["evaluate", "--truth", &truth, "--json"], args].concat()).json();
        said["predictions"][0]["scores"]["log_loss"].as_f64().unwrap()
    };
    let plain = score(&[&shipped("credit/oof/logistic.csv")]);
    let read = score(&[&logits, "--inputs", "logits", "--classes", "bad,good"]);
    assert!((plain - read).abs() < 1e-6, "{plain} {read}");
    let args =
        ["fuse", &logits, "--inputs", "logits", "--classes", "bad,good", "--truth", &truth, "--select", "greedy"];
    assert!(consort(&args).ok);
}
