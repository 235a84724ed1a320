//! The report: verdict, leaderboard and charts in one HTML file; and as Markdown, JSON and text.

mod chart;
mod json;
mod leaderboard;
mod markdown;
mod page;
mod text;
mod verdict;
mod worst_rows;

pub use chart::{Chart, Topic};
pub use leaderboard::{LeaderRow, Leaderboard};
pub use page::Report;
pub use text::TextStyle;
pub use verdict::{Tone, Verdict};
pub use worst_rows::WorstRows;
