//! `consort diagnose`: what is wrong with an ensemble, of a run or of prediction files.

use std::{path::Path, process::ExitCode, sync::Arc};

use consort::{
    core::{Fold, Fuser, Metric, Predictions, RowInfo, Seed, Truth},
    data::files::{Loaded, Source, read_columns},
    ensemble::estimate::{diagnose_data, diagnose_folds_told},
    fusion::{
        diagnosis::{Case, Diagnosis, Severity, diagnose},
        select::GreedySelection,
        verdict::{HonestScore, NestedSplit, Partitions},
    },
    split::{Leak, Leaked},
};
use serde_json::{Value, json};

use super::evaluate_run::{is_run, refuse_reading};
use crate::{
    args::{Diagnose, HowBad},
    failure::{Failure, Result},
    inputs, listing, method,
    session::Session,
    training::{self, Done},
};

/// The exit code where something was found that is as bad as `--fail-on` says.
const FOUND: u8 = 3;

pub(crate) fn run(args: &Diagnose) -> Result<ExitCode> {
    let mut session = Session::start("diagnose", &args.running)?;
    let found = match args.subjects.as_slice() {
        [run] if is_run(run) => of_run(&mut session, args, Path::new(run))?,
        files if files.iter().any(|file| is_run(file)) => {
            return Err(Failure::usage("diagnose takes one run, or files of predictions, not both"));
        }
        _ => of_files(&mut session, args)?,
    };
    tell(&mut session, &found)?;
    session.finish()?;
    let limit = args.fail_on.map(|limit| match limit {
        HowBad::Note => Severity::Note,
        HowBad::Warning => Severity::Warning,
        HowBad::Fault => Severity::Fault,
    });
    let is_bad = limit.is_some_and(|limit| found.worst().is_some_and(|worst| worst >= limit));
    Ok(if is_bad { ExitCode::from(FOUND) } else { ExitCode::SUCCESS })
}

/// Of a run: its own fusion and folds, what its members score on their own rows, and its table where it is still there.
fn of_run(session: &mut Session, args: &Diagnose, run: &Path) -> Result<Diagnosis> {
    if run.is_file() {
        return Err(Failure::usage(format!(
            "{}: a bundle predicts, and keeps no rows to look at: give the run",
            run.display()
        )));
    }
    if args.group.is_some() || args.time.is_some() {
        return Err(Failure::usage("--group and --time go with files: a run knows its groups and times"));
    }
    refuse_reading(&args.reading, "diagnose RUN")?;
    let Done { plan, outputs, metric: metric_of_run, fuser, roll, rows, .. } = Done::open(session, run)?;
    let metric = method::of_outputs(Some(args.metric.as_deref().unwrap_or(&plan.metric)), &outputs)?;
    let predictions = rows.members(run, &roll, &outputs)?;
    let truth = rows.truth()?;
    let own = training::Fits::of(&roll, metric.name() == metric_of_run.name()).own_scores;
    let table = training::table_of(session, &plan, &metric_of_run)?;
    // The time of each row that is tested.
    let times = table.as_ref().and_then(|(data, _)| {
        let (time, index) = (data.time()?, data.ids().index("the table").ok()?);
        (0..rows.ids.len()).map(|i| index.row(&rows.ids.text(i)).map(|row| time[row])).collect::<Option<Vec<f64>>>()
    });
    let partitions = rows.partitions(&predictions, session.seed)?;
    let mut subject = Subject {
        fuser: Some(&*fuser),
        partitions: Some(partitions),
        ..Subject::new(&predictions, truth, metric, session.seed.child("meta"))
    };
    subject.folds = Some(rows.fold_numbers());
    subject.times = times.as_deref();
    subject.own_scores = own.iter().any(Option::is_some).then_some(own.as_slice());
    let found = subject.examine(session)?;
    session.doing("looking at the table");
    Ok(match &table {
        Some((data, folds)) => found.join(diagnose_data(data, folds)?),
        None => found,
    })
}

