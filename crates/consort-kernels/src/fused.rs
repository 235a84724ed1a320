use consort_core::Matrix;

use crate::{Device, Error, Result, buffer::Buffer};

/// What a fusion gives, in the memory of the device.
#[derive(Debug, Clone)]
pub struct Fused {
    pub(crate) device: Device,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) values: Buffer<f32>,
    pub(crate) labels: Buffer<u32>,
    /// Top, margin and entropy: all of the one, then all of the other.
    pub(crate) tops: Buffer<f32>,
    pub(crate) read_off: ReadOff,
}

/// What was read off rows in the same pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadOff {
    Nothing,
    /// Labels and the winners' shares.
    Labels,
    /// Labels, and how sure they are.
    Surety,
}

/// What is read off each row: how sure a fusion is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Surety {
    /// The greatest number.
    pub top: Vec<f32>,
    /// What it is greater by than the second one; itself where there is one column.
    pub margin: Vec<f32>,
    /// −Σ x ln x, in nats.
    pub entropy: Vec<f32>,
}

impl Fused {
    /// The fused numbers, `[row][column]`.
    ///
    /// # Errors
    /// What the device says of the work.
    pub fn matrix(&self) -> Result<Matrix> {
        Ok(Matrix::new(self.rows, self.columns, self.device.get(&self.values)?)?)
    }

    /// The label of each row: the first place of its greatest number, or the winner of the vote; `u32::MAX` for a row
    /// that is missing.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the fusion was asked for numbers only; what the device says of the work.
    pub fn labels(&self) -> Result<Vec<u32>> {
        self.needs(self.read_off != ReadOff::Nothing, "labels")?;
        self.device.get(&self.labels)
    }

    /// How sure each row is.
    ///
    /// # Errors
    /// As [`Fused::labels`]; a vote has shares instead.
    pub fn surety(&self) -> Result<Surety> {
        self.needs(self.read_off == ReadOff::Surety, "margins")?;
        let tops = self.device.get(&self.tops)?;
        let part = |k: usize| tops[k * self.rows..(k + 1) * self.rows].to_vec();
        Ok(Surety { top: part(0), margin: part(1), entropy: part(2) })
    }

    /// The share of the weight that the winner of each row has.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the fusion was no vote; what the device says of the work.
    pub fn winner_shares(&self) -> Result<Vec<f32>> {
        self.needs(self.read_off == ReadOff::Labels, "shares")?;
        self.device.get(&self.tops)
    }

    /// The handle of the fused numbers, for kernels of your own; nothing is copied.
    pub fn handle(&self) -> &cubecl::server::Handle {
        self.values.handle()
    }

    pub(crate) fn needs(&self, there: bool, what: &str) -> Result<()> {
        if there {
            return Ok(());
        }
        let hint = "ask the fusion for them (`numbers_only` leaves them out; shares are of votes)";
        Err(Error::Unsupported { what: format!("{what} of this fusion"), hint })
    }
}
