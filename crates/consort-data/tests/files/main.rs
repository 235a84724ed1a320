//! The public contract of the crate: files of members in, aligned predictions out.

// Helpers of tests are outside of `#[test]`, where clippy does not see that they are tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cases;
mod errors;
mod hostile;
mod ipc;
mod order;
mod roles;
mod round_trip;
mod size;

use consort_data::files::{Format, Loaded, ReadOptions, Source, read_members};

/// A CSV file in memory; its name is that of the member.
fn csv(name: &str, text: &str) -> Source {
    Source::bytes(name, Format::Csv, text.as_bytes())
}

/// Reads what must be readable.
fn read(sources: &[Source], truth: Option<&Source>, options: &ReadOptions) -> Loaded {
    read_members(sources, truth, options).unwrap_or_else(|error| panic!("{error}"))
}

/// The message of what must be refused.
fn refused(sources: &[Source], truth: Option<&Source>, options: &ReadOptions) -> String {
    match read_members(sources, truth, options) {
        Ok(loaded) => panic!("read: {:?}", loaded.judged),
        Err(error) => error.to_string(),
    }
}

/// The predictions of a member in the order of the first file.
fn rows(loaded: &Loaded, member: &str) -> Vec<Vec<f32>> {
    let m = loaded.predictions.find(member).expect("the member is there");
    let columns = loaded.predictions.columns();
    let all = loaded.predictions.member(m);
    loaded.order.iter().map(|&i| all[i as usize * columns..][..columns].to_vec()).collect()
}

/// The ids in the order of the first file.
fn ids(loaded: &Loaded) -> Vec<String> {
    loaded.order.iter().map(|&i| loaded.predictions.id(i as usize).into_owned()).collect()
}
