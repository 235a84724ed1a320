//! Splits on data frames.

// Helpers of tests are outside of `#[test]`, where clippy does not see that they are tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod tables;

use consort_core::{RowInfo, Split};

/// The fold that tests each row, in the first repeat.
fn tested(split: &Split, rows: usize) -> Vec<Option<u32>> {
    let mut tested = vec![None; rows];
    for fold in split.folds.iter().filter(|fold| fold.repeat == 0) {
        for &row in &fold.test {
            tested[row as usize] = Some(fold.fold);
        }
    }
    tested
}

/// Rows of which only the number is known.
fn plain(rows: usize) -> RowInfo<'static> {
    RowInfo { rows, ..RowInfo::default() }
}
