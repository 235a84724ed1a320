use consort_core::{Classes, Direction, Gives, Ids, Matrix, Missing, Outputs, Predictions, Score, Target, Truth};
use consort_plot::{
    chart::Weights,
    overview::{Selection, Subject, from_predictions},
    report::{LeaderRow, Leaderboard, Report, TextStyle, Tone, Topic, Verdict},
};

use crate::gallery::{HOSTILE, names, noise};

fn classes(k: usize) -> Classes {
    Classes::new((0..k).map(|i| if i == 0 { HOSTILE.to_owned() } else { i.to_string() })).unwrap()
}

/// Members that are right more often than not; row 0 of the last is missing where `holes`.
fn predictions(members: usize, rows: usize, k: usize, holes: bool) -> (Predictions, Target, Matrix) {
    let classes = classes(k);
    let codes: Vec<u32> = (0..rows).map(|i| (noise(i) * k as f64) as u32).collect();
    let mut builder = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(rows));
    if holes {
        builder = builder.missing(Missing::Available);
    }
    let mut mean = Matrix::zeros(rows, k);
    for (m, name) in names(members).into_iter().enumerate() {
        let mut values = vec![0.0f32; rows * k];
        for (i, row) in values.chunks_exact_mut(k).enumerate() {
            for (c, x) in row.iter_mut().enumerate() {
                *x = 0.05 + noise(i * 17 + m * 5 + c * 3) as f32 + if codes[i] as usize == c { 0.6 } else { 0.0 };
            }
            let sum: f32 = row.iter().sum();
            row.iter_mut().for_each(|x| *x /= sum);
            if holes && m + 1 == members && i == 0 {
                row.fill(f32::NAN);
            }
        }
        for (mean, x) in mean.values_mut().iter_mut().zip(&values) {
            *mean += if x.is_nan() { 0.5 } else { *x } / members as f32;
        }
        builder = builder.member(name, Gives::Probabilities, &values).unwrap();
    }
    (builder.build().unwrap(), Target::Classes { codes, classes }, mean)
}

/// What any page must hold to.
fn check(html: &str) {
    let scripts = html.matches("<script").count();
    assert_eq!(scripts, 1, "a name became a script");
    assert!(!html.contains("<b>"), "a name became markup");
    let rest = html.replace("http://www.w3.org/2000/svg", "");
    assert!(!rest.contains("http://") && !rest.contains("https://"), "the page points outside");
    for part in ["<html lang=\"en\">", "<main id=\"main\"", "class=\"skip\"", "<h1>", "name=\"viewport\""] {
        assert!(html.contains(part), "{part}");
    }
    let mut ids: Vec<&str> = html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "an id occurs twice");
    let opened = html.matches("<section").count();
    assert_eq!(opened, html.matches("</section>").count());
}

#[test]
fn all_charts_of_classes_are_there_and_names_are_escaped() {
    for k in [2, 4] {
        let (predictions, target, mean) = predictions(5, 400, k, false);
        let report = from_predictions(
            &Subject::new(HOSTILE, &predictions)
                .truth(Truth::new(&target))
                .ensemble(HOSTILE.to_owned() + " mean", &mean, Gives::Probabilities)
                .weights(&[0.2; 5])
                .selection(Selection { picks: &[0, 1, 0], scores: &[0.5, 0.4, 0.41], chosen: Some(2) }),
        )
        .unwrap();
        let html = report.to_html().unwrap();
        check(&html);
        for id in [
            "member-scores",
            "weights",
            "ensemble-size",
            "who-is-right",
            "error-correlation",
            "disagreement",
            "reliability",
            "roc",
            "precision-recall",
            "confusion",
            "score-path",
            "weight-path",
            "contributions",
            "ensemble-graph",
            "kappa-error",
            "vote-margins",
            "error-split",
            "lift",
            "row",
            "row-2",
        ] {
            assert!(
                html.contains(&format!("<figure class=\"chart\" aria-labelledby=\"{id}-h\"")),
                "{id} of {k} classes"
            );
        }
        assert!(html.contains("aria-sort=\"ascending\"") && html.contains("scope=\"row\""));
    }
}

#[test]
fn rows_without_a_prediction_are_left_out_and_said() {
    let (predictions, target, mut mean) = predictions(3, 100, 2, true);
    mean.row_mut(7).fill(f32::NAN);
    let subject =
        Subject::new("holes", &predictions).truth(Truth::new(&target)).ensemble("e", &mean, Gives::Probabilities);
    let html = from_predictions(&subject).unwrap().to_html().unwrap();
    check(&html);
    assert!(
        html.contains("member 2 makes no prediction for 1 row;") && html.contains("e makes no prediction for 1 row;")
    );
}

#[test]
fn one_row_one_member_and_one_class_make_a_page() {
    for (members, rows, k) in [(1, 1, 1), (1, 1, 2), (2, 1, 3), (3, 2, 2)] {
        let (predictions, target, mean) = predictions(members, rows, k, false);
        let subject =
            Subject::new("small", &predictions).truth(Truth::new(&target)).ensemble("e", &mean, Gives::Probabilities);
        check(&from_predictions(&subject).unwrap().to_html().unwrap());
    }
}

