//! `consort members`: who is in the ensemble of a run.

use std::{collections::HashMap, path::Path};

use consort::{
    core::{Fuser, Matrix, Outputs, Predictions},
    data::files::Source,
    ensemble::{
        FittedMember, NamedLearner,
        run::{Bundle, Origin, Roll, RollEntry, RunFolder},
    },
};

use crate::{
    args::{Change, Members},
    failure::{Failure, Result},
    inputs,
    report::Wanted,
    session::Session,
    training::{Done, Fits, Found, Outcome, TestedRows, write_ensemble},
};

pub(crate) fn run(args: &Members) -> Result<()> {
    let mut session = Session::start("members", &args.running)?;
    let Done { folder, outputs, metric, fuser, mut roll, rows, .. } = Done::open(&mut session, &args.run)?;
    Found::read(&args.run)?.tell(&mut session)?;
    let mut bundle = Bundle::load(&args.run.join("bundle.consort"))?;
    let change = Planned::of(args.change.as_ref(), &roll)?;
    roll.members.retain(|member| !change.gone.contains(&member.name));
    session.doing("reading predictions");
    let mut joined: HashMap<String, Matrix> = HashMap::new();
    for source in change.joined {
        let read = rows.predictions_in(&source, &outputs)?;
        session.judge(read.judged);
        if read.left_over > 0 {
            session.note(format!("{}: {} of its rows are not in the run", source.file(), read.left_over));
        }
        joined.insert(source.name, read.values);
    }
    let is_changed = !joined.is_empty() || !change.gone.is_empty();
    let predictions = all(&rows, &args.run, &roll, &outputs, &joined)?;
    if is_changed {
        roll.is_changed = true;
        let mut names: Vec<String> = joined.keys().cloned().collect();
        names.sort_unstable();
        let foreign = |name| RollEntry { name, origin: Origin::Foreign, ..RollEntry::default() };
        roll.members.extend(names.into_iter().map(foreign));
        bundle = refit(&mut session, &folder, &roll, bundle, &predictions, &rows, &*fuser)?;
    }
    let fits = Fits::of(&roll, true);
    let outcome =
        Outcome { rows: &rows, predictions: &predictions, roll: &roll, fuser: &*fuser, metric: &metric, fits };
    // All files of the change come to their places at once, after the last one was written.
    let staged = if is_changed { Some(folder.change()?) } else { None };
    let report = args.run.join("report.html");
    let new_report = staged.as_ref().map(|staged| staged.folder().join("report.html"));
    let wanted = new_report.as_ref().map(|place| Wanted::html_moved(place, &report));
    let judged = outcome.tell(&mut session, &bundle.model, &folder, wanted.as_ref())?;
    outcome.leaderboard(&mut session, &judged, &folder);
    if let Some(mut staged) = staged {
        for (name, values) in &joined {
            let checksum = rows.write_member(&staged.folder(), name, values, &outputs, None)?;
            roll.members
                .iter_mut()
                .filter(|member| member.name == *name)
                .for_each(|it| it.checksum.clone_from(&checksum));
        }
        write_ensemble(&staged.folder(), &bundle, &roll)?;
        change.gone.iter().for_each(|name| staged.remove_models(name));
        change.gone.iter().filter(|name| !joined.contains_key(*name)).for_each(|name| staged.remove_predictions(name));
        staged.commit()?;
    }
    session.finish()
}

/// What is to be done, with all names looked up.
#[derive(Default)]
struct Planned {
    gone: Vec<String>,
    joined: Vec<Source>,
}

