//! `consort evaluate RUN TABLE`: what a run scores on rows that it has not seen.

use std::path::Path;

use consort::{
    core::{Samples, Truth},
    ensemble::run::Bundle,
};

use super::{evaluate, predict::bundle_of};
use crate::{
    args::{Evaluate, Reading},
    failure::{Failure, Result},
    score_card::ScoreCard,
    session::Session,
    training::{RowsOf, foreign_predictions},
};

/// Refuses options that say how files of predictions are read, where a run is asked.
pub(super) fn refuse_reading(reading: &Reading, of: &str) -> Result<()> {
    match reading.given() {
        None => Ok(()),
        Some(option) => Err(Failure::usage(format!(
            "{option} goes with files of predictions: {of} reads rows, target and weights as the run was told by `fit`"
        ))),
    }
}

/// Whether a path is a run or a bundle, and no file of predictions.
pub(crate) fn is_run(path: &str) -> bool {
    let path = Path::new(path);
    path.join("run.json").is_file() || path.extension().is_some_and(|ending| ending == "consort")
}

pub(crate) fn run(session: &mut Session, args: &Evaluate) -> Result<()> {
    let [run, table] = args.predictions.as_slice() else {
        return Err(Failure::usage("evaluate RUN takes one table of rows whose target is known"));
    };
    refuse_reading(&args.reading, "evaluate RUN")?;
    let bundle = Bundle::load(&bundle_of(Path::new(run))?)?;
    let rows: RowsOf = bundle.schema()?;
    let data = rows.read(session, Path::new(table), true)?;
    let Some(target) = data.target() else {
        return Err(Failure::usage("the table has no target"));
    };
    let truth = Truth::with(target, data.weights())?;
    session.doing("predicting");
    let all = Samples::all(&data);
    let id = rows.id();
    let given = foreign_predictions(session, &bundle, &args.member, data.ids(), table, id)?;
    let members = bundle.model.member_predictions_with(&all, &given)?;
    let fused = bundle.model.fuse(&members, &all)?;
    let metrics = evaluate::metrics(args, &members)?;
    session.doing("scoring");
    let gives = bundle.model.fusion().map_or_else(|| bundle.outputs.gives(), |fusion| fusion.gives(&bundle.outputs));
    let mut cards = vec![ScoreCard::of_matrix(session, "ensemble", &metrics, &fused, gives, &truth)?];
    for m in 0..members.members().len() {
        cards.push(ScoreCard::of_member(session, &metrics, &members, m, &truth)?);
    }
    evaluate::tell(session, &metrics, &cards, &members);
    Ok(())
}
