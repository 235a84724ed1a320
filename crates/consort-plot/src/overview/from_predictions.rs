use std::sync::Arc;

use consort_core::{Metric, Outputs, Result, Score, Target, Task, Truth};
use consort_metrics::{
    classification::ConfusionMatrix, generalisation::blind_score, registry, significance::GroupJackknife,
};

use super::{
    INTERVAL_ROWS, LEVEL,
    contributions::with_contributions,
    curves,
    diversity::{with_disagreement, with_likeness, with_overlap, with_size},
    models::{Model, models},
    quality::with_reliability,
    rows::with_rows,
    subject::Subject,
};
use crate::{
    chart::{
        Cloud, Confusion, CostPoint, CostScore, EnsembleGraph, FitGap, MemberScores, NamedScore, PredictedTrue,
        Residuals, ScorePath, ScoreRound, WeightPath, Weights,
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
    if let Some(fused) = &subject.ensemble {
        let graph = EnsembleGraph::flat(predictions.names(), &fused.name, subject.weights);
        report = report.chart(Topic::Members, &graph);
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
    report = report.chart(Topic::Members, &scores);
    report = with_contributions(report, subject, truth, metric.as_ref(), &present)?;
    report = with_fits_and_costs(report, subject, &board, metric.as_ref(), truth)?;
    report = report.leaderboard(board);
    report = with_likeness(report, subject.predictions, truth, !present.is_empty())?;
    report = with_disagreement(report, subject, truth, &models, &present)?;
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
                let curves = if classes.len() == 2 {
                    curves::of_positive(&models, judged, codes, classes)?
                } else {
                    curves::of_each_class(judged, codes, classes)?
                };
                if judged.ranks() {
                    report = curves.put_into(report);
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
    with_rows(report, subject, truth, &models, judged)
}

/// What is known of the fits beside their predictions: scores on the rows fitted on, and what they cost.
fn with_fits_and_costs(
    mut report: Report,
    subject: &Subject<'_>,
    board: &Leaderboard,
    metric: &dyn Metric,
    truth: &Truth<'_>,
) -> Result<Report> {
    let of =
        |m: usize| board.rows.iter().find(|row| !row.ensemble && row.name == subject.predictions.members()[m].name);
    if let Some(train) = subject.train_scores {
        let members = train.iter().enumerate().filter_map(|(m, train)| {
            let row = of(m)?;
            let train = train.map_or_else(|| Score::undefined("it is not known"), Score::from);
            Some((row.name.clone(), train, row.score.clone(), row.interval))
        });
        let blind = blind_score(metric, truth)?.value();
        report = report.chart(Topic::Members, &FitGap::new(metric.name(), metric.direction(), blind, members));
    }
    if let Some((what, costs)) = &subject.costs {
        let point = |row: &LeaderRow, cost: f64| {
            let score = row.score.value()?;
            Some(CostPoint { name: row.name.clone(), cost, score, interval: row.interval, ensemble: row.ensemble })
        };
        let mut points: Vec<CostPoint> =
            costs.iter().enumerate().filter_map(|(m, &cost)| point(of(m)?, cost)).collect();
        // The ensemble costs what the members cost that it reads.
        let used = |m: usize| subject.weights.is_none_or(|weights| weights.get(m).is_some_and(|w| *w != 0.0));
        let whole = costs.iter().enumerate().filter(|(m, _)| used(*m)).map(|(_, cost)| cost).sum();
        points.extend(board.rows.iter().filter(|row| row.ensemble).filter_map(|row| point(row, whole)));
        let (metric, direction) = (metric.name(), metric.direction());
        let notes = vec!["The ensemble costs what its members of weight other than 0 cost together.".into()];
        report = report.chart(Topic::Members, &CostScore { metric, direction, cost: what.clone(), points, notes });
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
    let jackknife = GroupJackknife::new(truth, present, INTERVAL_ROWS, subject.seed);
    let others: Vec<&Arc<dyn Metric>> = subject.others.iter().filter(|other| other.name() != metric.name()).collect();
    let mut rows = Vec::with_capacity(models.len());
    for model in models {
        let score = model.score(metric, truth)?;
        let interval = match (score.value(), &jackknife) {
            (Some(value), Some(jackknife)) => jackknife.interval(metric, &model.estimates, value, LEVEL)?,
            _ => None,
        };
        rows.push(LeaderRow {
            name: model.name.clone(),
            ensemble: model.ensemble,
            score,
            interval,
            others: others.iter().map(|other| model.score(other.as_ref(), truth)).collect::<Result<_>>()?,
            weight: model.member.and_then(|m| subject.weights?.get(m).copied()),
            share: model.share(truth),
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
    let mut chart = MemberScores::new(metric.name(), metric.direction(), LEVEL, named);
    if jackknife.is_some() && present.len() > INTERVAL_ROWS {
        chart.notes.push(format!(
            "Scores of all rows; intervals from {} of them, drawn at random.",
            count(INTERVAL_ROWS as f64)
        ));
    }
    let board =
        Leaderboard::new(metric.name(), metric.direction(), rows).others(others.iter().map(|other| other.name()));
    Ok((board, chart))
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
