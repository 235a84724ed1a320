use std::io::IsTerminal;

use consort::core::Progress;
use indicatif::{ProgressBar, ProgressStyle};

/// A bar of fits with the time left, for a person who looks.
pub(crate) struct Bars(ProgressBar);

impl Bars {
    pub(crate) fn new(json: bool) -> Self {
        let watched = std::io::stderr().is_terminal() && !json;
        let bar = if watched { ProgressBar::new(0) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} fits, {eta} left  {msg}") {
            bar.set_style(style);
        }
        Self(bar)
    }

    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl Progress for Bars {
    fn step(&self, done: u64, total: u64, text: &str) {
        self.0.set_length(total);
        self.0.set_position(done);
        self.0.set_message(text.to_owned());
    }
}
