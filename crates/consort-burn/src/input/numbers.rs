use std::borrow::Cow;

use consort_core::{Error, Result, StoredRows};
use rayon::prelude::*;

use crate::threads::are_shared;

/// The numbers of some rows, scaled: those of tables are kept, those of blocks are scaled when they are asked for, so
/// that images are in memory once.
#[derive(Debug, Clone)]
pub(crate) enum Numbers<'a> {
    /// `[row][number]`
    Kept(Vec<f32>),
    /// A block of the data set, and which of its rows these are.
    Block { values: &'a [f32], rows: Cow<'a, [u32]>, scaling: &'a BlockScaling },
    /// The same of rows that are read when they are asked for.
    Stored { stored: &'a dyn StoredRows, rows: Cow<'a, [u32]>, scaling: &'a BlockScaling },
}

/// How the positions of a block are scaled: `(x − mean) · factor`, one pair for each `run` positions.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BlockScaling {
    pub(crate) means: Vec<f32>,
    pub(crate) factors: Vec<f32>,
    /// What a missing number becomes, after scaling.
    pub(crate) fills: Vec<f32>,
    pub(crate) run: usize,
    /// The greatest size of a scaled number.
    pub(crate) limit: f32,
}

impl BlockScaling {
    /// Scales a row in place.
    fn scale(&self, row: &mut [f32]) {
        for (k, run) in row.chunks_mut(self.run).enumerate() {
            let (mean, factor, fill) = (self.means[k], self.factors[k], self.fills[k]);
            run.iter_mut().for_each(|x| {
                let scaled = if x.is_nan() { fill } else { (*x - mean) * factor };
                *x = scaled.clamp(-self.limit, self.limit);
            });
        }
    }
}

impl Numbers<'_> {
    /// Appends some rows, `width` numbers each. Stored ones are read on all threads that are free.
    ///
    /// # Errors
    /// If a stored row cannot be read, or holds an infinite number.
    pub(crate) fn gather(&self, of: impl Iterator<Item = usize>, width: usize, out: &mut Vec<f32>) -> Result<()> {
        match self {
            Numbers::Kept(values) => {
                of.for_each(|i| out.extend_from_slice(&values[i * width..(i + 1) * width]));
                Ok(())
            }
            Numbers::Block { values, rows, scaling } => {
                for i in of {
                    let (row, start) = (rows[i] as usize, out.len());
                    out.extend_from_slice(&values[row * width..(row + 1) * width]);
                    scaling.scale(&mut out[start..]);
                }
                Ok(())
            }
            Numbers::Stored { stored, rows, scaling } => {
                let own: Vec<usize> = of.map(|i| rows[i] as usize).collect();
                let start = out.len();
                out.resize(start + own.len() * width, 0.0);
                let read = |(&row, into): (&usize, &mut [f32])| {
                    read_finite(*stored, row, into)?;
                    scaling.scale(into);
                    Ok(())
                };
                let parts = &mut out[start..];
                if are_shared() {
                    own.par_iter().zip(parts.par_chunks_mut(width.max(1))).try_for_each(read)
                } else {
                    own.iter().zip(parts.chunks_mut(width.max(1))).try_for_each(read)
                }
            }
        }
    }

    /// Whether rows are read when they are asked for.
    pub(crate) fn are_stored(&self) -> bool {
        matches!(self, Numbers::Stored { .. })
    }
}

/// Reads a row in which no number is infinite.
pub(crate) fn read_finite(stored: &dyn StoredRows, row: usize, into: &mut [f32]) -> Result<()> {
    stored.read(row, into)?;
    match into.iter().position(|x| x.is_infinite()) {
        None => Ok(()),
        Some(k) => Err(Error::NotFinite {
            place: "the features of a net".into(),
            row: row + 1,
            id: String::new(),
            what: format!("feature `{k}`"),
            value: f64::from(into[k]),
        }),
    }
}
