//! The report of the members in a folder of prediction files, fused by their plain mean.
//!
//! `cargo run -p consort-plot --example demo_report -- FOLDER TRUTH.csv OUT.html`

use std::{collections::BTreeMap, error::Error, fs, path::Path, sync::Arc};

use consort_core::{Classes, Direction, Estimates, Gives, Ids, Matrix, Metric, Outputs, Predictions, Target, Truth};
use consort_plot::{
    chart::{
        DecisionRegions, Gain, Gains, Importance, LearningCurve, LearningModel, LearningPoint, RegionPoint,
        TrainingCurves, TrainingRun,
    },
    overview::{Selection, Subject, from_predictions},
    report::{TextStyle, Tone, Topic, Verdict},
};

type Rows = BTreeMap<String, Vec<String>>;

fn read(path: &Path) -> Result<(Vec<String>, Rows), Box<dyn Error>> {
    let mut reader = csv::Reader::from_path(path)?;
    let head = reader.headers()?.iter().skip(1).map(String::from).collect();
    let rows = reader
        .records()
        .map(|record| record.map(|r| (r[0].to_owned(), r.iter().skip(1).map(String::from).collect())))
        .collect::<Result<_, _>>()?;
    Ok((head, rows))
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [folder, truth, out] = args.as_slice() else { return Err("FOLDER TRUTH.csv OUT.html".into()) };
    let (_, truth) = read(Path::new(truth))?;
    let ids: Vec<&String> = truth.keys().collect();
    let mut files: Vec<_> = fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|path| path.extension().is_some_and(|ext| ext == "csv"));
    files.sort();
    let first = read(&files[0])?.0;
    let outputs = if first == ["pred"] {
        Outputs::target("y")
    } else {
        Outputs::Classes(Classes::from_labels(first.iter().map(|name| name.trim_start_matches("p_")))?)
    };
    let gives = if matches!(outputs, Outputs::Targets(_)) { Gives::Values } else { Gives::Probabilities };
    let mut builder = Predictions::builder(outputs.clone(), Ids::from_texts(&ids));
    for path in &files {
        let (head, rows) = read(path)?;
        let order: Vec<usize> = (0..outputs.len())
            .map(|k| head.iter().position(|name| name.trim_start_matches("p_") == outputs.name(k)).unwrap_or(k))
            .collect();
        let mut values = Vec::new();
        for id in &ids {
            let row = rows.get(*id).ok_or("an id is missing")?;
            for &k in &order {
                values.push(row[k].parse::<f32>()?);
            }
        }
        let name = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or("member")
            .replace("gaussian_nb", "gaussian <nb> & $co$");
        builder = builder.member(name, gives, &values)?;
    }
    let predictions = builder.build()?;
    let target = match &outputs {
        Outputs::Classes(classes) => Target::from_labels(truth.values().map(|row| &row[0]), classes, "truth")?,
        _ => Target::from_values(truth.values().map(|row| row[0].parse()).collect::<Result<_, _>>()?, "y")?,
    };
    let members = predictions.members().len();
    let mut mean = Matrix::zeros(predictions.rows(), predictions.columns());
    for m in 0..members {
        for (mean, x) in mean.values_mut().iter_mut().zip(predictions.member(m)) {
            *mean += x / members as f32;
        }
    }
    let weights = vec![1.0 / members as f64; members];
    let picks: Vec<usize> = (0..24).map(|i| [0, 3, 1, 0, 4, 2, 0, 3][i % 8] % members).collect();
    let scores: Vec<f64> = (0..24).map(|i| 0.35 + 0.1 / (1.0 + i as f64) + 0.0004 * (i as f64 - 12.0).abs()).collect();
    let names = if gives == Gives::Values { ["mae", "r2", "median_ae"] } else { ["accuracy", "roc_auc", "brier"] };
    let others = names.iter().filter_map(|name| consort_metrics::registry::by_name(name).ok());
    let metric: Arc<dyn Metric> = match gives {
        Gives::Values => Arc::new(consort_metrics::regression::RootMeanSquaredError),
        _ => Arc::new(consort_metrics::LogLoss::default()),
    };
    // Made up, as are the gains: files of predictions do not hold them.
    let train: Vec<Option<f64>> = (0..members).map(|m| Some([0.02, 0.3, 0.42, 0.55, 0.1, 0.45][m % 6])).collect();
    let costs: Vec<f64> = (0..members).map(|m| 0.4 * 3.1f64.powi((m as i32 * 5) % 7)).collect();
    let report = from_predictions(
        &Subject::new(format!("Report of {folder}"), &predictions)
            .metric(metric)
            .truth(Truth::new(&target))
            .ensemble("mean of all", &mean, gives)
            .weights(&weights)
            .train_scores(&train)
            .costs("time to fit, in seconds", &costs)
            .selection(Selection { picks: &picks, scores: &scores, chosen: Some(13) })
            .others(others),
    )?;
    let gain = |measure: &str, gain: f64, low: f64, high: f64| Gain {
        measure: measure.into(),
        gain: Some(gain),
        interval: Some((low, high)),
    };
    let gains = Gains {
        against: "the best member".into(),
        level: 0.95,
        gains: vec![
            gain("log_loss", 0.012, 0.004, 0.021),
            gain("accuracy", 0.003, -0.006, 0.011),
            gain("ECE", -0.01, -0.02, -0.001),
        ],
    };
    let report = report
        .verdict(
            Verdict::new(Tone::Good, "The ensemble beats its best member in log loss.")
                .paragraph("Made-up numbers, to look at the page: the gain is small but the interval stays above 0.")
                .number("gain in log loss", "+0.012")
                .number("95 % interval", "0.004 to 0.021"),
        )
        .chart(Topic::Verdict, &gains)
        .chart(Topic::Members, &learning())
        .chart(Topic::Members, &training())
        .chart(Topic::Members, &importance())
        .chart(Topic::Diversity, &regions()?)
        .note("member `tree` gives probability 0 to the true class of 12 rows; each costs about 36 in log loss");
    let html = report.to_html()?;
    println!("{} charts, {} KB", report.charts().len(), html.len() / 1024);
    fs::write(out, html)?;
    fs::write(format!("{out}.md"), report.to_markdown())?;
    println!("{}", report.to_text(TextStyle { width: 100, colour: false }));
    Ok(())
}

