use super::{Anchor, Canvas, Ink, SMALL, text_width};

const LINE: f64 = 16.0;

/// The height that notes take at this width.
pub(crate) fn notes_height(notes: &[String], width: f64) -> f64 {
    let lines = wrapped(notes, width).len();
    if lines == 0 { 0.0 } else { 8.0 + LINE * lines as f64 }
}

/// Draws notes under a figure: what was binned, sampled or left out.
pub(crate) fn notes(canvas: &mut Canvas, notes: &[String], top: f64, width: f64) {
    for (i, line) in wrapped(notes, width).iter().enumerate() {
        canvas.text((2.0, top + 18.0 + LINE * i as f64), line, SMALL, Anchor::Start, Ink::Muted);
    }
}

fn wrapped(notes: &[String], width: f64) -> Vec<String> {
    let mut lines = Vec::new();
    for note in notes {
        let mut line = String::new();
        for word in note.split_whitespace() {
            if !line.is_empty() && text_width(&line, SMALL) + text_width(word, SMALL) + 5.0 > width {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        if !line.is_empty() {
            lines.push(line);
        }
    }
    lines
}
