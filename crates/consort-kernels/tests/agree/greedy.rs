use consort_kernels::{GreedySelection, Loss, Truth};

use crate::cases::*;

/// What is selected from, and by what.
struct Case<'a> {
    shape: Shape,
    numbers: &'a [f32],
    codes: &'a [u32],
    y: &'a [f32],
    loss: Loss,
    positive: Option<usize>,
}

impl Case<'_> {
    /// The loss of the mean of these members, in double precision; labels are those of sums in single precision, member after
    /// member, as the kernel adds them.
    fn loss_of(&self, picks: &[usize]) -> f64 {
        let [_, rows, columns] = self.shape;
        let mut sum = 0.0;
        for i in 0..rows {
            let at = |m: usize, k: usize| self.numbers[(m * rows + i) * columns + k];
            let mean = |k: usize| picks.iter().map(|&m| f64::from(at(m, k))).sum::<f64>() / picks.len() as f64;
            let own = self.codes[i] as usize;
            sum += match self.loss {
                Loss::Log { eps } => -mean(own).max(f64::from(eps)).ln(),
                Loss::Brier => (0..columns).map(|k| (mean(k) - f64::from(u8::from(k == own))).powi(2)).sum(),
                Loss::Squared => (0..columns).map(|k| (mean(k) - f64::from(self.y[i * columns + k])).powi(2)).sum(),
                _ => {
                    let sums: Vec<f32> = (0..columns).map(|k| picks.iter().map(|&m| at(m, k)).sum()).collect();
                    let last = columns == 2 && self.positive == Some(1);
                    let better = |k: usize, best: usize| sums[k] > sums[best] || (last && sums[k] >= sums[best]);
                    let first = (1..columns).fold(0, |best, k| if better(k, best) { k } else { best });
                    f64::from(u8::from(first != own))
                }
            };
        }
        sum / rows as f64
    }

    /// How far a loss may be off.
    fn slack(&self, loss: f64) -> f64 {
        if self.loss == Loss::ZeroOne { 1e-7 } else { (3e-6 * loss).max(1e-7) }
    }

    /// Every round must pick a member that is as good as the best one, and say its loss; where one is better by a margin, that
    /// one.
    fn check(&self, rounds: usize, what: &str) {
        let what = format!("{:?}, {:?}, {:?}, {what}", self.loss, self.shape, self.positive);
        let truth = if self.loss == Loss::Squared { Truth::Values(self.y) } else { Truth::Classes(self.codes) };
        let selection = GreedySelection { positive: self.positive, ..GreedySelection::new(rounds, self.loss) };
        let path = selection.select(&cube(self.shape, self.numbers), truth).unwrap();
        let members = self.shape[0];
        assert_eq!((path.picks.len(), path.losses.len(), path.alone.len()), (rounds, rounds, members), "{what}");
        for m in 0..members {
            let alone = self.loss_of(&[m]);
            assert!((path.alone[m] - alone).abs() <= self.slack(alone), "{what}: {m} alone {} {alone}", path.alone[m]);
        }
        let mut picked = Vec::new();
        for round in 0..rounds {
            let losses: Vec<f64> = (0..members)
                .map(|m| {
                    picked.push(m);
                    let loss = self.loss_of(&picked);
                    picked.pop();
                    loss
                })
                .collect();
            let least = losses.iter().copied().fold(f64::INFINITY, f64::min);
            let (pick, slack) = (path.picks[round], self.slack(least));
            assert!(losses[pick] <= least + slack, "{what}: round {round} picked {pick}: {} {least}", losses[pick]);
            let said = path.losses[round];
            assert!((said - losses[pick]).abs() <= slack, "{what}: round {round}: {said} {}", losses[pick]);
            picked.push(pick);
        }
    }
}

const LOSSES: [Loss; 4] = [Loss::Log { eps: 1e-15 }, Loss::Brier, Loss::Squared, Loss::ZeroOne];

#[test]
fn every_round_picks_the_best_member() {
    let all = [[1, 1, 2], [3, 5, 3], [5, 101, 10], [4, 61, 17], [130, 20, 3], [6, 5000, 2], [9, 513, 2], [3, 40, 101]];
    for shape in shapes(&all, &all[..6]) {
        for kind in KINDS {
            let (numbers, codes) = (probabilities(shape, kind), codes(shape, kind));
            let y: Vec<f32> = (0..shape[1] * shape[2]).map(|i| (i % 7) as f32 / 7.0).collect();
            for loss in LOSSES {
                let case = Case { shape, numbers: &numbers, codes: &codes, y: &y, loss, positive: None };
                case.check(6, &format!("{kind:?}"));
                if loss == Loss::ZeroOne && shape[2] == 2 {
                    for positive in [0, 1] {
                        Case { positive: Some(positive), ..case }.check(6, &format!("{kind:?}"));
                    }
                }
            }
        }
    }
}

#[test]
fn small_losses_after_many_rounds_are_said_as_they_are() {
    // All are nearly sure and right; the logarithm of the number of members would be a thousand times the loss.
    let shape = [3, 2000, 2];
    let mut stream = stream(shape, Kind::Spread, "sure");
    let numbers: Vec<f32> =
        (0..6000).map(|_| (0.01 * stream.unit()) as f32).flat_map(|wrong| [1.0 - wrong, wrong]).collect();
    let codes = vec![0; 2000];
    for loss in [Loss::log(), Loss::Brier] {
        let case = Case { shape, numbers: &numbers, codes: &codes, y: &[], loss, positive: None };
        case.check(50, "nearly sure");
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
