use askama::Template;
use consort_core::{Direction, Error, Result, Warning};

use super::{Chart, Leaderboard, Topic, Verdict, WorstRows, leaderboard::RowView};
use crate::{Figure, Table, Theme};

/// A report: one HTML file that needs nothing else, light and dark, for any screen and for print.
///
/// ```
/// use consort_plot::{chart::Weights, report::{Report, Tone, Topic, Verdict}};
/// let html = Report::new("Credit <risk>")
///     .verdict(Verdict::new(Tone::Even, "These rows cannot tell."))
///     .chart(Topic::Members, &Weights::new(["forest", "boost"], &[0.3, 0.7]))
///     .to_html()?;
/// assert!(html.contains("Credit &#60;risk&#62;") && html.contains("<svg"));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub(super) title: String,
    pub(super) facts: Vec<(String, String)>,
    pub(super) verdict: Option<Verdict>,
    pub(crate) leaderboard: Option<Leaderboard>,
    pub(super) notes: Vec<String>,
    pub(crate) charts: Vec<Chart>,
    pub(super) rows: Vec<WorstRows>,
    pub(super) theme: Theme,
    live: Option<Live>,
}

impl Report {
    /// An empty report.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// A fact for the head of the page, such as how many rows there are.
    pub fn fact(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.facts.push((name.into(), value.into()));
        self
    }

    /// The verdict.
    pub fn verdict(mut self, verdict: Verdict) -> Self {
        self.verdict = Some(verdict);
        self
    }

    /// The leaderboard.
    pub fn leaderboard(mut self, leaderboard: Leaderboard) -> Self {
        self.leaderboard = Some(leaderboard);
        self
    }

    /// Something that a reader must know.
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Warnings, as notes.
    pub fn warnings<'a>(mut self, warnings: impl IntoIterator<Item = &'a Warning>) -> Self {
        self.notes.extend(warnings.into_iter().map(ToString::to_string));
        self
    }

    /// Another chart.
    pub fn chart(mut self, topic: Topic, figure: &impl Figure) -> Self {
        self.charts.push(Chart::new(topic, figure));
        self
    }

    /// The rows on which a model is furthest off.
    pub fn worst_rows(mut self, rows: WorstRows) -> Self {
        self.rows.push(rows);
        self
    }

    /// Light, dark, or as the reader's system says (the default).
    pub fn theme(mut self, theme: Theme) -> Self {
        self.theme = theme;
        self
    }

    /// The page asks its server for what is new, until that sends one that is not live.
    pub fn live(mut self, live: Live) -> Self {
        self.live = Some(live);
        self
    }

    /// The charts so far.
    pub fn charts(&self) -> &[Chart] {
        &self.charts
    }

    /// The page.
    ///
    /// # Errors
    /// If the page cannot be written, which only a lack of memory can cause.
    pub fn to_html(&self) -> Result<String> {
        let ids = self.ids();
        let view = |topic: Topic| -> Vec<ChartView<'_>> {
            let of_topic = self.charts.iter().zip(&ids).filter(|(chart, _)| chart.topic == topic);
            of_topic.map(|(chart, id)| ChartView::new(chart, id)).collect()
        };
        let rows: Vec<RowsView<'_>> =
            self.rows.iter().enumerate().map(|(place, rows)| RowsView { place, rows }).collect();
        let sections = [Topic::Members, Topic::Diversity, Topic::Selection, Topic::Quality, Topic::Rows]
            .into_iter()
            .map(|topic| SectionView {
                topic,
                open: topic == Topic::Members,
                charts: view(topic),
                rows: if topic == Topic::Rows { &rows } else { &[] },
            })
            .filter(|section| !section.charts.is_empty() || !section.rows.is_empty())
            .collect();
        let page = Page {
            title: &self.title,
            palette: self.theme.css(":root"),
            style: include_str!("../../assets/report.css"),
            script: include_str!("../../assets/report.js"),
            facts: &self.facts,
            verdict: self.verdict.as_ref().map(VerdictView::new),
            gains: view(Topic::Verdict),
            notes: self.notes.iter().map(|note| with_code(note)).collect(),
            board: self.leaderboard.as_ref().map(|board| BoardView::new(board, &self.rows)),
            sections,
            live: self.live.as_ref(),
        };
        page.render().map_err(Error::custom)
    }

    /// A name for each chart that no other has.
    pub(super) fn ids(&self) -> Vec<String> {
        let before = |i: usize| self.charts[..i].iter().filter(|chart| chart.slug == self.charts[i].slug).count();
        (0..self.charts.len())
            .map(|i| match before(i) {
                0 => self.charts[i].slug.to_owned(),
                more => format!("{}-{}", self.charts[i].slug, more + 1),
            })
            .collect()
    }
}

