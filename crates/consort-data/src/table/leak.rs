//! Features that know the target too well.

use std::collections::HashMap;

use consort_core::{Target, Warning};

use super::{Column, column::Data};

/// How many rows must agree with what another row said before, until it is no accident.
const ROWS_THAT_AGREE: usize = 20;

/// A warning where a column equals or determines the target: each of its values (missing is one, too) has one class,
/// or one number, only, with two rows a value or more in the mean and 20 rows that repeat a value; or its numbers are those
/// of the target but for scale and shift.
///
/// `kept` are the rows that have a target, or `None` for all. Cost: O(rows), and far less for most columns, since
/// the first contradiction ends the search.
pub(super) fn suspicion(column: &Column, target: &Target, kept: Option<&[u32]>) -> Option<Warning> {
    let row = |i: usize| kept.map_or(i, |kept| kept[i] as usize);
    let rows = target.rows();
    let text = if let Some(values) = determined(column, target, rows, row) {
        let what = if matches!(target, Target::Classes { .. }) { "class" } else { "number" };
        format!("each of its {values} different values goes with one {what} only")
    } else if is_linear(column, target, rows, row) {
        "it is the target but for scale and shift".into()
    } else {
        return None;
    };
    let text = format!(
        "column `{}` may leak the target: {text}, over {rows} rows; ignore the column if it is not known when a prediction is made",
        column.name
    );
    Some(Warning::Note { text })
}

/// How many different values a column has, if they determine the target.
fn determined(column: &Column, target: &Target, rows: usize, row: impl Fn(usize) -> usize) -> Option<usize> {
    let value = |i: usize| -> u64 {
        match &column.data {
            Data::Numbers(values) | Data::Booleans(values) | Data::Dates(values) => {
                // Both zeros are one value, and all that is missing is one.
                let value = values[row(i)];
                if value.is_nan() { f64::NAN.to_bits() } else { (value + 0.0).to_bits() }
            }
            Data::Texts(texts) => u64::from(texts.codes[row(i)]),
            Data::Missing | Data::Unreadable(_) => 0,
        }
    };
    if matches!(&column.data, Data::Texts(texts) if texts.many) {
        return None;
    }
    let truth = |i: usize| match target {
        Target::Classes { codes, .. } => u64::from(codes[i]),
        Target::Values { values, .. } => (values[i] + 0.0).to_bits(),
        _ => 0,
    };
    let mut known = HashMap::new();
    for i in 0..rows {
        if *known.entry(value(i)).or_insert_with(|| truth(i)) != truth(i) {
            return None;
        }
        // Different values so far, and hardly a repeated one: no need to keep them all.
        if i > 1000 && 2 * known.len() > i {
            return None;
        }
    }
    let values = known.len();
    (2 * values <= rows && rows - values >= ROWS_THAT_AGREE).then_some(values)
}

/// Whether numbers are the target but for scale and shift: their correlation is ±1 within rounding.
fn is_linear(column: &Column, target: &Target, rows: usize, row: impl Fn(usize) -> usize) -> bool {
    let (Data::Numbers(x), Target::Values { values: y, names }) = (&column.data, target) else { return false };
    if names.len() != 1 || rows < ROWS_THAT_AGREE {
        return false;
    }
    let pairs = || (0..rows).map(|i| (x[row(i)], y[i])).filter(|(x, _)| x.is_finite());
    let (mut count, mut sum_x, mut sum_y) = (0.0, 0.0, 0.0);
    for (x, y) in pairs() {
        count += 1.0;
        sum_x += x;
        sum_y += y;
    }
    let (mean_x, mean_y) = (sum_x / count, sum_y / count);
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs() {
        let (x, y) = (x - mean_x, y - mean_y);
        xx += x * x;
        yy += y * y;
        xy += x * y;
    }
    count >= ROWS_THAT_AGREE as f64 && xx > 0.0 && yy > 0.0 && xy * xy / xx / yy > 1.0 - 1e-12
}
