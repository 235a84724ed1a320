use consort_core::{Direction, Score};
use consort_metrics::generalisation::FitReading;
use serde::{Deserialize, Serialize};

use super::{intervals::both_ends, member_scores::axis_title};
use crate::{
    Figure, Svg, Table,
    draw::{
        Anchor, Canvas, Frame, Ink, SMALL, Stroke, TEXT, fit, notes, notes_height, number::number, range, reach,
        text_width,
    },
};

/// Each member's score on the rows that it was fitted on beside that on rows it did not see, and what that says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FitGap {
    /// The name of the metric.
    pub metric: String,
    /// Which way it gets better.
    pub direction: Direction,
    /// The score of a guess that looks at no feature (the shares of the classes, the mean), where known.
    pub blind: Option<f64>,
    /// The members, the one with the widest gap first.
    pub members: Vec<MemberFit>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// One member's scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberFit {
    /// The member.
    pub name: String,
    /// Its score on the rows fitted on.
    pub train: f64,
    /// Its score on rows not fitted on.
    pub held_out: f64,
    /// The ends of the interval of the score on rows not fitted on.
    pub interval: Option<(f64, f64)>,
    /// What the two scores say.
    pub reading: FitReading,
}

impl FitGap {
    /// The most members that are drawn.
    const DRAWN: usize = 40;

    /// From name, score on the rows fitted on, score on others and its interval. Members without one of the two scores
    /// are left out and named in a note.
    ///
    /// ```
    /// use consort_core::{Direction, Score};
    /// use consort_metrics::generalisation::FitReading;
    /// use consort_plot::chart::FitGap;
    /// let members = [("tree", 1.0, 0.62), ("boost", 0.9, 0.85)].map(|(n, t, h)| (n, Score::from(t), Score::from(h), None));
    /// let chart = FitGap::new("accuracy", Direction::Higher, Some(0.5), members);
    /// assert_eq!(chart.members[0].reading, FitReading::Overfits);
    /// assert_eq!(chart.members[1].reading, FitReading::Fits);
    /// ```
    pub fn new<S: Into<String>>(
        metric: impl Into<String>,
        direction: Direction,
        blind: Option<f64>,
        members: impl IntoIterator<Item = (S, Score, Score, Option<(f64, f64)>)>,
    ) -> Self {
        let mut known = Vec::new();
        let mut lacking = Vec::new();
        for (name, train, held_out, interval) in members {
            match (train.value(), held_out.value()) {
                (Some(train), Some(held_out)) => known.push((name.into(), train, held_out, interval)),
                _ => lacking.push(name.into()),
            }
        }
        let best = known.iter().map(|member| direction.cost(member.2)).fold(f64::INFINITY, f64::min);
        let mut members: Vec<MemberFit> = known
            .into_iter()
            .map(|(name, train, held_out, interval)| {
                let half = interval.map_or(0.0, |(low, high): (f64, f64)| (high - low).abs() / 2.0);
                let cost = |score: f64| direction.cost(score);
                let reading = FitReading::of(blind.map(cost), cost(train), cost(held_out), half, best);
                MemberFit { name, train, held_out, interval, reading }
            })
            .collect();
        let gap = |member: &MemberFit| direction.cost(member.held_out) - direction.cost(member.train);
        members.sort_by(|a, b| gap(b).total_cmp(&gap(a)));
        let notes = match lacking.as_slice() {
            [] => Vec::new(),
            names => vec![format!("Without a score on the rows fitted on, or on others: {}.", names.join(", "))],
        };
        Self { metric: metric.into(), direction, blind, members, notes }
    }
}

impl FitGap {
    /// The end of the scale, where some scores lie beyond it.
    fn limit(&self) -> Option<f64> {
        let scores = self.members.iter().flat_map(|member| [member.train, member.held_out]);
        reach(scores.chain(self.blind), self.direction)
    }
}

