use std::fmt;

use consort_core::{Error, Result};

use super::Report;
use crate::Theme;

/// What a chart is written as, in a file of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChartFormat {
    /// A drawing whose text stays text, sharp at any size.
    Svg,
    /// A picture, of two pixels a unit (feature `png`).
    Png,
    /// The data, for those who draw themselves.
    Json,
}

/// A chart in a file of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartFile {
    /// A name that no other chart of the report has, such as `roc.svg`.
    pub name: String,
    /// What is in the file.
    pub bytes: Vec<u8>,
}

impl fmt::Display for ChartFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ChartFormat::Svg => "svg",
            ChartFormat::Png => "png",
            ChartFormat::Json => "json",
        })
    }
}

impl Report {
    /// Each chart as a file of its own, in the order of the report, in the colours of its theme.
    ///
    /// ```
    /// use consort_plot::{chart::Weights, report::{ChartFormat, Report, Topic}};
    /// let report = Report::new("t").chart(Topic::Members, &Weights::new(["a"], &[1.0]));
    /// let files = report.chart_files(ChartFormat::Svg)?;
    /// assert_eq!(files[0].name, "weights.svg");
    /// # Ok::<(), consort_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Unsupported`] for pictures where the feature `png` is off.
    pub fn chart_files(&self, format: ChartFormat) -> Result<Vec<ChartFile>> {
        let files = self.charts.iter().zip(self.ids()).map(|(chart, id)| {
            let bytes = match format {
                ChartFormat::Svg => chart.svg.to_file(self.theme).into_bytes(),
                ChartFormat::Png => picture(&chart.svg, self.theme)?,
                ChartFormat::Json => serde_json::to_vec_pretty(&chart.data).map_err(Error::custom)?,
            };
            Ok(ChartFile { name: format!("{id}.{format}"), bytes })
        });
        files.collect()
    }
}

#[cfg(feature = "png")]
fn picture(svg: &crate::Svg, theme: Theme) -> Result<Vec<u8>> {
    svg.to_png(theme, 2.0)
}

#[cfg(not(feature = "png"))]
fn picture(_: &crate::Svg, _: Theme) -> Result<Vec<u8>> {
    Err(Error::Unsupported {
        by: "this build".into(),
        what: "charts as PNG".into(),
        hint: "build with the feature `png`, or write SVG".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{chart::Weights, report::Topic};

    #[test]
    fn charts_of_one_kind_have_names_of_their_own_and_their_theme() {
        let chart = Weights::new(["a"], &[1.0]);
        let report = Report::new("t").chart(Topic::Members, &chart).chart(Topic::Quality, &chart).theme(Theme::Dark);
        let files = report.chart_files(ChartFormat::Svg).unwrap();
        assert_eq!(files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["weights.svg", "weights-2.svg"]);
        assert!(String::from_utf8(files[0].bytes.clone()).unwrap().contains("#14171c"));
        let json: serde_json::Value =
            serde_json::from_slice(&report.chart_files(ChartFormat::Json).unwrap()[0].bytes).unwrap();
        assert_eq!(json["members"][0]["weight"], 1.0);
    }
}
