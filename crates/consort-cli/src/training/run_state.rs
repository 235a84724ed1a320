use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use consort::{
    core::{Metric, Score},
    ensemble::{
        cross_fit::Part,
        run::{FitNote, Roll, RunFolder},
    },
    plot::{
        chart::{DoneFit, FitProgress, Weights},
        report::{LeaderRow, Leaderboard, Live, Report, Tone, Topic, Verdict},
    },
};

use super::Plan;
use crate::{failure::Result, method};

/// How often the page asks, in seconds.
const SECONDS: u32 = 2;

/// A run as its folder shows it, while it is made and after. Nothing is written, and no lock is taken.
pub(crate) struct RunState {
    run: PathBuf,
    plan: Plan,
    metric: Arc<dyn Metric>,
    /// When it was begun, in seconds since 1970.
    begun: f64,
}

impl RunState {
    pub(crate) fn open(run: &Path) -> Result<Self> {
        let plan: Plan = RunFolder::plan(run)?;
        let plan = plan.checked(run)?;
        let metric = method::of_outputs(Some(&plan.metric), &plan.outputs())?;
        // The plan is written once, when the run is begun.
        let written = std::fs::metadata(run.join("run.json")).and_then(|about| about.modified()).ok();
        let begun = written.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok()).unwrap_or_default();
        Ok(Self { run: run.into(), plan, metric, begun: begun.as_secs_f64() })
    }

    /// Where the report of the run is, once it is done.
    pub(crate) fn report(&self) -> PathBuf {
        self.run.join("report.html")
    }

    /// The fits that the members are estimated with.
    fn folds(&self, notes: &[FitNote]) -> usize {
        // Folds of a column are counted as they come: the plan does not know them.
        let seen = |note: &FitNote| match note.key.part {
            Part::Fold { fold, .. } => fold as usize + 1,
            Part::All => 0,
        };
        let most = notes.iter().map(seen).max().unwrap_or(0);
        let planned = match self.plan.method {
            crate::args::Method::Blend => 1,
            _ if self.plan.roles.fold.is_some() => most.max(1),
            _ => self.plan.folds as usize,
        };
        planned.max(most) * self.plan.repeats.max(1) as usize
    }

    /// The page of now.
    pub(crate) fn page(&self) -> Result<Report> {
        let notes = FitNote::all(&self.run);
        let of_folds: Vec<&FitNote> = notes.iter().filter(|note| note.key.part != Part::All).collect();
        let (members, layers) = (self.plan.members.len(), self.plan.layers.max(1) as usize);
        let folds = self.folds(&notes);
        let total = members * layers * folds;
        let roll = Roll::load(&self.run).ok();
        let name =
            self.run.file_name().map_or_else(|| self.run.display().to_string(), |n| n.to_string_lossy().into_owned());
        let done = of_folds.len().min(total);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let last = notes.last().map_or(self.begun, |note| note.done_at);
        let title = match &roll {
            Some(_) => format!("{name}: done"),
            None => format!("{name}: {done} of {total} fits"),
        };
        let mut report = Report::new(title)
            .fact("table", self.plan.data.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned()))
            .fact("target", self.plan.roles.target.clone())
            .fact("task", self.plan.outputs().task().to_string())
            .fact("members", members.to_string())
            .fact("running for", time(if roll.is_some() { last } else { now } - self.begun));
        report = report.verdict(match &roll {
            Some(roll) => Verdict::new(Tone::Good, "The run is done.").paragraph(format!(
                "{} members. What the ensemble gains is in the finished report.",
                roll.members.len()
            )),
            None => self.going_on(&of_folds, done, total, now, last),
        });
        report = report.leaderboard(self.leaderboard(&of_folds, folds));
        if !of_folds.is_empty() {
            let done = of_folds.iter().map(|note| DoneFit {
                member: of_layer(note, layers),
                at: (note.done_at - self.begun).max(0.0),
                score: note.score,
            });
            let chart = FitProgress {
                metric: self.metric.name(),
                direction: self.metric.direction(),
                fits: total,
                done: done.collect(),
            };
            report = report.chart(Topic::Members, &chart);
        }
        if let Some(weights) = roll.as_ref().and_then(|roll| self.weights(roll)) {
            report = report.chart(Topic::Members, &weights);
        }
        let done = if roll.is_some() { total } else { done } as u64;
        Ok(report.live(Live {
            seconds: if roll.is_some() { 0 } else { SECONDS },
            done: (done, total as u64),
            report: self.report().is_file().then(|| "/report".into()),
        }))
    }

    /// How far the run is, and how long it may still take.
    fn going_on(&self, notes: &[&FitNote], done: usize, total: usize, now: f64, last: f64) -> Verdict {
        if done >= total {
            return Verdict::new(Tone::Even, "All folds are fitted.")
                .paragraph("The fusion and the models of all rows follow.");
        }
        let mut verdict = Verdict::new(Tone::Even, format!("{done} of {total} fits are done."));
        if let (Some(first), true) = (notes.first(), notes.len() > 1) {
            let each = (last - first.done_at) / (notes.len() - 1) as f64;
            verdict = verdict.number("left, as it went so far", time(each * (total - done) as f64));
        }
        if now - last > 60.0 {
            verdict = verdict.paragraph(format!(
                "The last fit was done {} ago. If the program was stopped, `consort fit --resume` goes on.",
                time(now - last)
            ));
        }
        verdict
    }

    /// The members by their mean score so far.
    fn leaderboard(&self, notes: &[&FitNote], folds: usize) -> Leaderboard {
        let rows = self.plan.members.iter().map(|member| {
            let own: Vec<&&FitNote> =
                notes.iter().filter(|note| note.key.member == member.name && note.key.layer == 0).collect();
            let scores: Vec<f64> = own.iter().filter_map(|note| note.score).collect();
            let mean = match scores.len() {
                0 => Score::undefined("no fold is scored yet"),
                count => (scores.iter().sum::<f64>() / count as f64).into(),
            };
            let seconds: f64 = own.iter().map(|note| note.fit_time.as_secs_f64()).sum();
            LeaderRow {
                others: vec![(own.len() as f64 / folds.max(1) as f64).into(), seconds.into()],
                ..LeaderRow::new(&member.name, mean)
            }
        });
        Leaderboard::new(self.metric.name(), self.metric.direction(), rows.collect())
            .others(["share of folds done", "seconds of fits"])
    }

    /// The weights of a fusion that has such.
    fn weights(&self, roll: &Roll) -> Option<Weights> {
        let text = std::fs::read(self.run.join("fusion.json")).ok()?;
        let fusion: Box<dyn consort::core::Fusion> = serde_json::from_slice(&text).ok()?;
        let weights = fusion.weights().filter(|weights| weights.len() == roll.members.len())?;
        Some(Weights::new(roll.members.iter().map(|member| member.name.clone()), &weights))
    }
}

/// The member, with its layer where there are several.
fn of_layer(note: &FitNote, layers: usize) -> String {
    if layers > 1 { format!("{} (layer {})", note.key.member, note.key.layer + 1) } else { note.key.member.clone() }
}

/// A time in words.
fn time(seconds: f64) -> String {
    match seconds.max(0.0).round() as u64 {
        s @ 0..120 => format!("{s} s"),
        s @ 120..7200 => format!("{} min", s / 60),
        s => format!("{} h {} min", s / 3600, s / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_time_is_said_in_the_unit_that_suits() {
        assert_eq!([3.4, 119.0, 150.0, 7260.0].map(super::time), ["3 s", "119 s", "2 min", "2 h 1 min"]);
    }
}
