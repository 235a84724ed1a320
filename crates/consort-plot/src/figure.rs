use serde::Serialize;

use crate::{Svg, Table};

/// What a chart shows, as plain data: it draws itself, and it goes to JSON for those who draw themselves.
///
/// ```
/// use consort_plot::{Figure, Theme, chart::Weights};
/// let weights = Weights::new(["forest", "boost"], &[0.3, 0.7]);
/// assert!(weights.draw().to_file(Theme::Auto).contains("boost"));
/// assert_eq!(weights.table().rows[0], ["boost", "0.7"]);
/// assert!(weights.to_json()?.contains("\"weight\":0.7"));
/// # Ok::<(), consort_core::Error>(())
/// ```
pub trait Figure: Serialize {
    /// A short name for links: lower-case letters and hyphens.
    fn slug(&self) -> &'static str;

    /// What it is, in a few words.
    fn title(&self) -> String;

    /// How to read it, in plain words.
    fn reading(&self) -> String;

    /// What it shows, in a sentence or two, for those who cannot see it.
    fn description(&self) -> String;

    /// What was left out, binned or sampled; drawn on the figure.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// The drawing.
    fn draw(&self) -> Svg;

    /// The numbers of the drawing.
    fn table(&self) -> Table;

    /// The data as JSON.
    ///
    /// # Errors
    /// If a part cannot be written as JSON, which none of ours can cause.
    fn to_json(&self) -> consort_core::Result<String>
    where
        Self: Sized,
    {
        serde_json::to_string(self).map_err(consort_core::Error::custom)
    }
}