fn learning() -> LearningCurve {
    let model = |name: &str, ensemble: bool, last: f64| LearningModel {
        name: name.into(),
        ensemble,
        points: (0..6)
            .filter_map(|p| {
                let held_out = last + 0.4 / f64::from(1 << p);
                let (low, high) = (held_out * 0.95, held_out * 1.05);
                LearningPoint::of_scores(50 << p, &[low, held_out, high], &[last - 0.1 / f64::from(1 << p)])
            })
            .collect(),
    };
    let models = vec![model("forest", false, 0.42), model("mean of all", true, 0.36)];
    LearningCurve { metric: "log_loss".into(), direction: Direction::Lower, models, notes: vec!["Made up.".into()] }
}

fn training() -> TrainingCurves {
    let cycle = |e: usize| (e % 20) as f64 / 20.0;
    let run = TrainingRun {
        name: "net".into(),
        train: (0..80).map(|e| 1.2 / (1.0 + 0.1 * e as f64) + 0.05 * (1.0 - cycle(e))).collect(),
        valid: (0..80).map(|e| 1.3 / (1.0 + 0.1 * e as f64) + 0.08 * (1.0 - cycle(e)) + 0.003 * e as f64).collect(),
        snapshots: vec![20, 40, 60, 80],
    };
    TrainingCurves {
        loss: "cross-entropy".into(),
        unit: "epoch".into(),
        runs: vec![run],
        notes: vec!["Made up.".into()],
    }
}

fn importance() -> Importance {
    let features = ["duration, in months", "credit amount", "age", "purpose", "telephone"];
    let shuffled = features.iter().enumerate().map(|(i, name)| {
        let drop = 0.06 / (1 + i) as f64 - 0.012;
        (*name, (0..10).map(|r| 0.36 + drop + 0.004 * ((r * 7 + i) % 5) as f64).collect())
    });
    Importance::of_scores("log_loss", Direction::Lower, "the ensemble", 0.36, shuffled)
}

/// Two half-moons: a tree's, a line's and their mean's answers over the plane.
fn regions() -> consort_core::Result<DecisionRegions> {
    let mut stream = consort_core::Seed::new(5).stream();
    let mut regions = DecisionRegions::new("width, in cm", (-1.6, 2.6), "height, in cm", (-1.2, 1.8));
    regions.points = (0..160)
        .map(|i| {
            let angle = std::f64::consts::PI * stream.unit();
            let (x, y) = if i % 2 == 0 { (angle.cos(), angle.sin()) } else { (1.0 - angle.cos(), 0.5 - angle.sin()) };
            RegionPoint { x: x + 0.15 * stream.normal(), y: y + 0.15 * stream.normal(), class: i % 2 }
        })
        .collect();
    let points = regions.points.clone();
    let nearest = |x: f64, y: f64, k: usize| {
        let mut near: Vec<(f64, u16)> =
            points.iter().map(|p| ((p.x - x).powi(2) + (p.y - y).powi(2), p.class)).collect();
        near.sort_by(|a, b| a.0.total_cmp(&b.0));
        near[..k].iter().map(|p| f64::from(p.1)).sum::<f64>() / k as f64
    };
    let line = |x: f64, y: f64| 1.0 / (1.0 + (3.0 * y - 0.8 * x - 0.4).exp());
    let outputs = Outputs::Classes(Classes::new(["upper", "lower"])?);
    type Answer<'a> = Box<dyn Fn(f64, f64) -> f64 + 'a>;
    let answers: [(&str, bool, Answer<'_>); 4] = [
        ("1 nearest neighbour", false, Box::new(|x, y| nearest(x, y, 1))),
        ("line", false, Box::new(line)),
        ("9 nearest neighbours", false, Box::new(|x, y| nearest(x, y, 9))),
        ("mean of all", true, Box::new(|x, y| (nearest(x, y, 1) + nearest(x, y, 9) + line(x, y)) / 3.0)),
    ];
    for (name, ensemble, answer) in answers {
        let values: Vec<f64> = regions.grid().iter().map(|p| answer(p.0, p.1)).flat_map(|p| [1.0 - p, p]).collect();
        regions = regions.panel(name, ensemble, &outputs, &Estimates::f64(&values, 2, Gives::Probabilities)?)?;
    }
    Ok(regions)
}
