//! Sheet, ink, axes: what every chart is drawn with.

mod canvas;
mod footnote;
mod frame;
mod grid;
mod ink;
mod legend;
pub(crate) mod number;
#[cfg(feature = "png")]
mod png;
mod svg;
mod theme;

pub(crate) use canvas::{Anchor, Canvas, SMALL, Stroke, TEXT, fit, text_width};
pub(crate) use footnote::{notes, notes_height};
pub(crate) use frame::{Frame, range, reach, y_labels_width};
pub(crate) use grid::{Grid, ramp_key};
pub(crate) use ink::Ink;
pub(crate) use legend::{Key, legend, legend_height};
pub(crate) use number::decimals;
#[cfg(feature = "png")]
pub use png::Picture;
pub use svg::Svg;
pub use theme::Theme;
