use crate::{Result, Target, Truth};

/// The truth of some rows, with their weights and groups: see [`Truth::part`].
///
/// ```
/// use consort_core::{Target, Truth};
/// let target = Target::from_values(vec![1.0, 2.0, 3.0], "y")?;
/// let part = Truth::new(&target).grouped(&[7, 7, 9])?.part(&[2, 0]);
/// assert_eq!(part.truth()?.groups(), Some(&[9, 7][..]));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct TruthPart {
    target: Target,
    weights: Vec<f64>,
    groups: Option<Vec<u32>>,
}

impl TruthPart {
    /// To be scored against.
    ///
    /// # Errors
    /// As [`Truth::weighted`]: no row has weight.
    pub fn truth(&self) -> Result<Truth<'_>> {
        let truth = Truth::weighted(&self.target, &self.weights)?;
        self.groups.as_ref().map_or(Ok(truth), |groups| truth.grouped(groups))
    }
}

impl Truth<'_> {
    /// The truth of some rows, in the order given, copied.
    ///
    /// # Panics
    /// If a row number is beyond the rows, as a slice does.
    pub fn part(&self, rows: &[u32]) -> TruthPart {
        TruthPart {
            target: self.target().take(rows),
            weights: rows.iter().map(|&i| self.weight(i as usize)).collect(),
            groups: self.groups().map(|groups| rows.iter().map(|&i| groups[i as usize]).collect()),
        }
    }
}
