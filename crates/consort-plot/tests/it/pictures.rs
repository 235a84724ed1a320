//! Charts as pictures, held against pictures that a person has looked at (`tests/data/pictures`).
//!
//! `CONSORT_PICTURES=write cargo test -p consort-plot --features png pictures` draws them anew; look at them before they are
//! kept.

use std::{fs, path::PathBuf};

use consort_core::{Direction, Fold, Gives, Matrix, Predictions, Seed, Target, Truth};
use consort_plot::{
    Figure, Picture, Svg, Theme,
    chart::{LearningCurve, LearningModel, LearningPoint, SplitMap, TrainingCurves, TrainingRun},
    overview::{Selection, Subject, from_predictions},
    report::Report,
};

use crate::golden::{DATA, binary, multi, regression};

/// Pixels a unit: small pictures, in which text is still read.
const SCALE: f64 = 0.75;

/// How far a picture may be from the one that is kept: the mean over all channels of all pixels, of 255; and the share of
/// pixels with a channel that is off by more than 64. The pixels are ours to the bit, but another machine may round a colour otherwise.
const MEAN: f64 = 0.05;
const SHARE: f64 = 0.0004;

fn mean_of(predictions: &Predictions) -> Matrix {
    let (rows, columns, members) = (predictions.rows(), predictions.columns(), predictions.members().len());
    let mean = |at: usize| (0..members).map(|m| f64::from(predictions.member(m)[at])).sum::<f64>() / members as f64;
    Matrix::new(rows, columns, (0..rows * columns).map(|at| mean(at) as f32).collect()).unwrap()
}

fn report(predictions: &Predictions, target: &Target) -> Report {
    let (mean, members) = (mean_of(predictions), predictions.members().len());
    let gives = if predictions.columns() == 1 { Gives::Values } else { Gives::Probabilities };
    let weights: Vec<f64> = (0..members).map(|m| [0.4, 0.3, 0.2, 0.1, 0.0][m]).collect();
    let own: Vec<Option<f64>> = (0..members).map(|m| Some([0.02, 0.3, 0.5, 0.6, 0.65][m])).collect();
    let (picks, scores) = ([0, 1, 0, 2, 1, 3], [0.60, 0.55, 0.54, 0.52, 0.525, 0.53]);
    let subject = Subject::new("pictures", predictions)
        .truth(Truth::new(target))
        .ensemble("mean", &mean, gives)
        .weights(&weights)
        .train_scores(&own)
        .costs("time to fit, in seconds", &[1.0, 3.0, 10.0, 40.0, 200.0][..members])
        .selection(Selection { picks: &picks, scores: &scores, chosen: Some(4) })
        .seed(Seed::new(1));
    from_predictions(&subject).unwrap()
}

/// The charts of a report by their names.
fn of(report: &Report, names: &[&str]) -> Vec<(String, Svg)> {
    let find = |name: &&str| {
        let chart = report.charts().iter().find(|chart| chart.name() == *name);
        (name.to_string(), chart.unwrap_or_else(|| panic!("no chart {name}")).svg().clone())
    };
    names.iter().map(find).collect()
}

fn curves() -> Vec<(String, Svg)> {
    let point = |rows: u64, held_out: f64| LearningPoint {
        rows,
        held_out,
        interval: Some((held_out - 0.03, held_out + 0.03)),
        train: Some(0.5 * held_out),
    };
    let model = |name: &str, ensemble: bool, first: f64| LearningModel {
        name: name.into(),
        ensemble,
        points: [50, 100, 200, 400, 800]
            .iter()
            .enumerate()
            .map(|(i, &n)| point(n, first * 0.8f64.powi(i as i32)))
            .collect(),
    };
    let learning = LearningCurve {
        metric: "log_loss".into(),
        direction: Direction::Lower,
        models: vec![model("forest", false, 0.7), model("ensemble", true, 0.6)],
        notes: vec![],
    };
    let run = |name: &str, rate: f64| TrainingRun {
        name: name.into(),
        train: (0..40).map(|e| (-rate * f64::from(e)).exp()).collect(),
        valid: (0..40).map(|e| (-rate * f64::from(e)).exp() + 0.0004 * f64::from(e * e) * rate).collect(),
        snapshots: vec![10, 20, 40],
    };
    let training = TrainingCurves {
        loss: "cross entropy".into(),
        unit: "epoch".into(),
        runs: vec![run("net 1", 0.1), run("net 2", 0.2)],
        notes: vec![],
    };
    vec![
        ("learning-curve".into(), learning.draw()),
        ("training-curves".into(), training.draw()),
        ("split-map".into(), split_map().draw()),
    ]
}

