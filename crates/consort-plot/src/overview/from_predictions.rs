use std::sync::Arc;

use consort_core::{Estimates, Gives, Metric, Outputs, Predictions, Result, Target, Task, Truth};
use consort_metrics::{
    calibration::{Bins, Norm, Of, ReliabilityTable},
    classification::{ConfusionMatrix, decide},
    diversity::{Correctness, PairTable, residual_correlation},
    registry,
};

use super::{
    curves,
    jackknife::{self, Jackknife},
    models::{Model, models},
    subject::Subject,
};
use crate::{
    chart::{
        Cloud, Confusion, EnsembleSize, Likeness, LikenessMeasure, MemberScores, NamedScore, PredictedTrue,
        Reliability, ReliabilityBin, ReliabilityCurve, Residuals, ScorePath, ScoreRound, WeightPath, Weights,
        WhoIsRight,
    },
    draw::number::count,
    report::{LeaderRow, Leaderboard, Report, Topic},
};

/// The report of predictions: leaderboard and every chart that applies. The verdict is the caller's to add.
///
/// Without truth there are only weights and selection. A row that a model does not predict is left out of its
/// scores, and a note says so; charts that compare models row by row leave out rows that any of them lacks.
///
/// ```
/// use consort_core::{Classes, Gives, Ids, Matrix, Outputs, Predictions, Target, Truth};
/// use consort_plot::overview::{Subject, from_predictions};
/// let classes = Classes::new(["no", "yes"])?;
/// let predictions = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(2))
///     .member("a", Gives::Probabilities, &[0.9, 0.1, 0.4, 0.6])?
///     .member("b", Gives::Probabilities, &[0.4, 0.6, 0.2, 0.8])?
///     .build()?;
/// let target = Target::from_labels(["no", "yes"], &classes, "y")?;
/// let mean = Matrix::new(2, 2, vec![0.65, 0.35, 0.3, 0.7])?;
/// let report = from_predictions(
///     &Subject::new("Two rows", &predictions)
///         .truth(Truth::new(&target))
///         .ensemble("mean", &mean, Gives::Probabilities)
///         .weights(&[0.5, 0.5]),
/// )?;
/// assert!(report.to_html()?.contains("ROC of class yes"));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// If truth, ensemble and predictions are not of the same rows, or the metric does not suit the task.
pub fn from_predictions(subject: &Subject<'_>) -> Result<Report> {
    let predictions = subject.predictions;
    let task = predictions.outputs().task();
    let mut report = Report::new(&subject.title)
        .fact("task", task.to_string())
        .fact("members", predictions.members().len().to_string())
        .fact("rows", count(predictions.rows() as f64));
    if let Outputs::Classes(classes) = predictions.outputs() {
        report = report.fact("classes", classes.len().to_string());
    }
    if let Some(truth) = &subject.truth {
        report = with_truth(report, subject, truth, task)?;
    }
    if let Some(weights) = subject.weights {
        report = report.chart(Topic::Members, &Weights::new(predictions.names(), weights));
    }
    Ok(with_selection(report, subject))
}

fn with_truth(mut report: Report, subject: &Subject<'_>, truth: &Truth<'_>, task: Task) -> Result<Report> {
    let models = models(subject)?;
    let metric = subject.metric.clone().unwrap_or_else(|| registry::default_for(task));
    for model in models.iter().filter(|model| model.silent > 0) {
        let (rows, s) = (count(model.silent as f64), if model.silent == 1 { "" } else { "s" });
        report = report.note(format!("{} makes no prediction for {rows} row{s}; left out of its scores.", model.name));
    }
    let present: Vec<u32> = (0..predictions_rows(subject))
        .filter(|&i| truth.weight(i) > 0.0 && models.iter().all(|model| model.weight(i) > 0.0))
        .map(|i| i as u32)
        .collect();
    let (board, scores) = scored(subject, truth, &models, metric.as_ref(), &present)?;
    let best = board.rows.iter().find(|row| !row.ensemble && row.score.value().is_some()).map(|row| row.name.clone());
    report = report.leaderboard(board).chart(Topic::Members, &scores);
    report = with_likeness(report, subject.predictions, truth, !present.is_empty())?;
    report = with_size(report, subject, truth, metric.as_ref(), &present)?;
    // What is looked at closely: the ensemble, else the best member.
    let judged = models
        .iter()
        .find(|model| model.ensemble)
        .or_else(|| models.iter().find(|model| best.as_ref().is_some_and(|best| *best == model.name)));
    match truth.target() {
        Target::Classes { codes, classes } => {
            report = with_overlap(report, &models, codes, (classes.len() == 2).then(|| classes.positive()), &present);
            if let Some(judged) = judged {
                let (roc, pr) = if classes.len() == 2 {
                    curves::of_positive(&models, codes, classes)?
                } else {
                    curves::of_each_class(judged, codes, classes)?
                };
                if judged.ranks() {
                    report = report.chart(Topic::Quality, &roc).chart(Topic::Quality, &pr);
                }
                report = with_reliability(report, subject, truth, &models, judged, best.as_deref())?;
                if let Some(truth) = judged.truth(truth) {
                    let counts = ConfusionMatrix::of(&judged.estimates, &truth)?.cells().to_vec();
                    let (of, classes) = (judged.name.clone(), classes.names().to_vec());
                    report = report.chart(Topic::Quality, &Confusion { of, classes, counts, notes: Vec::new() });
                }
            }
        }
        Target::Values { values, names } if names.len() == 1 && judged.is_some_and(|m| m.estimates.columns() == 1) => {
            if let Some(model) = judged {
                let predicted = |i: usize| if model.weight(i) > 0.0 { model.estimates.at(i, 0) } else { f64::NAN };
                let cloud = Cloud::new(values.len(), |i| (predicted(i), values[i]));
                report = report.chart(Topic::Quality, &PredictedTrue { of: model.name.clone(), cloud });
                let cloud = Cloud::new(values.len(), |i| (predicted(i), values[i] - predicted(i)));
                report = report.chart(Topic::Quality, &Residuals { of: model.name.clone(), cloud });
            }
        }
        _ => {}
    }
    Ok(report)
}

