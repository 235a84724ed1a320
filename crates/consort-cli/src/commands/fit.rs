//! `consort fit`: a table becomes an ensemble.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use consort::{
    core::{Cancel, FitContext, Gives, Matrix, Metric, Outputs, Predictions, Samples, Score, Truth},
    data::{
        files::{self, Cells, Fused, Style, publish},
        table::{self, Roles, Schema, SchemaOptions},
    },
    ensemble::{
        cross_fit::OnError,
        run::{Bundle, RunFolder, data_hash},
        stack::{MemberTimes, StackFit, StackOptions},
    },
    fusion::verdict::{Judgement, NestedSplit, Partitions, judge},
    metrics::registry,
};
use serde_json::{Value, json};

use super::fuse::{Fitted, members_json, resamples};
use crate::{
    args::{Fit, TaskName},
    failure::{Failure, Result},
    listing, method, report,
    score_card::ScoreCard,
    session::Session,
    training::{self, Bars, Plan},
};

pub(crate) fn run(args: &Fit) -> Result<()> {
    let mut session = Session::start("fit", &args.running)?;
    let (folder, plan, table) = match &args.resume {
        Some(path) => resume(&mut session, path)?,
        None => begin(&mut session, args)?,
    };
    train(&mut session, args, &folder, &plan, table)?;
    session.finish()
}

/// A data set, and the labels of its folds where a column has them.
struct Prepared {
    data: consort::core::Dataset,
    labels: Option<Vec<String>>,
}

fn begin(session: &mut Session, args: &Fit) -> Result<(RunFolder, Plan, Prepared)> {
    let (Some(path), Some(target), Some(output)) = (&args.data, &args.target, &args.output) else {
        return Err(Failure::usage("fit needs DATA, --target COL and -o RUN (or --resume RUN)"));
    };
    session.doing("reading the table");
    let table = table::read(path)?;
    let roles = Roles {
        target: target.clone(),
        id: args.id.clone(),
        weight: args.weight.clone(),
        group: args.group.clone(),
        time: args.time.clone(),
        fold: args.fold.clone(),
        ignore: args.ignore.clone(),
    };
    let options = SchemaOptions {
        task: args.task.and_then(task),
        positive: args.positive.clone(),
        missing_target: if args.drop_missing_target { table::MissingTarget::Drop } else { table::MissingTarget::Error },
        ..SchemaOptions::default()
    };
    let schema = Schema::infer(&table, &roles, options.clone())?;
    session.judge(schema.judged().iter().cloned());
    schema.warnings().iter().for_each(|warning| session.warn(warning.clone()));
    let prepared = prepare(session, &schema, &table)?;
    let outputs = schema.outputs();
    let metric = metric(args.metric.as_deref(), &outputs)?;
    let plan = Plan {
        format: training::FORMAT,
        version: env!("CARGO_PKG_VERSION").into(),
        data: std::path::absolute(path).map_err(|error| Failure::file(path, "its place cannot be found", error))?,
        data_hash: data_hash(&prepared.data),
        roles: schema.roles().clone(),
        options,
        schema,
        members: args.members.iter().filter(|name| *name != "auto").cloned().collect(),
        method: args.method,
        folds: args.folds,
        repeats: args.repeats,
        layers: args.layers.max(1),
        metric: metric.name(),
        keep_folds: args.keep_folds,
        seed: args.running.seed,
        time_limit: args.time_limit.as_deref().map(training::time_limit).transpose()?.map(|time| time.as_secs_f64()),
    };
    // What cannot be done is said before the folder is made.
    let splitter = training::splitter(&plan, &prepared.data, prepared.labels.as_deref())?;
    training::stacking(&plan, &prepared.data, splitter, training::fuser(plan.method, outputs.task(), &metric))?;
    let folder = RunFolder::create(output, &plan)?;
    Ok((folder, plan, prepared))
}

fn resume(session: &mut Session, path: &Path) -> Result<(RunFolder, Plan, Prepared)> {
    let (folder, plan): (RunFolder, Plan) = RunFolder::open(path)?;
    if plan.format > training::FORMAT {
        return Err(Failure::usage(format!(
            "{}: the run has format {}, and this version reads up to {}: take a newer consort",
            path.display(),
            plan.format,
            training::FORMAT
        )));
    }
    session.doing("reading the table");
    let table = table::read(&plan.data)?;
    let prepared = prepare(session, &plan.schema, &table)?;
    if data_hash(&prepared.data) != plan.data_hash {
        return Err(Failure::usage(format!(
            "{} is not what it was when the run was begun: put the old table back, or begin a new run",
            plan.data.display()
        )));
    }
    Ok((folder, plan, prepared))
}

fn prepare(session: &mut Session, schema: &Schema, table: &table::Table) -> Result<Prepared> {
    let applied = schema.apply(table, true)?;
    applied.warnings.iter().for_each(|warning| session.warn(warning.clone()));
    Ok(Prepared { data: applied.dataset, labels: applied.folds })
}

