use consort_core::{Error, Estimates, Real, Result, Score, Truth, Values, blocks};
use serde::{Deserialize, Serialize};

use super::{Binning, Bins, MurphyDecomposition, Norm, Of, view::View};
use crate::significance::wilson_interval;

/// One bin of a [`ReliabilityTable`].
///
/// ```
/// use consort_metrics::calibration::{Bins, ReliabilityTable};
/// let table = ReliabilityTable::new(&[0.8, 0.8, 0.8, 0.8], &[true, true, true, false], None, &Bins::default())?;
/// let bin = table.bins()[0];
/// assert_eq!((bin.rows, bin.frequency), (4, 0.75));
/// assert!((bin.gap().abs() - 0.05).abs() < 1e-12);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// Its number, from 0, among all bins.
    pub bin: usize,
    /// Its lower edge.
    pub lower: f64,
    /// Its upper edge.
    pub upper: f64,
    /// How many rows it has.
    pub rows: u64,
    /// What its rows weigh.
    pub weight: f64,
    /// Kish's effective number of rows, (Σw)² / Σw²: the number of rows where all weigh the same.
    pub effective_rows: f64,
    /// The mean predicted probability, weighted.
    pub confidence: f64,
    /// The share of rows in which what was predicted came true, weighted.
    pub frequency: f64,
}

impl ReliabilityBin {
    /// Predicted minus observed: above 0 is overconfident.
    pub fn gap(&self) -> f64 {
        self.confidence - self.frequency
    }

    /// Wilson's interval of the observed frequency at this level, such as 0.95, from the effective number of rows.
    pub fn interval(&self, level: f64) -> Option<(f64, f64)> {
        wilson_interval(self.frequency * self.effective_rows, self.effective_rows, level).ok()
    }
}

/// What was predicted against what was observed, bin by bin: the numbers behind a reliability diagram
/// (Murphy and Winkler 1977). Bins without rows are not listed.
///
/// One pass over the rows for bins of equal width; a sort for bins of equal mass.
///
/// ```
/// use consort_metrics::calibration::{Bins, ReliabilityTable};
/// let table = ReliabilityTable::new(&[0.1, 0.3, 0.8, 1.0], &[false, true, true, true], None, &Bins::default().count(2))?;
/// assert_eq!(table.bins().len(), 2);
/// assert_eq!((table.bins()[1].confidence, table.bins()[1].frequency), (0.9, 1.0));
/// let (low, high) = table.bins()[1].interval(0.95).unwrap();
/// assert!(low > 0.3 && high == 1.0);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityTable {
    bins: Vec<ReliabilityBin>,
    murphy: Option<MurphyDecomposition>,
}

impl ReliabilityTable {
    /// The table of these probabilities and whether what they speak of came true.
    ///
    /// # Errors
    /// [`Error::Length`] unless all are parallel, [`Error::NotFinite`] or [`Error::NotProbabilities`] naming the
    /// row, [`Error::Parameter`] for a weight or a number of bins out of range.
    pub fn new<T: Real>(confidence: &[T], came_true: &[bool], weights: Option<&[f64]>, bins: &Bins) -> Result<Self> {
        bins.check()?;
        let rows = confidence.len();
        for (what, len) in [("the outcomes", came_true.len()), ("the weights", weights.map_or(rows, <[f64]>::len))] {
            if len != rows {
                return Err(Error::Length {
                    what: what.into(),
                    got: len,
                    expected: rows,
                    unit: "rows",
                    hint: "give one for each probability".into(),
                });
            }
        }
        if let Some(row) = weights.and_then(|w| w.iter().position(|w| !(w.is_finite() && *w >= 0.0))) {
            return Err(Error::parameter(
                "weights",
                format!("a bad number in row {}", row + 1),
                "finite and at least 0",
            ));
        }
        let weight = |i: usize| weights.map_or(1.0, |weights| weights[i]);
        let edges = bins.edges::<T>(|i| confidence[i].f64(), weight, rows);
        let tallies = blocks::map(rows, |range| {
            let (mut tally, middles) = (Tally::new(&edges), middles(&edges));
            range.into_iter().try_for_each(|i| {
                tally.add(bins, &edges, &middles, i, weight(i), || (confidence[i].f64(), came_true[i]))
            })?;
            Ok(tally)
        });
        Ok(Tally::merged(&edges, tallies)?.table(&bins.shown(edges)))
    }

