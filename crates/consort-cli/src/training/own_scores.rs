use std::time::Duration;

use consort::{
    core::{Dataset, Fold, LossHistory, Metric, Samples},
    ensemble::{
        estimate::OwnRows,
        run::{Origin, Roll, RunFolder, data_hash},
    },
};

use super::{Plan, Prepared, stacking};
use crate::{failure::Result, method, session::Session};

/// Puts into the roll what each member scores on rows that it learnt from, and how it learnt. Of several layers it is not known: the last one
/// learns from predictions.
pub(crate) fn score_own_rows(
    session: &mut Session,
    roll: &mut Roll,
    plan: &Plan,
    data: &Dataset,
    folds: &[Fold],
    folder: &RunFolder,
) -> Result<()> {
    if roll.layer > 0 {
        return Ok(());
    }
    session.doing("scoring members on the rows that they learnt from");
    let metric = method::of_outputs(Some(&plan.metric), &plan.outputs())?;
    for member in roll.members.iter_mut().filter(|member| member.origin == Origin::Fitted) {
        let look = OwnRows::default().look(&member.name, data, folds, folder, &*metric, session.seed)?;
        (member.own_score, member.histories) = (look.score, look.histories);
        if let Some(how) = member.histories.iter().map(|history| &history.how).find(|how| !how.is_empty()) {
            session.judge([format!("how `{}` was trained: {how}", member.name)]);
        }
    }
    Ok(())
}

/// What is known of the fits of a run beside their predictions, one entry a member.
pub(crate) struct Fits {
    /// The scores on rows that the members learnt from.
    pub(crate) own_scores: Vec<Option<f64>>,
    /// How long they took to fit, where all did.
    pub(crate) seconds: Option<Vec<f64>>,
    /// How the losses of those that learn step by step went, by member.
    pub(crate) histories: Vec<(String, LossHistory)>,
}

impl Fits {
    /// Of a run; the scores only where they are in the metric that it is judged by.
    pub(crate) fn of(roll: &Roll, same_metric: bool) -> Self {
        let own = |member: &consort::ensemble::run::RollEntry| member.own_score.filter(|_| same_metric);
        let times: Vec<Duration> = roll.members.iter().map(|member| member.fit_time).collect();
        let took = times.iter().all(|time| !time.is_zero());
        Self {
            own_scores: roll.members.iter().map(own).collect(),
            seconds: took.then(|| times.iter().map(Duration::as_secs_f64).collect()),
            histories: roll
                .members
                .iter()
                .flat_map(|member| member.histories.iter().map(|history| (member.name.clone(), history.clone())))
                .collect(),
        }
    }
}

/// The table of a run, if it is still there and what it was, and its folds; a note says if it is not.
pub(crate) fn table_of(
    session: &mut Session,
    plan: &Plan,
    metric: &std::sync::Arc<dyn Metric>,
) -> Result<Option<(Dataset, Vec<Fold>)>> {
    session.doing("reading the table");
    let (data, labels) = match plan.schema.again(session, &plan.data) {
        Ok(Prepared { data, labels }) if data_hash(&data) == plan.data_hash => (data, labels),
        Ok(_) => {
            session.note(format!(
                "{} is not what it was when the run was begun, so it is not looked at",
                plan.data.display()
            ));
            return Ok(None);
        }
        Err(error) => {
            session.note(format!("the table of the run is not looked at: {error}"));
            return Ok(None);
        }
    };
    let splitter = super::splitter(plan, &data, labels.as_deref())?;
    let fuser = super::fuser(plan.method, plan.outputs().task(), metric);
    let folds = stacking(plan, splitter, fuser).folds(&Samples::all(&data), session.seed)?;
    Ok(Some((data, folds)))
}