impl Figure for FitGap {
    fn slug(&self) -> &'static str {
        "fit-gap"
    }

    fn title(&self) -> String {
        "Rows fitted on against rows not seen".into()
    }

    fn reading(&self) -> String {
        "Ring: the score on the rows that the member was fitted on; dot: on rows it did not see, with its interval. A \
         wide gap is learnt by heart; it harms only if the dot is bad, too. Both bad: too simple a model, or features \
         that say nothing. A dot better than its ring is suspicious: may the member have seen those rows?"
            .into()
    }

    fn description(&self) -> String {
        let parts: Vec<String> =
            self.members.iter().take(12).map(|member| format!("{} {}", member.name, member.reading)).collect();
        if parts.is_empty() { "There is no member with both scores.".into() } else { format!("{}.", parts.join(", ")) }
    }

    fn notes(&self) -> Vec<String> {
        let mut said = self.notes.clone();
        if let Some(blind) = self.blind {
            said.push(format!("The dashed line, {}, is a guess that looks at no feature.", number(blind)));
        }
        if self.limit().is_some() {
            said.push("A triangle points to a score that is off the scale.".into());
        }
        if self.members.len() > Self::DRAWN {
            said.push(format!(
                "The {} widest and narrowest gaps of {}; the table has all.",
                Self::DRAWN,
                self.members.len()
            ));
        }
        said
    }

    fn draw(&self) -> Svg {
        const WIDTH: f64 = 400.0;
        const ROW: f64 = 26.0;
        let shown: Vec<&MemberFit> = both_ends(self.members.len(), Self::DRAWN).map(|i| &self.members[i]).collect();
        let labels = shown.iter().map(|member| text_width(&member.name, TEXT)).fold(40.0, f64::max).min(120.0);
        let ends = |m: &&MemberFit| [Some(m.train), Some(m.held_out), m.interval.map(|i| i.0), m.interval.map(|i| i.1)];
        let limit = self.limit();
        let off = |x: f64| limit.is_some_and(|limit| self.direction.better(limit, x));
        let bottom = 14.0 + ROW * shown.len() as f64;
        let frame = Frame {
            left: labels + 16.0,
            top: 6.0,
            right: WIDTH - 88.0,
            bottom,
            x: range(shown.iter().flat_map(ends).flatten().chain(self.blind).filter(|x| !off(*x)).chain(limit)),
            y: (0.0, 1.0),
        };
        let said = self.notes();
        let mut canvas = Canvas::new(WIDTH, bottom + 44.0 + notes_height(&said, WIDTH));
        frame.draw_x(&mut canvas, &axis_title(&self.metric, self.direction));
        if let Some(blind) = self.blind {
            let x = frame.px(blind);
            canvas.line((x, frame.top), (x, bottom), Stroke::new(Ink::Muted, 1.25).dashed(Some("3 4")));
        }
        for (i, member) in shown.iter().enumerate() {
            let y = 10.0 + ROW * (i as f64 + 0.5);
            let ink = match member.reading {
                FitReading::Overfits | FitReading::Underfits | FitReading::WorseThanBlind | FitReading::Leaks => {
                    Ink::Bad
                }
                FitReading::Fits => Ink::Good,
                FitReading::Memorises | FitReading::Unknown => Ink::Muted,
            };
            canvas.text(
                (frame.left - 10.0, y + 4.5),
                &fit(&member.name, TEXT, labels + 4.0),
                TEXT,
                Anchor::End,
                Ink::Text,
            );
            canvas.text((WIDTH - 82.0, y + 4.5), &member.reading.to_string(), SMALL, Anchor::Start, Ink::Text);
            let (train, seen) = (frame.px(member.train), frame.px(member.held_out));
            let tip = format!(
                "{}: {} on the rows fitted on, {} on others; {}",
                member.name,
                number(member.train),
                number(member.held_out),
                member.reading
            );
            canvas.with_tip(&tip, |canvas| {
                canvas.line((train, y), (seen, y), Stroke::new(ink, 2.5));
                if let Some((low, high)) = member.interval.filter(|_| !off(member.held_out)) {
                    canvas.line((frame.px(low), y + 7.0), (frame.px(high), y + 7.0), Stroke::new(Ink::Muted, 1.5));
                }
                canvas.dot((train, y), 5.0, ink);
                canvas.dot((train, y), 3.0, Ink::Paper);
                if off(member.held_out) {
                    canvas.pointer((seen, y), member.held_out > frame.x.0, ink);
                } else {
                    canvas.dot((seen, y), 5.0, ink);
                }
            });
        }
        notes(&mut canvas, &said, bottom + 40.0, WIDTH);
        canvas.finish(&self.title(), &self.description())
    }

    fn table(&self) -> Table {
        let head = ["member", "rows fitted on", "rows not seen", "95 % interval", "reading"];
        let mut table = Table::new(format!("{} of each member, widest gap first", self.metric), head);
        for member in &self.members {
            let ends = member.interval.map_or("—".into(), |i| format!("{} to {}", number(i.0), number(i.1)));
            let reading = member.reading.to_string();
            table.push([member.name.clone(), number(member.train), number(member.held_out), ends, reading]);
        }
        table
    }
}
