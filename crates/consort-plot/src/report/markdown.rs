use std::fmt::Write;

use super::{Leaderboard, Report, leaderboard::RowView};

impl Report {
    /// The report as Markdown for a README or a pull request: verdict, leaderboard, and a sentence for each chart.
    ///
    /// Names are escaped, so that none becomes markup. Tables are of the GitHub kind.
    ///
    /// ```
    /// use consort_core::Direction;
    /// use consort_plot::report::{LeaderRow, Leaderboard, Report, Tone, Verdict};
    /// let board = Leaderboard::new("auc", Direction::Higher, vec![LeaderRow::new("a|b", 0.9.into())]);
    /// let text = Report::new("Credit").verdict(Verdict::new(Tone::Good, "It helps.")).leaderboard(board).to_markdown();
    /// assert!(text.starts_with("# Credit\n") && text.contains("**▲ It helps.**") && text.contains("a\\|b"));
    /// ```
    pub fn to_markdown(&self) -> String {
        let mut out = format!("# {}\n", plain(&self.title));
        if !self.facts.is_empty() {
            let facts: Vec<String> =
                self.facts.iter().map(|(name, value)| format!("{}: {}", plain(name), plain(value))).collect();
            let _ = write!(out, "\n{}\n", facts.join(" · "));
        }
        if let Some(verdict) = &self.verdict {
            let _ = write!(out, "\n**{} {}**\n", verdict.mark(), plain(&verdict.headline));
            for text in &verdict.text {
                let _ = write!(out, "\n{}\n", plain(text));
            }
            if !verdict.numbers.is_empty() {
                out.push('\n');
            }
            for (name, value) in &verdict.numbers {
                let _ = writeln!(out, "- {}: {}", plain(name), plain(value));
            }
        }
        if let Some(board) = &self.leaderboard {
            out.push_str("\n## Leaderboard\n\n");
            board_table(&mut out, board);
        }
        if !self.notes.is_empty() {
            out.push_str("\n## What to know\n\n");
            for note in &self.notes {
                let _ = writeln!(out, "- {}", plain(note));
            }
        }
        let mut topics: Vec<_> = self.charts.iter().map(|chart| chart.topic).collect();
        topics.sort();
        topics.dedup();
        for topic in topics {
            let _ = write!(out, "\n## {}\n\n", topic.heading());
            for chart in self.charts.iter().filter(|chart| chart.topic == topic) {
                let _ = writeln!(out, "- **{}**: {}", plain(&chart.title), plain(chart.svg.description()));
            }
        }
        out
    }
}

fn board_table(out: &mut String, board: &Leaderboard) {
    let mut head = vec!["rank".to_owned(), "model".into(), plain(&board.metric)];
    head.extend(board.has_intervals().then(|| "interval".into()));
    head.extend(board.others.iter().map(|name| plain(name)));
    head.extend(board.has_weights().then(|| "weight".into()));
    let right = vec!["--:"; head.len() - 2].join("|");
    let _ = writeln!(out, "| {} |\n|--:|:--|{right}|", head.join(" | "));
    for row in board.views() {
        let _ = writeln!(out, "| {} |", cells(board, &row).join(" | "));
    }
}

fn cells(board: &Leaderboard, row: &RowView) -> Vec<String> {
    let name = if row.ensemble { format!("**{}**", plain(&row.name)) } else { plain(&row.name) };
    let mut cells = vec![row.rank.to_string(), name, plain(&row.score.text)];
    cells.extend(board.has_intervals().then(|| plain(&row.interval.text)));
    cells.extend(row.others.iter().map(|cell| plain(&cell.text)));
    cells.extend(board.has_weights().then(|| plain(&row.weight.text)));
    cells
}

/// Text that is no markup, on one line.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '|' | '*' | '_' | '`' | '[' | ']' | '#' | '~' | '$' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}
