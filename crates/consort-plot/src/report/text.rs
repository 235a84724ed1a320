use consort_core::Score;

use super::{Leaderboard, Report, Tone};
use crate::terminal::{bar, sparkline, width_of};

/// How wide a terminal is, and whether it shows colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextStyle {
    /// Characters a line.
    pub width: usize,
    /// Whether colours are written (ANSI escape codes): only to a terminal, never to a file.
    pub colour: bool,
}

impl Default for TextStyle {
    /// 80 characters, no colours.
    fn default() -> Self {
        Self { width: 80, colour: false }
    }
}

/// ANSI codes: bold, green, red, faint.
const BOLD: &str = "1";
const GREEN: &str = "32";
const RED: &str = "31";
const FAINT: &str = "2";

impl TextStyle {
    fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

impl Report {
    /// The report for a terminal: verdict, leaderboard with bars, and sparklines of what has a course.
    ///
    /// A bar shows how near a score is to the best of the board; none, if it is more than three times as far from it as the
    /// one in the middle. The ensemble is marked with a rhombus.
    ///
    /// ```
    /// use consort_core::Direction;
    /// use consort_plot::report::{LeaderRow, Leaderboard, Report, TextStyle};
    /// let rows = vec![LeaderRow::new("a", 0.5.into()), LeaderRow::new("b", 0.25.into())];
    /// let report = Report::new("Credit").leaderboard(Leaderboard::new("log_loss", Direction::Lower, rows));
    /// let text = report.to_text(TextStyle::default());
    /// assert!(text.contains("0.2500") && text.contains('█') && !text.contains('\x1b'));
    /// ```
    pub fn to_text(&self, style: TextStyle) -> String {
        let mut out = style.paint(BOLD, &clean(&self.title));
        out.push('\n');
        if !self.facts.is_empty() {
            let facts: Vec<String> =
                self.facts.iter().map(|(name, value)| format!("{} {}", clean(value), clean(name))).collect();
            wrap(&mut out, &facts.join(" · "), "", style.width);
        }
        if let Some(verdict) = &self.verdict {
            let code = match verdict.tone {
                Tone::Good => GREEN,
                Tone::Bad => RED,
                Tone::Even => BOLD,
            };
            out.push('\n');
            out.push_str(&style.paint(code, &format!("{} {}", verdict.mark(), clean(&verdict.headline))));
            out.push('\n');
            for text in &verdict.text {
                wrap(&mut out, &clean(text), "  ", style.width);
            }
            for (name, value) in &verdict.numbers {
                wrap(&mut out, &format!("{}: {}", clean(name), clean(value)), "  ", style.width);
            }
        }
        if let Some(board) = &self.leaderboard {
            out.push('\n');
            self.board(&mut out, board, style);
        }
        for chart in &self.charts {
            if let Some(values) = course(&chart.data) {
                let line =
                    format!("{}  {}", sparkline(&values, style.width.saturating_sub(40).max(10)), clean(&chart.title));
                out.push_str(&format!("\n{line}"));
            }
        }
        if !self.notes.is_empty() {
            out.push('\n');
        }
        for note in &self.notes {
            wrap(&mut out, &format!("! {}", clean(note)), "  ", style.width);
        }
        if !out.ends_with('\n') {
            out.push('\n');
        }
        out
    }

