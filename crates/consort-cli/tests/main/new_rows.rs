//! What weights that were fitted on out-of-fold predictions are worth on new rows, on four sets of real predictions.
//!
//! Where the members were refitted on all rows before they predicted the new ones, one of them may have gained more by it
//! than the others, and no weights fitted before can know that. So on two of the sets the ensemble is worse by its point
//! on new rows, within the interval, and the program says so. The scores are those of numpy and scipy 1.17 (SLSQP) on the
//! same files.

use serde_json::Value;

use crate::{credit, program::*};

struct Set {
    name: &'static str,
    metric: &'static str,
    /// The member that is best without the new rows, and its score on them.
    best: (&'static str, f64),
    greedy: f64,
    simplex: f64,
    /// Whether the gain on the new rows is clear.
    clear: bool,
}

const SETS: [Set; 4] = [
    Set {
        name: "credit",
        metric: "log_loss",
        best: ("mlp", 0.429_738_7),
        greedy: 0.418_749_8,
        simplex: 0.418_843_9,
        clear: true,
    },
    Set {
        name: "hpc",
        metric: "log_loss",
        best: ("hist_boosting", 0.451_387_9),
        greedy: 0.416_312_6,
        simplex: 0.416_262_7,
        clear: true,
    },
    Set {
        name: "digits",
        metric: "log_loss",
        best: ("hist_boosting", 0.063_117_0),
        greedy: 0.066_845_7,
        simplex: 0.067_010_3,
        clear: false,
    },
    Set {
        name: "ames",
        metric: "rmse",
        best: ("hist_boosting", 29_303.615_80),
        greedy: 29_980.985_5,
        simplex: 29_971.959,
        clear: false,
    },
];

/// The members' files of a set and their truth.
fn files(set: &str, part: &str) -> (Vec<String>, String) {
    if set == "credit" {
        return (credit::members(part), shipped(&format!("credit/{part}_truth.csv")));
    }
    let place = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/predictions").join(set);
    let mut members: Vec<String> =
        std::fs::read_dir(place.join(part)).unwrap().map(|file| text_of(&file.unwrap().path())).collect();
    members.sort();
    (members, text_of(&place.join(format!("{part}_truth.csv.gz"))))
}

/// What the program says of the new rows, and its report.
fn on_new_rows(set: &Set, method: &[&str]) -> (Value, String) {
    let folder = folder();
    let [saved, report] = ["fusion.json", "report.html"].map(|name| path(&folder, name));
    let (members, truth) = files(set.name, "oof");
    let mut args = vec!["fuse".to_string(), "--truth".into(), truth, "--save".into(), saved.clone()];
    args.extend(members);
    args.extend(method.iter().map(ToString::to_string));
    let ran = consort(&args);
    assert!(ran.ok, "{}", ran.stderr);
    let (members, truth) = files(set.name, "test");
    let mut args: Vec<String> =
        ["fuse", "--with", &saved, "--json", "--report", &report, "--truth", &truth].map(ToString::to_string).into();
    args.extend(members);
    (consort(&args).json(), std::fs::read_to_string(report).unwrap())
}

#[test]
fn the_gain_on_new_rows_is_said_with_its_interval_for_better_and_for_worse() {
    for set in &SETS {
        for (method, expected, tolerance) in
            [(["--select", "greedy"], set.greedy, 2e-6), (["--weights", "optimise"], set.simplex, 2e-5)]
        {
            let (said, report) = on_new_rows(set, &method);
            let about = format!("{} {method:?}: {}", set.name, said["verdict"]);
            let near =
                |got: f64, want: f64| assert!((got / want - 1.0).abs() < tolerance, "{about}: {got}, not {want}");
            near(said["ensemble"]["scores"][set.metric].as_f64().unwrap(), expected);
            let verdict = &said["verdict"];
            assert_eq!(verdict["best_member"], set.best.0, "{about}");
            near(verdict["b"]["value"].as_f64().unwrap(), set.best.1);
            let (gain, interval) = (verdict["gain"].as_f64().unwrap(), list(&verdict["gain_interval"]));
            assert!((gain - (set.best.1 - expected)).abs() < 2.0 * tolerance * expected, "{about}");
            let text = verdict["text"].as_str().unwrap();
            if set.clear {
                assert!(gain > 0.0 && interval[0] > 0.0, "{about}");
                assert!(text.contains("is better than") && text.contains("it gains 0.0"), "{text}");
            } else {
                assert!(gain < 0.0 && interval[0] < 0.0 && interval[1] > 0.0, "{about}");
                assert!(text.contains("is not clearly different from") && text.contains("it loses "), "{text}");
                assert!(text.contains("which holds 0"), "{text}");
            }
            // The report says the same.
            let shown = text.replace('`', "");
            let amount = shown.split(": it ").nth(1).unwrap().split(" (").next().unwrap();
            assert!(report.contains(amount), "{about}: {amount} is not in the report");
        }
    }
}
