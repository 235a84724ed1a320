use consort_core::{Gives, Result, Target, Truth};

use super::{models::Model, subject::Subject};
use crate::{
    Table,
    chart::RowView,
    draw::number::{count, decimals, number},
    report::{Report, Topic, WorstRows},
};

/// How many rows each model's list has, how many of them are drawn for the one judged, and for how many models.
const LISTED: usize = 8;
const DRAWN: usize = 4;
const MODELS: usize = 60;

/// The rows on which each model is furthest off, and the worst of the ensemble as pictures.
pub(super) fn with_rows(
    mut report: Report,
    subject: &Subject<'_>,
    truth: &Truth<'_>,
    models: &[Model<'_>],
    judged: Option<&Model<'_>>,
) -> Result<Report> {
    let one_number = matches!(truth.target(), Target::Values { names, .. } if names.len() == 1);
    if !one_number && !matches!(truth.target(), Target::Classes { .. }) {
        return Ok(report);
    }
    for model in models.iter().rev().take(MODELS) {
        let worst = worst(model, truth);
        if !worst.is_empty() {
            let table = table(subject, truth, model, models, &worst);
            report = report.worst_rows(WorstRows { model: model.name.clone(), ensemble: model.ensemble, table });
        }
    }
    let Some(judged) = judged else { return Ok(report) };
    let ensemble = models.iter().find(|model| model.ensemble);
    for (i, _) in worst(judged, truth).into_iter().take(DRAWN) {
        let answer = ensemble.map(|model| (model.name.as_str(), &model.estimates));
        report = report.chart(Topic::Rows, &RowView::of(subject.predictions, Some(truth), answer, i)?);
    }
    Ok(report)
}

/// The rows on which the model loses most, worst first, with the loss: of probabilities 1 − that of the truth, of
/// numbers how far off, of other answers 1 where the choice is wrong. Rows without loss are left out; ties keep order.
fn worst(model: &Model<'_>, truth: &Truth<'_>) -> Vec<(usize, f64)> {
    let estimates = &model.estimates;
    let loss = |i: usize| match truth.target() {
        Target::Classes { codes, .. } if estimates.gives() == Gives::Probabilities => {
            1.0 - estimates.at(i, codes[i] as usize)
        }
        Target::Classes { codes, classes } => {
            f64::from(u8::from(estimates.choice(i, classes) != Some(codes[i] as usize)))
        }
        Target::Values { values, .. } => (values[i] - estimates.at(i, 0)).abs(),
        _ => 0.0,
    };
    let mut found: Vec<(usize, f64)> = Vec::with_capacity(LISTED + 1);
    for i in (0..truth.rows()).filter(|&i| truth.weight(i) > 0.0 && model.weight(i) > 0.0) {
        let loss = loss(i);
        let least = found.last().map_or(0.0, |last| last.1);
        if loss > 0.0 && (found.len() < LISTED || loss > least) {
            let place = found.partition_point(|other| other.1 >= loss);
            found.insert(place, (i, loss));
            found.truncate(LISTED);
        }
    }
    found
}

fn table(
    subject: &Subject<'_>,
    truth: &Truth<'_>,
    model: &Model<'_>,
    models: &[Model<'_>],
    worst: &[(usize, f64)],
) -> Table {
    let others = || models.iter().filter(|other| !other.ensemble && other.name != model.name);
    match truth.target() {
        Target::Classes { codes, classes } => {
            let head = ["row", "true class", "it chose", "probability of the truth", "other members right"];
            let mut table = Table::new(format!("Where {} is furthest off", model.name), head);
            for &(i, _) in worst {
                let chosen = model.estimates.choice(i, classes).map_or("—".into(), |k| classes.names()[k].clone());
                let right =
                    others().filter(|other| other.estimates.choice(i, classes) == Some(codes[i] as usize)).count();
                let given = match model.estimates.gives() {
                    Gives::Probabilities => decimals(model.estimates.at(i, codes[i] as usize), 4),
                    _ => "—".into(),
                };
                let right = format!("{} of {}", right, count(others().count() as f64));
                let truth = classes.names()[codes[i] as usize].clone();
                table.push([subject.predictions.id(i).into_owned(), truth, chosen, given, right]);
            }
            table
        }
        target => {
            let head = ["row", "true", "predicted", "predicted − true", "mean of the other members"];
            let mut table = Table::new(format!("Where {} is furthest off", model.name), head);
            for &(i, _) in worst {
                let value = if let Target::Values { values, .. } = target { values[i] } else { f64::NAN };
                let said = model.estimates.at(i, 0);
                let (mut sum, mut known) = (0.0, 0.0);
                others().map(|other| other.estimates.at(i, 0)).filter(|x| x.is_finite()).for_each(|x| {
                    sum += x;
                    known += 1.0;
                });
                let id = subject.predictions.id(i).into_owned();
                table.push([id, number(value), number(said), number(said - value), number(sum / known)]);
            }
            table
        }
    }
}
