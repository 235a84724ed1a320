use consort_kernels::{GreedySelection, Loss, Truth};

use crate::cases::*;

/// The loss of the mean of these members, in double precision.
fn loss_of(loss: Loss, shape: Shape, numbers: &[f32], codes: &[u32], y: &[f32], picks: &[usize]) -> f64 {
    let [_, rows, columns] = shape;
    let mut sum = 0.0;
    for i in 0..rows {
        let mean = |k: usize| -> f64 {
            let at = |&m: &usize| f64::from(numbers[(m * rows + i) * columns + k]);
            picks.iter().map(at).sum::<f64>() / picks.len() as f64
        };
        let own = codes[i] as usize;
        sum += match loss {
            Loss::Log { eps } => -mean(own).max(f64::from(eps)).ln(),
            Loss::Brier => (0..columns).map(|k| (mean(k) - f64::from(u8::from(k == own))).powi(2)).sum(),
            Loss::Squared => (0..columns).map(|k| (mean(k) - f64::from(y[i * columns + k])).powi(2)).sum(),
            _ => {
                let means: Vec<f64> = (0..columns).map(mean).collect();
                let first = (0..columns).fold(0, |best, k| if means[k] > means[best] { k } else { best });
                f64::from(u8::from(first != own))
            }
        };
    }
    sum / rows as f64
}

/// Every round must pick a member that is as good as the best one, and say its loss; where one is better by a margin,
/// that one.
fn check(loss: Loss, shape: Shape, numbers: &[f32], codes: &[u32], y: &[f32]) {
    let rounds = 6;
    let what = format!("{loss:?}, {shape:?}");
    let truth = if loss == Loss::Squared { Truth::Values(y) } else { Truth::Classes(codes) };
    let path = GreedySelection::new(rounds, loss).select(&cube(shape, numbers), truth).unwrap();
    assert_eq!((path.picks.len(), path.losses.len(), path.alone.len()), (rounds, rounds, shape[0]), "{what}");
    for m in 0..shape[0] {
        let alone = loss_of(loss, shape, numbers, codes, y, &[m]);
        assert!((path.alone[m] - alone).abs() <= 2e-6 * alone.max(1.0), "{what}: {m} alone {} {alone}", path.alone[m]);
    }
    let mut picked = Vec::new();
    for round in 0..rounds {
        let losses: Vec<f64> = (0..shape[0])
            .map(|m| {
                picked.push(m);
                let loss = loss_of(loss, shape, numbers, codes, y, &picked);
                picked.pop();
                loss
            })
            .collect();
        let least = losses.iter().copied().fold(f64::INFINITY, f64::min);
        let pick = path.picks[round];
        // A row whose two best classes are equal but for rounding may be counted otherwise.
        let slack = if loss == Loss::ZeroOne { 1.5 / shape[1] as f64 } else { 3e-6 * least.max(1.0) };
        assert!(losses[pick] <= least + slack, "{what}: round {round} picked {pick}: {} {least}", losses[pick]);
        assert!((path.losses[round] - losses[pick]).abs() <= slack, "{what}: round {round} {}", path.losses[round]);
        picked.push(pick);
    }
}

#[test]
fn every_round_picks_the_best_member() {
    let all = [[1, 1, 2], [3, 5, 3], [5, 101, 10], [4, 61, 17], [130, 20, 3], [6, 5000, 2], [9, 513, 2], [3, 40, 101]];
    for shape in shapes(&all, &all[..6]) {
        let numbers = probabilities(shape, Kind::Spread);
        let codes = codes(shape, Kind::Spread);
        let y: Vec<f32> = (0..shape[1] * shape[2]).map(|i| (i % 7) as f32 / 7.0).collect();
        for loss in [Loss::log(), Loss::Brier, Loss::Squared, Loss::ZeroOne] {
            check(loss, shape, &numbers, &codes, &y);
        }
    }
}

#[test]
fn the_path_is_that_of_the_cpu() {
    use consort_core::{Classes, Missing, Seed, Target};
    let shape = [12, 700, 4];
    let (numbers, codes) = skilled(shape);
    let host = predictions(shape, &numbers, Missing::Error);
    let classes = Classes::new((0..4).map(|k| format!("c{k:04}"))).unwrap();
    let target = Target::Classes { codes: codes.clone(), classes };
    for (name, loss) in [("log_loss", Loss::log()), ("brier", Loss::Brier)] {
        let metric = consort_metrics::registry::by_name(name).unwrap();
        let cpu = consort_fusion::select::GreedySelection::new(metric).rounds(15).start(0).patience(100, 0.0);
        let selection = cpu.select(&host, &consort_core::Truth::new(&target), Seed::new(0)).unwrap();
        let path = GreedySelection::new(15, loss).select(&cube(shape, &numbers), Truth::Classes(&codes)).unwrap();
        let expected = &selection.runs()[0].picks;
        assert_eq!(&path.picks[..expected.len()], &expected[..], "{name}");
    }
}

#[test]
fn equal_members_are_taken_in_order() {
    let one = probabilities([1, 64, 3], Kind::Spread);
    let numbers: Vec<f32> = one.iter().chain(&one).chain(&one).copied().collect();
    let codes = codes([1, 64, 3], Kind::Spread);
    let path =
        GreedySelection::new(4, Loss::log()).select(&cube([3, 64, 3], &numbers), Truth::Classes(&codes)).unwrap();
    assert_eq!(path.picks, [0; 4]);
    assert_eq!(path.weights(3, 4), [1.0, 0.0, 0.0]);
}