/// How a page keeps up with work that goes on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Live {
    /// After how many seconds it asks again; never for 0.
    pub seconds: u32,
    /// How much is done, and of how much.
    pub done: (u64, u64),
    /// Where the server has the report of work that is done.
    pub report: Option<String>,
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    title: &'a str,
    palette: String,
    style: &'a str,
    script: &'a str,
    facts: &'a [(String, String)],
    verdict: Option<VerdictView<'a>>,
    gains: Vec<ChartView<'a>>,
    notes: Vec<String>,
    board: Option<BoardView<'a>>,
    sections: Vec<SectionView<'a>>,
    live: Option<&'a Live>,
}

/// A verdict whose texts are markup already.
struct VerdictView<'a> {
    of: &'a Verdict,
    headline: String,
    text: Vec<String>,
}

impl<'a> VerdictView<'a> {
    fn new(of: &'a Verdict) -> Self {
        Self { of, headline: with_code(&of.headline), text: of.text.iter().map(|text| with_code(text)).collect() }
    }
}

/// A text as markup: what stands between two backticks is a name, and is set like one.
fn with_code(text: &str) -> String {
    let pairs = text.matches('`').count() / 2;
    let mut out = String::with_capacity(text.len() + 16);
    for (i, part) in text.split('`').enumerate() {
        match i {
            0 => {}
            _ if i > 2 * pairs => out.push('`'),
            _ => out.push_str(if i % 2 == 1 { "<code>" } else { "</code>" }),
        }
        for letter in part.chars() {
            match letter {
                '&' => out.push_str("&#38;"),
                '<' => out.push_str("&#60;"),
                '>' => out.push_str("&#62;"),
                '"' => out.push_str("&#34;"),
                '\'' => out.push_str("&#39;"),
                other => out.push(other),
            }
        }
    }
    out
}

struct SectionView<'a> {
    topic: Topic,
    open: bool,
    charts: Vec<ChartView<'a>>,
    rows: &'a [RowsView<'a>],
}

struct RowsView<'a> {
    place: usize,
    rows: &'a WorstRows,
}

struct BoardView<'a> {
    metric: &'a str,
    order: &'static str,
    others: &'a [String],
    has_intervals: bool,
    has_weights: bool,
    filtered: bool,
    rows: Vec<RowView>,
}

impl<'a> BoardView<'a> {
    /// A board of fewer models is seen at one glance and needs no filter.
    const FILTERED: usize = 12;

    fn new(board: &'a Leaderboard, rows: &[WorstRows]) -> Self {
        let mut views = board.views();
        for (view, row) in views.iter_mut().zip(&board.rows) {
            view.link = rows.iter().position(|rows| rows.model == row.name && rows.ensemble == row.ensemble);
        }
        Self {
            metric: &board.metric,
            order: match board.direction {
                Direction::Lower => "ascending",
                Direction::Higher => "descending",
            },
            others: &board.others,
            has_intervals: board.has_intervals(),
            has_weights: board.has_weights(),
            filtered: views.len() > Self::FILTERED,
            rows: views,
        }
    }
}

struct ChartView<'a> {
    id: &'a str,
    title: &'a str,
    reading: &'a str,
    svg: String,
    /// Drawn no smaller and no larger than this, so that text stays legible.
    least: u32,
    most: u32,
    wide: bool,
    table: &'a Table,
}

impl<'a> ChartView<'a> {
    fn new(chart: &'a Chart, id: &'a str) -> Self {
        let width = chart.svg.width();
        Self {
            id,
            title: &chart.title,
            reading: &chart.reading,
            svg: chart.svg.to_inline(id),
            least: (width * 0.88) as u32,
            most: (width * 1.2) as u32,
            wide: width > 620.0,
            table: &chart.table,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_between_backticks_are_set_as_names_and_nothing_else_is_markup() {
        assert_eq!(with_code("`a<b>` and `c` & d"), "<code>a&#60;b&#62;</code> and <code>c</code> &#38; d");
        assert_eq!(with_code("one ` alone"), "one ` alone");
        assert_eq!(with_code("`a` then `"), "<code>a</code> then `");
        assert_eq!(with_code("plain"), "plain");
    }
}
