//! `consort fit`: a table becomes an ensemble.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use consort::{
    core::{Cancel, FitContext, Samples, Task},
    data::{
        files::{Source, publish},
        split,
        table::{self, ColumnSummary, MissingValues, Roles, Schema, SchemaOptions},
    },
    ensemble::{
        cross_fit::OnError,
        run::{Bundle, NotedRun, Origin, Roll, RollEntry, RunFolder, data_hash, file_checksum},
        stack::{StackFit, StackOptions},
    },
};

use crate::{
    args::{Fit, InfinitePolicy, Method, TaskName},
    failure::{Failure, Result},
    inputs, method,
    report::Wanted,
    session::Session,
    training::{
        self, Bars, CLASS, Fits, Found, Outcome, Pictures, Plan, Prepared, Probed, Recipe, RowsOf, TestedRows,
        are_pictures, write_ensemble, write_split,
    },
};

pub(crate) fn run(args: &Fit) -> Result<()> {
    let mut session = Session::start("fit", &args.running)?;
    let (folder, plan, table) = match &args.resume {
        Some(path) => resume(&mut session, path)?,
        None => begin(&mut session, args)?,
    };
    match train(&mut session, args, &folder, &plan, table) {
        Ok(()) => session.finish(),
        Err(failure) => {
            // What failed before anything was fitted leaves no folder in the way of the next try.
            if args.resume.is_none() {
                folder.abandon();
            }
            Err(failure)
        }
    }
}

/// What there must be for a new run.
const NEEDS: &str = "fit needs DATA, --target COL and -o RUN (or --recipe R.toml, or --resume RUN)";

fn begin(session: &mut Session, args: &Fit) -> Result<(RunFolder, Plan, Prepared)> {
    let recipe = Recipe::asked(args)?;
    let (Some(path), Some(output)) = (&recipe.data, &args.output) else {
        return Err(Failure::usage(NEEDS));
    };
    if recipe.repeats == Some(0) {
        return Err(Failure::usage("--repeats is 0, but must be at least 1"));
    }
    if let Some(layers) = recipe.layers.filter(|layers| !(1..=training::MOST_LAYERS).contains(layers)) {
        return Err(Failure::usage(format!("--layers is {layers}, but must be from 1 to {}", training::MOST_LAYERS)));
    }
    let method = recipe.method.unwrap_or(Method::Auto);
    if method == Method::Bag {
        training::refuse_folds(&recipe)?;
    }
    let read = if are_pictures(path) { pictures(session, &recipe, path)? } else { table_of(session, &recipe, path)? };
    let Read { roles, options, rows, columns, prepared } = read;
    warn_of_small_weights(session, &roles, &prepared);
    let folds = match recipe.folds {
        Some(folds) => folds,
        None => usual_folds(session, method, &roles, &prepared)?,
    };
    let metric = training::metric(method, recipe.metric.as_deref(), &rows.outputs())?;
    let members = training::members(method, &recipe, &prepared.data)?;
    let draws = training::usual_draws(&members);
    let plan = Plan {
        format: training::FORMAT,
        version: env!("CARGO_PKG_VERSION").into(),
        data: std::path::absolute(path).map_err(|error| Failure::file(path, "its place cannot be found", error))?,
        data_hash: data_hash(&prepared.data),
        roles,
        options,
        schema: rows,
        columns,
        members,
        asked: recipe.members,
        method,
        folds,
        repeats: recipe.repeats.unwrap_or(if method == Method::Bag { draws } else { 1 }),
        layers: recipe.layers.unwrap_or(1),
        metric: metric.name(),
        keep_folds: recipe.keep_folds || method == Method::Bag,
        seed: recipe.seed.unwrap_or_default(),
        epochs: recipe.epochs,
        device: recipe.device,
        time_limit: recipe.time_limit.as_deref().map(training::time_limit).transpose()?.map(|time| time.as_secs_f64()),
    };
    // What cannot be done is said before the folder is made.
    let splitter = training::splitter(&plan, &prepared.data, prepared.labels.as_deref())?;
    training::stacking(&plan, splitter, training::fuser(method, plan.outputs().task(), &metric)).check()?;
    Recipe::of(&plan)?.to_toml()?;
    Ok((RunFolder::create(output, &plan)?, plan, prepared))
}

/// Warns of weights that make few rows of many: a row counts as much as its weight says, so shares that sum to 1 are one row.
fn warn_of_small_weights(session: &mut Session, roles: &Roles, prepared: &Prepared) {
    let (Some(column), Some(weights)) = (&roles.weight, prepared.data.weights()) else { return };
    let who = "members that ask for a number of rows (neighbours, leaves) or have a penalty take";
    inputs::warn_of_small_weights(session, column, weights, who);
}

