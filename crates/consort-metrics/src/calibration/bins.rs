use std::any::TypeId;

use consort_core::{Error, Real, Result};
use serde::{Deserialize, Serialize};

/// How [0, 1] is cut into bins.
///
/// ```
/// use consort_metrics::calibration::{Binning, Bins, ece};
/// let p = [0.1, 0.12, 0.14, 0.9];
/// let y = [false, false, true, true];
/// let by = |binning| ece(&p, &y, None, &Bins::default().count(2).binning(binning));
/// assert!((by(Binning::EqualWidth)?.value().unwrap() - 0.185).abs() < 1e-12); // three rows and one
/// assert!((by(Binning::EqualMass)?.value().unwrap() - 0.295).abs() < 1e-12); // two and two
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binning {
    /// Bins of equal width.
    #[default]
    EqualWidth,
    /// Bins of equal weight of rows, as far as equal numbers allow, which stay together. Edges are the least numbers
    /// whose cumulated weight reaches each share; equal edges make one bin. Always `(lo, hi]`.
    EqualMass,
}

/// To which bin a number on an inner edge belongs.
///
/// ```
/// use consort_metrics::calibration::{Bins, Edge, ReliabilityTable};
/// let table = |edge| ReliabilityTable::new(&[0.5f64], &[true], None, &Bins::default().count(2).edge(edge));
/// assert_eq!(table(Edge::Lower)?.bins()[0].bin, 0);
/// assert_eq!(table(Edge::Upper)?.bins()[0].bin, 1);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edge {
    /// `(lo, hi]`: to the lower bin (Guo et al. 2017). 0 is in the first bin.
    #[default]
    Lower,
    /// `[lo, hi)`: to the upper bin. 1 is in the last bin.
    Upper,
}

/// How numbers in [0, 1] are put into bins.
///
/// Edges are rounded to the precision in which the numbers are kept, so that 0.3 lies on the edge 0.3 in `f32` too.
///
/// ```
/// use consort_metrics::calibration::{Binning, Bins, Edge};
/// let bins = Bins::default().count(10).binning(Binning::EqualWidth).edge(Edge::Upper);
/// assert!(bins.check().is_ok() && Bins::default().count(0).check().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bins {
    /// How many bins there are, or at most are.
    pub count: usize,
    /// How the bins are cut.
    pub binning: Binning,
    /// Where a number on an edge belongs.
    pub edge: Edge,
}

impl Default for Bins {
    /// Ten bins of equal width, `(lo, hi]`.
    fn default() -> Self {
        Self { count: 10, binning: Binning::EqualWidth, edge: Edge::Lower }
    }
}

impl Bins {
    /// How many bins there are.
    pub fn count(mut self, count: usize) -> Self {
        self.count = count;
        self
    }

    /// How the bins are cut.
    pub fn binning(mut self, binning: Binning) -> Self {
        self.binning = binning;
        self
    }

    /// Where a number on an edge belongs.
    pub fn edge(mut self, edge: Edge) -> Self {
        self.edge = edge;
        self
    }

    /// Refuses parameters out of their range.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless there are 1 to 10,000 bins.
    pub fn check(&self) -> Result<()> {
        if (1..=10_000).contains(&self.count) {
            return Ok(());
        }
        Err(Error::parameter("bins", self.count, "from 1 to 10,000"))
    }

    /// The edges for numbers kept as `T`: one more than there are bins.
    pub(super) fn edges<T: Real>(
        &self,
        confidence: impl Fn(usize) -> f64,
        weight: impl Fn(usize) -> f64,
        rows: usize,
    ) -> Vec<f64> {
        match self.binning {
            Binning::EqualWidth => self.equal_width(TypeId::of::<T>() == TypeId::of::<f32>()),
            Binning::EqualMass => {
                let mut sorted: Vec<(f64, f64)> =
                    (0..rows).filter(|&i| weight(i) > 0.0).map(|i| (confidence(i), weight(i))).collect();
                sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
                equal_mass(&sorted, self.count)
            }
        }
    }

    /// The edges i / count, as they are in this precision.
    pub(super) fn equal_width(&self, single: bool) -> Vec<f64> {
        let step = 1.0 / self.count as f64;
        let edge = |i: usize| if i == self.count { 1.0 } else { i as f64 * step };
        (0..=self.count).map(|i| if single { f64::from(edge(i) as f32) } else { edge(i) }).collect()
    }

    /// The edges as they are shown: not rounded to the precision of the numbers.
    pub(super) fn shown(&self, edges: Vec<f64>) -> Vec<f64> {
        match self.binning {
            Binning::EqualWidth => self.equal_width(false),
            Binning::EqualMass => edges,
        }
    }

    /// The bin of a number. One below the first edge is in the first bin, one beyond the last in the last.
    pub(super) fn place(&self, edges: &[f64], x: f64) -> usize {
        let bins = edges.len() - 1;
        let lower = self.edge == Edge::Lower || self.binning == Binning::EqualMass;
        let inner = |i: usize| if lower { edges[i] < x } else { edges[i] <= x };
        if self.binning == Binning::EqualMass {
            return edges[1..bins].partition_point(|&edge| edge < x);
        }
        // A guess by arithmetic, set right against the edges: the search costs two comparisons.
        let mut bin = ((x * bins as f64) as usize).min(bins - 1);
        while bin > 0 && !inner(bin) {
            bin -= 1;
        }
        while bin + 1 < bins && inner(bin + 1) {
            bin += 1;
        }
        bin
    }
}

/// Edges that cut sorted numbers (with weights) into bins of equal weight.
fn equal_mass(sorted: &[(f64, f64)], count: usize) -> Vec<f64> {
    let total: f64 = sorted.iter().map(|(_, weight)| weight).sum();
    let mut edges = vec![0.0];
    let (mut cumulated, mut next) = (0.0, 1);
    for &(x, weight) in sorted {
        cumulated += weight;
        while next < count && cumulated >= total * next as f64 / count as f64 * (1.0 - 1e-12) {
            // The greatest number bounds the last bin anyway.
            if edges.last() != Some(&x) || edges.len() == 1 {
                edges.push(x);
            }
            next += 1;
        }
    }
    if edges.len() > 1 && edges.last() >= sorted.last().map(|(x, _)| x) {
        edges.pop();
    }
    edges.push(1.0);
    edges
}
