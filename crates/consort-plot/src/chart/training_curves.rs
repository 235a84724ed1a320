use serde::{Deserialize, Serialize};

use super::lines::{Line, Lines, Scale};
use crate::{
    Figure, Svg, Table,
    draw::{Ink, Stroke, number::number},
};

/// The loss of nets while they learn, with the snapshots that became members.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingCurves {
    /// What is lost, such as `cross-entropy`.
    pub loss: String,
    /// What is counted, such as `epoch`.
    pub unit: String,
    /// The runs.
    pub runs: Vec<TrainingRun>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// One training run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingRun {
    /// The net.
    pub name: String,
    /// The loss on the training rows after each epoch.
    pub train: Vec<f64>,
    /// The loss on other rows after each epoch; may be empty.
    pub valid: Vec<f64>,
    /// The epochs, from 1, whose weights were kept.
    pub snapshots: Vec<usize>,
}

impl TrainingRun {
    /// The curve that is looked at: of the other rows where there are such.
    fn judged(&self) -> &[f64] {
        if self.valid.is_empty() { &self.train } else { &self.valid }
    }

    /// The epoch, from 1, with the least loss; `None` without a finite one.
    fn best(&self) -> Option<(usize, f64)> {
        let finite = self.judged().iter().enumerate().filter(|(_, loss)| loss.is_finite());
        finite.min_by(|a, b| a.1.total_cmp(b.1)).map(|(epoch, &loss)| (epoch + 1, loss))
    }
}

impl TrainingCurves {
    /// Up to so many runs are drawn one by one.
    const SINGLY: usize = 4;
    /// The most points of a line.
    const POINTS: usize = 400;

    fn together(&self) -> bool {
        self.runs.len() > Self::SINGLY
    }

    fn longest(&self) -> usize {
        self.runs.iter().map(|run| run.train.len().max(run.valid.len())).max().unwrap_or(0)
    }

    /// The median over the runs, and the middle 80 %, of each epoch.
    fn band(&self, pick: impl Fn(&TrainingRun) -> &[f64]) -> Band {
        let mut points = Vec::new();
        let mut ends = Vec::new();
        for epoch in 0..self.longest() {
            let mut losses: Vec<f64> =
                self.runs.iter().filter_map(|run| pick(run).get(epoch).copied()).filter(|x| x.is_finite()).collect();
            if losses.is_empty() {
                continue;
            }
            losses.sort_by(f64::total_cmp);
            let at = |share: f64| losses[((losses.len() - 1) as f64 * share).round() as usize];
            points.push(((epoch + 1) as f64, at(0.5)));
            ends.push(Some((at(0.1), at(0.9))));
        }
        let step = points.len().div_ceil(Self::POINTS).max(1);
        (points.into_iter().step_by(step).collect(), ends.into_iter().step_by(step).collect())
    }
}

/// Points, and the ends of an interval at each.
type Band = (Vec<(f64, f64)>, Vec<Option<(f64, f64)>>);

/// The losses by epoch; of long runs every `k`-th and the last.
fn curve(losses: &[f64]) -> Vec<(f64, f64)> {
    let step = losses.len().div_ceil(TrainingCurves::POINTS).max(1);
    let kept = |epoch: usize| epoch.is_multiple_of(step) || epoch + 1 == losses.len();
    losses
        .iter()
        .enumerate()
        .filter(|(epoch, loss)| kept(*epoch) && loss.is_finite())
        .map(|(epoch, &loss)| ((epoch + 1) as f64, loss))
        .collect()
}