/// Of files, with a greedy selection of them.
fn of_files(session: &mut Session, args: &Diagnose) -> Result<Diagnosis> {
    let loaded =
        inputs::load(session, &args.subjects, &args.reading, &inputs::options(&args.reading, args.group.as_deref()))?;
    let truth = inputs::needed_truth(&loaded, "diagnose")?;
    let predictions = &loaded.predictions;
    let metric = method::metric(args.metric.as_deref(), predictions)?;
    let greedy = GreedySelection::new(Arc::clone(&metric));
    let times = times(args, &loaded)?;
    let named = loaded.folds.as_ref().filter(|folds| folds.names.len() > 1);
    let folds = named.map(|folds| folds.codes.as_slice());
    let mut subject = Subject::new(predictions, truth, metric, session.seed);
    subject.folds = folds;
    subject.fold_names = named.map(|folds| folds.names.as_slice());
    subject.times = times.as_deref();
    if predictions.members().len() > 1 {
        subject.fuser = Some(&greedy);
        subject.partitions = partitions(predictions, &truth, folds, session.seed)?;
    }
    let mut found = subject.examine(session)?;
    // Of files it is known which rows were tested together, and not what was learnt from for that: all others, at most.
    let groups = loaded.groups.as_deref();
    let folds: Vec<Fold> = folds.map_or_else(Vec::new, all_others);
    let rows = RowInfo { rows: predictions.rows(), groups: groups.filter(|_| !folds.is_empty()), ..RowInfo::default() };
    let tell = |leak: &Leak| match (&leak.what, named.and_then(|named| named.names.get(leak.fold as usize))) {
        (Leaked::Groups { count, .. }, Some(fold)) => {
            format!("fold {fold}: {count} groups have rows in both train and test")
        }
        _ => leak.to_string(),
    };
    let mut apart = diagnose_folds_told(&folds, &rows, &tell)?;
    apart.findings.retain(|finding| finding.check == GROUPS);
    apart.passed.retain(|check| check == GROUPS);
    apart.skipped.retain(|(check, _)| check == GROUPS);
    apart.skipped.iter_mut().for_each(|(_, lacks)| *lacks = "the group and the fold of each row".into());
    found = found.join(apart);
    Ok(found)
}

/// The check of folds that says something of files.
const GROUPS: &str = "groups-apart";

/// Folds that learn from all rows which they do not test.
fn all_others(codes: &[u32]) -> Vec<Fold> {
    let count = codes.iter().copied().max().map_or(0, |most| most + 1);
    let rows = |is: &dyn Fn(u32) -> bool| (0..codes.len() as u32).filter(|&row| is(codes[row as usize])).collect();
    (0..count)
        .map(|fold| Fold {
            fold,
            train: rows(&|code| code != fold),
            test: rows(&|code| code == fold),
            ..Fold::default()
        })
        .collect()
}

/// The folds in which a fusion of files is judged; none of too few rows.
fn partitions(
    predictions: &Predictions,
    truth: &Truth<'_>,
    folds: Option<&[u32]>,
    seed: Seed,
) -> Result<Option<Partitions>> {
    if let Some(folds) = folds {
        return Ok(Some(Partitions::given(folds)?));
    }
    let parts = inputs::groups(truth).unwrap_or_else(|| (0..truth.rows()).filter(|&i| truth.weight(i) > 0.0).count());
    if parts < 2 {
        return Ok(None);
    }
    Ok(Some(NestedSplit::default().folds(parts.min(5)).draw(predictions, truth, seed.child("nested"))?))
}

/// When each row happened: numbers, or texts by their byte order, which for ISO dates is that of time.
fn times(args: &Diagnose, loaded: &Loaded) -> Result<Option<Vec<f64>>> {
    let Some(name) = &args.time else { return Ok(None) };
    let Some(truth) = &args.reading.truth else {
        return Err(Failure::usage("--time COL is a column of the --truth file: give that"));
    };
    let columns = read_columns(&Source::stem(truth), None)?;
    let find = |name: &str| columns.iter().find(|column| column.name() == name);
    let Some(column) = find(name) else {
        let names: Vec<&str> = columns.iter().map(|column| column.name()).collect();
        return Err(Failure::usage(format!(
            "--time: {} has no column `{name}`; its columns are {}",
            truth.display(),
            names.join(", ")
        )));
    };
    let numbers = if column.is_numeric() {
        column.numbers()?
    } else {
        let texts = column.complete("time")?;
        let mut order = texts.clone();
        order.sort_unstable();
        order.dedup();
        texts.iter().map(|text| order.partition_point(|other| other < text) as f64).collect()
    };
    let ids = loaded.predictions.ids();
    let Some(of_truth) = find(&args.reading.id).filter(|_| !ids.are_positions()) else {
        return Ok((numbers.len() == ids.len()).then_some(numbers));
    };
    let mut times = vec![f64::NAN; ids.len()];
    let index = ids.index("the predictions")?;
    for (text, time) in of_truth.texts().zip(numbers) {
        if let Some(row) = text.and_then(|text| index.row(text)) {
            times[row] = time;
        }
    }
    Ok(Some(times))
}

