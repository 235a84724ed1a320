use consort_core::{Error, Result};

use super::training::Learning;
use crate::{network::Network, weights::Weights};

/// What sees a group after each of its epochs, and may be asked, between two, for all that it keeps.
pub(crate) trait Follower {
    /// Sees the group after an epoch, counted from 1.
    fn see(&mut self, epoch: usize, group: &[Learning]) -> Result<()>;

    /// What it kept so far, to go on with another day.
    fn state(&self) -> Result<Vec<u8>>;

    /// Takes over what was kept.
    fn restore(&mut self, state: &[u8], group: &[Learning]) -> Result<()>;
}

/// What keeps nothing.
pub(crate) struct Nobody;

impl Follower for Nobody {
    fn see(&mut self, _: usize, _: &[Learning]) -> Result<()> {
        Ok(())
    }

    fn state(&self) -> Result<Vec<u8>> {
        Ok(Vec::new())
    }

    fn restore(&mut self, _: &[u8], _: &[Learning]) -> Result<()> {
        Ok(())
    }
}

/// Takes the first network of a group, as it is, at one epoch of each cycle.
pub(crate) struct Snapshots {
    /// How many epochs a cycle has.
    pub(crate) cycle: usize,
    /// At which of them, from 1 to `cycle`.
    pub(crate) at: usize,
    pub(crate) taken: Vec<Box<dyn Network>>,
}

impl Snapshots {
    pub(crate) fn new(cycle: usize, at: usize) -> Self {
        Self { cycle, at, taken: Vec::new() }
    }

    /// The epochs, from 1, at whose end they were taken.
    pub(crate) fn epochs(&self) -> Vec<usize> {
        (0..self.taken.len()).map(|k| k * self.cycle + self.at).collect()
    }
}

impl Follower for Snapshots {
    fn see(&mut self, epoch: usize, group: &[Learning]) -> Result<()> {
        if epoch % self.cycle == self.at % self.cycle {
            self.taken.push(group[0].network.inference());
        }
        Ok(())
    }

    fn state(&self) -> Result<Vec<u8>> {
        packed(&self.taken.iter().map(|network| network.weights()).collect::<Result<Vec<_>>>()?)
    }

    fn restore(&mut self, state: &[u8], group: &[Learning]) -> Result<()> {
        let kept: Vec<Weights> = unpacked(state)?;
        self.taken = kept
            .iter()
            .map(|weights| {
                let mut network = group[0].network.inference();
                network.set_weights(weights)?;
                Ok(network)
            })
            .collect::<Result<_>>()?;
        Ok(())
    }
}

/// A thing as bytes.
pub(crate) fn packed<T: serde::Serialize>(thing: &T) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    ciborium::into_writer(thing, &mut bytes).map_err(Error::custom)?;
    Ok(bytes)
}

/// The thing of some bytes.
pub(crate) fn unpacked<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    ciborium::from_reader(bytes)
        .map_err(|error| Error::Damaged { place: "a checkpoint of a net".into(), problem: error.to_string() })
}
