use serde_json::Value;

use crate::{Figure, Svg, Table};

/// Where in a report a chart belongs; sections come in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// Beside the verdict: what the ensemble gains.
    Verdict,
    /// How good each member is, and what it counts.
    Members,
    /// How the members differ.
    Diversity,
    /// How the fusion was chosen.
    Selection,
    /// How good the ensemble's predictions are.
    Quality,
    /// Single rows: who said what.
    Rows,
}

impl Topic {
    pub(crate) fn heading(self) -> &'static str {
        match self {
            Topic::Verdict => "Gain",
            Topic::Members => "The members",
            Topic::Diversity => "How the members differ",
            Topic::Selection => "How the fusion was chosen",
            Topic::Quality => "How good the predictions are",
            Topic::Rows => "Rows to look at",
        }
    }

    pub(crate) fn anchor(self) -> &'static str {
        match self {
            Topic::Verdict => "section-gain",
            Topic::Members => "section-members",
            Topic::Diversity => "section-diversity",
            Topic::Selection => "section-selection",
            Topic::Quality => "section-quality",
            Topic::Rows => "section-rows",
        }
    }

    pub(crate) fn lead(self) -> &'static str {
        match self {
            Topic::Verdict => "",
            Topic::Members => "Who is good alone, and who counts how much.",
            Topic::Diversity => "An ensemble gains where its members are good and err in different places.",
            Topic::Selection => "What each round added. These scores were seen by the selection: they flatter.",
            Topic::Quality => "What to expect of a single prediction.",
            Topic::Rows => {
                "Where it goes wrong most. A wrong label, a wrong join or a missing feature shows here first."
            }
        }
    }
}

/// A chart as a report holds it: drawn, explained, with its numbers.
#[derive(Debug, Clone)]
pub struct Chart {
    pub(crate) topic: Topic,
    pub(crate) slug: &'static str,
    pub(crate) title: String,
    pub(crate) reading: String,
    pub(crate) svg: Svg,
    pub(crate) table: Table,
    pub(crate) data: Value,
}

impl Chart {
    /// The chart of a figure.
    ///
    /// ```
    /// use consort_plot::{chart::Weights, report::{Chart, Topic}};
    /// let chart = Chart::new(Topic::Members, &Weights::new(["a"], &[1.0]));
    /// assert_eq!(chart.title(), "Weights of the members");
    /// ```
    pub fn new(topic: Topic, figure: &impl Figure) -> Self {
        Self {
            topic,
            slug: figure.slug(),
            title: figure.title(),
            reading: figure.reading(),
            svg: figure.draw(),
            table: figure.table(),
            data: serde_json::to_value(figure).unwrap_or(Value::Null),
        }
    }

    /// The short name of its kind, such as `roc`.
    pub fn name(&self) -> &'static str {
        self.slug
    }

    /// What it is.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The drawing.
    pub fn svg(&self) -> &Svg {
        &self.svg
    }

    /// The numbers.
    pub fn table(&self) -> &Table {
        &self.table
    }
}
