use consort_core::Error;

/// The refusal of a data set that says nothing of what is to be predicted.
pub(crate) fn without_target(by: &str) -> Error {
    Error::Unsupported {
        by: by.into(),
        what: "a data set without a target".into(),
        hint: "add the target with `with_target`".into(),
    }
}
