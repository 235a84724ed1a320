//! The report of the members in a folder of prediction files, fused by their plain mean.
//!
//! `cargo run -p consort-plot --example demo_report -- FOLDER TRUTH.csv OUT.html`

use std::{collections::BTreeMap, error::Error, fs, path::Path, sync::Arc};

use consort_core::{Classes, Gives, Ids, Matrix, Metric, Outputs, Predictions, Target, Truth};
use consort_plot::{
    chart::{Gain, Gains},
    overview::{Selection, Subject, from_predictions},
    report::{Tone, Topic, Verdict},
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
    let report = from_predictions(
        &Subject::new(format!("Report of {folder}"), &predictions)
            .metric(metric)
            .truth(Truth::new(&target))
            .ensemble("mean of all", &mean, gives)
            .weights(&weights)
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
        .note("member `tree` gives probability 0 to the true class of 12 rows; each costs about 36 in log loss");
    let html = report.to_html()?;
    println!("{} charts, {} KB", report.charts().len(), html.len() / 1024);
    fs::write(out, html)?;
    Ok(())
}
