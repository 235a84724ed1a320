//! `consort split`: folds of a table's rows.

use std::collections::BTreeMap;

use consort::{
    core::{Fold, RowInfo, Splitter, Target},
    data::{
        files::{Source, TextColumn, read_columns, to_frame, write_frame},
        split::{Plan, Predefined, RowColumns, Size, leaks, to_table},
    },
    plot::chart::SplitMap,
};
use serde_json::{Value, json};

use crate::{
    args::Split,
    failure::{Failure, Result},
    listing, places, report,
    session::Session,
};

pub(crate) fn run(args: &Split) -> Result<()> {
    // Before anything is written.
    args.chart.as_deref().map(report::chart_format).transpose()?;
    for path in args.output.iter().chain(&args.chart) {
        places::writable(path)?;
        places::apart(path, [args.data.as_path()])?;
    }
    let mut session = Session::start("split", &args.running)?;
    session.doing("reading");
    let table = read_columns(&Source::stem(&args.data), None)?;
    let profiles = profile(&table)?;
    let rows = table.first().map_or(0, TextColumn::len);
    session.put("rows", rows.into());
    session.put("columns", profiles.into());

    let frame = to_frame(&table)?;
    let mut columns = RowColumns::new(&frame);
    let id = args.id.clone().or_else(|| table.iter().any(|column| column.name() == "id").then(|| "id".into()));
    match &id {
        Some(id) => columns = columns.id(id)?,
        None => session.judge(["the table has no id column: rows are numbered from 0".to_string()]),
    }
    if let Some(name) = &args.stratify {
        columns = columns.stratify(name)?;
    }
    if let Some(name) = &args.group {
        columns = columns.group(name)?;
    }
    if let Some(name) = &args.time {
        columns = columns.time(name)?;
    }
    let info = columns.row_info();
    let splitter = splitter(&mut session, args, &table, &info)?;
    session.doing("splitting");
    let split = splitter.split(&info, session.seed)?;
    for warning in &split.warnings {
        session.warn(warning.clone());
    }
    for leak in leaks(&split.folds, &info)? {
        session.note(leak.to_string());
    }
    say(&mut session, &split.folds, &info);
    session.put("splitter", serde_json::to_value(&*splitter)?);
    if let Some(path) = &args.output {
        session.doing("writing");
        write_frame(path, to_table(&split, columns.ids())?)?;
        session.put("output", path.display().to_string().into());
        session.say(format!("split written to {}", path.display()));
    }
    if let Some(path) = &args.chart {
        session.doing("drawing");
        let order = order(args, &info);
        let by = order.as_ref().map(|(name, order)| (name.as_str(), order.as_slice()));
        report::write_chart(path, &SplitMap::new(&split.folds, info.rows, by)?)?;
        session.put("chart", path.display().to_string().into());
        session.say(format!("chart written to {}", path.display()));
    }
    session.finish()
}

/// The order in which the split is best seen, with what makes it: by time, else by group, else by class or value.
fn order(args: &Split, info: &RowInfo<'_>) -> Option<(String, Vec<u32>)> {
    let mut order: Vec<u32> = (0..info.rows as u32).collect();
    let name = match (&args.time, &args.group, &args.stratify) {
        (Some(name), ..) => {
            let time = info.time?;
            order.sort_by(|&a, &b| time[a as usize].total_cmp(&time[b as usize]));
            name
        }
        (_, Some(name), _) => {
            let groups = info.groups?;
            order.sort_by_key(|&i| groups[i as usize]);
            name
        }
        (.., Some(name)) => {
            match info.target? {
                Target::Classes { codes, .. } => order.sort_by_key(|&i| codes[i as usize]),
                Target::Values { values, .. } => {
                    order.sort_by(|&a, &b| values[a as usize].total_cmp(&values[b as usize]));
                }
                _ => return None,
            }
            name
        }
        _ => return None,
    };
    Some((name.clone(), order))
}

fn splitter(
    session: &mut Session,
    args: &Split,
    table: &[TextColumn],
    rows: &RowInfo<'_>,
) -> Result<Box<dyn Splitter>> {
    if let Some(name) = &args.predefined {
        let column = table.iter().find(|column| column.name() == name).ok_or_else(|| {
            let names: Vec<&str> = table.iter().map(TextColumn::name).collect();
            Failure::usage(format!("--predefined `{name}` is not a column; there are {}", names.join(", ")))
        })?;
        return Ok(Box::new(Predefined::from_labels(column.texts().map(Option::unwrap_or_default))?));
    }
    let count = |value: usize, option: &str| {
        u32::try_from(value).map_err(|_| Failure::usage(format!("{option} {value} is more than there can be rows")))
    };
    let mut plan = Plan {
        folds: args.folds.map(|folds| count(folds, "--folds")).transpose()?,
        repeats: (args.repeats != 1).then(|| count(args.repeats, "--repeats")).transpose()?,
        stratify: args.stratify.is_some(),
        group: args.group.is_some(),
        time: args.time.is_some(),
        shuffle: args.no_shuffle.then_some(false),
        test_size: args.test_size.map(|rows| count(rows, "--test-size")).transpose()?.map(Size::Count),
        gap: args.gap.map(|rows| count(rows, "--gap")).transpose()?,
        max_train_size: args.max_train_size.map(|rows| count(rows, "--max-train-size")).transpose()?,
        ..Plan::default()
    };
    if plan.folds.is_none() {
        let folds = plan.usual_folds(rows)?;
        if folds < Plan::USUAL_FOLDS {
            session.judge([format!("{folds} folds are made, not the usual 5: the rows allow no more")]);
        }
        plan.folds = Some(folds);
    }
    Ok(plan.splitter()?)
}

/// What each column holds, so that a person sees what was read.
fn profile(table: &[TextColumn]) -> Result<Vec<Value>> {
    table
        .iter()
        .map(|column| {
            let mut profile = json!({ "name": column.name(), "missing": column.missing() });
            if column.is_numeric() {
                let present: Vec<f64> = column.numbers()?.into_iter().filter(|x| !x.is_nan()).collect();
                profile["kind"] = "f64".into();
                profile["mean"] =
                    (!present.is_empty()).then(|| present.iter().sum::<f64>() / present.len() as f64).into();
            } else {
                profile["kind"] = "text".into();
            }
            Ok(profile)
        })
        .collect()
}

fn say(session: &mut Session, folds: &[Fold], info: &RowInfo<'_>) {
    let rows: Vec<Vec<String>> = folds
        .iter()
        .map(|fold| {
            [fold.repeat as usize, fold.fold as usize, fold.train.len(), fold.valid.len(), fold.test.len()]
                .iter()
                .map(ToString::to_string)
                .collect()
        })
        .collect();
    session.say(listing::table(&["repeat", "fold", "train rows", "valid rows", "test rows"], &rows));
    let mut tested = BTreeMap::new();
    for row in folds.iter().filter(|fold| fold.repeat == 0).flat_map(|fold| &fold.test) {
        *tested.entry(*row).or_insert(0u32) += 1;
    }
    let untested = info.rows - tested.len();
    if untested > 0 {
        session.say(format!("{untested} of {} rows are in no test part of a repeat", info.rows));
    }
    session.put("untested", untested.into());
    let folds: Vec<Value> = folds
        .iter()
        .map(|fold| json!({ "repeat": fold.repeat, "fold": fold.fold, "train": fold.train, "valid": fold.valid, "test": fold.test }))
        .collect();
    session.put("folds", folds.into());
}