fn task(name: TaskName) -> Option<consort::core::Task> {
    match name {
        TaskName::Binary => Some(consort::core::Task::Binary),
        TaskName::Multiclass | TaskName::Classification => Some(consort::core::Task::Multiclass),
        TaskName::Regression => Some(consort::core::Task::Regression),
    }
}

fn metric(name: Option<&str>, outputs: &Outputs) -> Result<Arc<dyn Metric>> {
    let task = outputs.task();
    let metric = match name {
        Some(name) => registry::by_name(name)?,
        None => registry::default_for(task),
    };
    method::suited(metric, task)
}

/// Fits what the plan asks for, and writes all that comes of it.
fn train(session: &mut Session, args: &Fit, folder: &RunFolder, plan: &Plan, prepared: Prepared) -> Result<()> {
    let Prepared { data, labels } = prepared;
    session.seed = consort::core::Seed::new(plan.seed);
    session.put("seed", plan.seed.into());
    let outputs = plan.schema.outputs();
    let metric = metric(Some(&plan.metric), &outputs)?;
    let splitter = training::splitter(plan, &data, labels.as_deref())?;
    let fuser = training::fuser(plan.method, outputs.task(), &metric);
    let stacking = training::stacking(plan, &data, splitter, Arc::clone(&fuser))?;
    session.doing("");
    let bars = Bars::new(args.running.json);
    let limit = plan.time_limit.map(|seconds| Cancel::at(Instant::now() + Duration::from_secs_f64(seconds)));
    let context = FitContext {
        threads: args.running.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
        progress: &bars,
        cancel: limit.as_ref(),
        ..FitContext::new(session.seed)
    };
    let options = StackOptions { store: Some(folder), on_error: OnError::Skip, limited: limit.is_some() };
    let fit = stacking.fit_with(&Samples::all(&data), &context, &options)?;
    bars.finish();
    fit.warnings.iter().for_each(|warning| session.warn(warning.clone()));
    fit.skipped.iter().for_each(|skipped| session.note(format!("left out {skipped}")));
    uncovered(session, &data, &fit);

    session.doing("writing");
    write_predictions(folder, plan, &fit)?;
    let judged = judged(session, folder, &data, &fit, &fuser, &metric)?;
    leaderboard(session, &fit, &judged, &metric);
    let schema = serde_json::to_value(&plan.schema)?;
    let StackFit { model, .. } = fit;
    if let Some(fusion) = model.fusion() {
        let text = serde_json::to_vec_pretty(fusion)?;
        publish(&folder.path().join("fusion.json"), |file| std::io::Write::write_all(file, &text))?;
    }
    let bundle = Bundle { outputs, schema, model };
    bundle.save(&folder.path().join("bundle.consort"))?;
    session.put("run", folder.path().display().to_string().into());
    session.say(format!(
        "run written to {}; predict new rows with `consort predict {} NEW.csv -o PRED.csv`",
        folder.path().display(),
        folder.path().display()
    ));
    Ok(())
}

fn uncovered(session: &mut Session, data: &consort::core::Dataset, fit: &StackFit) {
    let left_out = data.rows() - fit.seen.rows.len();
    if left_out > 0 {
        session.note(format!(
            "{left_out} of {} rows are tested by no fold: the fusion is fitted, and the scores are, on the others",
            data.rows()
        ));
    }
}

/// One file a member, in the format of member files, with the fold of each row.
fn write_predictions(folder: &RunFolder, plan: &Plan, fit: &StackFit) -> Result<()> {
    let place = folder.path().join("predictions");
    std::fs::create_dir_all(&place).map_err(|error| Failure::file(&place, "it cannot be made", error))?;
    let predictions = &fit.seen.predictions;
    let (ids, outputs) = (predictions.ids(), predictions.outputs());
    let order: Vec<u32> = (0..predictions.rows() as u32).collect();
    let id = plan.roles.id.as_deref().unwrap_or("id");
    for (m, member) in predictions.members().iter().enumerate() {
        let values = predictions.to_matrix(m);
        let fused = Fused { ids: &ids, order: &order, outputs, values: &values, style: style(outputs), id };
        files::write_fused(&place.join(format!("{}.parquet", member.name)), &fused)?;
    }
    let texts = (0..ids.len()).map(|i| Some(ids.text(i).into_owned())).collect();
    let fold = |number: &u32| &fit.folds[*number as usize];
    let columns = [
        (id, Cells::Text(texts)),
        ("repeat", Cells::Whole(fit.seen.folds.iter().map(|number| i64::from(fold(number).repeat)).collect())),
        ("fold", Cells::Whole(fit.seen.folds.iter().map(|number| i64::from(fold(number).fold)).collect())),
    ];
    Ok(files::write_table(&folder.path().join("split.parquet"), &columns)?)
}

/// The style in which predictions are written.
pub(super) fn style(outputs: &Outputs) -> Style {
    match outputs {
        Outputs::Classes(_) | Outputs::Labels(_) => Style::Classes,
        Outputs::Targets(_) | Outputs::Quantiles(_) => Style::Values,
    }
}

/// What members and ensemble score on rows that they did not see.
struct Judged {
    cards: Vec<ScoreCard>,
    honest: ScoreCard,
    in_sample: ScoreCard,
    weights: Option<Vec<f64>>,
}

