use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use consort_core::{Error, FitContext, Ids, Matrix, Model, Outputs, Predictions, Result, Samples};
use serde::{Deserialize, Serialize};

use crate::{
    cross_fit::{Fit, FitKey, Part, Store},
    named_learner::NamedLearner,
    side_by_side::side_by_side,
};

/// A member as it predicts: one model, or one a fold, of which the mean is taken.
#[derive(Debug, Serialize, Deserialize)]
pub struct FittedMember {
    /// The name.
    pub name: String,
    /// Its models; none for a member that the fusion does not read, and for a foreign one.
    pub models: Vec<Box<dyn Model>>,
    /// Whether its predictions come from elsewhere and are read: whoever predicts new rows must bring them.
    #[serde(default)]
    pub is_foreign: bool,
}

impl FittedMember {
    /// A member with these models, one or one a fold.
    pub fn new(name: impl Into<String>, models: Vec<Box<dyn Model>>) -> Self {
        Self { name: name.into(), models, is_foreign: false }
    }

    /// A member that the fusion does not read.
    pub fn unread(name: impl Into<String>) -> Self {
        Self::new(name, Vec::new())
    }

    /// A member whose predictions come from elsewhere and are read.
    pub fn foreign(name: impl Into<String>) -> Self {
        Self { is_foreign: true, ..Self::unread(name) }
    }

    /// Whether the fusion reads it.
    pub fn is_read(&self) -> bool {
        self.is_foreign || !self.models.is_empty()
    }

    /// The mean of its models' predictions, `[samples][columns]`.
    ///
    /// # Errors
    /// If it has no model, and the errors of the models.
    pub fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        let Some((first, others)) = self.models.split_first() else {
            let hint = "it was left out when the ensemble was fitted".into();
            return Err(Error::Empty { what: format!("the list of models of `{}`", self.name), hint });
        };
        let mut mean = first.predict(rows)?;
        if others.is_empty() {
            return Ok(mean);
        }
        let mut sums: Vec<f64> = mean.values().iter().map(|&x| f64::from(x)).collect();
        for model in others {
            let predictions = model.predict(rows)?;
            sums.iter_mut().zip(predictions.values()).for_each(|(sum, &x)| *sum += f64::from(x));
        }
        let share = 1.0 / self.models.len() as f64;
        mean.values_mut().iter_mut().zip(sums).for_each(|(to, sum)| *to = (sum * share) as f32);
        Ok(mean)
    }
}

/// The predictions of members that are read, those of foreign members as given; the others are passed over.
pub(crate) fn predictions(
    members: &[FittedMember],
    outputs: &Outputs,
    rows: &Samples<'_>,
    given: &[(String, Matrix)],
) -> Result<Predictions> {
    let gives = outputs.gives();
    let present: Vec<&FittedMember> = members.iter().filter(|member| member.is_read()).collect();
    let mut builder = Predictions::builder(outputs.clone(), Ids::positions(rows.len())).reserve(present.len());
    for member in present {
        let name = &member.name;
        if !member.is_foreign {
            builder = builder.member(name, gives, member.predict(rows)?.values())?;
            continue;
        }
        let (_, values) = given.iter().find(|(other, _)| other == name).ok_or_else(|| Error::Unsupported {
            by: "an ensemble with a foreign member".into(),
            what: format!("rows without the predictions of `{name}`, which it has no model of"),
            hint: format!("give them with `--member {name}=FILE`"),
        })?;
        builder = builder.member(name, gives, values.values())?;
    }
    builder.build()
}

/// Each learner fitted on all samples, side by side. A fit depends on its layer, its name and the seed alone.
///
/// # Errors
/// The error of the first member that cannot be fitted.
pub(crate) fn fit_all(
    members: &[NamedLearner],
    layer: u32,
    train: &Samples<'_>,
    ctx: &FitContext<'_>,
    store: Option<&dyn Store>,
) -> Result<Vec<FittedMember>> {
    let done = Mutex::new(0);
    let fit = |number: usize, threads: usize| {
        let member = &members[number];
        let key = FitKey { layer, member: member.name.clone(), part: Part::All };
        if let Some(fit) = store.map(|store| store.load(&key)).transpose()?.flatten() {
            return Ok(fit.model);
        }
        ctx.check()?;
        let start = Instant::now();
        let model = {
            let progress = ctx.progress.part(&key.to_string());
            let checkpoints = store.and_then(|store| store.checkpoints(&key));
            let (seed, checkpoints) = (key.seed(ctx.seed), checkpoints.as_deref());
            member.learner.fit(train, &FitContext { seed, threads, progress: &*progress, checkpoints, ..*ctx })?
        };
        let fit = Fit { key, model, predictions: None, fit_time: start.elapsed(), predict_time: Duration::ZERO };
        if let Some(store) = store {
            store.save(&fit)?;
        }
        Ok(fit.model)
    };
    let models = side_by_side(ctx.threads, members.len(), |number, threads| {
        let model = fit(number, threads)?;
        // Told under the lock, so that what a listener hears never goes back.
        let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
        *done += 1;
        ctx.progress.step(*done, members.len() as u64, &format!("{} (all rows)", members[number].name));
        Ok(model)
    })?;
    let named = |(member, model): (&NamedLearner, _)| FittedMember::new(&member.name, vec![model]);
    Ok(members.iter().zip(models).map(named).collect())
}
