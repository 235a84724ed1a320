//! The report: verdict, leaderboard and charts in one HTML file; and as Markdown, JSON and text.

mod chart;
mod chart_files;
mod json;
mod leaderboard;
mod markdown;
mod page;
mod text;
mod verdict;
mod worst_rows;

pub use chart::{Chart, Topic};
pub use chart_files::{ChartFile, ChartFormat};
pub use leaderboard::{LeaderRow, Leaderboard};
pub use page::{Live, Report};
pub use text::TextStyle;
pub use verdict::{Tone, Verdict};
pub use worst_rows::WorstRows;