    /// The tables of estimates against the truth: one, or one a class or label (see [`Of`]).
    ///
    /// # Errors
    /// As [`new`](Self::new), and [`Error::Unsupported`] for estimates or a target that `of` does not fit.
    pub fn of(estimates: &Estimates<'_>, truth: &Truth<'_>, of: Of, bins: &Bins) -> Result<Vec<Self>> {
        const BY: &str = "the reliability table";
        bins.check()?;
        estimates.check(truth, BY)?;
        View::of(of, estimates, truth, BY)?
            .iter()
            .map(|view| {
                let edges = view_edges(view, estimates, truth, bins);
                Ok(view_tally(view, estimates, truth, bins, &edges)?.table(&bins.shown(edges)))
            })
            .collect()
    }

    /// The bins that have rows, in ascending order.
    pub fn bins(&self) -> &[ReliabilityBin] {
        &self.bins
    }

    /// The calibration error: the mean, root mean square or maximum over bins of |predicted − observed|.
    pub fn error(&self, norm: Norm) -> Score {
        if self.bins.is_empty() {
            return Score::undefined("there is no row");
        }
        let weight: f64 = self.bins.iter().map(|bin| bin.weight).sum();
        let mean = |power: i32| self.bins.iter().map(|b| b.weight * b.gap().abs().powi(power)).sum::<f64>() / weight;
        Score::from(match norm {
            Norm::Expected => mean(1),
            Norm::RootMeanSquare => mean(2).sqrt(),
            Norm::Maximum => self.bins.iter().map(|bin| bin.gap().abs()).fold(0.0, f64::max),
        })
    }

    /// The decomposition of the Brier score over these bins; `None` without a row.
    pub fn murphy(&self) -> Option<MurphyDecomposition> {
        self.murphy
    }
}

/// The edges for one view of estimates.
pub(super) fn view_edges(view: &View<'_>, estimates: &Estimates<'_>, truth: &Truth<'_>, bins: &Bins) -> Vec<f64> {
    // Equal widths ask for no row.
    let rows = if bins.binning == Binning::EqualMass { truth.rows() } else { 0 };
    let at = view.rows(estimates, 0..rows);
    let confidence = |i| at(i).0;
    match estimates.values() {
        Values::F32(_) => bins.edges::<f32>(confidence, |i| truth.weight(i), truth.rows()),
        Values::F64(_) => bins.edges::<f64>(confidence, |i| truth.weight(i), truth.rows()),
    }
}

/// One view of estimates, tallied.
pub(super) fn view_tally(
    view: &View<'_>,
    estimates: &Estimates<'_>,
    truth: &Truth<'_>,
    bins: &Bins,
    edges: &[f64],
) -> Result<Tally> {
    let tallies = blocks::map(truth.rows(), |range| {
        let (mut tally, middles) = (Tally::new(edges), middles(edges));
        let at = view.rows(estimates, range.clone());
        range.into_iter().try_for_each(|i| tally.add(bins, edges, &middles, i, truth.weight(i), || at(i)))?;
        Ok(tally)
    });
    Tally::merged(edges, tallies)
}

/// The sums of each bin; probabilities count from the middle of their bin, so that no digits are lost.
#[derive(Debug, Clone)]
pub(super) struct Tally(Vec<Cell>);

#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    rows: f64,
    weight: f64,
    weight_squared: f64,
    offset: f64,
    offset_squared: f64,
    hits: f64,
    offset_of_hits: f64,
}

/// How far outside [0, 1] a probability may lie, as for the sum of a row.
const TOLERANCE: f64 = 1e-4;

impl Tally {
    pub(super) fn new(edges: &[f64]) -> Self {
        Self(vec![Cell::default(); edges.len() - 1])
    }

