//! The same work on the same device gives the same bits, whatever was in its memory before.

use consort_kernels::{
    Bootstrap, Borda, Cube, Device, DeviceRule, GreedySelection, Holes, LogPool, Loss, OrderStatistic, PowerMean,
    RankAverage, Slope, Truth, Uncertainty, Vote, WeightSearch, WeightedMean,
};

use crate::cases::*;

/// What a work gives each time, on memory of zeros, of great numbers and of NaN, and once more.
#[track_caller]
fn alike<T>(what: &str, work: impl Fn(&Device) -> Vec<T>, bits: impl Fn(&T) -> u64) {
    let of = |byte: u8| -> Vec<u64> { work(&device().poisoned(byte)).iter().map(&bits).collect() };
    let first = of(0x7f);
    for byte in [0, 0xff, 0x7f] {
        assert_eq!(of(byte), first, "{what}: memory of {byte:#x}");
    }
}

fn of_f32(x: &f32) -> u64 {
    u64::from(x.to_bits())
}

#[test]
fn rules_give_the_same_bits() {
    for shape in [[37, 1001, 7], [70, 45, 2], [520, 9, 3], [6, 61, 17]] {
        let numbers = probabilities(shape, Kind::Spread);
        let mut with_holes = numbers.clone();
        holes(shape, &mut with_holes);
        let of = |device: &Device, holes: Holes| {
            let numbers = if holes == Holes::None { &numbers } else { &with_holes };
            Cube::of(device, numbers, shape[0], shape[1], shape[2]).unwrap().with_holes(holes)
        };
        let rules: [&dyn DeviceRule; 7] = [
            &WeightedMean::default(),
            &LogPool::geometric(),
            &PowerMean::new(-3.0),
            &OrderStatistic::median(),
            &OrderStatistic::trimmed(2),
            &Vote { share: true, ..Vote::default() },
            &Borda::default(),
        ];
        for rule in rules {
            for holes in [Holes::None, Holes::Spread] {
                let fused = |device: &Device| rule.fuse(&of(device, holes)).unwrap().matrix().unwrap().into_values();
                alike(&format!("{rule:?}, {shape:?}, {holes:?}"), fused, of_f32);
            }
        }
        for holes in [Holes::None, Holes::LeaveOut] {
            let measures = |device: &Device| {
                let found = Uncertainty::of(&of(device, holes)).unwrap().read().unwrap();
                [found.top, found.margin, found.predictive_entropy, found.expected_entropy, found.disagreement].concat()
            };
            alike(&format!("uncertainty, {shape:?}, {holes:?}"), measures, of_f32);
        }
    }
    let shape = [3, 4000, 2];
    let numbers = probabilities(shape, Kind::Ties);
    let ranks = |device: &Device| {
        let cube = Cube::of(device, &numbers, 3, 4000, 2).unwrap();
        RankAverage::default().fuse(&cube).unwrap().matrix().unwrap().into_values()
    };
    alike("ranks", ranks, of_f32);
}

#[test]
fn searches_give_the_same_bits() {
    for shape in [[12, 3001, 4], [5, 301, 17]] {
        let (numbers, codes) = skilled(shape);
        let of = |device: &Device| Cube::of(device, &numbers, shape[0], shape[1], shape[2]).unwrap();
        for loss in [Loss::log(), Loss::Brier, Loss::ZeroOne] {
            let path = |device: &Device| {
                let path = GreedySelection::new(8, loss).select(&of(device), Truth::Classes(&codes)).unwrap();
                let picks = path.picks.iter().map(|&pick| pick as f64);
                picks.chain(path.losses).chain(path.alone).collect()
            };
            alike(&format!("{loss:?}, {shape:?}"), path, |x: &f64| x.to_bits());
        }
        let weights: Vec<f64> = (0..shape[0]).map(|m| 0.1 + m as f64 / 50.0).collect();
        let slopes = |found: Vec<Slope>| -> Vec<f64> {
            found.into_iter().flat_map(|slope| [vec![slope.loss], slope.gradient].concat()).collect()
        };
        let by_log = |device: &Device| {
            slopes(WeightSearch::log_loss(&of(device), &codes, 1e-9).unwrap().losses(&[&weights]).unwrap())
        };
        alike(&format!("log loss of weights, {shape:?}"), by_log, |x: &f64| x.to_bits());
        let of_class = |device: &Device| {
            slopes(WeightSearch::of_class(&of(device), &codes, 1, 1e-9).unwrap().losses(&[&weights]).unwrap())
        };
        alike(&format!("log loss of weights of a class, {shape:?}"), of_class, |x: &f64| x.to_bits());
        let by_square = |device: &Device| {
            slopes(WeightSearch::squared(&of(device), Truth::Classes(&codes)).unwrap().losses(&[&weights]).unwrap())
        };
        alike(&format!("squares of weights, {shape:?}"), by_square, |x: &f64| x.to_bits());
    }
    let mut stream = stream([1, 4001, 1], Kind::Spread, "bootstrap");
    let series: Vec<f32> = (0..4001).map(|_| stream.normal() as f32).collect();
    let resamples = |device: &Device| {
        let found = Bootstrap { resamples: 70, seed: 5 }.on(device, &[&series, &series[..]]).unwrap();
        found.means.concat()
    };
    alike("bootstrap", resamples, |x: &f64| x.to_bits());
}
