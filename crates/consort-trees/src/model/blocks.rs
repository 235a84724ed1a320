use consort_core::{Result, Samples};
use rayon::prelude::*;

use super::{
    Feature, quick_scorer,
    view::{View, views},
};
use crate::tree::Tree;

/// Bytes of values that are kept at hand while all trees pass: half of a first cache.
const BYTES: usize = 16 << 10;

/// The same where trees are large, so that each serves many rows once it is in the second cache.
const LARGE_BYTES: usize = 256 << 10;

/// From so many nodes on a tree is larger than a first cache.
const LARGE_TREE: usize = 2500;

/// One feature of a data set whose values change places.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moved<'a> {
    /// Its number among the features of the trees.
    pub(crate) feature: usize,
    /// For each row of the data set, the row whose value it takes.
    pub(crate) from: &'a [u32],
}

/// The rows to be predicted, cut into blocks; of each block the features that trees ask, one after another.
pub(crate) struct Blocks<'a> {
    rows: Samples<'a>,
    used: Vec<View<'a>>,
    place: Vec<u32>,
    /// Rows of a block.
    stride: usize,
}

impl<'a> Blocks<'a> {
    pub(crate) fn new(features: &[Feature], trees: &[Tree], rows: &Samples<'a>) -> Result<Self> {
        Self::moved(features, trees, rows, None)
    }

    /// The same with the values of one feature moved among the rows.
    pub(crate) fn moved(
        features: &[Feature],
        trees: &[Tree],
        rows: &Samples<'a>,
        moved: Option<Moved<'a>>,
    ) -> Result<Self> {
        let mut views = views(features, rows)?;
        if let Some(Moved { feature, from }) = moved {
            views = views.into_iter().enumerate().map(|(f, v)| if f == feature { v.moved(from) } else { v }).collect();
        }
        // Features that no tree asks are not fetched.
        let mut is_asked = vec![false; features.len()];
        for split in trees.iter().flat_map(|tree| tree.nodes()).filter_map(|node| node.split) {
            is_asked[split.feature as usize] = true;
        }
        let mut place = vec![0u32; features.len()];
        let mut used = Vec::new();
        for (f, view) in views.into_iter().enumerate() {
            if is_asked[f] {
                place[f] = used.len() as u32;
                used.push(view);
            }
        }
        let largest = trees.iter().map(|tree| tree.nodes().len()).max().unwrap_or(0);
        let bytes = if largest > LARGE_TREE { LARGE_BYTES } else { BYTES };
        // Enough blocks for all threads.
        let share = rows.len().div_ceil(4 * rayon::current_num_threads()).max(quick_scorer::LANES);
        let most = (bytes / (4 * used.len().max(1))).clamp(1, 4096).min(share);
        let stride = most.min(rows.len().max(1)).next_multiple_of(quick_scorer::LANES);
        Ok(Self { rows: *rows, used, place, stride })
    }

    /// Where each feature lies among the features of a block; 0 for one that no tree asks.
    pub(crate) fn place(&self) -> &[u32] {
        &self.place
    }

    /// The most rows of a block.
    pub(crate) fn stride(&self) -> usize {
        self.stride
    }

    /// Goes through all blocks, on all threads. `each` gets the values of a block, and its part of `out`, which has
    /// `columns` entries a row, and a scratch that `scratch` made.
    pub(crate) fn for_each<T: Send, S>(
        &self,
        out: &mut [T],
        columns: usize,
        scratch: impl Fn() -> S + Sync + Send,
        each: impl Fn(Block<'_>, &mut [T], &mut S) + Sync + Send,
    ) {
        if columns == 0 {
            return;
        }
        let stride = self.stride;
        out.par_chunks_mut(stride * columns).enumerate().for_each_init(
            // Trees without a split ask feature 0 all the same.
            || (vec![0.0f32; self.used.len().max(1) * stride], scratch()),
            |(values, scratch), (number, out)| {
                let rows = out.len() / columns;
                for (view, values) in self.used.iter().zip(values.chunks_exact_mut(stride)) {
                    view.gather(&self.rows, number * stride, &mut values[..rows]);
                }
                each(Block { values, stride, rows }, out, scratch);
            },
        );
    }
}

/// The values of some rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block<'a> {
    /// `[features][stride]`; what is beyond the rows is not to be looked at.
    pub(crate) values: &'a [f32],
    /// The most rows of a block: a multiple of the lanes that walk or are scored together.
    pub(crate) stride: usize,
    /// How many rows there are.
    pub(crate) rows: usize,
}
