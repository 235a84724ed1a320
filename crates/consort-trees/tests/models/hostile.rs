//! Files that were made to do harm, or came to it: an error or a model, never a panic.

use consort_core::{Model, Samples, Seed, Stream};
use consort_trees::import;

use crate::reference::{read, rows};

/// One to four small harms: a byte changed, a part cut out, doubled or replaced by what parsers stumble on.
pub(crate) fn harm(bytes: &[u8], stream: &mut Stream) -> Vec<u8> {
    const EVIL: [&[u8]; 10] =
        [b"-1", b"nan", b"inf", b"1e999", b"18446744073709551616", b"4294967295", b"", b"\n", b"=", b"[]"];
    let mut bytes = bytes.to_vec();
    for _ in 0..=stream.below(4) {
        let len = bytes.len() as u64;
        if len == 0 {
            return bytes;
        }
        let at = stream.below(len) as usize;
        let end = (at + stream.below(24) as usize).min(bytes.len());
        match stream.below(5) {
            0 => bytes[at] = stream.below(256) as u8,
            1 => bytes[at] ^= 1 << stream.below(8),
            2 => drop(bytes.drain(at..end)),
            3 => drop(bytes.splice(at..end, EVIL[stream.below(10) as usize].iter().copied())),
            _ => {
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
        }
    }
    if stream.below(10) == 0 {
        bytes.truncate(stream.below(bytes.len() as u64 + 1) as usize);
    }
    bytes
}

#[test]
fn harmed_lightgbm_models_are_read_or_refused() {
    let data = rows();
    let mut stream = Seed::new(1).stream();
    for name in ["binary", "zero_as_missing", "multiclass", "forest"] {
        let text = read(&format!("lightgbm_{name}.txt"));
        for _ in 0..1500 {
            let harmed = harm(text.as_bytes(), &mut stream);
            if let Ok(model) = import::lightgbm(&String::from_utf8_lossy(&harmed)) {
                // The names may have changed; all else must predict.
                let _ = model.predict(&Samples::all(&data));
            }
        }
    }
}

#[test]
fn harmed_xgboost_models_are_read_or_refused() {
    let data = rows();
    let mut stream = Seed::new(2).stream();
    for name in ["binary", "categories", "softmax", "dart"] {
        let text = read(&format!("xgboost_{name}.json"));
        for _ in 0..1500 {
            let harmed = harm(text.as_bytes(), &mut stream);
            if let Ok(model) = import::xgboost(&String::from_utf8_lossy(&harmed)) {
                let _ = model.predict(&Samples::all(&data));
            }
        }
    }
}
