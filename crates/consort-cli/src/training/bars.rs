use std::io::IsTerminal;

use consort::core::Progress;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// A bar of all fits with the time left, and one for each fit that is on its way, for a person who looks.
pub(crate) struct Bars {
    all: MultiProgress,
    fits: ProgressBar,
    watched: bool,
}

impl Bars {
    pub(crate) fn new(json: bool) -> Self {
        let watched = std::io::stderr().is_terminal() && !json;
        let all = MultiProgress::new();
        let fits = if watched { all.add(ProgressBar::new(0)) } else { ProgressBar::hidden() };
        style(&fits, "{bar:24} {pos}/{len} fits, {eta} left  {msg}");
        Self { all, fits, watched }
    }

    pub(crate) fn finish(&self) {
        self.fits.finish_and_clear();
    }
}

impl Progress for Bars {
    fn step(&self, done: u64, total: u64, text: &str) {
        set(&self.fits, done, total, text);
    }

    fn part(&self, name: &str) -> Box<dyn Progress + '_> {
        let bar = if self.watched { self.all.add(ProgressBar::new(0)) } else { ProgressBar::hidden() };
        style(&bar, "  {bar:22} {prefix}, {eta} left  {msg}");
        bar.set_prefix(name.to_owned());
        Box::new(Bar(bar))
    }
}

/// The bar of one fit, which goes when the fit is done.
struct Bar(ProgressBar);

impl Progress for Bar {
    fn step(&self, done: u64, total: u64, text: &str) {
        set(&self.0, done, total, text);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn set(bar: &ProgressBar, done: u64, total: u64, text: &str) {
    bar.set_length(total);
    bar.set_position(done);
    bar.set_message(text.to_owned());
}

fn style(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}
