//! What all contracts of learners need: fits and predictions that cannot bring the suite down, and comparisons.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{super::Broken, case::LearnerCase};
use crate::{Dataset, FitContext, Learner, Matrix, Model, Result, Samples, Seed, Target};

/// One learner under trial.
pub(super) struct Trial<'a> {
    pub(super) learner: &'a dyn Learner,
    pub(super) case: &'a LearnerCase,
    pub(super) subject: String,
}

/// What every fit of the suite starts from unless it says otherwise.
pub(super) fn context() -> FitContext<'static> {
    FitContext::new(Seed::new(1))
}

impl Trial<'_> {
    /// A fit, whatever comes of it; only a panic breaks a contract.
    pub(super) fn try_fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Result<Box<dyn Model>>, Broken> {
        self.guarded(|| self.learner.fit(train, ctx))
    }

    /// A prediction, whatever comes of it; only a panic breaks a contract.
    pub(super) fn try_predict(&self, model: &dyn Model, rows: &Samples<'_>) -> Result<Result<Matrix>, Broken> {
        self.guarded(|| model.predict(rows))
    }

    /// A fit of good samples.
    pub(super) fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Box<dyn Model>, Broken> {
        self.try_fit(train, ctx)?.map_err(|error| self.broken("it fits good samples", error))
    }

    /// The predictions of good samples.
    pub(super) fn predict(&self, model: &dyn Model, rows: &Samples<'_>) -> Result<Matrix, Broken> {
        self.try_predict(model, rows)?.map_err(|error| self.broken("it predicts good samples", error))
    }

    /// The predictions of `rows` by a model fitted on `train`.
    pub(super) fn run(&self, train: &Samples<'_>, rows: &Samples<'_>) -> Result<Matrix, Broken> {
        self.predict(&*self.fit(train, &context())?, rows)
    }

    fn guarded<T>(&self, work: impl FnOnce() -> T) -> Result<T, Broken> {
        catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
            self.broken("it never panics", text)
        })
    }

    /// As many columns as the target has outputs, finite, and probabilities where there are classes or labels.
    pub(super) fn sound(
        &self,
        contract: &'static str,
        predicted: &Matrix,
        rows: usize,
        target: &Target,
    ) -> Result<(), Broken> {
        let right = predicted.rows() == rows && predicted.columns() == target.outputs().len();
        self.ensure(right, contract, format!("they are {} × {}", predicted.rows(), predicted.columns()))?;
        let (is_probability, sums) = match target {
            Target::Classes { .. } => (true, true),
            Target::Labels { .. } => (true, false),
            Target::Values { .. } => (false, false),
        };
        for i in 0..rows {
            let row = predicted.row(i);
            let finite = row.iter().all(|x| x.is_finite());
            let inside = !is_probability || row.iter().all(|x| (0.0..=1.0 + 1e-6).contains(x));
            let one = !sums || (row.iter().map(|&x| f64::from(x)).sum::<f64>() - 1.0).abs() < 1e-4;
            self.ensure(finite && inside && one, contract, format!("row {} is {row:?}", i + 1))?;
        }
        Ok(())
    }

    /// A fit and a prediction that may both be refused, but whose numbers, if there are any, must be sound.
    pub(super) fn defined(
        &self,
        contract: &'static str,
        train: &Samples<'_>,
        rows: &Samples<'_>,
    ) -> Result<(), Broken> {
        let Ok(model) = self.try_fit(train, &context())? else { return Ok(()) };
        let Some(target) = train.dataset().target() else {
            return Err(self.broken(contract, "it was fitted without a target"));
        };
        match self.try_predict(&*model, rows)? {
            Ok(predicted) => self.sound(contract, &predicted, rows.len(), target),
            Err(_) => Ok(()),
        }
    }

    /// A prediction that may be refused, but whose numbers must be sound.
    pub(super) fn defined_for(
        &self,
        contract: &'static str,
        model: &dyn Model,
        rows: &Dataset,
        target: &Target,
    ) -> Result<(), Broken> {
        match self.try_predict(model, &Samples::all(rows))? {
            Ok(predicted) => self.sound(contract, &predicted, rows.rows(), target),
            Err(_) => Ok(()),
        }
    }

    /// An error whose message has this word in it.
    pub(super) fn refused<T>(&self, contract: &'static str, result: Result<T>, word: &str) -> Result<(), Broken> {
        match result {
            Ok(_) => Err(self.broken(contract, "it was taken")),
            Err(error) => {
                let text = error.to_string();
                self.ensure(text.contains(word), contract, format!("the error does not say `{word}`: {text}"))
            }
        }
    }

    /// Equal to the bit for a tolerance of 0.
    pub(super) fn same(&self, contract: &'static str, a: &Matrix, b: &Matrix, tolerance: f32) -> Result<(), Broken> {
        match difference(a, b, tolerance) {
            None => Ok(()),
            Some(detail) => Err(self.broken(contract, detail)),
        }
    }

    pub(super) fn ensure(
        &self,
        holds: bool,
        contract: &'static str,
        detail: impl std::fmt::Display,
    ) -> Result<(), Broken> {
        if holds { Ok(()) } else { Err(self.broken(contract, detail)) }
    }

    pub(super) fn broken(&self, contract: &'static str, detail: impl std::fmt::Display) -> Broken {
        Broken { subject: self.subject.clone(), contract, detail: detail.to_string() }
    }
}

/// Where two predictions differ, in words.
pub(super) fn difference(a: &Matrix, b: &Matrix, tolerance: f32) -> Option<String> {
    if (a.rows(), a.columns()) != (b.rows(), b.columns()) {
        return Some("the shapes differ".into());
    }
    (0..a.rows()).find_map(|i| {
        let mut pairs = a.row(i).iter().zip(b.row(i));
        let near = |x: f32, y: f32| x.to_bits() == y.to_bits() || (x - y).abs() <= tolerance * x.abs().max(1.0);
        pairs.find(|(x, y)| !near(**x, **y)).map(|(x, y)| format!("row {}: {x} and {y}", i + 1))
    })
}

/// The numbers `0..count`.
pub(super) fn up_to(count: usize) -> Vec<u32> {
    (0..count as u32).collect()
}
