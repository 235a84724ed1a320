use serde::{Deserialize, Serialize};

/// Which way the verdict goes; shown by a word and a mark, not by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    /// The ensemble is better.
    Good,
    /// The ensemble is worse.
    Bad,
    /// The rows cannot tell.
    #[default]
    Even,
}

/// The answer, in plain words, and the few numbers behind it.
///
/// ```
/// use consort_plot::report::{Tone, Verdict};
/// let verdict = Verdict::new(Tone::Good, "The ensemble beats its best member.").number("gain in log loss", "0.012");
/// assert_eq!(verdict.numbers.len(), 1);
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Verdict {
    /// Which way it goes.
    pub tone: Tone,
    /// The answer in one sentence.
    pub headline: String,
    /// What else to say, a paragraph each.
    pub text: Vec<String>,
    /// Numbers with their names.
    pub numbers: Vec<(String, String)>,
}

impl Verdict {
    /// A verdict of one sentence.
    pub fn new(tone: Tone, headline: impl Into<String>) -> Self {
        Self { tone, headline: headline.into(), ..Self::default() }
    }

    /// With another paragraph.
    pub fn paragraph(mut self, text: impl Into<String>) -> Self {
        self.text.push(text.into());
        self
    }

    /// With another number.
    pub fn number(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.numbers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn class(&self) -> &'static str {
        match self.tone {
            Tone::Good => "good",
            Tone::Bad => "bad",
            Tone::Even => "even",
        }
    }

    pub(crate) fn mark(&self) -> &'static str {
        match self.tone {
            Tone::Good => "▲",
            Tone::Bad => "▼",
            Tone::Even => "≈",
        }
    }
}
