use std::collections::HashMap;

use consort_core::Column;

use super::{
    BinParams,
    edges::{distinct, distinct_weighted, edges},
    encoder::Encoder,
};
use crate::model::Feature;

/// How the values of one feature map to codes.
///
/// Codes `0..bins` are values; code `bins` is missing.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureBins {
    feature: Feature,
    map: Map,
}

#[derive(Debug, Clone, PartialEq)]
enum Map {
    /// The upper edges of the bins, ascending; one fewer than there are bins.
    Edges(Vec<f32>),
    /// The bin of each level of the column that is encoded.
    Levels(Vec<u8>),
}

impl FeatureBins {
    /// The bins of a column; `weight` is each row's. Edges are taken from the rows of `sample`, or from all.
    pub(crate) fn new(column: &Column, weight: Option<&[f64]>, sample: Option<&[u32]>, params: &BinParams) -> Self {
        match column {
            Column::Numeric { name, values } => {
                let distinct = match (sample, weight) {
                    (None, None) => distinct(values.iter().copied()),
                    (None, Some(weight)) => distinct_weighted(values.iter().copied().zip(weight.iter().copied())),
                    (Some(rows), None) => distinct(rows.iter().map(|&i| values[i as usize])),
                    (Some(rows), Some(weight)) => {
                        distinct_weighted(rows.iter().map(|&i| (values[i as usize], weight[i as usize])))
                    }
                };
                let edges = edges(&distinct, params.bins);
                Self { feature: Feature::Numeric { name: name.clone() }, map: Map::Edges(edges) }
            }
            Column::Categorical { name, codes, levels } => {
                let mut weights = vec![0.0f64; levels.len()];
                for (i, &code) in codes.iter().enumerate() {
                    if code != Column::MISSING {
                        weights[code as usize] += weight.map_or(1.0, |weight| weight[i]);
                    }
                }
                let others = levels.len() > params.bins;
                let own = if others { params.bins - 1 } else { levels.len() };
                // Heaviest first; of equal weight, the first level.
                let mut order: Vec<usize> = (0..levels.len()).collect();
                order.sort_by(|&a, &b| weights[b].total_cmp(&weights[a]).then(a.cmp(&b)));
                let mut kept = order[..own].to_vec();
                kept.sort_unstable();
                let mut bin_of = vec![own.min(254) as u8; levels.len()];
                for (bin, &level) in kept.iter().enumerate() {
                    bin_of[level] = bin as u8;
                }
                let kept = kept.iter().map(|&level| levels[level].clone()).collect();
                Self {
                    feature: Feature::Categorical { name: name.clone(), levels: kept, others },
                    map: Map::Levels(bin_of),
                }
            }
        }
    }

    /// The bins of a column in which categories have the codes that a model knows them by.
    pub(crate) fn known(
        feature: &Feature,
        column: &Column,
        weight: Option<&[f64]>,
        sample: Option<&[u32]>,
        params: &BinParams,
    ) -> Option<Self> {
        match (feature, column) {
            (Feature::Numeric { .. }, Column::Numeric { .. }) => Some(Self::new(column, weight, sample, params)),
            (Feature::Categorical { levels: known, others, .. }, Column::Categorical { levels, .. }) => {
                let places: HashMap<&str, usize> =
                    known.iter().enumerate().map(|(code, level)| (level.as_str(), code)).collect();
                let bins = (known.len() + usize::from(*others)).max(1);
                if bins > 255 {
                    return None;
                }
                let other = if *others { known.len() } else { bins };
                let bin_of = levels.iter().map(|l| places.get(l.as_str()).copied().unwrap_or(other) as u8).collect();
                Some(Self { feature: feature.clone(), map: Map::Levels(bin_of) })
            }
            _ => None,
        }
    }

    /// What a fitted tree must know of the feature.
    pub fn feature(&self) -> &Feature {
        &self.feature
    }

    /// Whether the codes are those of categories.
    pub fn is_categorical(&self) -> bool {
        matches!(self.map, Map::Levels(_))
    }

    /// The greatest number of a bin; the last bin has no upper edge, and categories have none.
    pub fn upper_edge(&self, code: u8) -> f32 {
        match &self.map {
            Map::Edges(edges) => edges.get(code as usize).copied().unwrap_or(f32::INFINITY),
            Map::Levels(_) => f32::INFINITY,
        }
    }

    /// How many bins values have; the code of a missing value.
    pub fn bins(&self) -> usize {
        match (&self.map, &self.feature) {
            (Map::Edges(edges), _) => edges.len() + 1,
            (_, Feature::Categorical { levels, others, .. }) => (levels.len() + usize::from(*others)).max(1),
            (_, Feature::Numeric { .. } | Feature::Sparse { .. }) => 1,
        }
    }

    /// The code of a number. NaN is missing, and so is a number where categories are.
    pub fn code_of_number(&self, x: f32) -> u8 {
        match &self.map {
            Map::Edges(edges) => Encoder::new(edges, self.bins() as u8, 1).code(x),
            Map::Levels(_) => self.bins() as u8,
        }
    }

    /// Writes the codes of a whole column: the one that the bins were made from.
    pub(crate) fn encode(&self, column: &Column, codes: &mut [u8]) {
        let missing = self.bins() as u8;
        match (&self.map, column) {
            (Map::Edges(edges), Column::Numeric { values, .. }) => {
                Encoder::new(edges, missing, values.len()).encode(values, codes);
            }
            (Map::Levels(bin_of), Column::Categorical { codes: levels, .. }) => {
                for (code, &level) in codes.iter_mut().zip(levels) {
                    *code = bin_of.get(level as usize).copied().unwrap_or(missing);
                }
            }
            _ => codes.fill(missing),
        }
    }
}
