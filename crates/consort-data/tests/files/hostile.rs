//! Damaged and hostile files give errors: no panic, no memory without bound, no long wait.

use std::sync::Arc;

use consort_data::files::{Cells, Format, ReadOptions, Source, read_columns, read_members, write_table};

/// A small generator of numbers for mutations: the same on every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        // Weyl sequence and a mix; good enough to choose bytes.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides.max(1) as u64) as usize
    }

    fn mutate(&mut self, good: &[u8]) -> Vec<u8> {
        let mut bytes = good.to_vec();
        for _ in 0..=self.roll(3) {
            let (a, b) = (self.roll(bytes.len()), self.roll(bytes.len()));
            let (from, to) = (a.min(b), a.max(b));
            match self.roll(7) {
                _ if bytes.is_empty() => {}
                0 => bytes.truncate(a),
                1 => bytes[a] ^= 1 << self.roll(8),
                2 => bytes[a] = [0, 1, 0x7f, 0x80, 0xff, b'"', b',', b'\n'][self.roll(8)],
                3 => drop(bytes.drain(from..to.min(from + 16))),
                4 => bytes.splice(a..a, good[self.roll(good.len())..].iter().copied().take(24)).for_each(drop),
                5 => bytes[from..to.min(from + 8)].fill(0xff),
                _ => bytes.extend_from_slice(&good[a.min(good.len())..]),
            }
        }
        bytes
    }
}

fn survives(format: Format, good: &[u8], rounds: usize, seed: u64) {
    // More rounds, when asked: `CONSORT_ROUNDS=100 cargo test hostile`.
    let times = std::env::var("CONSORT_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1usize);
    let mut dice = Dice(seed);
    let truth = Source::bytes("t.csv", Format::Csv, &b"id,y\nr0,a\nr1,b\nr2,a\nr3,b\n"[..]);
    let wide = ReadOptions { wide: true, ..ReadOptions::default() };
    for round in 0..rounds * times {
        let bytes: Arc<[u8]> = dice.mutate(good).into();
        let source = Source::bytes("m", format, Arc::clone(&bytes));
        // Whether it is read or refused is not asked; that it comes back is.
        let _ = match round % 4 {
            0 => read_members(&[source], None, &ReadOptions::default()).map(drop),
            1 => read_members(&[source], Some(&truth), &ReadOptions::default()).map(drop),
            2 => read_members(&[source], None, &wide).map(drop),
            _ => read_columns(&source, None).map(drop),
        };
    }
}

const GOOD_CSV: &[u8] = b"\xef\xbb\xbfid,y,p_a,\"p_b\",w\r\nr0,a,0.25,0.75,1\r\n\"r1\",b,.5,5e-1,2\r\nr2,a,1,0,0\r\nr3,b,0.125,0.875,NA\r\n";

#[test]
fn mutated_csv_files() {
    survives(Format::Csv, GOOD_CSV, 4000, 1);
    survives(Format::Csv, b"id,m1,m2\nr0,a,b\nr1,b,b\nr2,a,a\nr3,a,b\n", 2000, 2);
}

#[test]
fn mutated_gzip_files() {
    use std::io::Write;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(GOOD_CSV).unwrap();
    survives(Format::CsvGz, &packer.finish().unwrap(), 2000, 3);
}

#[test]
fn mutated_parquet_files() {
    let dir = tempfile::tempdir().unwrap();
    let text = |cells: [&str; 4]| Cells::Text(cells.iter().map(|cell| Some((*cell).to_string())).collect());
    let path = dir.path().join("m.parquet");
    let columns = [
        ("id", text(["r0", "r1", "r2", "r3"])),
        ("y", text(["a", "b", "a", "b"])),
        ("p_a", Cells::Single(vec![0.25, 0.5, 1.0, 0.125])),
        ("p_b", Cells::Double(vec![0.75, 0.5, 0.0, 0.875])),
        ("w", Cells::Whole(vec![1, 2, 0, 4])),
    ];
    write_table(&path, &columns).unwrap();
    survives(Format::Parquet, &std::fs::read(path).unwrap(), 6000, 4);
}

#[test]
fn mutated_ipc_files() {
    use polars::prelude::IpcCompression;
    for (packed, seed) in
        [(None, 6), (Some(IpcCompression::LZ4), 7), (Some(IpcCompression::ZSTD(Default::default())), 8)]
    {
        survives(Format::Ipc, &crate::ipc::file(packed, 2), 3000, seed);
    }
}

#[test]
fn mutated_arrays() {
    let mut good = b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (4, 2), }".to_vec();
    good.resize(127, b' ');
    good.push(b'\n');
    good.extend([0.25f32, 0.75, 0.5, 0.5, 1.0, 0.0, 0.125, 0.875].iter().flat_map(|x| x.to_le_bytes()));
    let whole = Source::bytes("m", Format::Npy, good.clone());
    let options = ReadOptions { classes: Some(vec!["a".into(), "b".into()]), ..ReadOptions::default() };
    assert!(read_members(&[whole], None, &options).is_ok());
    survives(Format::Npy, &good, 4000, 5);
}

#[test]
fn a_quote_that_is_never_closed_does_not_fill_the_memory() {
    let mut bytes = b"id,p\n\"r0,0.5\n".to_vec();
    bytes.resize(70 << 20, b'x');
    let error = read_members(&[Source::bytes("m.csv", Format::Csv, bytes)], None, &ReadOptions::default()).unwrap_err();
    assert!(error.to_string().contains("never closed"), "{error}");
}

#[test]
fn a_gzip_bomb_is_refused_before_it_is_unpacked() {
    use std::io::Write;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(b"id,p\nr0,\"").unwrap();
    let zeros = vec![b'0'; 1 << 20];
    (0..80).for_each(|_| packer.write_all(&zeros).unwrap());
    let bomb = Source::bytes("m.csv.gz", Format::CsvGz, packer.finish().unwrap());
    let error = read_members(&[bomb], None, &ReadOptions::default()).unwrap_err();
    assert!(error.to_string().contains("limit"), "{error}");
}
