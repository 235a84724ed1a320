use std::{io::Write, path::Path};

use consort::{
    core::{Dataset, Fold},
    data::files::publish,
    ensemble::estimate::diagnose_data,
    fusion::diagnosis::Finding,
};

use crate::{
    failure::{Failure, Result},
    session::Session,
};

/// The check of features, which the reader of the table makes, too.
const TELLING: &str = "telling-feature";

/// What about the data and the folds of a run makes its scores too good: `findings.json`.
pub(crate) struct Found(Vec<Finding>);

impl Found {
    const FILE: &str = "findings.json";

    pub(crate) fn of(data: &Dataset, folds: &[Fold]) -> Result<Self> {
        Ok(Self(diagnose_data(data, folds)?.findings))
    }

    /// Of a run that is done; nothing where it was made before there were findings.
    pub(crate) fn read(run: &Path) -> Result<Self> {
        let path = run.join(Self::FILE);
        let text = match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self(Vec::new())),
            Err(error) => return Err(Failure::file(&path, "it cannot be read", error)),
            Ok(text) => text,
        };
        let found = serde_json::from_slice(&text)
            .map_err(|error| Failure::usage(format!("{}: it is no list of findings: {error}", path.display())))?;
        Ok(Self(found))
    }

    pub(crate) fn write(self, run: &Path) -> Result<Self> {
        let text = serde_json::to_vec_pretty(&self.0)?;
        publish(&run.join(Self::FILE), |file| file.write_all(&text))?;
        Ok(self)
    }

    /// Warns of all, but of features that the table's reader has named already.
    pub(crate) fn tell(self, session: &mut Session) -> Result<()> {
        session.put("findings", serde_json::to_value(&self.0)?);
        for finding in self.0 {
            let named = |feature: &String| {
                let leaks = format!("column `{feature}` may leak the target");
                session.warnings().iter().any(|warning| warning.to_string().contains(&leaks))
            };
            if finding.check == TELLING && finding.of.as_ref().is_some_and(named) {
                continue;
            }
            session.warn(finding.into());
        }
        Ok(())
    }
}
