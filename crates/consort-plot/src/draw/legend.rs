use super::{Anchor, Canvas, Ink, SMALL, Stroke, fit, text_width};

/// What a series looks like in the legend.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) stroke: Stroke,
    /// A filled patch in place of a line.
    pub(crate) patch: bool,
}

impl Key {
    /// The `i`-th series, drawn as a line; the ensemble has its own ink and is thicker.
    pub(crate) fn line(name: impl Into<String>, i: usize, ensemble: bool) -> Self {
        let stroke = if ensemble {
            Stroke::new(Ink::Ensemble, 2.75)
        } else {
            Stroke::new(Ink::Series(i), 1.5).dashed(Ink::dashes(i))
        };
        Self { name: name.into(), stroke, patch: false }
    }

    pub(crate) fn patch(name: impl Into<String>, ink: Ink) -> Self {
        Self { name: name.into(), stroke: Stroke::new(ink, 10.0), patch: true }
    }
}

const ROW: f64 = 19.0;
const MARK: f64 = 26.0;

/// The height of a legend that wraps at `width`.
pub(crate) fn legend_height(keys: &[Key], width: f64) -> f64 {
    places(keys, width).last().map_or(0.0, |(_, y)| y + ROW)
}

/// Draws a legend that wraps at `width`.
pub(crate) fn legend(canvas: &mut Canvas, keys: &[Key], (left, top): (f64, f64), width: f64) {
    for (key, (x, y)) in keys.iter().zip(places(keys, width)) {
        let (x, y) = (left + x, top + y + ROW / 2.0);
        if key.patch {
            canvas.rect((x + 4.0, y - 6.0), (14.0, 12.0), key.stroke.ink);
        } else {
            canvas.line((x, y), (x + MARK - 4.0, y), key.stroke);
        }
        canvas.text((x + MARK, y + 4.0), &fit(&key.name, SMALL, width - MARK), SMALL, Anchor::Start, Ink::Text);
    }
}

fn places(keys: &[Key], width: f64) -> Vec<(f64, f64)> {
    let (mut x, mut y) = (0.0, 0.0);
    keys.iter()
        .map(|key| {
            let wide = MARK + text_width(&fit(&key.name, SMALL, width - MARK), SMALL) + 14.0;
            if x > 0.0 && x + wide > width {
                (x, y) = (0.0, y + ROW);
            }
            let place = (x, y);
            x += wide;
            place
        })
        .collect()
}
