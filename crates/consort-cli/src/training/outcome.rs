use std::{path::Path, time::Duration};

use consort::{
    core::{Fuser, Metric, Predictions},
    data::files::publish,
    ensemble::{
        run::{Bundle, Origin, Roll, RunFolder},
        stack::StackedModel,
    },
};
use serde_json::json;

use super::{Fits, TestedRows};
use crate::{
    failure::{Failure, Result},
    judging::{Fitted, Judged},
    listing,
    report::Wanted,
    session::Session,
};

/// A run whose members are fitted or joined in, and whose fusion is: what is left is to judge it, to tell, to write.
pub(crate) struct Outcome<'a> {
    pub(crate) rows: &'a TestedRows,
    pub(crate) predictions: &'a Predictions,
    pub(crate) roll: &'a Roll,
    pub(crate) fuser: &'a dyn Fuser,
    pub(crate) metric: &'a std::sync::Arc<dyn Metric>,
    pub(crate) fits: Fits,
}

impl Outcome<'_> {
    /// Judges the ensemble, puts what it is worth into the session, and writes the report where it is asked for.
    pub(crate) fn tell(
        &self,
        session: &mut Session,
        model: &StackedModel,
        folder: &RunFolder,
        to: Option<&Wanted<'_>>,
    ) -> Result<Judged> {
        let Some(fusion) = model.fusion() else {
            return Err(Failure::usage("the ensemble has no fusion"));
        };
        let (read, there) = (model.members().len(), self.predictions.members().len());
        if read != there {
            return Err(Failure::usage(format!(
                "{}: its fusion reads {read} members and members.json has {there}: put back the files as they were",
                folder.path().display()
            )));
        }
        let truth = self.rows.truth()?;
        let fused = fusion.fuse(self.predictions)?;
        let fitted = Fitted { fuser: self.fuser, fusion, metric: self.metric, seed: session.seed.child("meta") };
        let partitions = self.rows.partitions(self.predictions, session.seed)?;
        let judged = Judged::new(session, self.predictions, &truth, &fitted, fused, &partitions)?;
        session.put("fusion", fusion.name().into());
        if self.fuser.name() != fusion.name() {
            session.judge([format!("of {}, {} fuses the members", self.fuser.name(), fusion.name())]);
        }
        session.put("metric", self.metric.name().into());
        judged.put(session, self.predictions)?;
        self.put_roll(session, folder, &judged);
        session.say(judged.judgement.verdict.text());
        if let Some(wanted) = to {
            let made = judged.report(session, self.predictions, &truth, &fitted, Some(&self.fits))?;
            wanted.write(session, made)?;
        }
        Ok(judged)
    }

    /// Members and ensemble, best first: scores, weight, times, size.
    pub(crate) fn leaderboard(&self, session: &mut Session, judged: &Judged, folder: &RunFolder) {
        let seconds =
            |time: Duration| if time.is_zero() { String::new() } else { format!("{:.2}", time.as_secs_f64()) };
        let score = |card: &crate::score_card::ScoreCard, k: usize| {
            card.scores.get(k).map_or_else(String::new, |(_, score)| listing::score(score))
        };
        let interval = |interval: Option<(f64, f64)>| match interval {
            Some((low, high)) => format!("{} to {}", listing::number(low), listing::number(high)),
            None => String::new(),
        };
        let mut rows = Vec::new();
        for (label, card, of) in [
            ("ensemble (rows unseen by its fit)", &judged.honest, judged.honest_interval),
            ("ensemble (rows its weights were fitted on)", &judged.in_sample, None),
        ] {
            let mut row = vec![label.into(), score(card, 0), interval(of), score(card, 1)];
            row.resize(8, String::new());
            rows.push(row);
        }
        for m in judged.best_first(&**self.metric) {
            let card = &judged.cards[m];
            let entry = &self.roll.members[m];
            let name = match entry.origin {
                Origin::Fitted => card.name.clone(),
                Origin::Foreign => format!("{} (foreign)", card.name),
            };
            let bytes = folder.bytes_of(&card.name);
            rows.push(vec![
                name,
                score(card, 0),
                interval(judged.intervals[m]),
                score(card, 1),
                judged.weights.as_ref().map_or_else(String::new, |weights| format!("{:.3}", weights[m])),
                seconds(entry.fit_time),
                seconds(entry.predict_time),
                if bytes == 0 { String::new() } else { listing::bytes(bytes) },
            ]);
        }
        let second = judged.in_sample.scores.get(1).map_or("", |(name, _)| name.as_str());
        let header = ["member", &self.metric.name(), "95 % interval", second, "weight", "fit s", "predict s", "size"];
        session.say(listing::table(&header, &rows));
    }

    fn put_roll(&self, session: &mut Session, folder: &RunFolder, judged: &Judged) {
        let entries = self.roll.members.iter().zip(&judged.cards).enumerate();
        let told = entries.map(|(m, (entry, card))| {
            json!({
                "name": entry.name,
                "origin": entry.origin,
                "gives": self.predictions.members()[m].gives,
                "weight": judged.weights.as_ref().map(|weights| weights[m]),
                "scores": card.to_json(),
                "interval": judged.intervals[m],
                "fit_seconds": entry.fit_time.as_secs_f64(),
                "predict_seconds": entry.predict_time.as_secs_f64(),
                "bytes": folder.bytes_of(&entry.name),
                "own_rows_score": entry.own_score,
            })
        });
        session.put("members", told.collect());
    }
}

/// Writes the fusion, what predicts, and last who is in it.
pub(crate) fn write_ensemble(run: &Path, bundle: &Bundle, roll: &Roll) -> Result<()> {
    if let Some(fusion) = bundle.model.fusion() {
        let text = serde_json::to_vec_pretty(fusion)?;
        publish(&run.join("fusion.json"), |file| std::io::Write::write_all(file, &text))?;
    }
    bundle.save(&run.join("bundle.consort"))?;
    Ok(roll.save(run)?)
}