    fn board(&self, out: &mut String, board: &Leaderboard, style: TextStyle) {
        let views = board.views();
        let cost = |score: &Score| score.value().map(|value| board.direction.cost(value));
        let mut costs: Vec<f64> = board.rows.iter().filter_map(|row| cost(&row.score)).collect();
        costs.sort_by(f64::total_cmp);
        // One model that is far off must not make all the others look alike.
        let best = costs.first().copied().unwrap_or(0.0);
        let middle = costs.get(costs.len() / 2).copied().unwrap_or(0.0);
        let worst = costs.last().copied().unwrap_or(0.0).min(best + 3.0 * (middle - best).max(1e-300));
        let names: Vec<String> = views.iter().map(|view| clean(&view.name)).collect();
        let score_width =
            views.iter().map(|view| width_of(&view.score.text)).chain([width_of(&board.metric)]).max().unwrap_or(8);
        let weight_width = if board.has_weights() { 9 } else { 0 };
        let bars = if style.width >= 60 { 16 } else { 0 };
        let taken = 2 + 5 + 2 + score_width + 2 + bars + weight_width;
        let name_width = names
            .iter()
            .map(|name| width_of(name))
            .max()
            .unwrap_or(5)
            .clamp(5, style.width.saturating_sub(taken).max(8));
        let head = format!(
            "  {:>4} {}  {}{}{}",
            "rank",
            padded("model", name_width),
            left_padded(&clean(&board.metric), score_width),
            " ".repeat(if bars > 0 { bars + 2 } else { 0 }),
            if board.has_weights() { "   weight" } else { "" }
        );
        out.push_str(&style.paint(FAINT, head.trim_end()));
        out.push('\n');
        for ((view, row), name) in views.iter().zip(&board.rows).zip(&names) {
            let share = cost(&row.score)
                .map_or(0.0, |cost| if worst > best { ((worst - cost) / (worst - best)).max(0.0) } else { 1.0 });
            let mark = if row.ensemble { "◆ " } else { "  " };
            let weight = if board.has_weights() { left_padded(&view.weight.text, weight_width) } else { String::new() };
            let drawn = if bars > 0 { format!("  {}", padded(&bar(share, bars), bars)) } else { String::new() };
            let line = format!(
                "{mark}{:>4} {}  {}{drawn}{weight}",
                view.rank,
                padded(name, name_width),
                left_padded(&view.score.text, score_width),
            );
            let line = line.trim_end();
            out.push_str(&if row.ensemble { style.paint(BOLD, line) } else { line.to_owned() });
            out.push('\n');
        }
    }
}

/// The numbers of a chart that has a course: the scores of a selection's rounds, or of growing ensembles.
fn course(data: &serde_json::Value) -> Option<Vec<f64>> {
    let list = |key: &str, of: &str| {
        let items = data.get(key)?.as_array()?;
        let values: Vec<f64> = items.iter().filter_map(|item| item.get(of)?.as_f64()).collect();
        (values.len() > 2).then_some(values)
    };
    list("rounds", "score").or_else(|| list("sizes", "mean"))
}

/// Without control characters: a name must not steer a terminal.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn padded(text: &str, width: usize) -> String {
    let cut = cut(text, width);
    let gap = width - width_of(&cut);
    cut + &" ".repeat(gap)
}

fn left_padded(text: &str, width: usize) -> String {
    let cut = cut(text, width);
    " ".repeat(width - width_of(&cut)) + &cut
}

fn cut(text: &str, width: usize) -> String {
    if width_of(text) <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        if width_of(&out) + width_of(c.encode_utf8(&mut [0; 4])) + 1 > width {
            break;
        }
        out.push(c);
    }
    out + "…"
}

fn wrap(out: &mut String, text: &str, indent: &str, width: usize) {
    let mut line = String::from(indent);
    for word in text.split_whitespace() {
        if width_of(&line) + width_of(word) + 1 > width && line.trim() != "" {
            out.push_str(line.trim_end());
            out.push('\n');
            line = String::from(indent);
        }
        line.push_str(word);
        line.push(' ');
    }
    out.push_str(line.trim_end());
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{LeaderRow, Verdict};
    use consort_core::Direction;

    #[test]
    fn lines_keep_to_the_width_and_names_cannot_steer_the_terminal() {
        let mut rows: Vec<LeaderRow> = (0..5)
            .map(|i| LeaderRow::new(format!("member {i} \x1b[31m with a long name"), f64::from(i).into()))
            .collect();
        rows[1].ensemble = true;
        rows[2].weight = Some(0.25);
        rows.push(LeaderRow::new("none", Score::undefined("one class")));
        let report = Report::new("t\x07")
            .verdict(Verdict::new(Tone::Bad, "No.").paragraph("word ".repeat(60)))
            .note("note ".repeat(50))
            .leaderboard(Leaderboard::new("log_loss", Direction::Lower, rows));
        for width in [40, 80, 120] {
            let text = report.to_text(TextStyle { width, colour: false });
            assert!(text.lines().all(|line| width_of(line) <= width), "{width}\n{text}");
            assert!(!text.contains('\x1b') && !text.contains('\x07') && text.contains("undefined"));
        }
        assert!(report.to_text(TextStyle { width: 80, colour: true }).contains("\x1b[31m▼ No."));
    }
}
