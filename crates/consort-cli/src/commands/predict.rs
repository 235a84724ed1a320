//! `consort predict`: a run's predictions of new rows.

use std::path::{Path, PathBuf};

use consort::{
    core::{Matrix, Samples},
    data::files::{self, Fused},
    ensemble::run::Bundle,
};

use crate::{
    args::Predict,
    failure::{Failure, Result},
    places,
    session::Session,
    training::{RowsOf, foreign_predictions, style},
};

/// The bundle of a run, or the bundle itself.
///
/// # Errors
/// If the run was stopped before it was done.
pub(crate) fn bundle_of(run: &Path) -> Result<PathBuf> {
    if !run.is_dir() {
        return Ok(run.to_owned());
    }
    let bundle = run.join("bundle.consort");
    if !bundle.exists() && run.join("run.json").is_file() {
        let run = run.display();
        return Err(Failure::usage(format!("{run}: the run is not done: go on with `consort fit --resume {run}`")));
    }
    Ok(bundle)
}

pub(crate) fn run(args: &Predict) -> Result<()> {
    let mut session = Session::start("predict", &args.running)?;
    let members = places::files(&args.member);
    places::writable(&args.output)?;
    places::apart(&args.output, members.iter().map(PathBuf::as_path).chain([args.data.as_path()]))?;
    places::outside(&args.output, &args.run)?;
    session.doing("reading the ensemble");
    let bundle = Bundle::load(&bundle_of(&args.run)?)?;
    let rows: RowsOf = bundle.schema()?;
    let data = rows.read(&mut session, &args.data, false)?;
    session.doing("predicting");
    let id = rows.id();
    let place = args.data.display().to_string();
    let given = foreign_predictions(&mut session, &bundle, &args.member, data.ids(), &place, id)?;
    let all = Samples::all(&data);
    let members = bundle.model.member_predictions_with(&all, &given)?;
    let predicted: Matrix = bundle.model.fuse(&members, &all)?;
    let order: Vec<u32> = (0..data.rows() as u32).collect();
    let fused = Fused {
        ids: data.ids(),
        order: &order,
        outputs: &bundle.outputs,
        values: &predicted,
        gives: bundle.outputs.gives(),
        style: style(&bundle.outputs),
        id,
        beside: &[],
    };
    files::write_fused(&args.output, &fused)?;
    session.put("output", args.output.display().to_string().into());
    session.put("rows", data.rows().into());
    session.say(format!("{} rows predicted to {}", data.rows(), args.output.display()));
    session.finish()
}
