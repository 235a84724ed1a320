//! Rows that are read when they are asked for.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use consort_burn::{
    Augment,
    architecture::LeNet5,
    ensemble::{Adversarial, Bagging, Boosting, DeepEnsemble, Independent, Packing, WeightAveraging},
    net::Net,
};
use consort_core::{Classes, Dataset, Error, Features, FitContext, Model, Result, Samples, Seed, StoredRows, Target};

const ROWS: usize = 90;
const SIDE: usize = 12;

/// Stripes across or down, drawn when they are read.
#[derive(Debug, Default)]
struct Stripes {
    reads: Arc<AtomicUsize>,
    /// From which read on row 7 cannot be read any more.
    fails_after: Option<usize>,
}

impl StoredRows for Stripes {
    fn count(&self) -> usize {
        ROWS
    }

    fn shape(&self) -> &[usize] {
        &[1, SIDE, SIDE]
    }

    fn read(&self, row: usize, into: &mut [f32]) -> Result<()> {
        let reads = self.reads.fetch_add(1, Ordering::SeqCst);
        if row == 7 && self.fails_after.is_some_and(|after| reads > after) {
            return Err(Error::Damaged { place: "row-7.png".into(), problem: "it is gone".into() });
        }
        let mut stream = Seed::new(9).nth("row", row as u64).stream();
        let phase = 6.0 * stream.unit();
        for (place, x) in into.iter_mut().enumerate() {
            let along = if row.is_multiple_of(2) { place / SIDE } else { place % SIDE };
            *x = ((1.3 * along as f64 + phase).sin() + 0.3 * stream.normal()) as f32;
        }
        Ok(())
    }

    fn mark(&self) -> String {
        "stripes".into()
    }
}

fn target() -> Target {
    let codes = (0..ROWS as u32).map(|row| row % 2).collect();
    Target::Classes { codes, classes: Classes::new(["across", "down"]).unwrap() }
}

fn stored(rows: Stripes) -> Dataset {
    Dataset::from_stored(Arc::new(rows)).unwrap().with_target(target()).unwrap()
}

fn in_memory() -> Dataset {
    let mut values = vec![0.0; ROWS * SIDE * SIDE];
    let rows = Stripes::default();
    values.chunks_exact_mut(SIDE * SIDE).enumerate().for_each(|(row, into)| rows.read(row, into).unwrap());
    Dataset::new(Features::Dense { values, shape: vec![1, SIDE, SIDE] }).unwrap().with_target(target()).unwrap()
}

fn net() -> Net {
    let augment = Some(Augment { flip: true, shift: 1 });
    Net { epochs: 3, batch: 16, augment, ..Net::new(LeNet5::default()) }
}

#[test]
fn nets_of_stored_rows_are_those_of_rows_in_memory_to_the_bit() {
    let (stored, memory) = (stored(Stripes::default()), in_memory());
    let ways: [Box<dyn DeepEnsemble>; 5] = [
        Box::new(Independent { nets: vec![net()], members: 2, packing: Packing::Auto }),
        Box::new(Bagging { net: net(), members: 2, ..Bagging::default() }),
        Box::new(Adversarial { net: net(), members: 1, epsilon: 0.05 }),
        Box::new(Boosting { net: net(), members: 2, rate: 1.0 }),
        Box::new(WeightAveraging { net: net(), epochs: 1, rate: 0.5 }),
    ];
    for way in ways {
        let fit = |data: &Dataset, threads: usize| {
            let rows: Vec<u32> = (0..60).collect();
            let held: Vec<u32> = (60..90).collect();
            let (train, valid) = (Samples::rows(data, &rows).unwrap(), Samples::rows(data, &held).unwrap());
            let context = FitContext { threads, validation: Some(valid), ..FitContext::new(Seed::new(4)) };
            way.train(&train, &context).unwrap().predict(&Samples::all(data)).unwrap()
        };
        let expected = fit(&memory, 1);
        for threads in [1, 2] {
            assert_eq!(fit(&stored, threads), expected, "{way:?} on {threads} threads");
        }
    }
}

#[test]
fn a_net_reads_each_row_once_an_epoch_and_keeps_none() {
    let rows = Stripes::default();
    let reads = Arc::clone(&rows.reads);
    let data = stored(rows);
    assert_eq!(reads.load(Ordering::SeqCst), ROWS, "damaged rows are found at once");
    net().train(&Samples::all(&data), &FitContext::new(Seed::new(4))).unwrap();
    // One time for the scale, and one in each epoch.
    assert_eq!(reads.load(Ordering::SeqCst), ROWS * (1 + 1 + 3));
}

#[test]
fn a_row_that_is_gone_ends_the_fit_with_its_name() {
    let error = |after: usize| {
        let data = stored(Stripes { fails_after: Some(after), ..Stripes::default() });
        net().train(&Samples::all(&data), &FitContext::new(Seed::new(4))).unwrap_err().to_string()
    };
    for after in [ROWS, 2 * ROWS, 3 * ROWS] {
        assert!(error(after).contains("row-7.png"), "{}", error(after));
    }
    let broken = Stripes { fails_after: Some(0), ..Stripes::default() };
    assert!(Dataset::from_stored(Arc::new(broken)).unwrap_err().to_string().contains("row-7.png"));
}
