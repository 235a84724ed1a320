use consort_core::{Dataset, Error, Result, Target};

/// The target of a data set, if it has one whose numbers can be predicted: finite and within single precision, in
/// these rows.
pub(crate) fn target_of<'a>(data: &'a Dataset, rows: &[u32], by: &str) -> Result<&'a Target> {
    let target = data.target_for(by)?;
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
