//! The strata of the rows: their classes, or the bins of a continuous target.

use std::borrow::Cow;

use consort_core::{Classes, Error, Result, RowInfo, Target, Warning};

/// Into how many bins of equal mass a continuous target is cut, unless said otherwise.
pub(super) const BINS: u32 = 10;

/// The stratum of each row.
pub(super) struct Strata<'a> {
    /// One stratum a row, `0..counts.len()`.
    pub(super) codes: Cow<'a, [u32]>,
    /// How many rows each has; some may have none.
    pub(super) counts: Vec<usize>,
    classes: Option<&'a Classes>,
}

impl<'a> Strata<'a> {
    /// The strata of a target; bins are so few that each holds at least `least` rows where that is possible.
    pub(super) fn of(rows: &RowInfo<'a>, bins: u32, least: u32, by: &str) -> Result<Self> {
        let target = rows.target.ok_or_else(|| Error::Unsupported {
            by: by.into(),
            what: "rows without a target".into(),
            hint: "give the column to stratify by".into(),
        })?;
        match target {
            Target::Classes { codes, classes } => {
                let mut counts = vec![0usize; classes.len()];
                for (row, &code) in codes.iter().enumerate() {
                    match counts.get_mut(code as usize) {
                        Some(count) => *count += 1,
                        None => {
                            return Err(Error::UnknownClass {
                                place: "the target".into(),
                                class: format!("number {code}"),
                                row: Some(row + 1),
                                known: classes.clone(),
                            });
                        }
                    }
                }
                Ok(Self { codes: Cow::Borrowed(codes), counts, classes: Some(classes) })
            }
            Target::Values { values, names } if names.len() == 1 => {
                if bins == 0 {
                    return Err(Error::parameter("bins", bins, "at least 1"));
                }
                if let Some(row) = values.iter().position(|value| !value.is_finite()) {
                    return Err(Error::NotFinite {
                        place: "the target".into(),
                        row: row + 1,
                        id: rows.ids.map(|ids| ids.label(row)).unwrap_or_default(),
                        what: format!("`{}`", names[0]),
                        value: values[row],
                    });
                }
                let bins = (bins as usize).min(values.len() / (least as usize).max(1)).max(1);
                let (codes, counts) = equal_mass(values, bins);
                Ok(Self { codes: Cow::Owned(codes), counts, classes: None })
            }
            other => Err(Error::Unsupported {
                by: by.into(),
                what: format!("a target of {} columns ({})", other.outputs().len(), other.outputs().task()),
                hint: "stratify by one class or one number a row, or split without strata".into(),
            }),
        }
    }

    /// A warning of the classes that have rows, but fewer than `folds`: one for each of a few, one for all of many. Bins
    /// are not named.
    pub(super) fn warnings(&self, folds: usize) -> Vec<Warning> {
        const FEW: usize = 3;
        let Some(classes) = self.classes else { return Vec::new() };
        let small: Vec<(usize, &String)> =
            (self.counts.iter().copied().zip(classes.names())).filter(|(rows, _)| (1..folds).contains(rows)).collect();
        if small.len() <= FEW {
            let warning = |(rows, class): (usize, &String)| Warning::SmallClass { class: class.clone(), rows, folds };
            return small.into_iter().map(warning).collect();
        }
        let first: Vec<String> = small.iter().take(FEW).map(|(rows, class)| format!("`{class}` ({rows})")).collect();
        let text = format!(
            "{} classes have fewer rows than the {folds} folds, such as {}: some folds lack them",
            small.len(),
            first.join(", ")
        );
        vec![Warning::Note { text }]
    }

    /// The rows of `order`, stratum after stratum; within a stratum they keep their order.
    pub(super) fn gathered(&self, order: &[u32]) -> Vec<u32> {
        let mut next = vec![0usize; self.counts.len() + 1];
        for &row in order {
            next[self.codes[row as usize] as usize + 1] += 1;
        }
        for stratum in 1..next.len() {
            next[stratum] += next[stratum - 1];
        }
        let mut gathered = vec![0; order.len()];
        for &row in order {
            let place = &mut next[self.codes[row as usize] as usize];
            gathered[*place] = row;
            *place += 1;
        }
        gathered
    }
}

/// Bins of equal mass. Equal values share a bin: that of the first of them in order.
fn equal_mass(values: &[f64], bins: usize) -> (Vec<u32>, Vec<usize>) {
    let mut order: Vec<u32> = (0..values.len() as u32).collect();
    order.sort_unstable_by(|&a, &b| values[a as usize].total_cmp(&values[b as usize]));
    let mut codes = vec![0; values.len()];
    let mut counts = vec![0; bins];
    let mut first = 0;
    for (rank, &row) in order.iter().enumerate() {
        if values[row as usize] != values[order[first] as usize] {
            first = rank;
        }
        let bin = (first as u64 * bins as u64 / values.len() as u64) as usize;
        codes[row as usize] = bin as u32;
        counts[bin] += 1;
    }
    (codes, counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_a_bin() {
        let (codes, counts) = equal_mass(&[3.0, 1.0, 1.0, 1.0, 2.0, 4.0], 3);
        assert_eq!(codes, [2, 0, 0, 0, 1, 2]);
        assert_eq!(counts, [3, 1, 2]);
    }
}
