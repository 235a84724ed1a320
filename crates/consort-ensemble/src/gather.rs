//! Features copied for some rows.

use consort_core::{Column, Features, Samples};

/// A column's values in these rows, in their order.
pub(crate) fn column(column: &Column, rows: &Samples<'_>) -> Column {
    let numbers = (0..rows.len()).map(|i| rows.row(i));
    match column {
        Column::Numeric { name, values } => {
            Column::Numeric { name: name.clone(), values: numbers.map(|row| values[row]).collect() }
        }
        Column::Categorical { name, codes, levels } => Column::Categorical {
            name: name.clone(),
            codes: numbers.map(|row| codes[row]).collect(),
            levels: levels.clone(),
        },
    }
}

/// All features of these rows as columns; those of a dense block are named by their place.
pub(crate) fn columns(rows: &Samples<'_>) -> Vec<Column> {
    match rows.dataset().features() {
        Features::Columns(columns) => columns.iter().map(|one| column(one, rows)).collect(),
        Features::Dense { values, shape } => {
            let width: usize = shape.iter().product();
            (0..width)
                .map(|f| Column::Numeric {
                    name: format!("feature {f}"),
                    values: (0..rows.len()).map(|i| values[rows.row(i) * width + f]).collect(),
                })
                .collect()
        }
    }
}
