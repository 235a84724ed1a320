#![no_main]
//! A member file in CSV or gzipped CSV: it is read or refused.

use consort_data::files::{Format, ReadOptions, Source, read_columns, read_members};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let format = if data.starts_with(&[0x1f, 0x8b]) { Format::CsvGz } else { Format::Csv };
    let source = Source::bytes("m.csv", format, data);
    let _ = read_members(std::slice::from_ref(&source), None, &ReadOptions::default());
    let _ = read_columns(&source, None);
});