/// Windows of time with a gap, a shuffled fold beside them, and rows to stop early by.
fn split_map() -> SplitMap {
    let rows = |range: std::ops::Range<u32>| range.collect::<Vec<u32>>();
    let window = |fold: u32| Fold {
        fold,
        train: rows(0..60 + 50 * fold),
        valid: rows(60 + 50 * fold..70 + 50 * fold),
        test: rows(80 + 50 * fold..130 + 50 * fold),
        ..Fold::default()
    };
    let shuffled = Fold {
        fold: 3,
        train: (0..250).filter(|i| (i * 7) % 11 > 2).collect(),
        test: (0..250).filter(|i| (i * 7) % 11 <= 2).collect(),
        ..Fold::default()
    };
    let folds = [window(0), window(1), window(2), shuffled];
    SplitMap::new(&folds, 250, None).unwrap()
}

/// A sample of every kind of drawing: bars, intervals, heat maps, curves, bands, sets, paths, clouds, graphs, rows.
fn sample() -> Vec<(String, Svg)> {
    let (predictions, target) = binary();
    let mut all = of(
        &report(&predictions, &target),
        &[
            "member-scores",
            "weights",
            "error-correlation",
            "kappa-error",
            "roc",
            "precision-recall",
            "reliability",
            "lift",
            "threshold",
            "who-is-right",
            "ensemble-size",
            "contributions",
            "fit-gap",
            "cost-score",
            "score-path",
            "weight-path",
            "ensemble-graph",
            "row",
        ],
    );
    let (predictions, target) = multi();
    all.extend(of(&report(&predictions, &target), &["confusion", "vote-margins"]));
    let (predictions, target) = regression();
    all.extend(of(&report(&predictions, &target), &["residuals", "error-split"]));
    all.extend(curves());
    all
}

/// The mean difference of the channels, and the share of pixels that are plainly another.
fn apart(a: &Picture, b: &Picture) -> (f64, f64) {
    if (a.width(), a.height()) != (b.width(), b.height()) {
        return (f64::INFINITY, 1.0);
    }
    let (mut sum, mut plain) = (0.0, 0.0);
    for (a, b) in a.rgba().zip(b.rgba()) {
        let most = a.iter().zip(&b).map(|(x, y)| x.abs_diff(*y)).max().unwrap_or(0);
        sum += a.iter().zip(&b).map(|(x, y)| f64::from(x.abs_diff(*y))).sum::<f64>();
        plain += f64::from(u8::from(most > 64));
    }
    let pixels = f64::from(a.width()) * f64::from(a.height());
    (sum / (4.0 * pixels), plain / pixels)
}

fn kept(name: &str, theme: &str) -> PathBuf {
    PathBuf::from(format!("{DATA}pictures/{name}-{theme}.png"))
}

fn compare(name: &str, svg: &Svg, theme: Theme, word: &str) -> Option<String> {
    let png = svg.to_png(theme, SCALE).unwrap();
    let place = kept(name, word);
    if std::env::var("CONSORT_PICTURES").is_ok_and(|what| what == "write") {
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(&place, &png).unwrap();
        return None;
    }
    let wanted =
        Picture::from_png(&fs::read(&place).unwrap_or_else(|error| panic!("{}: {error}", place.display()))).unwrap();
    let (mean, share) = apart(&svg.to_picture(theme, SCALE).unwrap(), &wanted);
    let differs = mean > MEAN || share > SHARE;
    differs.then(|| {
        let new = std::env::temp_dir().join(format!("{name}-{word}.png"));
        fs::write(&new, &png).unwrap();
        format!("{name} ({word}): mean {mean:.2}, other pixels {:.2} %; drawn: {}", 100.0 * share, new.display())
    })
}

#[test]
fn charts_look_as_they_did_when_a_person_looked_at_them() {
    let mut found = Vec::new();
    for (i, (name, svg)) in sample().iter().enumerate() {
        // Every chart is looked at light, and every third one dark too.
        found.extend(compare(name, svg, Theme::Light, "light"));
        if i % 3 == 0 {
            found.extend(compare(name, svg, Theme::Dark, "dark"));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_chart_of_other_numbers_or_another_theme_is_another_picture() {
    let (predictions, target) = binary();
    let of_weights = |weights: &[f64]| {
        let subject = Subject::new("t", &predictions).truth(Truth::new(&target)).weights(weights);
        let report = from_predictions(&subject).unwrap();
        let (_, svg) = of(&report, &["weights"]).remove(0);
        svg
    };
    let picture = |svg: &Svg, theme| svg.to_picture(theme, SCALE).unwrap();
    let (one, other) = (of_weights(&[0.4, 0.3, 0.2, 0.1, 0.0]), of_weights(&[0.4, 0.3, 0.1, 0.2, 0.0]));
    let light = picture(&one, Theme::Light);
    assert_eq!(apart(&light, &picture(&one, Theme::Light)), (0.0, 0.0));
    for changed in [picture(&other, Theme::Light), picture(&one, Theme::Dark)] {
        let (mean, share) = apart(&light, &changed);
        assert!(mean > MEAN || share > SHARE, "{mean} {share}");
    }
}