/// How many folds there are where nobody says; fewer than usual are said.
fn usual_folds(session: &mut Session, method: Method, roles: &Roles, prepared: &Prepared) -> Result<u32> {
    // Bags draw no folds, a blend holds out a fifth of the rows, and a column has what folds it has.
    if matches!(method, Method::Bag | Method::Blend) || prepared.labels.is_some() {
        return Ok(split::Plan::USUAL_FOLDS);
    }
    let (folds, limit) = training::usual_folds(roles, &prepared.data)?;
    if let Some(limit) = limit {
        session.judge([format!("{folds} folds are drawn, not the usual 5: there are too few {limit} for more")]);
    }
    Ok(folds)
}

/// Training rows, and what was judged of them.
struct Read {
    roles: Roles,
    options: SchemaOptions,
    rows: RowsOf,
    columns: Vec<ColumnSummary>,
    prepared: Prepared,
}

fn table_of(session: &mut Session, recipe: &Recipe, path: &Path) -> Result<Read> {
    let Some(target) = &recipe.target else {
        return Err(Failure::usage(NEEDS));
    };
    if recipe.size.is_some() {
        return Err(Failure::usage("--size is for pictures, and this is a table"));
    }
    session.doing("reading the table");
    let table = table::read_with(&Source::stem(path), &MissingValues::new(&recipe.missing_values))?;
    let roles = Roles {
        target: target.clone(),
        id: recipe.id.clone(),
        weight: recipe.weight.clone(),
        group: recipe.group.clone(),
        time: recipe.time.clone(),
        fold: recipe.fold.clone(),
        ignore: recipe.ignore.clone(),
    };
    if roles.group.is_some() && roles.time.is_some() {
        return Err(Failure::usage("folds are made by group or by time: the recipe asks for both"));
    }
    let options = SchemaOptions {
        task: recipe.task.map(task),
        positive: recipe.positive.clone(),
        missing_target: if recipe.drop_missing_target {
            table::MissingTarget::Drop
        } else {
            table::MissingTarget::Error
        },
        categorical: recipe.categorical.clone(),
        numeric: recipe.numeric.clone(),
        infinite: match recipe.infinite {
            Some(InfinitePolicy::Missing) => table::Infinite::Missing,
            Some(InfinitePolicy::Error) | None => table::Infinite::Error,
        },
        ..SchemaOptions::default()
    };
    let schema = Schema::infer(&table, &roles, options.clone())?;
    session.judge(schema.judged().iter().cloned());
    schema.warnings().iter().for_each(|warning| session.warn(warning.clone()));
    let columns = table::summary(&schema, &table);
    session.judge([table::in_words(&columns, table.rows())]);
    let prepared = Prepared::of_table(session, &schema, &table, true)?;
    Ok(Read { roles: schema.roles().clone(), options, rows: RowsOf::Table(Box::new(schema)), columns, prepared })
}

fn pictures(session: &mut Session, recipe: &Recipe, path: &Path) -> Result<Read> {
    let columns = [&recipe.target, &recipe.id, &recipe.weight, &recipe.group, &recipe.time, &recipe.fold];
    let lists = [&recipe.ignore, &recipe.missing_values, &recipe.categorical, &recipe.numeric];
    if columns.iter().any(|column| column.is_some())
        || lists.iter().any(|list| !list.is_empty())
        || recipe.positive.is_some()
    {
        let what = if path.is_dir() {
            "this is a folder, which is read as pictures, whose classes are known: give a table, or leave"
        } else {
            "these are pictures, whose classes are known: leave"
        };
        return Err(Failure::usage(format!("{}: {what} out --target and other options of columns", path.display())));
    }
    if matches!(recipe.task, Some(TaskName::Regression)) {
        return Err(Failure::usage("pictures have classes: --task regression is for tables"));
    }
    if recipe.infinite.is_some() {
        return Err(Failure::usage("pictures have no infinite numbers: --infinite is for tables"));
    }
    session.doing("reading the pictures");
    let (rows, data) = Pictures::learn(session, path, recipe.size.as_deref())?;
    Ok(Read {
        roles: Roles::target(CLASS),
        options: SchemaOptions::default(),
        rows: RowsOf::Pictures(rows),
        columns: Vec::new(),
        prepared: Prepared { data, labels: None },
    })
}

fn resume(session: &mut Session, path: &Path) -> Result<(RunFolder, Plan, Prepared)> {
    let (folder, plan): (RunFolder, Plan) = RunFolder::open(path)?;
    let plan = plan.checked(path)?;
    if Roll::load(path).is_ok_and(|roll| roll.is_changed) {
        return Err(Failure::usage(format!(
            "{}: the run is done, and its members were changed since: there is nothing to go on with",
            path.display()
        )));
    }
    session.doing("reading the rows");
    let prepared = plan.schema.again(session, &plan.data)?;
    if data_hash(&prepared.data) != plan.data_hash {
        return Err(Failure::usage(format!(
            "{} is not what it was when the run was begun: put the old table back, or begin a new run",
            plan.data.display()
        )));
    }
    Ok((folder, plan, prepared))
}

fn task(name: TaskName) -> Task {
    match name {
        TaskName::Binary => Task::Binary,
        TaskName::Multiclass | TaskName::Classification => Task::Multiclass,
        TaskName::Regression => Task::Regression,
    }
}

