//! Rows from anywhere: nets read them batch by batch, while the step before is made, and never hold them all. Here they are records
//! of a binary file. `cargo run -p consort-burn --example own_rows`

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use consort_burn::{
    architecture::Mlp,
    ensemble::{DeepEnsemble, Independent},
    net::Net,
};
use consort_core::{Classes, Dataset, Error, FitContext, Model, Result, Samples, Seed, StoredRows, Target};

const NUMBERS: usize = 64;

/// A file of records, each of `NUMBERS` numbers of four bytes.
#[derive(Debug)]
struct Records {
    file: Mutex<File>,
    count: usize,
    mark: String,
}

impl Records {
    fn open(path: &Path) -> Result<Self> {
        let damaged = |error: std::io::Error| Error::Damaged {
            place: path.display().to_string(),
            problem: format!("it cannot be read: {error}"),
        };
        let file = File::open(path).map_err(damaged)?;
        let about = file.metadata().map_err(damaged)?;
        let count = about.len() as usize / (4 * NUMBERS);
        // What tells this file from another, without reading all of it: when it was changed last.
        let mark = format!("{} {} {:?}", path.display(), about.len(), about.modified().map_err(damaged)?);
        Ok(Self { file: Mutex::new(file), count, mark })
    }
}

impl StoredRows for Records {
    fn count(&self) -> usize {
        self.count
    }

    fn shape(&self) -> &[usize] {
        &[NUMBERS]
    }

    fn read(&self, row: usize, into: &mut [f32]) -> Result<()> {
        let mut bytes = [0; 4 * NUMBERS];
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let read = file.seek(SeekFrom::Start((row * bytes.len()) as u64)).and_then(|_| file.read_exact(&mut bytes));
        read.map_err(|error| Error::custom(format!("record {row}: {error}")))?;
        into.iter_mut().zip(bytes.as_chunks::<4>().0).for_each(|(to, &from)| *to = f32::from_le_bytes(from));
        Ok(())
    }

    fn mark(&self) -> String {
        self.mark.clone()
    }
}

/// Waves with noise, of two kinds: those of the second kind have an overtone.
fn write_records(path: &Path, count: usize) -> std::io::Result<Vec<u32>> {
    let mut stream = Seed::new(7).stream();
    let mut file = std::io::BufWriter::new(File::create(path)?);
    let mut kinds = Vec::with_capacity(count);
    for _ in 0..count {
        let (kind, phase) = (stream.below(2) as u32, std::f64::consts::TAU * stream.unit());
        for i in 0..NUMBERS {
            let at = 0.2 * i as f64 + phase;
            let wave = at.sin() + f64::from(kind) * 0.6 * (3.0 * at).cos() + 0.5 * stream.normal();
            file.write_all(&(wave as f32).to_le_bytes())?;
        }
        kinds.push(kind);
    }
    file.flush()?;
    Ok(kinds)
}

fn main() -> Result<()> {
    let path = std::env::temp_dir().join(format!("consort-own-rows-{}.f32", std::process::id()));
    let codes = write_records(&path, 4000).map_err(Error::custom)?;
    let target = Target::Classes { codes: codes.clone(), classes: Classes::new(["plain", "overtone"])? };
    let data = Dataset::from_stored(Arc::new(Records::open(&path)?))?.with_target(target)?;
    let (train, test): (Vec<u32>, Vec<u32>) = (0..4000).partition(|row| row % 4 != 0);
    let (train, test) = (Samples::rows(&data, &train)?, Samples::rows(&data, &test)?);

    let net = Net { epochs: 12, batch: 64, ..Net::new(Mlp { hidden: vec![64], ..Mlp::default() }) };
    let nets = Independent { nets: vec![net], members: 4, ..Independent::default() };
    let fitted = nets.train(&train, &FitContext { threads: 2, ..FitContext::new(Seed::new(1)) })?;
    println!("{}", fitted.how());
    let predicted = fitted.predict(&test)?;
    let right = (0..test.len()).filter(|&i| predicted.argmax(i) == Some(codes[test.row(i)] as usize)).count();
    println!("{right} of {} waves are told right", test.len());
    std::fs::remove_file(&path).map_err(Error::custom)
}