impl Figure for TrainingCurves {
    fn slug(&self) -> &'static str {
        "training-curves"
    }

    fn title(&self) -> String {
        "How the nets learnt".into()
    }

    fn reading(&self) -> String {
        "Solid: the loss on rows not learnt from; dashed: on those learnt from. Where the solid line turns up while the \
         dashed one falls, the net learns its rows by heart. Diamonds are snapshots that became members."
            .into()
    }

    fn description(&self) -> String {
        let best = self.runs.iter().filter_map(|run| Some((run, run.best()?))).min_by(|a, b| a.1.1.total_cmp(&b.1.1));
        match best {
            Some((run, (epoch, loss))) => format!(
                "{} of {} runs. The least is {} of {} in {} {epoch}.",
                self.loss,
                self.runs.len(),
                number(loss),
                run.name,
                self.unit
            ),
            None => "There is no run.".into(),
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut said = self.notes.clone();
        if self.together() {
            said.push(format!("The median of {} runs; bands hold 80 % of them.", self.runs.len()));
        }
        if self.longest() > Self::POINTS {
            let step = self.longest().div_ceil(Self::POINTS);
            said.push(format!("Every {step}-th {} of {} is drawn.", self.unit, self.longest()));
        }
        said
    }

    fn draw(&self) -> Svg {
        let dashed = |ink: Ink| Stroke::new(ink, 1.5).dashed(Some("5 4"));
        let mut lines = Vec::new();
        let mut marks = Vec::new();
        if self.together() {
            let both: [(&str, bool); 2] = [("not learnt from", false), ("learnt from", true)];
            for (name, train) in both {
                let (points, band) = self.band(|run| if train { &run.train } else { &run.valid });
                if points.is_empty() {
                    continue;
                }
                let mut line = Line::new(format!("rows {name}, median"), 0, !train, points);
                line.band = band;
                if train {
                    line.stroke = dashed(Ink::Muted);
                }
                lines.push(line);
            }
        } else {
            for (i, run) in self.runs.iter().enumerate() {
                let ink = Ink::Series(i);
                for (losses, name, train) in [
                    (&run.valid, run.name.clone(), false),
                    (&run.train, format!("{}, rows learnt from", run.name), true),
                ] {
                    let mut line = Line::new(name, i, false, curve(losses));
                    line.stroke = if train { dashed(ink) } else { Stroke::new(ink, 2.0) };
                    if line.points.len() > 1 {
                        lines.push(line);
                    }
                }
            }
            if let (1, Some((epoch, _))) = (self.runs.len(), self.runs.first().and_then(TrainingRun::best)) {
                marks.push((epoch as f64, format!("best: {} {epoch}", self.unit)));
            }
        }
        let x = Some((1.0, self.longest().max(2) as f64));
        let y_title = format!("{} (lower is better)", self.loss);
        Lines {
            x_title: &self.unit,
            y_title: &y_title,
            scale: Scale::Counts,
            x,
            y: None,
            lines,
            marks,
            marks_below: false,
        }
        .draw(self, |canvas, frame| {
            for (i, run) in self.runs.iter().enumerate() {
                let ink = if self.together() { Ink::Muted } else { Ink::Series(i) };
                for &epoch in &run.snapshots {
                    let Some(&loss) = epoch.checked_sub(1).and_then(|place| run.judged().get(place)) else {
                        continue;
                    };
                    let tip = format!("{}: snapshot after {} {epoch}, loss {}", run.name, self.unit, number(loss));
                    let radius = if self.together() { 3.5 } else { 6.0 };
                    canvas.with_tip(&tip, |canvas| canvas.diamond(frame.at((epoch as f64, loss)), radius, ink));
                }
            }
        })
    }

    fn table(&self) -> Table {
        let head = [
            "net".to_owned(),
            format!("best {}", self.unit),
            "least loss".into(),
            "last loss".into(),
            "last loss, rows learnt from".into(),
            "snapshots".into(),
        ];
        let mut table = Table::new(format!("{} of each run", self.loss), head);
        for run in &self.runs {
            let (epoch, loss) =
                run.best().map_or(("—".into(), "—".into()), |(e, loss)| (e.to_string(), number(loss)));
            let last = |losses: &[f64]| losses.last().map_or("—".into(), |&loss| number(loss));
            let kept: Vec<String> = run.snapshots.iter().map(usize::to_string).collect();
            let kept = if kept.is_empty() { "—".into() } else { kept.join(", ") };
            table.push([run.name.clone(), epoch, loss, last(run.judged()), last(&run.train), kept]);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_band_is_of_the_runs_that_are_still_going_and_long_runs_are_thinned() {
        let run = |train: Vec<f64>| TrainingRun { name: "n".into(), train, valid: vec![], snapshots: vec![] };
        let runs = (0..5).map(|i| run(vec![f64::from(i), 1.0][..if i == 4 { 1 } else { 2 }].to_vec())).collect();
        let chart = TrainingCurves { loss: "l".into(), unit: "epoch".into(), runs, notes: vec![] };
        let (points, ends) = chart.band(|run| &run.train);
        assert_eq!((points[0], ends[0]), ((1.0, 2.0), Some((0.0, 4.0))));
        assert_eq!(points[1], (2.0, 1.0));
        let long: Vec<f64> = (0..10_001).map(f64::from).collect();
        let thinned = curve(&long);
        assert!(thinned.len() <= TrainingCurves::POINTS + 1 && thinned.last() == Some(&(10_001.0, 10_000.0)));
        assert_eq!(run(vec![0.5, f64::NAN, 0.25, 0.3]).best(), Some((3, 0.25)));
    }
}
