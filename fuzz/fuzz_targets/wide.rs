#![no_main]
//! A wide file, one column a member: it is read or refused.

use consort_data::files::{Format, Join, ReadOptions, Source, read_members};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let half = data.len() / 2;
    let source = |name: &str, data: &[u8]| Source::bytes(name, Format::Csv, data);
    let options = ReadOptions { wide: true, join: Join::Inner, ..ReadOptions::default() };
    let _ = read_members(&[source("w.csv", data)], None, &options);
    let _ = read_members(&[source("w.csv", &data[..half]), source("v.csv", &data[half..])], None, &options);
});
