use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// The least time of each thing measured, in the order in which things were first measured.
#[derive(Debug, Clone, Default)]
pub struct LeastTimes(Vec<(String, Duration)>);

impl LeastTimes {
    /// Keeps the time if it is the least of this name so far.
    pub fn note(&mut self, name: &str, time: Duration) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, least)) => *least = time.min(*least),
            None => self.0.push((name.into(), time)),
        }
    }

    /// Does the work so many times; the sum of the times, as criterion's `iter_custom` wants it.
    pub fn run<T>(&mut self, name: &str, times: u64, mut work: impl FnMut() -> T) -> Duration {
        (0..times)
            .map(|_| {
                let start = Instant::now();
                black_box(work());
                let time = start.elapsed();
                self.note(name, time);
                time
            })
            .sum()
    }

    /// The least time of this name, in seconds; NaN if it was not measured (a filter left it out).
    pub fn seconds(&self, name: &str) -> f64 {
        self.0.iter().find(|(known, _)| known == name).map_or(f64::NAN, |(_, time)| time.as_secs_f64())
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

/// A table in Markdown.
pub fn markdown(head: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: Vec<&str>| format!("| {} |\n", cells.join(" | "));
    let mut table = line(head.to_vec());
    table += &line(head.iter().enumerate().map(|(i, _)| if i == 0 { "---" } else { "---:" }).collect());
    rows.iter().for_each(|row| table += &line(row.iter().map(String::as_str).collect()));
    table
}