#[test]
fn without_truth_there_are_weights_alone() {
    let (predictions, _, mean) = predictions(3, 10, 2, false);
    let subject =
        Subject::new("blind", &predictions).ensemble("e", &mean, Gives::Probabilities).weights(&[0.5, 0.5, 0.0]);
    let report = from_predictions(&subject).unwrap();
    let titles: Vec<&str> = report.charts().iter().map(|chart| chart.title()).collect();
    assert_eq!(titles, ["Weights of the members", "The ensemble"]);
    check(&report.to_html().unwrap());
}

#[test]
fn an_ensemble_of_other_rows_is_refused() {
    let (predictions, target, _) = predictions(2, 10, 2, false);
    let other = Matrix::zeros(9, 2);
    let subject =
        Subject::new("x", &predictions).truth(Truth::new(&target)).ensemble("e", &other, Gives::Probabilities);
    let error = from_predictions(&subject).unwrap_err().to_string();
    assert!(error.contains("9 rows") && error.contains("10"), "{error}");
}

#[test]
fn the_same_subject_gives_the_same_bytes_with_any_number_of_threads() {
    let (predictions, target, mean) = predictions(4, 9000, 2, false);
    let subject = Subject::new("t", &predictions).truth(Truth::new(&target)).ensemble("e", &mean, Gives::Probabilities);
    let page = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| from_predictions(&subject).unwrap().to_html().unwrap())
    };
    let one = page(1);
    assert!(one == page(2) && one == page(1));
}

#[test]
fn a_row_of_weight_0_is_as_if_it_were_not_there() {
    let (predictions, target, mean) = predictions(3, 120, 2, false);
    let weights: Vec<f64> = (0..120).map(|i| if i < 100 { 1.0 } else { 0.0 }).collect();
    let rows: Vec<u32> = (0..100).collect();
    let (part, part_target) = (predictions.take(&rows), target.take(&rows));
    let part_mean = Matrix::new(100, 2, mean.values()[..200].to_vec()).unwrap();
    let truth = Truth::weighted(&target, &weights).unwrap();
    let chart = |report: Report, slug: &str| -> Option<String> {
        report.charts().iter().find(|c| c.svg().to_inline("x").contains(slug)).map(|c| c.svg().to_inline("x"))
    };
    let whole =
        from_predictions(&Subject::new("w", &predictions).truth(truth).ensemble("e", &mean, Gives::Probabilities));
    let cut = from_predictions(&Subject::new("w", &part).truth(Truth::new(&part_target)).ensemble(
        "e",
        &part_mean,
        Gives::Probabilities,
    ));
    let (whole, cut) = (whole.unwrap(), cut.unwrap());
    for title in ["ROC of", "takes for what", "Who is right"] {
        let (a, b) = (chart(whole.clone(), title), chart(cut.clone(), title));
        assert!(a.is_some() && a == b, "{title}");
    }
}

#[test]
fn fits_and_costs_are_shown_where_they_are_known_and_names_lead_to_rows() {
    let (predictions, target, mean) = predictions(4, 300, 2, false);
    let train = [Some(0.1), None, Some(0.2), Some(0.3)];
    let subject = Subject::new("t", &predictions)
        .truth(Truth::new(&target))
        .ensemble("e", &mean, Gives::Probabilities)
        .train_scores(&train)
        .costs("time to fit, in seconds", &[1.0, 10.0, 100.0, 2.0]);
    let report = from_predictions(&subject).unwrap();
    let html = report.to_html().unwrap();
    check(&html);
    for part in ["id=\"fit-gap-h\"", "id=\"cost-score-h\"", "id=\"threshold-h\"", "id=\"rows-0\"", "href=\"#rows-0\""] {
        assert!(html.contains(part), "{part}");
    }
    assert_eq!(
        html.matches("<details class=\"fold\"").count(),
        html.matches("<details class=\"fold\" open").count() + 3
    );
    let json: serde_json::Value = serde_json::from_str(&report.to_json().unwrap()).unwrap();
    let cost = json["charts"].as_array().unwrap().iter().find(|chart| chart["name"] == "cost-score").unwrap();
    assert_eq!(cost["data"]["points"].as_array().unwrap().len(), 5);
    assert_eq!(json["rows"].as_array().unwrap().len(), 5);
    let markdown = report.to_markdown();
    assert!(!markdown.contains("<script") && markdown.contains("| **e** |"), "{markdown}");
    assert!(report.to_text(TextStyle::default()).lines().any(|line| line.starts_with("◆")));
}

#[test]
fn verdict_comes_before_leaderboard_before_charts() {
    let board = Leaderboard::new(
        "auc",
        Direction::Higher,
        vec![LeaderRow::new(HOSTILE, Score::undefined("<i>one class</i>")), LeaderRow::new("b", 0.9.into())],
    );
    let html = Report::new("t")
        .chart(Topic::Members, &Weights::new(["a"], &[1.0]))
        .chart(Topic::Members, &Weights::new(["a"], &[1.0]))
        .leaderboard(board)
        .verdict(Verdict::new(Tone::Bad, HOSTILE).paragraph("p").number(HOSTILE, HOSTILE))
        .note(HOSTILE)
        .fact(HOSTILE, HOSTILE)
        .to_html()
        .unwrap();
    check(&html);
    let at = |text: &str| html.find(text).unwrap_or_else(|| panic!("{text}"));
    assert!(at("id=\"verdict\"") < at("id=\"leaderboard\"") && at("id=\"leaderboard\"") < at("id=\"weights-h\""));
    assert!(at("id=\"weights-h\"") < at("id=\"weights-2-h\""));
    assert!(!html.contains("<i>"));
}