fn predictions_rows(subject: &Subject<'_>) -> usize {
    subject.predictions.rows()
}

/// The leaderboard and the chart of scores.
fn scored(
    subject: &Subject<'_>,
    truth: &Truth<'_>,
    models: &[Model<'_>],
    metric: &dyn Metric,
    present: &[u32],
) -> Result<(Leaderboard, MemberScores)> {
    let jackknife = Jackknife::new(truth, present, subject.seed);
    let others: Vec<&Arc<dyn Metric>> = subject.others.iter().filter(|other| other.name() != metric.name()).collect();
    let mut rows = Vec::with_capacity(models.len());
    for model in models {
        let score = model.score(metric, truth)?;
        let interval = match (score.value(), &jackknife) {
            (Some(value), Some(jackknife)) => jackknife.interval(metric, &model.estimates, value)?,
            _ => None,
        };
        rows.push(LeaderRow {
            name: model.name.clone(),
            ensemble: model.ensemble,
            score,
            interval,
            others: others.iter().map(|other| model.score(other.as_ref(), truth)).collect::<Result<_>>()?,
            weight: model.member.and_then(|m| subject.weights?.get(m).copied()),
        });
    }
    let named = rows
        .iter()
        .map(|row| NamedScore {
            name: row.name.clone(),
            score: row.score.clone(),
            interval: row.interval,
            ensemble: row.ensemble,
        })
        .collect();
    let mut chart = MemberScores::new(metric.name(), metric.direction(), Jackknife::LEVEL, named);
    if jackknife.is_some() && present.len() > jackknife::ROWS {
        chart.notes.push(format!(
            "Scores of all rows; intervals from {} of them, drawn at random.",
            count(jackknife::ROWS as f64)
        ));
    }
    let board =
        Leaderboard::new(metric.name(), metric.direction(), rows).others(others.iter().map(|other| other.name()));
    Ok((board, chart))
}

/// Score against the number of members, where their plain mean makes sense.
fn with_size(
    report: Report,
    subject: &Subject<'_>,
    truth: &Truth<'_>,
    metric: &dyn Metric,
    present: &[u32],
) -> Result<Report> {
    const ROWS: usize = 20_000;
    let members = subject.predictions.members();
    let alike = members
        .iter()
        .all(|member| member.gives == members[0].gives && matches!(member.gives, Gives::Probabilities | Gives::Values));
    if members.len() < 3 || !alike || present.is_empty() {
        return Ok(report);
    }
    let mut rows = present.to_vec();
    if rows.len() > ROWS {
        subject.seed.child("rows of sizes").stream().shuffle(&mut rows);
        rows.truncate(ROWS);
        rows.sort_unstable();
    }
    let part: Predictions = subject.predictions.take(&rows);
    let target = truth.target().take(&rows);
    let weights: Vec<f64> = rows.iter().map(|&i| truth.weight(i as usize)).collect();
    let part_truth = Truth::weighted(&target, &weights)?;
    let orders = if members.len() > 50 { 10 } else { 30 };
    let mut chart = EnsembleSize::of_mean(&part, &part_truth, metric, orders, subject.seed)?;
    if rows.len() < present.len() {
        chart.notes.push(format!("From {} rows, drawn at random.", count(rows.len() as f64)));
    }
    Ok(report.chart(Topic::Diversity, &chart))
}

/// Who is right where, on the rows that all models predict.
fn with_overlap(
    report: Report,
    models: &[Model<'_>],
    codes: &[u32],
    positive: Option<usize>,
    present: &[u32],
) -> Report {
    let right = |estimates: &Estimates<'_>| -> Vec<bool> {
        let chosen = decide(estimates, positive);
        present.iter().map(|&i| chosen[i as usize] == codes[i as usize]).collect()
    };
    let names: Vec<String> = models.iter().filter(|model| !model.ensemble).map(|model| model.name.clone()).collect();
    if names.len() < 2 || present.is_empty() {
        return report;
    }
    let members: Vec<Vec<bool>> =
        models.iter().filter(|model| !model.ensemble).map(|model| right(&model.estimates)).collect();
    let ensemble = models.iter().find(|model| model.ensemble).map(|model| right(&model.estimates));
    let chart = WhoIsRight::new(&names, &members, ensemble.as_deref(), |i| models[0].weight(present[i] as usize));
    report.chart(Topic::Diversity, &chart)
}

/// Which members err together.
fn with_likeness(report: Report, predictions: &Predictions, truth: &Truth<'_>, any: bool) -> Result<Report> {
    if predictions.members().len() < 2 || !any {
        return Ok(report);
    }
    let names: Vec<String> = predictions.names().map(String::from).collect();
    match truth.target() {
        Target::Classes { .. } => {
            let correctness = Correctness::new(predictions, truth)?;
            let pairs = correctness.pairs();
            let errors = pairs.matrix(|pair: PairTable| pair.correlation())?;
            let differ = pairs.matrix(|pair: PairTable| pair.disagreement())?;
            Ok(report
                .chart(
                    Topic::Diversity,
                    &Likeness::new(LikenessMeasure::ErrorCorrelation, &names, |i, k| errors.at(i, k)),
                )
                .chart(Topic::Diversity, &Likeness::new(LikenessMeasure::Disagreement, &names, |i, k| differ.at(i, k))))
        }
        Target::Values { .. } if !predictions.has_missing() => {
            let errors = residual_correlation(predictions, truth)?;
            let chart = Likeness::new(LikenessMeasure::ErrorCorrelation, &names, |i, k| errors.at(i, k));
            Ok(report.chart(Topic::Diversity, &chart))
        }
        _ => Ok(report),
    }
}

/// Whether probabilities are true: of the ensemble, of it before calibration, of the best member.
fn with_reliability(
    report: Report,
    subject: &Subject<'_>,
    truth: &Truth<'_>,
    models: &[Model<'_>],
    judged: &Model<'_>,
    best: Option<&str>,
) -> Result<Report> {
    let before = subject.before.as_ref().map(|before| Model::fused(before, truth.rows(), Some(truth))).transpose()?;
    let best = models.iter().find(|model| Some(model.name.as_str()) == best && !model.ensemble);
    let mut curves = Vec::new();
    for model in best.filter(|best| best.name != judged.name).into_iter().chain(before.as_ref()).chain([judged]) {
        let Some(truth) = model.truth(truth).filter(|_| model.estimates.gives() == Gives::Probabilities) else {
            continue;
        };
        for table in ReliabilityTable::of(&model.estimates, &truth, Of::Auto, &Bins::default().count(15))? {
            let bins = table.bins().iter().map(|bin| ReliabilityBin {
                range: (bin.lower, bin.upper),
                rows: bin.weight,
                predicted: bin.confidence,
                observed: bin.frequency,
                interval: bin.interval(Jackknife::LEVEL),
            });
            curves.push(ReliabilityCurve {
                name: model.name.clone(),
                ece: table.error(Norm::Expected).value(),
                bins: bins.collect(),
                ensemble: std::ptr::eq(model, judged),
            });
        }
    }
    if curves.is_empty() {
        return Ok(report);
    }
    let of = match truth.target() {
        Target::Classes { classes, .. } if classes.len() == 2 => {
            format!("the probability of class {}", classes.names()[classes.positive()])
        }
        _ => "the probability of the chosen class".into(),
    };
    Ok(report.chart(Topic::Quality, &Reliability { of, curves, notes: Vec::new() }))
}

fn with_selection(report: Report, subject: &Subject<'_>) -> Report {
    let Some(selection) = subject.selection else { return report };
    let predictions = subject.predictions;
    let metric = subject.metric.clone().unwrap_or_else(|| registry::default_for(predictions.outputs().task()));
    let name = |pick: usize| predictions.members().get(pick).map_or_else(String::new, |member| member.name.clone());
    let rounds = selection.picks.iter().zip(selection.scores);
    let path = ScorePath {
        metric: metric.name(),
        direction: metric.direction(),
        rounds: rounds.map(|(&pick, &score)| ScoreRound { member: name(pick), score }).collect(),
        chosen: selection.chosen,
        best_member: None,
    };
    report
        .chart(Topic::Selection, &path)
        .chart(Topic::Selection, &WeightPath::from_picks(predictions.names(), selection.picks, selection.chosen))
}
