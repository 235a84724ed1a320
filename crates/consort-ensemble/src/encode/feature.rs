use std::borrow::Cow;

use consort_core::{Column, Samples};

/// One feature of some samples, in their order.
pub(super) enum Feature<'a> {
    /// Numbers; NaN is missing.
    Numbers(Cow<'a, [f32]>),
    /// Categories: numbers of levels.
    Levels { codes: Cow<'a, [u32]>, levels: &'a [String] },
}

impl<'a> Feature<'a> {
    /// A column at these samples; borrowed where they are all rows.
    pub(super) fn of_column(column: &'a Column, rows: &Samples<'a>) -> Self {
        fn pick<'a, T: Copy>(values: &'a [T], rows: &Samples<'a>) -> Cow<'a, [T]> {
            match rows.row_numbers() {
                None => Cow::Borrowed(values),
                Some(numbers) => numbers.iter().map(|&row| values[row as usize]).collect(),
            }
        }
        match column {
            Column::Numeric { values, .. } => Feature::Numbers(pick(values, rows)),
            Column::Categorical { codes, levels, .. } => Feature::Levels { codes: pick(codes, rows), levels },
        }
    }

    /// The number at one place of each row of a dense block.
    pub(super) fn of_block(values: &[f32], width: usize, place: usize, rows: &Samples<'_>) -> Self {
        Feature::Numbers((0..rows.len()).map(|i| values[rows.row(i) * width + place]).collect())
    }

    /// Its numbers; none for categories, which whoever asks has refused before.
    pub(super) fn numbers(&self) -> &[f32] {
        match self {
            Feature::Numbers(values) => values,
            Feature::Levels { .. } => &[],
        }
    }

    /// Its codes and the names of its levels; none for numbers, which whoever asks has refused before.
    pub(super) fn levels(&self) -> (&[u32], &'a [String]) {
        match self {
            Feature::Numbers(_) => (&[], &[]),
            Feature::Levels { codes, levels } => (codes, levels),
        }
    }

    /// The same under a name.
    pub(super) fn into_column(self, name: &str) -> Column {
        match self {
            Feature::Numbers(values) => Column::Numeric { name: name.into(), values: values.into_owned() },
            Feature::Levels { codes, levels } => {
                Column::Categorical { name: name.into(), codes: codes.into_owned(), levels: levels.to_vec() }
            }
        }
    }
}
