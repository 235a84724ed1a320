//! How far a training run is, as bytes: all that its next epoch depends on.

use consort_core::{Checkpoints, Error, FitContext, Result};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::{
    History, Net,
    follower::{Follower, packed, unpacked},
    training::{Course, Learning},
    watch::Place,
};
use crate::{input::Lesson, weights::Weights};

/// One network and its optimizer.
#[derive(Serialize, Deserialize)]
pub(crate) struct Learnt {
    pub(crate) weights: Weights,
    /// The numbers by which the optimizer knows the weights.
    pub(crate) ids: Vec<u64>,
    pub(crate) optimizer: ByteBuf,
}

/// A group after an epoch.
#[derive(Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    /// How many epochs are done.
    pub(crate) epochs: usize,
    pub(crate) history: History,
    pub(crate) watch: Place,
    pub(crate) best: Option<(usize, Vec<Weights>)>,
    group: Vec<(Learnt, u64)>,
    follower: ByteBuf,
}

/// Where one training run keeps how far it is.
pub(crate) struct Keeper<'a> {
    store: &'a dyn Checkpoints,
    part: String,
    of: String,
}

impl<'a> Keeper<'a> {
    /// For a run whose rows come in this order, if the fit has a place for it.
    pub(crate) fn new(
        ctx: &FitContext<'a>,
        part: String,
        net: &Net,
        lesson: &Lesson<'_>,
        validation: Option<&Lesson<'_>>,
        more: &str,
    ) -> Result<Option<Self>> {
        let Some(store) = ctx.checkpoints else { return Ok(None) };
        let recipe = serde_json::to_string(net).map_err(Error::custom)?;
        let mut sum = blake3::Hasher::new();
        sum.update(recipe.as_bytes()).update(more.as_bytes());
        lesson.sum(&mut sum)?;
        if let Some(validation) = validation {
            validation.sum(&mut sum)?;
        }
        Ok(Some(Self { store, part, of: sum.finalize().to_hex().to_string() }))
    }

    /// What was kept of this run.
    ///
    /// # Errors
    /// [`Error::Damaged`] if it cannot be read. What was kept of another run, on other rows or by another recipe, is
    /// passed over.
    pub(crate) fn load<T: serde::de::DeserializeOwned>(&self) -> Result<Option<T>> {
        let Some(bytes) = self.store.load(&self.part)? else { return Ok(None) };
        let (of, state): (String, ByteBuf) = unpacked(&bytes)?;
        if of == self.of { unpacked(&state).map(Some) } else { Ok(None) }
    }

    /// Keeps what `state` tells, if it is time to.
    pub(crate) fn keep<T: Serialize>(&self, state: impl FnOnce() -> Result<T>) -> Result<()> {
        if !self.store.is_due(&self.part) {
            return Ok(());
        }
        self.store.save(&self.part, &packed(&(&self.of, ByteBuf::from(packed(&state()?)?)))?)
    }
}

impl Checkpoint {
    /// Of a group after an epoch.
    pub(crate) fn of(
        epochs: usize,
        history: &History,
        watch: Place,
        best: Option<(usize, Vec<Weights>)>,
        group: &[Learning],
        follower: &dyn Follower,
    ) -> Result<Self> {
        Ok(Self {
            epochs,
            history: history.clone(),
            watch,
            best,
            group: group.iter().map(Learning::state).collect::<Result<_>>()?,
            follower: ByteBuf::from(follower.state()?),
        })
    }

    /// Puts a group and its follower back to where they were.
    pub(crate) fn restore(
        &self,
        course: &Course<'_>,
        group: &mut [Learning],
        follower: &mut dyn Follower,
    ) -> Result<()> {
        if self.group.len() != group.len() {
            return Err(Error::Damaged {
                place: "a checkpoint of nets".into(),
                problem: format!("it is of {} nets, not of {}", self.group.len(), group.len()),
            });
        }
        for (one, (learnt, noise)) in group.iter_mut().zip(&self.group) {
            one.restore(course.net, learnt, *noise)?;
        }
        follower.restore(&self.follower, group)
    }
}
