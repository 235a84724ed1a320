use std::collections::HashMap;

use consort_core::Column;

/// How much weight each level of a column has among the training rows.
pub(super) struct LevelWeights<'a> {
    /// The levels that have weight, in the order of the column's list.
    pub(super) seen: Vec<(&'a str, f64)>,
    /// The weight of the rows that have no level.
    pub(super) missing: f64,
}

impl<'a> LevelWeights<'a> {
    pub(super) fn new(codes: &[u32], levels: &'a [String], weights: &[f64]) -> Self {
        let mut sums = vec![0.0; levels.len()];
        let mut missing = 0.0;
        for (&code, &weight) in codes.iter().zip(weights) {
            *sums.get_mut(code as usize).unwrap_or(&mut missing) += weight;
        }
        let seen = levels.iter().zip(sums).filter(|(_, weight)| *weight > 0.0);
        Self { seen: seen.map(|(level, weight)| (level.as_str(), weight)).collect(), missing }
    }

    pub(super) fn total(&self) -> f64 {
        self.seen.iter().map(|(_, weight)| weight).sum::<f64>() + self.missing
    }
}

/// The place that an encoder gave to each level of a column, found by name; `unseen` for those that it does not know.
pub(super) fn places(levels: &[String], known: &[String], unseen: u32) -> Vec<u32> {
    let by_name: HashMap<&str, u32> = known.iter().zip(0..).map(|(level, place)| (level.as_str(), place)).collect();
    levels.iter().map(|level| by_name.get(level.as_str()).copied().unwrap_or(unseen)).collect()
}

/// The place of a code, where a missing one has a place of its own.
pub(super) fn place(places: &[u32], missing: u32, code: u32) -> u32 {
    if code == Column::MISSING { missing } else { places.get(code as usize).copied().unwrap_or(missing) }
}
