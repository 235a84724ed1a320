use consort_core::{Error, Result};
use serde_json::{Value, json};

use super::Report;

impl Report {
    /// All that the report holds, as JSON for machines: the charts as data, not as drawings.
    ///
    /// An object with `title`, `facts`, `verdict`, `notes`, `leaderboard`, `charts` (each with `section`, `name`,
    /// `title`, `reading`, `description`, `data`) and `rows`.
    ///
    /// ```
    /// use consort_plot::{chart::Weights, report::{Report, Topic}};
    /// let report = Report::new("t").chart(Topic::Members, &Weights::new(["a"], &[1.0]));
    /// let json: serde_json::Value = serde_json::from_str(&report.to_json()?).unwrap();
    /// assert_eq!(json["charts"][0]["data"]["members"][0]["weight"], 1.0);
    /// # Ok::<(), consort_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// If it cannot be written as JSON, which only a lack of memory can cause.
    pub fn to_json(&self) -> Result<String> {
        let charts: Vec<Value> = self
            .charts
            .iter()
            .map(|chart| {
                json!({
                    "section": chart.topic.heading(),
                    "name": chart.slug,
                    "title": chart.title,
                    "reading": chart.reading,
                    "description": chart.svg.description(),
                    "data": chart.data,
                })
            })
            .collect();
        let facts: serde_json::Map<String, Value> =
            self.facts.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
        let whole = json!({
            "title": self.title,
            "facts": facts,
            "verdict": self.verdict,
            "notes": self.notes,
            "leaderboard": self.leaderboard,
            "charts": charts,
            "rows": self.rows,
        });
        serde_json::to_string_pretty(&whole).map_err(Error::custom)
    }
}
