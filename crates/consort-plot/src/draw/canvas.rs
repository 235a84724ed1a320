//! The one place that speaks to the drawing library (kuva): its scene of shapes, its SVG writer, its ticks.

use kuva::{
    backend::svg::SvgBackend,
    render::{
        color::Color,
        render::{PathData, Primitive, Scene, TextAnchor},
        render_utils::generate_ticks,
    },
};

use super::{Ink, Svg};

/// Where a text sits relative to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stroke {
    pub(crate) ink: Ink,
    pub(crate) width: f64,
    pub(crate) dashes: Option<&'static str>,
}

impl Stroke {
    pub(crate) fn new(ink: Ink, width: f64) -> Self {
        Self { ink, width, dashes: None }
    }

    pub(crate) fn dashed(mut self, dashes: Option<&'static str>) -> Self {
        self.dashes = dashes;
        self
    }
}

/// A sheet to draw on; y runs downwards, one unit is a CSS pixel at natural size.
pub(crate) struct Canvas(Scene);

/// The size of most text.
pub(crate) const TEXT: u32 = 13;
/// The size of tick labels and notes.
pub(crate) const SMALL: u32 = 12;

impl Canvas {
    pub(crate) fn new(width: f64, height: f64) -> Self {
        Self(Scene::new(width.ceil(), height.ceil()).with_background(None))
    }

    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: Stroke) {
        self.0.add(Primitive::Line {
            x1: fine(from.0),
            y1: fine(from.1),
            x2: fine(to.0),
            y2: fine(to.1),
            stroke: color(stroke.ink),
            stroke_width: stroke.width,
            stroke_dasharray: stroke.dashes.map(Into::into),
        });
    }

    pub(crate) fn polyline(&mut self, points: &[(f64, f64)], stroke: Stroke) {
        if points.len() >= 2 {
            self.path(outline(points), None, 1.0, Some(stroke));
        }
    }

    pub(crate) fn area(&mut self, points: &[(f64, f64)], fill: Ink, opacity: f64, edge: Option<Stroke>) {
        if points.len() >= 3 {
            self.path(outline(points) + "Z", Some(fill), opacity, edge);
        }
    }

    /// Many cells of one colour as one path: `(x, y, width, height)` each.
    pub(crate) fn cells(&mut self, cells: &[(f64, f64, f64, f64)], fill: Ink) {
        self.pale_cells(cells, fill, 1.0);
    }

    /// Many cells of one colour that let the page shine through.
    pub(crate) fn pale_cells(&mut self, cells: &[(f64, f64, f64, f64)], fill: Ink, opacity: f64) {
        if !cells.is_empty() {
            let path: String = cells
                .iter()
                .map(|&(x, y, w, h)| format!("M{} {}h{}v{}h-{}z", short(x), short(y), short(w), short(h), short(w)))
                .collect();
            self.path(path, Some(fill), opacity, None);
        }
    }

    fn path(&mut self, d: String, fill: Option<Ink>, opacity: f64, stroke: Option<Stroke>) {
        self.0.add(Primitive::Path(Box::new(PathData {
            d,
            fill: fill.map(color),
            stroke: stroke.map_or(Color::None, |stroke| color(stroke.ink)),
            stroke_width: stroke.map_or(0.0, |stroke| stroke.width),
            opacity: (opacity < 1.0).then_some(opacity),
            stroke_dasharray: stroke.and_then(|stroke| stroke.dashes).map(Into::into),
        })));
    }

    pub(crate) fn rect(&mut self, at: (f64, f64), size: (f64, f64), fill: Ink) {
        self.0.add(Primitive::Rect {
            x: fine(at.0),
            y: fine(at.1),
            width: fine(size.0.max(0.0)),
            height: fine(size.1.max(0.0)),
            fill: color(fill),
            stroke: None,
            stroke_width: None,
            opacity: None,
        });
    }

    /// A rectangle that is not filled.
    pub(crate) fn hollow(&mut self, at: (f64, f64), size: (f64, f64), stroke: Stroke) {
        self.0.add(Primitive::Rect {
            x: fine(at.0),
            y: fine(at.1),
            width: fine(size.0.max(0.0)),
            height: fine(size.1.max(0.0)),
            fill: Color::None,
            stroke: Some(color(stroke.ink)),
            stroke_width: Some(stroke.width),
            opacity: None,
        });
    }

    pub(crate) fn dot(&mut self, at: (f64, f64), radius: f64, fill: Ink) {
        self.0.add(Primitive::Circle {
            cx: fine(at.0),
            cy: fine(at.1),
            r: radius,
            fill: color(fill),
            fill_opacity: None,
            stroke: None,
            stroke_width: None,
        });
    }

    /// Many small dots that let each other shine through.
    pub(crate) fn cloud(&mut self, points: &[(f64, f64)], radius: f64, fill: Ink) {
        self.0.add(Primitive::CircleBatch {
            cx: points.iter().map(|point| fine(point.0)).collect(),
            cy: points.iter().map(|point| fine(point.1)).collect(),
            r: radius,
            fill: color(fill),
            fill_opacity: Some(0.45),
            stroke: None,
            stroke_width: None,
        });
    }

    /// A rhombus, the mark of the ensemble: told from a dot without colour.
    pub(crate) fn diamond(&mut self, (x, y): (f64, f64), radius: f64, fill: Ink) {
        self.area(&[(x - radius, y), (x, y - radius), (x + radius, y), (x, y + radius)], fill, 1.0, None);
    }

    /// A triangle that points to what lies off the scale, to the left or the right.
    pub(crate) fn pointer(&mut self, (x, y): (f64, f64), right: bool, fill: Ink) {
        let tip = if right { 8.0 } else { -8.0 };
        self.area(&[(x - tip / 2.0, y - 5.0), (x + tip / 2.0, y), (x - tip / 2.0, y + 5.0)], fill, 1.0, None);
    }

    /// The `i`-th of four marks that are told apart without colour: dot, square, triangle, rhombus.
    pub(crate) fn mark(&mut self, i: usize, (x, y): (f64, f64), radius: f64, fill: Ink) {
        let r = radius;
        match i % 4 {
            0 => self.dot((x, y), r, fill),
            1 => self.rect((x - 0.9 * r, y - 0.9 * r), (1.8 * r, 1.8 * r), fill),
            2 => self.area(&[(x - r, y + 0.8 * r), (x, y - 1.1 * r), (x + r, y + 0.8 * r)], fill, 1.0, None),
            _ => self.diamond((x, y), 1.2 * r, fill),
        }
    }

    pub(crate) fn text(&mut self, at: (f64, f64), text: &str, size: u32, anchor: Anchor, ink: Ink) {
        self.write(at, text, size, anchor, ink, false, None);
    }

    pub(crate) fn bold(&mut self, at: (f64, f64), text: &str, size: u32, anchor: Anchor, ink: Ink) {
        self.write(at, text, size, anchor, ink, true, None);
    }

    /// Text turned by `degrees` about its point, clockwise.
    pub(crate) fn turned(&mut self, at: (f64, f64), text: &str, size: u32, anchor: Anchor, degrees: f64) {
        self.write(at, text, size, anchor, Ink::Text, false, Some(degrees));
    }

    #[allow(clippy::too_many_arguments)] // One private gate for three readable calls.
    fn write(
        &mut self,
        at: (f64, f64),
        text: &str,
        size: u32,
        anchor: Anchor,
        ink: Ink,
        bold: bool,
        rotate: Option<f64>,
    ) {
        self.0.add(Primitive::Text {
            x: fine(at.0),
            y: fine(at.1),
            content: plain(text),
            size,
            anchor: match anchor {
                Anchor::Start => TextAnchor::Start,
                Anchor::Middle => TextAnchor::Middle,
                Anchor::End => TextAnchor::End,
            },
            rotate,
            bold,
            color: Some(color(ink)),
        });
    }

    /// What is drawn by `marks` shows `tip` when pointed at.
    pub(crate) fn with_tip(&mut self, tip: &str, marks: impl FnOnce(&mut Self)) {
        // `$` starts mathematics in drawn text only, not here.
        let title = Some(without_controls(tip));
        self.0.elements.push(Primitive::GroupStart {
            transform: None,
            title,
            extra_attrs: Some("class=\"tip\"".into()),
        });
        marks(self);
        self.0.add(Primitive::GroupEnd);
    }

    /// The finished drawing. `title` says what it is, `description` what it shows.
    pub(crate) fn finish(self, title: &str, description: &str) -> Svg {
        let (width, height) = (self.0.width, self.0.height);
        let written = SvgBackend::new().render_scene(&self.0);
        // The root element is ours: it scales, and it speaks to screen readers.
        let body = written.find("-->").map_or("", |start| &written[start + 3..]).trim_start();
        let body = body.trim_end().strip_suffix("</svg>").unwrap_or(body);
        Svg::new(width, height, without_controls(title), without_controls(description), body.to_owned())
    }
}