/// What is looked at.
struct Subject<'a> {
    predictions: &'a Predictions,
    truth: Truth<'a>,
    metric: Arc<dyn Metric>,
    fuser: Option<&'a dyn Fuser>,
    partitions: Option<Partitions>,
    folds: Option<&'a [u32]>,
    fold_names: Option<&'a [String]>,
    times: Option<&'a [f64]>,
    own_scores: Option<&'a [Option<f64>]>,
    /// What the fusion was fitted with.
    seed: Seed,
}

impl<'a> Subject<'a> {
    fn new(predictions: &'a Predictions, truth: Truth<'a>, metric: Arc<dyn Metric>, seed: Seed) -> Self {
        Self {
            predictions,
            truth,
            metric,
            fuser: None,
            partitions: None,
            folds: None,
            fold_names: None,
            times: None,
            own_scores: None,
            seed,
        }
    }

    fn examine(&self, session: &mut Session) -> Result<Diagnosis> {
        session.put("metric", self.metric.name().into());
        session.put("rows", self.predictions.rows().into());
        session.doing("judging the fusion on rows that its fit did not see");
        let honest = match (self.fuser, &self.partitions) {
            (Some(fuser), Some(partitions)) => {
                match HonestScore::of(fuser, self.predictions, &self.truth, &*self.metric, partitions, self.seed) {
                    Ok(honest) => Some(honest),
                    // What the fusion cannot read, the other checks still can.
                    Err(error) => {
                        session.note(format!("the fusion is not looked at: {error}"));
                        None
                    }
                }
            }
            _ => None,
        };
        session.doing("looking for faults");
        let mut case = Case::new(self.predictions, self.truth)
            .metric(Arc::clone(&self.metric))
            .seed(session.seed.child("diagnosis"));
        if let Some(honest) = &honest {
            case = case.honest(honest);
            if let Some(weights) = &honest.weights {
                case = case.weights(weights);
            }
        }
        if let Some(folds) = self.folds {
            case = case.folds(folds);
        }
        if let Some(names) = self.fold_names {
            case = case.fold_names(names);
        }
        if let Some(times) = self.times {
            case = case.times(times);
        }
        if let Some(scores) = self.own_scores {
            case = case.train_scores(scores);
        }
        Ok(diagnose(&case)?)
    }
}

/// A table for people, then what to do about each; all of it as JSON.
fn tell(session: &mut Session, found: &Diagnosis) -> Result<()> {
    if found.findings.is_empty() {
        session.say("No fault was found by the checks that could be made.");
    } else {
        let rows: Vec<Vec<String>> = found
            .findings
            .iter()
            .map(|finding| {
                let of = finding.of.clone().unwrap_or_else(|| listing::NOTHING.into());
                vec![finding.severity.to_string(), finding.check.clone(), of, finding.what.clone()]
            })
            .collect();
        session.say(listing::table(&["how bad", "check", "of", "what was found"], &rows));
    }
    for finding in &found.findings {
        let of = finding.of.as_ref().map_or_else(String::new, |of| format!(", {of}"));
        let mut text = format!("{} ({}{of})", finding.severity, finding.check);
        for (name, value) in &finding.evidence {
            text += &format!("\n  {name}: {}", listing::count_or_number(*value));
        }
        session.say(format!("{text}\n  do: {}", finding.advice));
    }
    if !found.passed.is_empty() {
        session.say(format!("Nothing was found by: {}", found.passed.join(", ")));
    }
    if !found.skipped.is_empty() {
        let lines = found.skipped.iter().map(|(check, lacks)| format!("\n  {check}, which needs {lacks}"));
        session.say(format!("Not looked at:{}", lines.collect::<String>()));
    }
    let skipped = found.skipped.iter().map(|(check, lacks)| json!({"check": check, "lacks": lacks})).collect();
    // Evidence as an object reads better than as pairs.
    let findings = found.findings.iter().map(|finding| {
        let evidence: serde_json::Map<String, Value> =
            finding.evidence.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        json!({
            "check": finding.check,
            "severity": finding.severity,
            "of": finding.of,
            "what": finding.what,
            "evidence": evidence,
            "advice": finding.advice,
        })
    });
    session.put("worst", serde_json::to_value(found.worst())?);
    session.put("findings", findings.collect());
    session.put("passed", json!(found.passed));
    session.put("skipped", Value::Array(skipped));
    Ok(())
}
