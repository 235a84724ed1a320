use consort_core::{Error, Result, Target};

/// The target of a data set, if it has one whose numbers can be predicted: finite and within single precision, in
/// these rows.
pub(crate) fn target_of<'a>(target: Option<&'a Target>, rows: &[u32], by: &str) -> Result<&'a Target> {
    let target = target.ok_or_else(|| without_target(by))?;
    if let Target::Values { values, names } = target {
        for &row in rows {
            let own = &values[row as usize * names.len()..(row as usize + 1) * names.len()];
            if let Some(k) = own.iter().position(|value| value.is_nan() || value.abs() > f64::from(f32::MAX)) {
                return Err(Error::NotFinite {
                    place: "the target".into(),
                    row: row as usize + 1,
                    id: String::new(),
                    what: format!("`{}` in single precision", names[k]),
                    value: own[k],
                });
            }
        }
    }
    Ok(target)
}

/// The refusal of a data set that says nothing of what is to be predicted.
pub(crate) fn without_target(by: &str) -> Error {
    Error::Unsupported {
        by: by.into(),
        what: "a data set without a target".into(),
        hint: "add the target with `with_target`".into(),
    }
}
