use consort_core::{Error, FitContext, Learner, Result, Samples};

use super::NetEnsemble;

/// A way of training several nets.
pub trait DeepEnsemble: Learner {
    /// The trained members.
    ///
    /// # Errors
    /// If a parameter is out of range, the samples are not what nets take, or the work was cancelled.
    fn train(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<NetEnsemble>;
}

/// Makes a learner of a [`DeepEnsemble`]: it takes what nets take.
macro_rules! learner {
    ($type:ident, $saved:literal, $name:literal) => {
        #[typetag::serde(name = $saved)]
        impl consort_core::Learner for $type {
            fn name(&self) -> String {
                $name.into()
            }

            fn takes(&self) -> consort_core::Takes {
                consort_core::Takes { categories: true, missing: true, weights: true }
            }

            fn fit(
                &self,
                train: &consort_core::Samples<'_>,
                ctx: &consort_core::FitContext<'_>,
            ) -> consort_core::Result<Box<dyn consort_core::Model>> {
                ctx.check()?;
                let fitted = ctx.install(|| $crate::ensemble::DeepEnsemble::train(self, train, ctx))?;
                Ok(Box::new(fitted))
            }
        }
    };
}
pub(super) use learner;

/// Refuses an ensemble of nothing.
pub(super) fn expect_members(members: usize) -> Result<()> {
    if members == 0 { Err(Error::parameter("members", 0, "at least 1")) } else { Ok(()) }
}

/// Refuses an early stop where the length of a run is part of the method.
pub(super) fn expect_full_length(by: &str, net: &crate::net::Net) -> Result<()> {
    if net.early_stop.is_none() {
        return Ok(());
    }
    Err(Error::Unsupported {
        by: by.into(),
        what: "an early stop".into(),
        hint: "each of its runs has a fixed length: set `early_stop` to none".into(),
    })
}

/// Refuses a run that ended before its first member was taken.
pub(super) fn expect_some<T>(taken: &[T]) -> Result<()> {
    if !taken.is_empty() {
        return Ok(());
    }
    Err(Error::NotConverged {
        method: "training a net",
        problem: "the loss was not finite before the first member was taken: lower the learning rate, or clip the \
                  gradient"
            .into(),
    })
}
