use std::{path::Path, sync::Arc};

use consort::{
    core::{Fuser, Metric, Outputs, Seed},
    ensemble::run::{Roll, RunFolder},
};

use super::{Plan, TestedRows, fuser};
use crate::{failure::Result, method, session::Session};

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
        session.seed = Seed::new(plan.seed);
        session.put("seed", plan.seed.into());
        let outputs = plan.outputs();
        let metric = method::of_outputs(Some(&plan.metric), &outputs)?;
        Ok(Self {
            fuser: fuser(plan.method, outputs.task(), &metric),
            roll: Roll::load(run)?,
            rows: TestedRows::read(run, &outputs, plan.id())?,
            folder,
            plan,
            outputs,
            metric,
        })
    }
}
