use serde::{Deserialize, Serialize};

use crate::Table;

/// The rows on which one model is furthest off; the leaderboard links to them.
///
/// ```
/// use consort_plot::{Table, report::{Report, WorstRows}};
/// let mut table = Table::new("Where forest is furthest off", ["row", "true", "predicted"]);
/// table.push(["r7".into(), "3".into(), "9".into()]);
/// let html = Report::new("t").worst_rows(WorstRows { model: "forest".into(), ensemble: false, table }).to_html()?;
/// assert!(html.contains("r7"));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorstRows {
    /// The model.
    pub model: String,
    /// Whether it is the ensemble.
    pub ensemble: bool,
    /// The rows, worst first.
    pub table: Table,
}