impl Planned {
    fn of(change: Option<&Change>, roll: &Roll) -> Result<Self> {
        let known = |name: &str| {
            if roll.find(name).is_some() {
                return Ok(());
            }
            let names: Vec<&str> = roll.members.iter().map(|member| member.name.as_str()).collect();
            Err(Failure::usage(format!("the run has no member `{name}`; its members are {}", names.join(", "))))
        };
        let sources = |members: &[String]| -> Result<Vec<Source>> {
            let sources: Vec<Source> = members.iter().map(|text| inputs::source(text)).collect();
            for (i, source) in sources.iter().enumerate() {
                is_file_name(&source.name)?;
                if sources[..i].iter().any(|other| other.name == source.name) {
                    return Err(Failure::usage(format!("the member `{}` is named twice", source.name)));
                }
            }
            Ok(sources)
        };
        match change {
            None | Some(Change::List) => Ok(Self::default()),
            Some(Change::Add { members }) => {
                let joined = sources(members)?;
                if let Some(there) = joined.iter().find(|source| roll.find(&source.name).is_some()) {
                    return Err(Failure::usage(format!(
                        "the run has a member `{}` already: replace it, or add the file under another name (NAME=FILE)",
                        there.name
                    )));
                }
                Ok(Self { gone: Vec::new(), joined })
            }
            Some(Change::Drop { names }) => {
                names.iter().try_for_each(|name| known(name))?;
                if roll.members.iter().all(|member| names.contains(&member.name)) {
                    return Err(Failure::usage("an ensemble has at least one member: not all can be dropped"));
                }
                Ok(Self { gone: names.clone(), joined: Vec::new() })
            }
            Some(Change::Replace { members }) => {
                let joined = sources(members)?;
                joined.iter().try_for_each(|source| known(&source.name))?;
                Ok(Self { gone: joined.iter().map(|source| source.name.clone()).collect(), joined })
            }
        }
    }
}

/// A name becomes that of a file.
fn is_file_name(name: &str) -> Result<()> {
    if NamedLearner::may_be_named(name) {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "`{name}` cannot be the name of a member: use letters, digits, `-`, `_`, `+`, `.` and spaces (NAME=FILE)"
    )))
}

/// The predictions of those that stay, and of those that join, by name.
fn all(
    rows: &TestedRows,
    run: &Path,
    roll: &Roll,
    outputs: &Outputs,
    joined: &HashMap<String, Matrix>,
) -> Result<Predictions> {
    let mut builder = Predictions::builder(outputs.clone(), rows.ids.clone());
    if !roll.members.is_empty() {
        let stay = rows.members(run, roll, outputs)?;
        for (m, member) in stay.members().iter().enumerate() {
            builder = builder.member(&member.name, member.gives, stay.member(m))?;
        }
    }
    let mut joined: Vec<(&String, &Matrix)> = joined.iter().collect();
    joined.sort_unstable_by_key(|(name, _)| *name);
    for (name, values) in joined {
        builder = builder.member(name, outputs.gives(), values.values())?;
    }
    Ok(builder.build()?)
}

/// Fits the fusion anew, and gives each member that it reads its models back.
fn refit(
    session: &mut Session,
    folder: &RunFolder,
    roll: &Roll,
    bundle: Bundle,
    predictions: &Predictions,
    rows: &TestedRows,
    fuser: &dyn Fuser,
) -> Result<Bundle> {
    session.doing(format!("fitting {}", fuser.name()));
    let fusion = fuser.fit(predictions, &rows.truth()?, session.seed.child("meta"))?;
    let weights = fusion.weights();
    let Bundle { outputs, schema, mut model } = bundle;
    let mut before: HashMap<String, FittedMember> =
        model.take_members().into_iter().map(|member| (member.name.clone(), member)).collect();
    let mut members = Vec::with_capacity(roll.members.len());
    for (m, RollEntry { name, origin, .. }) in roll.members.iter().enumerate() {
        let is_read = weights.as_ref().is_none_or(|weights| weights[m] != 0.0);
        members.push(match (origin, before.remove(name)) {
            _ if !is_read => FittedMember::unread(name),
            (Origin::Foreign, _) => FittedMember::foreign(name),
            (Origin::Fitted, Some(member)) if !member.models.is_empty() => member,
            (Origin::Fitted, _) => {
                let member = folder.fitted(name, roll.layer, &roll.folds)?;
                if member.models.len() > 1 {
                    session.note(format!(
                        "`{name}` was not read before and has no model of all rows: the mean of its {} fold models predicts",
                        member.models.len()
                    ));
                }
                member
            }
        });
    }
    Ok(Bundle { outputs, schema, model: model.with_members(members, fusion)? })
}
