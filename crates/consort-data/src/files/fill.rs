//! The numbers of one file, put where they belong in the cube.

use std::collections::HashMap;

use consort_core::{Gives, Outputs};

use crate::{Error, Result};

use super::{
    align::LEFT_OUT,
    blanks,
    boolean::Spelled,
    layout::{Layout, Sheet},
    problem::Mode,
    table::Table,
};

/// The logit of a class that a member does not know: its probability is 0 beside any other.
const ABSENT_LOGIT: f32 = -1e9;

/// Writes the members of a file: `slots` is `[member][row][column]`, zero before; `places` says where each row goes.
pub(super) fn fill(
    sheet: &Sheet,
    mode: Mode,
    outputs: &Outputs,
    places: &[u32],
    rows: usize,
    slots: &mut [f32],
) -> Result<()> {
    let width = outputs.len();
    let table = &sheet.table;
    let place = |row: usize| match places.get(row) {
        Some(&LEFT_OUT) => Ok(None),
        Some(&at) => Ok(Some(at as usize)),
        None => Err(changed(sheet)),
    };
    let size = rows * width;
    let mut visited = 0;
    match (mode, &sheet.layout) {
        (Mode::Columns(gives), Layout::Classes(columns)) => {
            let Outputs::Classes(classes) = outputs else { return Err(changed(sheet)) };
            let spelled = Spelled::new(classes);
            let of: Vec<usize> = columns.iter().filter_map(|(class, _)| spelled.find(class)).collect();
            let numbers: Vec<usize> = columns.iter().map(|&(_, column)| column).collect();
            if of.len() < width && gives == Gives::Logits {
                let absent: Vec<usize> = (0..width).filter(|k| !of.contains(k)).collect();
                slots.chunks_exact_mut(width).for_each(|row| absent.iter().for_each(|&k| row[k] = ABSENT_LOGIT));
            }
            let other = sheet.layout.lone_class(width, gives).and(of.first()).map(|class| 1 - class);
            visited += table.numbers(&numbers, |row, which, value| {
                let Some(at) = place(row)? else { return Ok(()) };
                slots[at * width + of[which]] = value as f32;
                if let Some(other) = other {
                    if !value.is_nan() && !(0.0..=1.0).contains(&value) {
                        return Err(outside(sheet, numbers.first().copied(), row, value));
                    }
                    slots[at * width + other] = (1.0 - value) as f32;
                }
                Ok(())
            })?;
        }
        (Mode::Columns(gives), Layout::Array { .. }) => {
            visited += table.numbers(&[], |row, column, value| {
                if let Some(at) = place(row)? {
                    slots[at * width + column] = value as f32;
                }
                Ok(())
            })?;
            if let Table::Array(array) = table
                && array.is_half()
                && gives == Gives::Probabilities
            {
                slots.chunks_exact_mut(width).for_each(renormalise_half);
            }
        }
        (Mode::Positive(gives), layout) => {
            let Outputs::Classes(classes) = outputs else { return Err(changed(sheet)) };
            let (yes, no) = (classes.positive(), 1 - classes.positive());
            let columns = number_columns(layout);
            visited += table.numbers(&columns, |row, which, value| {
                let Some(at) = place(row)? else { return Ok(()) };
                if gives == Gives::Probabilities && !value.is_nan() && !(0.0..=1.0).contains(&value) {
                    return Err(outside(sheet, columns.get(which).copied(), row, value));
                }
                let pair = &mut slots[which * size + at * 2..][..2];
                pair[yes] = value as f32;
                pair[no] = match gives {
                    Gives::Probabilities => (1.0 - value) as f32,
                    Gives::Scores => -value as f32,
                    // The other class has logit 0, so that softmax is the logistic function of the number.
                    _ => value as f32 * 0.0,
                };
                Ok(())
            })?;
        }
        (Mode::Values, layout) => {
            visited += table.numbers(&number_columns(layout), |row, which, value| {
                if let Some(at) = place(row)? {
                    slots[which * size + at] = value as f32;
                }
                Ok(())
            })?;
        }
        (Mode::Labels, layout) => {
            let Outputs::Classes(classes) = outputs else { return Err(changed(sheet)) };
            let index: HashMap<&str, usize> =
                classes.names().iter().enumerate().map(|(k, name)| (name.as_str(), k)).collect();
            let spelled = Spelled::new(classes);
            let columns = number_columns(layout);
            visited += table.texts(&columns, |row, which, text| {
                let Some(at) = place(row)? else { return Ok(()) };
                let cells = &mut slots[which * size + at * width..][..width];
                let Some(text) = text.and_then(blanks::label) else {
                    cells.fill(f32::NAN);
                    return Ok(());
                };
                let class = index.get(text).copied().or_else(|| spelled.find(text)).ok_or_else(|| {
                    consort_core::Error::UnknownClass {
                        place: format!("{}, column `{}`", table.file(), table.columns()[columns[which]]),
                        class: text.into(),
                        row: Some(row + 1),
                        known: classes.clone(),
                    }
                })?;
                cells[class] = 1.0;
                Ok(())
            })?;
        }
        (Mode::Columns(_), _) => return Err(changed(sheet)),
    }
    if visited == places.len() { Ok(()) } else { Err(changed(sheet)) }
}

/// The columns that hold one number or one label a row: one a member.
fn number_columns(layout: &Layout) -> Vec<usize> {
    match layout {
        Layout::Positive(column) | Layout::Values(column) | Layout::Labels(column) => vec![*column],
        Layout::Wide(columns) => columns.iter().map(|&(_, column)| column).collect(),
        _ => Vec::new(),
    }
}

/// Undoes the rounding to 16 bits: a sum within it of 1 becomes 1. What is farther off is left for the check.
fn renormalise_half(row: &mut [f32]) {
    let sum: f64 = row.iter().map(|&x| f64::from(x)).sum();
    // Each number is rounded by up to 2⁻¹¹ of itself, and the tiny ones by up to 2⁻²⁵.
    let rounding = 1.0 / 2048.0 + row.len() as f64 / f64::from(1 << 25);
    if (sum - 1.0).abs() <= rounding {
        row.iter_mut().for_each(|x| *x = (f64::from(*x) / sum) as f32);
    }
}

fn outside(sheet: &Sheet, column: Option<usize>, row: usize, value: f64) -> Error {
    Error::Range {
        file: sheet.table.file().into(),
        at: format!("row {}", row + 1),
        column: column.map_or_else(|| "0".into(), |column| sheet.table.columns()[column].clone()),
        value,
        expected: "a probability in [0, 1]; mend it, or declare logits or scores",
    }
}

fn changed(sheet: &Sheet) -> Error {
    Error::Unclear {
        file: sheet.table.file().into(),
        problem: "the file changed while it was read".into(),
        hint: "wait until it is written, and read again".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_to_16_bits_is_undone_and_nothing_more() {
        let half = |x: f32| half::f16::from_f32(x).to_f32();
        let mut row = [0.3, 0.3, 0.2, 0.2].map(half);
        renormalise_half(&mut row);
        assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        let mut wrong = [0.3, 0.3, 0.2, 0.199];
        renormalise_half(&mut wrong);
        assert_eq!(wrong, [0.3, 0.3, 0.2, 0.199]);
    }
}
