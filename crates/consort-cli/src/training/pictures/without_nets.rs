use std::path::Path;

use consort::core::Dataset;

use super::Pictures;
use crate::{
    failure::{Failure, Result},
    session::Session,
};

impl Pictures {
    /// Pictures need what this program was built without.
    pub(crate) fn learn(_: &mut Session, path: &Path, _: Option<&str>) -> Result<(Self, Dataset)> {
        Err(without(path))
    }

    /// Pictures need what this program was built without.
    pub(crate) fn read(&self, _: &mut Session, path: &Path, _: bool) -> Result<Dataset> {
        Err(without(path))
    }

    /// Pictures need what this program was built without.
    pub(crate) fn again(&self, session: &mut Session, path: &Path) -> Result<Dataset> {
        self.read(session, path, true)
    }
}

fn without(path: &Path) -> Failure {
    Failure::usage(format!(
        "{}: these are pictures, and this program was built without nets: build it with `--features nets`",
        path.display()
    ))
}
