#![no_main]
//! A table in CSV or gzipped CSV: it is read, judged and made into a data set, or refused.

use consort_data::{
    files::{Format, Source},
    table::{Roles, Schema, SchemaOptions, read_source},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let format = if data.starts_with(&[0x1f, 0x8b]) { Format::CsvGz } else { Format::Csv };
    let Ok(table) = read_source(&Source::bytes("t.csv", format, data)) else { return };
    // Each column is a target once, as far as there are few.
    for column in table.columns().iter().take(4) {
        let roles = Roles::target(column.name());
        let Ok(schema) = Schema::infer(&table, &roles, SchemaOptions::default()) else { continue };
        // A number may still be too large for single precision, which is an error that names it.
        if let Ok(dataset) = schema.dataset(&table, false) {
            assert_eq!(dataset.rows(), table.rows());
        }
    }
});
