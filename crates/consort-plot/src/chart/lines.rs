//! Lines with bands in one pair of axes, the legend below: what curves along a number are drawn with.

use crate::{
    Figure, Svg,
    draw::{
        Anchor, Canvas, Frame, Ink, Key, SMALL, Stroke, legend, legend_height, notes, notes_height, number::number,
        range, y_labels_width,
    },
};

/// One line.
pub(crate) struct Line {
    /// What the legend and the tips call it.
    pub(crate) name: String,
    pub(crate) stroke: Stroke,
    /// Ascending in x.
    pub(crate) points: Vec<(f64, f64)>,
    /// The ends of an interval at each point, or nothing.
    pub(crate) band: Vec<Option<(f64, f64)>>,
    /// Whether each point has a dot that tells its numbers.
    pub(crate) dots: bool,
}

impl Line {
    /// The `i`-th line, in its own colour and dashes.
    pub(crate) fn new(name: impl Into<String>, i: usize, ensemble: bool, points: Vec<(f64, f64)>) -> Self {
        let stroke = Key::line("", i, ensemble).stroke;
        Self { name: name.into(), stroke, points, band: Vec::new(), dots: false }
    }
}

/// What the numbers of an axis are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    Plain,
    /// Whole numbers.
    Counts,
    /// Numbers above 0 of different sizes, placed by their logarithms.
    Logarithmic,
}

/// The lines and what is around them.
pub(crate) struct Lines<'a> {
    pub(crate) x_title: &'a str,
    pub(crate) y_title: &'a str,
    pub(crate) scale: Scale,
    pub(crate) x: Option<(f64, f64)>,
    pub(crate) y: Option<(f64, f64)>,
    pub(crate) lines: Vec<Line>,
    /// Upright lines with a word each, at the top or, where the curves are there, at the bottom.
    pub(crate) marks: Vec<(f64, String)>,
    pub(crate) marks_below: bool,
}

impl Lines<'_> {
    pub(crate) fn draw(self, figure: &impl Figure, more: impl FnOnce(&mut Canvas, &Frame)) -> Svg {
        const WIDTH: f64 = 400.0;
        let place = |x: f64| if self.scale == Scale::Logarithmic { x.max(1e-300).log10() } else { x };
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let bands = self.lines.iter().flat_map(|line| line.band.iter().flatten());
        let y = self.y.unwrap_or_else(|| range(points().map(|p| p.1).chain(bands.flat_map(|band| [band.0, band.1]))));
        let x = self.x.map_or_else(|| range(points().map(|p| place(p.0))), |x| (place(x.0), place(x.1)));
        let (top, bottom) = (28.0, 290.0);
        let frame = Frame { left: y_labels_width(y, bottom - top), top, right: WIDTH - 14.0, bottom, x, y };
        let mut keys: Vec<Key> = self
            .lines
            .iter()
            .filter(|line| !line.name.is_empty())
            .map(|line| Key { name: line.name.clone(), stroke: line.stroke, patch: false })
            .collect();
        // The ensemble is drawn last, to lie on top, and named first.
        keys.sort_by_key(|key| key.stroke.ink != Ink::Ensemble);
        let keys_height = if keys.len() > 1 { legend_height(&keys, WIDTH) } else { 0.0 };
        let said = figure.notes();
        let below = bottom + 48.0;
        let mut canvas = Canvas::new(WIDTH, below + keys_height + notes_height(&said, WIDTH) + 4.0);
        match self.scale {
            Scale::Plain => frame.draw_x(&mut canvas, self.x_title),
            Scale::Counts => frame.draw_count_x(&mut canvas, self.x_title),
            Scale::Logarithmic => frame.draw_log_x(&mut canvas, self.x_title),
        }
        frame.draw_y(&mut canvas, self.y_title);
        let at = |point: &(f64, f64)| frame.at((place(point.0), point.1));
        for line in &self.lines {
            let ends: Vec<(f64, (f64, f64))> =
                line.points.iter().zip(&line.band).filter_map(|(point, band)| Some((point.0, (*band)?))).collect();
            let mut area: Vec<(f64, f64)> = ends.iter().map(|(x, band)| at(&(*x, band.1))).collect();
            area.extend(ends.iter().rev().map(|(x, band)| at(&(*x, band.0))));
            canvas.area(&area, line.stroke.ink, 0.16, None);
        }
        for (i, (value, text)) in self.marks.iter().enumerate() {
            let x = frame.px(place(*value));
            canvas.line((x, top), (x, bottom), Stroke::new(Ink::Muted, 1.25).dashed(Some("3 4")));
            let right = x > (frame.left + frame.right) / 2.0;
            let anchor = if right { Anchor::End } else { Anchor::Start };
            let beside = if right { x - 5.0 } else { x + 5.0 };
            let y = if self.marks_below { bottom - 8.0 - 15.0 * i as f64 } else { top + 13.0 + 15.0 * i as f64 };
            canvas.text((beside, y), text, SMALL, anchor, Ink::Muted);
        }
        for line in &self.lines {
            let drawn: Vec<(f64, f64)> = line.points.iter().map(at).collect();
            if !line.dots {
                canvas.with_tip(&line.name, |canvas| canvas.polyline(&drawn, line.stroke));
                continue;
            }
            canvas.polyline(&drawn, line.stroke);
            for (i, (point, &place)) in line.points.iter().zip(&drawn).enumerate() {
                let band = line.band.get(i).copied().flatten();
                let ends = band.map_or_else(String::new, |b| format!(" ({} to {})", number(b.0), number(b.1)));
                let tip = format!("{}, {}: {}{ends}", line.name, number(point.0), number(point.1));
                canvas.with_tip(&tip, |canvas| canvas.dot(place, 3.5, line.stroke.ink));
            }
        }
        more(&mut canvas, &frame);
        if keys.len() > 1 {
            legend(&mut canvas, &keys, (2.0, below), WIDTH);
        }
        notes(&mut canvas, &said, below + keys_height, WIDTH);
        canvas.finish(&figure.title(), &figure.description())
    }
}
