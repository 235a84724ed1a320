use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    architecture::Architecture,
    input::{Head, Intake},
    loss::Loss,
};

/// What a fitted net is, but for its weights.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spec {
    pub(crate) architecture: Arc<dyn Architecture>,
    pub(crate) loss: Loss,
    pub(crate) head: Head,
    pub(crate) intake: Intake,
    pub(crate) device: String,
}