fn judged(
    session: &mut Session,
    folder: &RunFolder,
    data: &consort::core::Dataset,
    fit: &StackFit,
    fuser: &Arc<dyn consort::core::Fuser>,
    metric: &Arc<dyn Metric>,
) -> Result<Judged> {
    let predictions = &fit.seen.predictions;
    let Some(whole) = data.target() else {
        return Err(Failure::usage("the table has no target"));
    };
    let target = whole.take(&fit.seen.rows);
    let weights: Option<Vec<f64>> =
        data.weights().map(|weights| fit.seen.rows.iter().map(|&row| weights[row as usize]).collect());
    let truth = match &weights {
        Some(weights) => Truth::weighted(&target, weights)?,
        None => Truth::new(&target),
    };
    let metrics = method::companions(metric, predictions)?;
    session.doing("scoring members");
    let cards = (0..predictions.members().len())
        .map(|m| ScoreCard::of_member(session, &metrics, predictions, m, &truth))
        .collect::<Result<Vec<_>>>()?;
    let Some(fusion) = fit.model.fusion() else {
        return Err(Failure::usage("the ensemble has no fusion"));
    };
    let fused: Matrix = fusion.fuse(predictions)?;
    let gives: Gives = fusion.gives(predictions.outputs());
    let in_sample = ScoreCard::of_matrix(session, "ensemble", &metrics, &fused, gives, &truth)?;
    session.doing("judging the ensemble on rows that its fit did not see");
    // The folds in order, numbered from 0: the last layer may lack some.
    let mut tested = fit.seen.folds.clone();
    tested.sort_unstable();
    tested.dedup();
    let partitions = if tested.len() > 1 {
        let place = |fold: &u32| tested.partition_point(|other| other < fold) as u32;
        Partitions::given(&fit.seen.folds.iter().map(place).collect::<Vec<u32>>())?
    } else {
        NestedSplit::default().draw(predictions, &truth, None, session.seed.child("nested"))?
    };
    let bootstrap = resamples(predictions.rows());
    let judgement = judge(&**fuser, predictions, &truth, &**metric, &partitions, &bootstrap, session.seed)?;
    let Judgement { verdict, ensemble, .. } = &judgement;
    let honest = ScoreCard::of_matrix(session, "ensemble", &metrics, &ensemble.fused, ensemble.gives, &truth)?;
    session.say(verdict.text());
    let mut told = serde_json::to_value(verdict)?;
    if let Value::Object(map) = &mut told {
        map.insert("text".into(), verdict.text().into());
    }
    session.put("verdict", told);
    let fitted = Fitted { fuser: &**fuser, fusion, metric };
    let made = report::of_judged(session, predictions, &truth, &fitted, &metrics, &judgement)?;
    report::write(session, &folder.path().join("report.html"), made)?;
    Ok(Judged { cards, honest, in_sample, weights: fusion.weights() })
}

/// Members and ensemble, best first: score, time, weight.
fn leaderboard(session: &mut Session, fit: &StackFit, judged: &Judged, metric: &Arc<dyn Metric>) {
    let predictions: &Predictions = &fit.seen.predictions;
    let times = |name: &str| fit.times.iter().rev().find(|times| times.name == name);
    let seconds = |time: Option<Duration>| time.map_or_else(String::new, |time| format!("{:.2}", time.as_secs_f64()));
    let score =
        |card: &ScoreCard, k: usize| card.scores.get(k).map_or_else(String::new, |(_, score)| listing::score(score));
    let mut rows = Vec::new();
    for (label, card) in [
        ("ensemble (rows unseen by its fit)", &judged.honest),
        ("ensemble (rows its weights were fitted on)", &judged.in_sample),
    ] {
        rows.push(vec![label.into(), score(card, 0), score(card, 1), String::new(), String::new(), String::new()]);
    }
    let mut order: Vec<usize> = (0..judged.cards.len()).collect();
    let cost = |m: &usize| match &judged.cards[*m].scores[0].1 {
        Score::Value(score) => metric.direction().cost(*score),
        Score::Undefined(_) => f64::INFINITY,
    };
    order.sort_by(|a, b| cost(a).total_cmp(&cost(b)));
    for m in order {
        let card = &judged.cards[m];
        let of: Option<&MemberTimes> = times(&card.name);
        rows.push(vec![
            card.name.clone(),
            score(card, 0),
            score(card, 1),
            judged.weights.as_ref().map_or_else(String::new, |weights| format!("{:.3}", weights[m])),
            seconds(of.map(|times| times.fit)),
            seconds(of.map(|times| times.predict)),
        ]);
    }
    let second = judged.in_sample.scores.get(1).map_or("", |(name, _)| name.as_str());
    let header = ["member", &metric.name(), second, "weight", "fit s", "predict s"];
    session.say(listing::table(&header, &rows));
    session.put("metric", metric.name().into());
    session.put("members", members_json(predictions, &judged.cards, judged.weights.as_deref()));
    session.put(
        "ensemble",
        json!({
            "nested": judged.honest.to_json(),
            "in_sample": judged.in_sample.to_json(),
        }),
    );
}
