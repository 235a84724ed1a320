//! Random cubes of shapes just under, at and over what a workgroup takes, and how results are compared.

use std::sync::OnceLock;

use consort_core::{Classes, Gives, Ids, Matrix, Missing, Outputs, Predictions, Seed};
use consort_kernels::{Cube, Device, Fused};

/// The device of the tests: that of `CONSORT_DEVICE`, else CUDA, else what wgpu finds.
pub(crate) fn device() -> Device {
    static DEVICE: OnceLock<Device> = OnceLock::new();
    let open = || {
        let found = match std::env::var("CONSORT_DEVICE") {
            Ok(name) => Device::open(&name),
            Err(_) => Device::open("cuda").or_else(|_| Device::open("wgpu")),
        };
        let device = found.expect("a device: install mesa-vulkan-drivers and libvulkan1");
        eprintln!("agreement on {}", device.name());
        // Not NaN, which is what some results must be.
        device.poisoned(0x7f)
    };
    DEVICE.get_or_init(open).clone()
}

/// What numbers a cube has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Of all sizes.
    Spread,
    /// Zeros and ones, and little else.
    Saturated,
    /// Multiples of an eighth, so that many are equal.
    Ties,
}

pub(crate) const KINDS: [Kind; 3] = [Kind::Spread, Kind::Saturated, Kind::Ties];

/// Members, rows, columns.
pub(crate) type Shape = [usize; 3];

/// Sizes around those of the tiles: 1,024 numbers of whole rows, 16 columns for a unit alone, 4,000 rows for a count; and
/// around those of rows in registers: 15, 30 or 32 columns, 128 rows of a workgroup.
pub(crate) const SHAPES: &[Shape] = &[
    [1, 1, 1],
    [1, 1, 2],
    [2, 3, 2],
    [3, 5, 3],
    [5, 101, 10],
    [4, 102, 10],
    [3, 103, 10],
    [8, 511, 2],
    [7, 513, 2],
    [2, 1023, 1],
    [3, 1025, 1],
    [4, 65, 16],
    [3, 127, 15],
    [2, 129, 30],
    [3, 33, 32],
    [2, 9, 31],
    [5, 61, 17],
    [2, 31, 33],
    [3, 21, 100],
    [2, 11, 101],
    [3, 3, 1000],
    [2, 5, 601],
    [300, 7, 3],
    [65, 205, 5],
];

/// Those of them that reach another part of a kernel's code: one column, a row more than a tile has, an odd number of
/// columns, two, ten, the most in registers, two and eight units to a row, all there are, many members.
pub(crate) const TELLING: &[Shape] = &[
    [1, 1, 1],
    [3, 1025, 1],
    [3, 5, 3],
    [5, 101, 10],
    [7, 513, 2],
    [3, 33, 32],
    [5, 61, 17],
    [2, 11, 101],
    [3, 3, 1000],
    [300, 7, 3],
];

/// All shapes; with `CONSORT_AGREE=quick` those that tell most, since a software renderer takes its time to compile a
/// kernel for each.
pub(crate) fn shapes(all: &[Shape], telling: &[Shape]) -> Vec<Shape> {
    let quick = std::env::var("CONSORT_AGREE").is_ok_and(|how| how == "quick");
    if quick { telling.to_vec() } else { all.to_vec() }
}

/// A stream of its own for each case.
pub(crate) fn stream(shape: Shape, kind: Kind, purpose: &str) -> consort_core::Stream {
    Seed::new(20_261_127).child(&format!("{purpose} {shape:?} {kind:?}")).stream()
}

/// Probabilities: each row sums to 1.
pub(crate) fn probabilities(shape: Shape, kind: Kind) -> Vec<f32> {
    let mut stream = stream(shape, kind, "cube");
    let [members, rows, columns] = shape;
    let mut numbers = Vec::with_capacity(members * rows * columns);
    for _ in 0..members * rows {
        let row: Vec<f64> = match kind {
            Kind::Spread => (0..columns).map(|_| stream.unit().powi(4) + 1e-6).collect(),
            Kind::Saturated => {
                let mut row = vec![0.0; columns];
                row[stream.below(columns as u64) as usize] = 1.0;
                if stream.unit() < 0.3 {
                    row[stream.below(columns as u64) as usize] += 1e-7;
                }
                row
            }
            Kind::Ties => {
                let mut row = vec![0.0; columns];
                (0..8).for_each(|_| row[stream.below(columns as u64) as usize] += 1.0);
                row
            }
        };
        let sum: f64 = row.iter().sum();
        numbers.extend(row.iter().map(|x| (x / sum) as f32));
    }
    numbers
}

/// Weights of the members; one of them 0 where there are three or more.
pub(crate) fn weights(shape: Shape) -> Vec<f64> {
    let mut stream = stream(shape, Kind::Spread, "weights");
    let mut weights: Vec<f64> = (0..shape[0]).map(|_| 0.1 + stream.unit()).collect();
    if weights.len() > 2 {
        weights[1] = 0.0;
    }
    weights
}