/// Round steps between `low` and `high`, about `about` of them.
pub(crate) fn round_ticks(low: f64, high: f64, about: usize) -> Vec<f64> {
    generate_ticks(low, high, about)
}

/// About how wide a text is at most, by the widths of DejaVu Sans and Verdana: narrower fonts leave air, none is cut.
pub(crate) fn text_width(text: &str, size: u32) -> f64 {
    text.chars().map(|letter| letter_width(letter, size)).sum()
}

fn letter_width(letter: char, size: u32) -> f64 {
    let em = match letter {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.34,
        'f' | 't' | 'r' | ' ' | '(' | ')' | '-' | '[' | ']' => 0.42,
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '<' | '>' | '&' | '=' | '+' => 0.95,
        'A'..='Z' => 0.74,
        letter if (letter as u32) < 0x2e80 => 0.64,
        _ => 1.0,
    };
    em * f64::from(size)
}

/// The text, with an ellipsis for its middle if it is wider than `width`. Both ends stay: names of members most often
/// begin alike and differ at the end. At least its first letter stays, whatever the room.
pub(crate) fn fit(text: &str, size: u32, width: f64) -> String {
    if text_width(text, size) <= width {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    let (mut head, mut tail) = (0, 0);
    let mut room = width - letter_width('…', size);
    while head + tail < letters.len() {
        let at_start = head <= tail;
        room -= letter_width(if at_start { letters[head] } else { letters[letters.len() - 1 - tail] }, size);
        if room < 0.0 && head > 0 {
            break;
        }
        if at_start {
            head += 1;
        } else {
            tail += 1;
        }
    }
    let start: String = letters[..head].iter().collect();
    let end: String = letters[letters.len() - tail..].iter().collect();
    format!("{}…{}", start.trim_end(), end.trim_start())
}

fn color(ink: Ink) -> Color {
    Color::Css(ink.css().into())
}

/// The library lowers `$…$` to mathematics; a name with dollars is a name.
fn plain(text: &str) -> String {
    without_controls(text).replace('$', "\\$")
}

/// XML has no way to write a control character.
fn without_controls(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') { ' ' } else { c }).collect()
}

/// Quarter units are exact in binary and finer than the eye; what is not finite is drawn at the edge.
fn fine(x: f64) -> f64 {
    if x.is_finite() { (x * 4.0).round() / 4.0 } else { 0.0 }
}

fn short(x: f64) -> String {
    let x = if x.is_finite() { (x * 10.0).round() / 10.0 } else { 0.0 };
    format!("{}", if x == 0.0 { 0.0 } else { x })
}

fn outline(points: &[(f64, f64)]) -> String {
    let mut path = String::with_capacity(points.len() * 12);
    for (i, &(x, y)) in points.iter().enumerate() {
        path.push(if i == 0 { 'M' } else { 'L' });
        path.push_str(&short(x));
        path.push(' ');
        path.push_str(&short(y));
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_text() {
        let mut canvas = Canvas::new(10.0, 10.0);
        canvas.text((0.0, 0.0), "<b>&\"$x$\\$\u{1}", 12, Anchor::Start, Ink::Text);
        canvas.with_tip("<script>$y$", |canvas| canvas.dot((1.0, 1.0), 2.0, Ink::Ensemble));
        let svg = canvas.finish("<t>", "&d").to_inline("x");
        assert!(svg.contains("&lt;b&gt;&amp;&quot;$x$"), "{svg}");
        assert!(svg.contains("&lt;script&gt;$y$") && svg.contains("&lt;t&gt;") && svg.contains("&amp;d"), "{svg}");
        assert!(!svg.contains("<b>") && !svg.contains('\u{1}'));
    }

    #[test]
    fn what_is_not_finite_never_reaches_the_file() {
        let mut canvas = Canvas::new(10.0, 10.0);
        canvas.line((f64::NAN, 0.0), (f64::INFINITY, 1.0), Stroke::new(Ink::Text, 1.0));
        canvas.polyline(&[(f64::NAN, 1.0), (2.0, -0.0)], Stroke::new(Ink::Text, 1.0));
        let svg = canvas.finish("t", "d").to_inline("x");
        assert!(!svg.contains("NaN") && !svg.contains("inf") && svg.contains("M0 1L2 0"), "{svg}");
    }

    #[test]
    fn long_text_is_cut_to_its_room() {
        assert_eq!(fit("short", 12, 100.0), "short");
        assert_eq!(fit("", 12, 0.0), "");
        for text in
            ["a very long name of a member", "ein sehr langer Name für ein Modell", "非常に長いモデルの名前です"]
        {
            let cut = fit(text, 12, 60.0);
            assert!(cut.contains('…') && text_width(&cut, 12) <= 60.0, "{cut}");
        }
        assert_eq!(fit("long", 12, 1.0), "l…");
    }

    #[test]
    fn names_that_differ_at_either_end_differ_when_they_are_cut() {
        let cut = |i: usize| fit(&format!("gradient boosting with early stopping {i}"), 13, 130.0);
        let all: std::collections::HashSet<String> = (1..=15).map(cut).collect();
        assert_eq!(all.len(), 15, "{all:?}");
        assert!(cut(15).starts_with("gradient") && cut(15).ends_with(" 15"), "{}", cut(15));
        assert_ne!(fit("one of the models of the night", 13, 60.0), fit("two of the models of the night", 13, 60.0));
    }
}
