#![no_main]
//! The file of the truth, with weights and folds: it is read or refused.

use consort_data::files::{Format, Join, ReadOptions, Source, read_member_weights, read_members};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let member = Source::bytes("m.csv", Format::Csv, &b"id,p\na,0.25\nb,0.5\nc,0.75\n"[..]);
    let truth = Source::bytes("t.csv", Format::Csv, data);
    let options = ReadOptions { weight: Some("w".into()), join: Join::Inner, ..ReadOptions::default() };
    let _ = read_members(std::slice::from_ref(&member), Some(&truth), &options);
    let _ = read_members(&[member], Some(&truth), &ReadOptions::default());
    let _ = read_member_weights(&truth);
});