/// Where members lack rows: about a tenth of all, and one row that all lack where there are enough.
pub(crate) fn holes(shape: Shape, numbers: &mut [f32]) {
    let mut stream = stream(shape, Kind::Spread, "holes");
    let [members, rows, columns] = shape;
    for m in 0..members {
        for i in 0..rows {
            if stream.unit() < 0.1 || (i == 1 && rows > 2) {
                numbers[(m * rows + i) * columns..][..columns].fill(f32::NAN);
            }
        }
    }
}

/// The same cube for the CPU.
pub(crate) fn predictions(shape: Shape, numbers: &[f32], missing: Missing) -> Predictions {
    let classes = Classes::new((0..shape[2]).map(|k| format!("c{k:04}"))).unwrap();
    of(Outputs::Classes(classes), Gives::Probabilities, shape, numbers, missing)
}

/// The same for values, which need not sum to 1.
pub(crate) fn values(shape: Shape, numbers: &[f32]) -> Predictions {
    let targets = Outputs::Targets((0..shape[2]).map(|k| format!("t{k}")).collect());
    of(targets, Gives::Values, shape, numbers, Missing::Error)
}

fn of(outputs: Outputs, gives: Gives, shape: Shape, numbers: &[f32], missing: Missing) -> Predictions {
    let [members, rows, columns] = shape;
    let mut builder = Predictions::builder(outputs, Ids::positions(rows)).missing(missing);
    for m in 0..members {
        // Names in the order of the members, so that both sides add in one order.
        let part = &numbers[m * rows * columns..(m + 1) * rows * columns];
        builder = builder.member(format!("m{m:04}"), gives, part).unwrap();
    }
    builder.build().unwrap()
}

/// The cube on the device.
pub(crate) fn cube(shape: Shape, numbers: &[f32]) -> Cube {
    Cube::of(&device(), numbers, shape[0], shape[1], shape[2]).unwrap()
}

/// Refuses numbers further apart than the tolerance; a NaN is near a NaN only.
#[track_caller]
pub(crate) fn near(got: &[f32], expected: &[f32], tolerance: f32, what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}: another number of numbers");
    for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
        let near = if expected.is_nan() { got.is_nan() } else { (got - expected).abs() <= tolerance };
        assert!(near, "{what}: number {i} is {got}, not {expected} (tolerance {tolerance})");
    }
}

/// The fused numbers beside those of the CPU.
#[track_caller]
pub(crate) fn same(fused: &Fused, expected: &Matrix, tolerance: f32, what: &str) {
    near(fused.matrix().unwrap().values(), expected.values(), tolerance, what);
}

/// Labels and surety beside the fused numbers themselves.
#[track_caller]
pub(crate) fn surety_of_its_numbers(fused: &Fused, what: &str) {
    let (numbers, labels, surety) = (fused.matrix().unwrap(), fused.labels().unwrap(), fused.surety().unwrap());
    for (i, &label) in labels.iter().enumerate() {
        let row = numbers.row(i);
        if row[0].is_nan() {
            assert_eq!(label, u32::MAX, "{what}: row {i} is missing");
            assert!(surety.top[i].is_nan() && surety.margin[i].is_nan() && surety.entropy[i].is_nan(), "{what}: {i}");
            continue;
        }
        let mut sorted = row.to_vec();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let first = row.iter().position(|&x| x == sorted[0]).unwrap();
        assert_eq!(label as usize, first, "{what}: label of row {i}, {row:?}");
        assert_eq!(surety.top[i], sorted[0], "{what}: row {i}");
        let margin = if row.len() > 1 { sorted[0] - sorted[1] } else { sorted[0] };
        assert_eq!(surety.margin[i], margin, "{what}: margin of row {i}");
        let entropy: f64 = row.iter().map(|&x| f64::from(x)).filter(|&x| x > 0.0).map(|x| -x * x.ln()).sum();
        let off = (f64::from(surety.entropy[i]) - entropy).abs();
        assert!(off <= 5e-6, "{what}: entropy of row {i} is {}, not {entropy}", surety.entropy[i]);
    }
}

/// True classes.
pub(crate) fn codes(shape: Shape, kind: Kind) -> Vec<u32> {
    let mut stream = stream(shape, kind, "codes");
    (0..shape[1]).map(|_| stream.below(shape[2] as u64) as u32).collect()
}

/// Probabilities and true classes, with members of different skill, so that choices are clear.
pub(crate) fn skilled(shape: Shape) -> (Vec<f32>, Vec<u32>) {
    let [members, rows, columns] = shape;
    let (mut numbers, codes) = (probabilities(shape, Kind::Spread), codes(shape, Kind::Spread));
    for (m, member) in numbers.chunks_mut(rows * columns).enumerate() {
        for (row, &code) in member.chunks_mut(columns).zip(&codes) {
            row[code as usize] += 0.3 * m as f32 / members as f32 + 0.2;
            let sum: f32 = row.iter().sum();
            row.iter_mut().for_each(|x| *x /= sum);
        }
    }
    (numbers, codes)
}
