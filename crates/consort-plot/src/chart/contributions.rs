use consort_core::Direction;
use serde::{Deserialize, Serialize};

use super::intervals::{self, Measured, both_ends};
use crate::{Figure, Svg, Table, draw::number::number};

/// What each member adds: by how much the ensemble gets worse when it is left out and the others share its weight.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contributions {
    /// The name of the metric.
    pub metric: String,
    /// Which way it gets better.
    pub direction: Direction,
    /// How sure the intervals are meant to be, such as 0.95.
    pub level: f64,
    /// To what, such as `the plain mean of the members`; `None` where it is the ensemble.
    #[serde(default)]
    pub of: Option<String>,
    /// The members, the one that adds most first.
    pub members: Vec<Contribution>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// What one member adds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contribution {
    /// The member.
    pub name: String,
    /// The score with it minus the score without it, above 0 where it helps; `None` where undefined.
    pub gain: Option<f64>,
    /// The ends of its interval, of the same rows with and without.
    pub interval: Option<(f64, f64)>,
}

impl Contribution {
    /// In words: helps, harms, or too close to call.
    pub fn verdict(&self) -> &'static str {
        match (self.gain, self.interval) {
            (None, _) => "undefined",
            (_, Some((low, _))) if low > 0.0 => "helps",
            (_, Some((_, high))) if high < 0.0 => "harms",
            (_, Some(_)) => "too close to call",
            (Some(gain), None) if gain > 0.0 => "helps, no interval",
            (Some(gain), None) if gain < 0.0 => "harms, no interval",
            _ => "adds nothing",
        }
    }
}

impl Contributions {
    /// The most members that are drawn.
    const DRAWN: usize = 40;

    /// Puts the members in order: the one that adds most first, those without a number last.
    ///
    /// ```
    /// use consort_core::Direction;
    /// use consort_plot::chart::{Contribution, Contributions};
    /// let one = |name: &str, gain| Contribution { name: name.into(), gain: Some(gain), interval: None };
    /// let chart = Contributions::new("auc", Direction::Higher, 0.95, vec![one("a", -0.1), one("b", 0.2)]);
    /// assert_eq!((chart.members[0].name.as_str(), chart.members[1].verdict()), ("b", "harms, no interval"));
    /// ```
    pub fn new(metric: impl Into<String>, direction: Direction, level: f64, mut members: Vec<Contribution>) -> Self {
        let gain = |one: &Contribution| one.gain.unwrap_or(f64::NEG_INFINITY);
        members.sort_by(|a, b| gain(b).total_cmp(&gain(a)));
        Self { metric: metric.into(), direction, level, of: None, members, notes: Vec::new() }
    }
}

impl Figure for Contributions {
    fn slug(&self) -> &'static str {
        "contributions"
    }

    fn title(&self) -> String {
        match &self.of {
            Some(of) => format!("What each member adds to {of}"),
            None => "What each member adds".into(),
        }
    }

    fn reading(&self) -> String {
        format!(
            "By how much {} gets worse without the member, its weight shared among the others. Left of the \
             line it is better without. A bar, a {} % interval, across the line: these rows cannot tell. Of two copies \
             neither adds anything alone.",
            self.of.as_deref().unwrap_or("the ensemble"),
            number(self.level * 100.0)
        )
    }

    fn description(&self) -> String {
        let count = |word: &str| self.members.iter().filter(|one| one.verdict().starts_with(word)).count();
        match self.members.first() {
            Some(first) => format!(
                "{}{} of {} members help and {} harm beyond doubt. The one that adds most is {}, {} in {}.",
                self.of.as_ref().map_or_else(String::new, |of| format!("Of {of}, not of the ensemble: ")),
                count("helps"),
                self.members.len(),
                count("harms"),
                first.name,
                first.gain.map_or("undefined".into(), number),
                self.metric
            ),
            None => "There is no member.".into(),
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut said = self.notes.clone();
        if self.members.len() > Self::DRAWN {
            let half = Self::DRAWN / 2;
            said.push(format!("The {half} at each end of {} members; the table has all.", self.members.len()));
        }
        said
    }

    fn draw(&self) -> Svg {
        let shown: Vec<Measured<'_>> = both_ends(self.members.len(), Self::DRAWN)
            .map(|i| &self.members[i])
            .map(|one| Measured { name: &one.name, value: one.gain, interval: one.interval })
            .collect();
        intervals::draw(
            self,
            &shown,
            &format!("loss without it, in {} (right: it helps)", self.metric.replace('_', " ")),
        )
    }

    fn table(&self) -> Table {
        let level = number(self.level * 100.0);
        let head = [
            "member".into(),
            format!("adds, in {}", self.metric),
            format!("{level} % from"),
            format!("{level} % to"),
            "reading".into(),
        ];
        let mut table = Table::new(self.title(), head);
        for one in &self.members {
            let end = |pick: fn((f64, f64)) -> f64| one.interval.map_or("—".into(), |i| number(pick(i)));
            let gain = one.gain.map_or("undefined".into(), number);
            table.push([one.name.clone(), gain, end(|i| i.0), end(|i| i.1), one.verdict().into()]);
        }
        table
    }
}
