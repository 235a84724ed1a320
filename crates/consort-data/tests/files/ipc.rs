//! Arrow IPC files are read as Parquet is.

use consort_data::files::{Format, ReadOptions, Source, read_columns, read_members};
use consort_data::table::{Kind, read_source};
use polars::prelude::{IpcCompression, IpcWriter, SerWriter, df};

/// The same table, packed or not, in batches or in one.
pub(crate) fn file(packed: Option<IpcCompression>, batches: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut frame = df!(
        "id" => ["r0", "r1", "r2", "r3"],
        "y" => ["a", "b", "a", "b"],
        "p_a" => [0.25f32, 0.5, 1.0, 0.125],
        "p_b" => [Some(0.75f64), Some(0.5), Some(0.0), Some(0.875)],
        "w" => [9_007_199_254_740_993i64, 2, 0, 4],
        "is" => [Some(true), None, Some(false), Some(true)],
    )
    .unwrap();
    IpcWriter::new(&mut bytes)
        .with_compression(packed)
        .with_record_batch_size(Some(4 / batches))
        .finish(&mut frame)
        .unwrap();
    bytes
}

fn ways() -> impl Iterator<Item = Vec<u8>> {
    let packings = [None, Some(IpcCompression::LZ4), Some(IpcCompression::ZSTD(Default::default()))];
    packings.into_iter().flat_map(|packed| [file(packed, 1), file(packed, 2)])
}

#[test]
fn members_and_tables_are_read_packed_or_not_in_one_batch_or_in_two() {
    for bytes in ways() {
        let source = Source::bytes("m", Format::Ipc, bytes);
        let options = ReadOptions { weight: Some("w".into()), ..ReadOptions::default() };
        let loaded = read_members(std::slice::from_ref(&source), None, &options).unwrap();
        assert_eq!(loaded.predictions.member(0), [0.25, 0.75, 0.5, 0.5, 1.0, 0.0, 0.125, 0.875]);
        assert_eq!(loaded.weights.unwrap()[1..], [2.0, 0.0, 4.0]);
        let columns = read_columns(&source, Some(&["id", "w", "is"])).unwrap();
        assert_eq!(columns[1].text(0), Some("9007199254740993"), "no digit of a whole number is lost");
        assert_eq!((columns[0].text(3), columns[2].text(1)), (Some("r3"), None));
        let table = read_source(&source).unwrap();
        let kinds: Vec<Kind> = table.columns().iter().map(|column| column.kind()).collect();
        assert_eq!(kinds, [Kind::Text, Kind::Text, Kind::Number, Kind::Number, Kind::Number, Kind::Boolean]);
        assert_eq!(table.column("is").unwrap().missing(), 1);
    }
}

#[test]
fn what_is_no_such_file_says_so() {
    let good = file(None, 1);
    let refused = |bytes: &[u8]| read_source(&Source::bytes("t.ipc", Format::Ipc, bytes)).unwrap_err().to_string();
    for bytes in [&b"ARROW1"[..], b"ARROW1\0\0 and much more than that ARROW1", &good[..good.len() - 1], &good[8..]] {
        assert!(refused(bytes).contains("t.ipc: damaged or not Arrow IPC"), "{}", refused(bytes));
    }
    // A length of the footer beyond the file.
    let mut long = good.clone();
    let at = long.len() - 10;
    long[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(refused(&long).contains("footer"), "{}", refused(&long));
}
