/// What a mark is drawn with: a role, whose colour the theme decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Text and axes.
    Text,
    /// Text of second rank, ticks and reference lines.
    Muted,
    /// Grid lines.
    Grid,
    /// The page.
    Paper,
    /// The ensemble.
    Ensemble,
    /// Better.
    Good,
    /// Worse.
    Bad,
    /// The `i`-th of several series.
    Series(usize),
    /// Step `0..Ink::STEPS` of a ramp from little to much.
    Ramp(usize),
}

impl Ink {
    /// How many series have colours of their own.
    pub(crate) const SERIES: usize = 8;
    /// How many steps a ramp has.
    pub(crate) const STEPS: usize = 10;

    /// The CSS that names the colour.
    pub(crate) fn css(self) -> String {
        match self {
            Ink::Text => "var(--ink)".into(),
            Ink::Muted => "var(--muted)".into(),
            Ink::Grid => "var(--grid)".into(),
            Ink::Paper => "var(--paper)".into(),
            Ink::Ensemble => "var(--ens)".into(),
            Ink::Good => "var(--good)".into(),
            Ink::Bad => "var(--bad)".into(),
            Ink::Series(i) => format!("var(--s{})", i % Self::SERIES),
            Ink::Ramp(i) => format!("var(--r{})", i.min(Self::STEPS - 1)),
        }
    }

    /// The step of the ramp for a share of 0 to 1.
    pub(crate) fn ramp(share: f64) -> Ink {
        Ink::Ramp((share.clamp(0.0, 1.0) * Self::STEPS as f64) as usize)
    }

    /// The ink of text on this one: the ramp turns from pale to deep in the middle.
    pub(crate) fn text_on(self) -> Ink {
        match self {
            Ink::Ramp(i) if i >= Self::STEPS / 2 => Ink::Paper,
            _ => Ink::Text,
        }
    }

    /// The dashes that tell the `i`-th series from the others in grey.
    pub(crate) fn dashes(i: usize) -> Option<&'static str> {
        [None, Some("7 3"), Some("2 3"), Some("9 3 2 3"), Some("4 2"), Some("1 2"), Some("12 4"), Some("6 2 1 2 1 2")]
            [i % Self::SERIES]
    }
}