    fn add(
        &mut self,
        bins: &Bins,
        edges: &[f64],
        middles: &[f64],
        i: usize,
        weight: f64,
        row: impl FnOnce() -> (f64, bool),
    ) -> Result<()> {
        if weight == 0.0 {
            return Ok(());
        }
        let (p, hit) = row();
        if !(-TOLERANCE..=1.0 + TOLERANCE).contains(&p) {
            return Err(Error::NotProbabilities {
                place: "calibration".into(),
                row: i + 1,
                id: String::new(),
                problem: format!("the number is {p}, not in [0, 1]"),
            });
        }
        let bin = bins.place(edges, p);
        let offset = p - middles[bin];
        let cell = &mut self.0[bin];
        cell.rows += 1.0;
        cell.weight += weight;
        cell.weight_squared += weight * weight;
        cell.offset += weight * offset;
        cell.offset_squared += weight * offset * offset;
        // Without a branch: whether a prediction comes true is what a processor cannot foresee.
        let hit = if hit { weight } else { 0.0 };
        cell.hits += hit;
        cell.offset_of_hits += hit * offset;
        Ok(())
    }

    fn merged(edges: &[f64], parts: Vec<Result<Self>>) -> Result<Self> {
        let mut all = Self::new(edges);
        for part in parts {
            all.merge(&part?);
        }
        Ok(all)
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (a, b) in self.0.iter_mut().zip(&other.0) {
            a.rows += b.rows;
            a.weight += b.weight;
            a.weight_squared += b.weight_squared;
            a.offset += b.offset;
            a.offset_squared += b.offset_squared;
            a.hits += b.hits;
            a.offset_of_hits += b.offset_of_hits;
        }
    }

    /// The sums as plain numbers, bin by bin.
    pub(super) fn state(&self) -> impl Iterator<Item = f64> + '_ {
        self.0
            .iter()
            .flat_map(|c| [c.rows, c.weight, c.weight_squared, c.offset, c.offset_squared, c.hits, c.offset_of_hits])
    }

    pub(super) const STATE: usize = 7;

    /// The sums from plain numbers; `None` if there are too few or too many.
    pub(super) fn from_state(state: &[f64], bins: usize) -> Option<Self> {
        if state.len() != bins * Self::STATE {
            return None;
        }
        let cell = |c: &[f64]| Cell {
            rows: c[0],
            weight: c[1],
            weight_squared: c[2],
            offset: c[3],
            offset_squared: c[4],
            hits: c[5],
            offset_of_hits: c[6],
        };
        Some(Self(state.chunks_exact(Self::STATE).map(cell).collect()))
    }

    pub(super) fn table(&self, edges: &[f64]) -> ReliabilityTable {
        let bins: Vec<ReliabilityBin> = self
            .0
            .iter()
            .enumerate()
            .filter(|(_, cell)| cell.weight > 0.0)
            .map(|(bin, cell)| ReliabilityBin {
                bin,
                lower: edges[bin],
                upper: edges[bin + 1],
                rows: cell.rows as u64,
                weight: cell.weight,
                effective_rows: cell.weight * cell.weight / cell.weight_squared,
                confidence: middle(edges, bin) + cell.offset / cell.weight,
                frequency: (cell.hits / cell.weight).min(1.0),
            })
            .collect();
        // Σw(f − f̄)² and Σw(f − f̄)(o − ō) of each bin.
        let (mut variance, mut covariance) = (0.0, 0.0);
        for cell in self.0.iter().filter(|cell| cell.weight > 0.0) {
            variance += (cell.offset_squared - cell.offset * cell.offset / cell.weight).max(0.0);
            covariance += cell.offset_of_hits - cell.offset * cell.hits / cell.weight;
        }
        let murphy = MurphyDecomposition::of(&bins, variance, covariance);
        ReliabilityTable { bins, murphy }
    }
}

/// The middles of all bins; rounding takes too long for every row.
fn middles(edges: &[f64]) -> Vec<f64> {
    (0..edges.len() - 1).map(|bin| middle(edges, bin)).collect()
}

/// About the middle of a bin, the same whether its edges are rounded to single precision or not.
fn middle(edges: &[f64], bin: usize) -> f64 {
    (0.5 * (edges[bin] + edges[bin + 1]) * 4096.0).round() / 4096.0
}
