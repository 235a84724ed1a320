//! Charts of model ensembles and the self-contained HTML report.
//!
//! | room | what it holds |
//! |---|---|
//! | [`chart`] | the charts, one file each: plain data that draws itself |
//! | [`Figure`] | what all charts have: a title, how to read it, a drawing, a table, JSON |
//! | [`overview`] | from predictions to the report, in one call |
//! | [`report`] | the report: verdict, leaderboard, charts: one HTML file, or Markdown, JSON, text |
//! | [`terminal`] | bars and sparklines of block characters |
//! | [`tensorboard`] | scalars for TensorBoard |
//! | [`Svg`], [`Theme`] | a finished drawing, light and dark |

pub mod chart;
mod draw;
mod figure;
pub mod overview;
pub mod report;
mod table;
pub mod tensorboard;
pub mod terminal;

#[cfg(feature = "png")]
pub use draw::Picture;
pub use draw::number::{decimals, number};
pub use draw::{Svg, Theme};
pub use figure::Figure;
pub use table::Table;

// The code of the book runs with the doc tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/report.md")]
struct ReportPage;
