//! How a command talks: tables and notes for people, or one JSON object for programs.

use std::{
    borrow::Cow,
    io::{IsTerminal, Write},
    time::Duration,
};

use consort::core::{Seed, Warning};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};

use crate::{
    args::Running,
    failure::{Failure, Result},
};

/// How often the spinner turns.
const TICK: Duration = Duration::from_millis(100);
/// More threads than this many are a slip of the finger, unless the machine has as many cores.
const MOST_THREADS: usize = 1024;

/// One run of a command: its seed, what it found, and what it has to say.
pub(crate) struct Session {
    pub(crate) seed: Seed,
    /// Whether a person gave it.
    is_seed_given: bool,
    json: bool,
    object: Map<String, Value>,
    text: String,
    judged: Vec<String>,
    warnings: Vec<Warning>,
    spinner: ProgressBar,
}

impl Session {
    /// Starts the threads asked for.
    pub(crate) fn start(command: &str, running: &Running) -> Result<Self> {
        if let Some(threads) = running.threads {
            let most = std::thread::available_parallelism().map_or(MOST_THREADS, |cores| MOST_THREADS.max(cores.get()));
            if !(1..=most).contains(&threads) {
                return Err(Failure::usage(format!("--threads is {threads}, but must be from 1 to {most}")));
            }
            rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
        }
        let mut object = Map::new();
        object.insert("command".into(), command.into());
        object.insert("version".into(), env!("CARGO_PKG_VERSION").into());
        let seed = running.seed.unwrap_or_default();
        object.insert("seed".into(), seed.into());
        // Drawn on stderr and only for a person who looks.
        let watched = std::io::stderr().is_terminal() && !running.json;
        let spinner = if watched { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            spinner.set_style(style);
        }
        spinner.enable_steady_tick(TICK);
        Ok(Self {
            seed: Seed::new(seed),
            is_seed_given: running.seed.is_some(),
            json: running.json,
            object,
            text: String::new(),
            judged: Vec::new(),
            warnings: Vec::new(),
            spinner,
        })
    }

    /// Goes on with the seed of a run, which no other can take the place of.
    pub(crate) fn take_seed(&mut self, seed: u64) -> Result<()> {
        if self.is_seed_given {
            return Err(Failure::usage(format!("--seed does not go with a run, which keeps its own: {seed}")));
        }
        self.seed = Seed::new(seed);
        self.put("seed", seed.into());
        Ok(())
    }

    /// What is being done now.
    pub(crate) fn doing(&self, what: impl Into<String>) {
        self.spinner.set_message(what.into());
        self.spinner.enable_steady_tick(TICK);
    }

    /// Draws nothing until something else is done: bars are drawn meanwhile.
    pub(crate) fn hush(&self) {
        self.spinner.disable_steady_tick();
        self.spinner.set_message("");
        self.spinner.finish_and_clear();
        self.spinner.reset();
    }

    /// A part of the JSON object.
    pub(crate) fn put(&mut self, key: &str, value: Value) {
        self.object.insert(key.into(), value);
    }

    /// A paragraph or a table for people.
    pub(crate) fn say(&mut self, text: impl AsRef<str>) {
        self.text.push_str(text.as_ref().trim_end());
        self.text.push_str("\n\n");
    }

    /// What was judged from the input rather than told.
    pub(crate) fn judge(&mut self, judged: impl IntoIterator<Item = String>) {
        self.judged.extend(judged);
    }

    pub(crate) fn warn(&mut self, warning: Warning) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.warn(Warning::Note { text: text.into() });
    }

    pub(crate) fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Prints everything: the object on stdout, or tables there and notes on stderr.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.spinner.finish_and_clear();
        let out = if self.json {
            let warnings = self.warnings.iter().map(|warning| {
                let mut object = serde_json::to_value(warning)?;
                if let Value::Object(map) = &mut object {
                    map.insert("text".into(), warning.to_string().into());
                }
                Ok(object)
            });
            let warnings = warnings.collect::<Result<Vec<Value>, serde_json::Error>>()?;
            self.object.insert("judged".into(), json!(self.judged));
            self.object.insert("warnings".into(), warnings.into());
            serde_json::to_string_pretty(&Value::Object(self.object))? + "\n"
        } else {
            for judged in &self.judged {
                eprintln!("note: {}", printable(judged));
            }
            for warning in &self.warnings {
                eprintln!("warning: {}", printable(&warning.to_string()));
            }
            printable(self.text.trim_end()).into_owned() + "\n"
        };
        match std::io::stdout().lock().write_all(out.as_bytes()) {
            // Whoever reads has read enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(Failure::file("stdout".as_ref(), "it cannot be written", error)),
            Ok(()) => Ok(()),
        }
    }
}

/// A text as a terminal may show it: control characters, which names in a file may hold, are written as escapes.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let is_command = |c: char| c.is_control() && c != '\n';
    if !text.contains(is_command) {
        return Cow::Borrowed(text);
    }
    let escaped = |c: char| if is_command(c) { c.escape_default().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(escaped).collect())
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn a_name_commands_no_terminal() {
        assert_eq!(printable("plain\nlines, ünïcode"), "plain\nlines, ünïcode");
        assert_eq!(printable("\u{1b}]0;title\u{7}red\r"), "\\u{1b}]0;title\\u{7}red\\r");
    }
}
