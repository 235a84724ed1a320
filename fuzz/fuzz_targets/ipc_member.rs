#![no_main]
//! A member file in Arrow IPC: it is read or refused.

use consort_data::files::{Format, ReadOptions, Source, read_columns, read_members};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let source = Source::bytes("m.ipc", Format::Ipc, data);
    let _ = read_members(std::slice::from_ref(&source), None, &ReadOptions::default());
    let _ = read_columns(&source, None);
});
