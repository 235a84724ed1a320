#![no_main]
//! A NumPy array as a member: it is read or refused.

use consort_data::files::{Format, ReadOptions, Source, read_members};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let source = Source::bytes("m.npy", Format::Npy, data);
    let classes = ReadOptions { classes: Some(vec!["a".into(), "b".into()]), ..ReadOptions::default() };
    let _ = read_members(std::slice::from_ref(&source), None, &classes);
    let _ = read_members(&[source], None, &ReadOptions::default());
});
