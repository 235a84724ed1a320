//! Named numbers with intervals beside a line at 0: what gains and drops are drawn with.

use crate::{
    Figure, Svg,
    draw::{
        Anchor, Canvas, Frame, Ink, SMALL, Stroke, TEXT, decimals, fit, notes, notes_height,
        number::{number, places},
        range, text_width,
    },
};

/// One number.
pub(crate) struct Measured<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: Option<f64>,
    pub(crate) interval: Option<(f64, f64)>,
}

impl Measured<'_> {
    /// Good above 0, bad below, muted where the interval holds 0.
    fn ink(&self) -> Ink {
        match (self.value, self.interval) {
            (_, Some((low, _))) if low > 0.0 => Ink::Good,
            (_, Some((_, high))) if high < 0.0 => Ink::Bad,
            (Some(value), None) if value > 0.0 => Ink::Good,
            (Some(value), None) if value < 0.0 => Ink::Bad,
            _ => Ink::Muted,
        }
    }
}

/// Draws them from the top; the caller has put them in order and cut them to what can be read.
pub(crate) fn draw(figure: &impl Figure, shown: &[Measured<'_>], x_title: &str) -> Svg {
    const WIDTH: f64 = 400.0;
    const ROW: f64 = 24.0;
    let labels = shown.iter().map(|one| text_width(one.name, TEXT)).fold(40.0, f64::max).min(130.0);
    let values = shown.iter().flat_map(|one| [one.value, one.interval.map(|i| i.0), one.interval.map(|i| i.1)]);
    let decimal = places(shown.iter().filter_map(|one| one.value));
    let bottom = 14.0 + ROW * shown.len() as f64;
    let frame = Frame {
        left: labels + 16.0,
        top: 6.0,
        right: WIDTH - 68.0,
        bottom,
        x: range(values.flatten().chain([0.0])),
        y: (0.0, 1.0),
    };
    let said = figure.notes();
    let mut canvas = Canvas::new(WIDTH, bottom + 44.0 + notes_height(&said, WIDTH));
    frame.draw_x(&mut canvas, x_title);
    let zero = frame.px(0.0);
    canvas.line((zero, frame.top), (zero, bottom), Stroke::new(Ink::Text, 1.25));
    for (i, one) in shown.iter().enumerate() {
        let y = 10.0 + ROW * (i as f64 + 0.5);
        let text = one.value.map_or_else(|| "undefined".to_owned(), |value| decimals(value, decimal));
        canvas.text((frame.left - 10.0, y + 4.5), &fit(one.name, TEXT, labels + 4.0), TEXT, Anchor::End, Ink::Text);
        canvas.text((WIDTH - 4.0, y + 4.5), &text, SMALL, Anchor::End, Ink::Muted);
        let Some(value) = one.value else { continue };
        let ends = one.interval.map_or_else(String::new, |i| format!(" ({} to {})", number(i.0), number(i.1)));
        canvas.with_tip(&format!("{}: {}{ends}", one.name, number(value)), |canvas| {
            if let Some((low, high)) = one.interval {
                let (low, high) = (frame.px(low), frame.px(high));
                canvas.line((low, y), (high, y), Stroke::new(one.ink(), 2.5));
                for end in [low, high] {
                    canvas.line((end, y - 4.0), (end, y + 4.0), Stroke::new(one.ink(), 1.5));
                }
            }
            canvas.dot((frame.px(value), y), 4.5, one.ink());
        });
    }
    notes(&mut canvas, &said, bottom + 40.0, WIDTH);
    canvas.finish(&figure.title(), &figure.description())
}

/// Which of `count` things in order are shown: all of few, else as many from the top as from the end.
pub(crate) fn both_ends(count: usize, most: usize) -> impl Iterator<Item = usize> {
    let head = if count <= most { count } else { most.div_ceil(2) };
    let tail = if count <= most { count } else { count - most / 2 };
    (0..head).chain(tail..count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_all_shown_and_many_from_both_ends() {
        assert_eq!(both_ends(3, 4).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(both_ends(9, 5).collect::<Vec<_>>(), [0, 1, 2, 7, 8]);
        let ink = |value, interval| Measured { name: "m", value: Some(value), interval }.ink();
        assert_eq!(
            (ink(1.0, None), ink(1.0, Some((-1.0, 3.0))), ink(-1.0, Some((-2.0, -0.5)))),
            (Ink::Good, Ink::Muted, Ink::Bad)
        );
    }
}
