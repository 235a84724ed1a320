//! The report: verdict, leaderboard and charts in one HTML file.

mod chart;
mod leaderboard;
mod page;
mod verdict;

pub use chart::{Chart, Topic};
pub use leaderboard::{LeaderRow, Leaderboard};
pub use page::Report;
pub use verdict::{Tone, Verdict};
