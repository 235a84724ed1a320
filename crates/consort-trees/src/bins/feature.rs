use consort_core::Column;
use serde::{Deserialize, Serialize};

use super::{BinParams, edges::edges};

/// How the values of one feature map to codes.
///
/// Codes `0..bins` are values; code `bins` is missing. It is what a fitted tree must know of its features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeatureBins {
    /// The name of the feature.
    pub name: String,
    /// Its bins.
    pub kind: Kind,
}

/// The bins of a feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Kind {
    /// Numbers: bin `b` holds what is above `edges[b − 1]` and at most `edges[b]`.
    Numeric {
        /// The upper edges, ascending; one fewer than there are bins.
        edges: Vec<f32>,
    },
    /// Categories: the heaviest levels have a bin each, all others share the last one.
    Categorical {
        /// The names of the levels that have a bin, in the order of their bins.
        levels: Vec<String>,
        /// The bin of each level of the data set that the bins were made from.
        bin_of: Vec<u8>,
        /// Whether the last bin is shared by rare levels.
        rare: bool,
    },
}

impl FeatureBins {
    /// The bins of a column; `weight` is each row's.
    pub(crate) fn new(column: &Column, weight: impl Fn(usize) -> f64, params: &BinParams) -> Self {
        let kind = match column {
            Column::Numeric { values, .. } => {
                let rows = values.len();
                let picked = rows.min(params.sample);
                let sample = (0..picked).map(|i| i * rows / picked).map(|i| (values[i], weight(i))).collect();
                Kind::Numeric { edges: edges(sample, params.bins) }
            }
            Column::Categorical { codes, levels, .. } => {
                let mut weights = vec![0.0f64; levels.len()];
                for (i, &code) in codes.iter().enumerate() {
                    if code != Column::MISSING {
                        weights[code as usize] += weight(i);
                    }
                }
                let rare = levels.len() > params.bins;
                let own = if rare { params.bins - 1 } else { levels.len() };
                // Heaviest first; of equal weight, the first level.
                let mut order: Vec<usize> = (0..levels.len()).collect();
                order.sort_by(|&a, &b| weights[b].total_cmp(&weights[a]).then(a.cmp(&b)));
                let mut kept = order[..own].to_vec();
                kept.sort_unstable();
                let mut bin_of = vec![own.min(254) as u8; levels.len()];
                for (bin, &level) in kept.iter().enumerate() {
                    bin_of[level] = bin as u8;
                }
                Kind::Categorical { levels: kept.iter().map(|&level| levels[level].clone()).collect(), bin_of, rare }
            }
        };
        Self { name: column.name().into(), kind }
    }

    /// How many bins values have; the code of a missing value.
    pub fn bins(&self) -> usize {
        match &self.kind {
            Kind::Numeric { edges } => edges.len() + 1,
            Kind::Categorical { levels, rare, .. } => (levels.len() + usize::from(*rare)).max(1),
        }
    }

    /// The code of a number. NaN is missing.
    pub fn code_of_number(&self, x: f32) -> u8 {
        match &self.kind {
            Kind::Numeric { edges } => {
                if x.is_nan() {
                    self.bins() as u8
                } else {
                    lower_bound(edges, x) as u8
                }
            }
            Kind::Categorical { .. } => self.bins() as u8,
        }
    }

    /// Writes the codes of a whole column of the data set that the bins were made from.
    pub(crate) fn encode(&self, column: &Column, codes: &mut [u8]) {
        let missing = self.bins() as u8;
        match (&self.kind, column) {
            (Kind::Numeric { edges }, Column::Numeric { values, .. }) => {
                for (code, &x) in codes.iter_mut().zip(values) {
                    *code = if x.is_nan() { missing } else { lower_bound(edges, x) as u8 };
                }
            }
            (Kind::Categorical { bin_of, .. }, Column::Categorical { codes: levels, .. }) => {
                for (code, &level) in codes.iter_mut().zip(levels) {
                    *code = bin_of.get(level as usize).copied().unwrap_or(missing);
                }
            }
            _ => codes.fill(missing),
        }
    }
}

/// How many edges are below `x`: the number of its bin. The loop has no branch that depends on the data.
#[inline]
fn lower_bound(edges: &[f32], x: f32) -> usize {
    let mut rest = edges;
    let mut below = 0;
    while !rest.is_empty() {
        let half = rest.len() / 2;
        let above = rest[half] < x;
        below += if above { half + 1 } else { 0 };
        rest = if above { &rest[half + 1..] } else { &rest[..half] };
    }
    below
}
