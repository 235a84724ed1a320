use std::{path::Path, sync::Arc};

use consort::{
    core::{Fuser, Metric, Outputs},
    ensemble::run::{Roll, RunFolder, file_checksum},
};

use super::{Plan, TestedRows, fuser};
use crate::{
    failure::{Failure, Result},
    method,
    session::Session,
};

/// A run that is done, with what it keeps but the predictions, the models and the findings.
pub(crate) struct Done {
    pub(crate) folder: RunFolder,
    pub(crate) plan: Plan,
    pub(crate) outputs: Outputs,
    /// What members were chosen and weighed by.
    pub(crate) metric: Arc<dyn Metric>,
    pub(crate) fuser: Arc<dyn Fuser>,
    pub(crate) roll: Roll,
    pub(crate) rows: TestedRows,
}

impl Done {
    /// Opens a run; the session goes on with its seed.
    pub(crate) fn open(session: &mut Session, run: &Path) -> Result<Self> {
        let (folder, plan): (RunFolder, Plan) = RunFolder::open(run)?;
        let plan = plan.checked(run)?;
        session.take_seed(plan.seed)?;
        let outputs = plan.outputs();
        let metric = method::of_outputs(Some(&plan.metric), &outputs)?;
        let roll = Roll::load(run)?;
        let truth = run.join(TestedRows::FILE);
        if let Some(checksum) = &roll.truth
            && file_checksum(&truth)? != *checksum
        {
            return Err(Failure::usage(format!(
                "{}: it is not what it was when the run was fitted: put it back, or fit the run again",
                truth.display()
            )));
        }
        Ok(Self {
            fuser: fuser(plan.method, outputs.task(), &metric),
            roll,
            rows: TestedRows::read(run, &outputs, plan.id())?,
            folder,
            plan,
            outputs,
            metric,
        })
    }
}