/// Fits what the plan asks for, and writes all that comes of it.
fn train(session: &mut Session, args: &Fit, folder: &RunFolder, plan: &Plan, prepared: Prepared) -> Result<()> {
    let Prepared { data, labels } = prepared;
    session.seed = consort::core::Seed::new(plan.seed);
    session.put("seed", plan.seed.into());
    session.put("rows", data.rows().into());
    session.put("columns", serde_json::to_value(&plan.columns)?);
    let outputs = plan.outputs();
    let metric = method::of_outputs(Some(&plan.metric), &outputs)?;
    let splitter = training::splitter(plan, &data, labels.as_deref())?;
    let fuser = training::fuser(plan.method, outputs.task(), &metric);
    let stacking = training::stacking(plan, splitter, Arc::clone(&fuser));
    let recipe = folder.path().join(Recipe::FILE);
    if !recipe.exists() {
        let text = Recipe::of(plan)?.to_toml()?;
        publish(&recipe, |file| std::io::Write::write_all(file, text.as_bytes()))?;
    }
    session.hush();
    let bars = Bars::new(args.running.json);
    // A time beyond what a clock can tell is no limit.
    let until = |seconds: f64| Instant::now().checked_add(Duration::try_from_secs_f64(seconds).ok()?);
    let limit = plan.time_limit.and_then(until).map(Cancel::at);
    let context = FitContext {
        threads: args.running.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
        progress: &bars,
        cancel: limit.as_ref(),
        ..FitContext::new(session.seed)
    };
    // Each fit leaves a note of its score, for those who watch.
    let folds = stacking.folds(&Samples::all(&data), session.seed)?;
    let noted = NotedRun::new(folder, &data, &folds, &*metric);
    let options = StackOptions { store: Some(&noted), on_error: OnError::Skip, limited: limit.is_some() };
    let fit = stacking.fit_with(&Samples::all(&data), &context, &options)?;
    bars.finish();
    fit.warnings.iter().for_each(|warning| session.warn(warning.clone()));
    fit.skipped.iter().for_each(|skipped| session.note(format!("left out {skipped}")));
    let run = folder.path();
    session.doing("looking for leaks");
    Found::of(&data, &fit.folds)?.write(run)?.tell(session)?;

    session.doing("writing");
    write_split(run, &fit, &data, plan.id())?;
    let rows = TestedRows::of_fit(&fit, &data, plan)?;
    rows.write(run)?;
    let mut roll = write_members(run, &fit, &rows)?;
    roll.truth = Some(file_checksum(&run.join(TestedRows::FILE))?);
    training::score_own_rows(session, &mut roll, plan, &data, &fit.folds, folder)?;
    let predictions = &fit.seen.predictions;
    let fits = Fits::of(&roll, true);
    let outcome = Outcome { rows: &rows, predictions, roll: &roll, fuser: &*fuser, metric: &metric, fits };
    let report = run.join("report.html");
    let judged = outcome.tell(session, &fit.model, folder, Some(&Wanted::html(&report)))?;
    outcome.leaderboard(session, &judged, folder);
    if args.probe {
        session.hush();
        let bars = Bars::new(args.running.json);
        let own = FitContext { progress: &bars, cancel: None, ..context };
        let probed = Probed { plan, stacking: &stacking, skipped: &fit.skipped, fuser: &*fuser, metric: &metric };
        probed.tell(session, &data, &own)?;
        bars.finish();
    }
    let bundle = Bundle { outputs, schema: serde_json::to_value(&plan.schema)?, model: fit.model };
    write_ensemble(run, &bundle, &roll)?;
    session.put("run", run.display().to_string().into());
    session.say(format!(
        "run written to {}; predict new rows with `consort predict {} NEW.csv -o PRED.csv`",
        run.display(),
        run.display()
    ));
    Ok(())
}

/// Writes one file a member, in the format of member files, with the fold of each row.
fn write_members(run: &Path, fit: &StackFit, rows: &TestedRows) -> Result<Roll> {
    let place = run.join("predictions");
    std::fs::create_dir_all(&place).map_err(|error| Failure::file(&place, "it cannot be made", error))?;
    let folds = fit.folds.iter().map(|fold| (fold.repeat, fold.fold)).collect();
    let mut roll = Roll { layer: fit.layers - 1, folds, ..Roll::default() };
    let folds = rows.folds(&roll);
    let predictions = &fit.seen.predictions;
    for (m, member) in predictions.members().iter().enumerate() {
        let values = predictions.to_matrix(m);
        let times = fit.times.iter().rev().find(|times| times.name == member.name);
        roll.members.push(RollEntry {
            name: member.name.clone(),
            origin: Origin::Fitted,
            checksum: rows.write_member(run, &member.name, &values, predictions.outputs(), folds.as_ref())?,
            fit_time: times.map(|times| times.fit).unwrap_or_default(),
            predict_time: times.map(|times| times.predict).unwrap_or_default(),
            own_score: None,
            histories: Vec::new(),
        });
    }
    Ok(roll)
}
