use crate::{Cube, Error, Result, running_sum::RunningSum};

/// What a selection makes small. Each is a mean over rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Loss {
    /// −ln max(p, eps), p the mean probability of the true class.
    Log {
        /// The least probability.
        eps: f32,
    },
    /// Σ (p − y)² over the columns, y being 1 for the true class: the Brier score.
    Brier,
    /// The squared error of values, summed over the columns.
    Squared,
    /// The share of rows whose first greatest mean is not that of the true class.
    ZeroOne,
}

impl Loss {
    /// The log loss with the least probability of `consort-metrics`.
    pub fn log() -> Self {
        Self::Log { eps: f32::EPSILON * f32::EPSILON * 0.015_625 }
    }
}

/// The truth of the rows of a cube.
#[derive(Debug, Clone, Copy)]
pub enum Truth<'a> {
    /// The column of the true class of each row.
    Classes(&'a [u32]),
    /// The true values, `[row][column]`.
    Values(&'a [f32]),
}

/// Greedy ensemble selection after Caruana et al. 2004, with replacement, kept on the device from the first round to
/// the last.
///
/// Round k adds the member that makes the loss of the mean of k members least; the first of equals. The host reads
/// nothing until all rounds are done.
///
/// The log loss reads nothing but the numbers of the true classes, which are gathered once; each round then reads
/// 4·members·rows bytes. The other losses read the cube once a round. Sums are in single precision: where the losses of
/// two members differ by less than about 3e-6 of themselves (log losses near 0: 1e-7) another may be chosen than in double
/// precision.
///
/// ```
/// use consort_kernels::{Cube, Device, GreedySelection, Loss, Truth};
/// if let Ok(device) = Device::open("auto") {
///     let cube = Cube::of(&device, &[0.9, 0.1, 0.6, 0.4, 0.4, 0.6, 0.1, 0.9], 2, 2, 2)?;
///     let path = GreedySelection::new(3, Loss::Brier).select(&cube, Truth::Classes(&[0, 1]))?;
///     assert_eq!(path.picks.len(), 3);
/// }
/// # Ok::<(), consort_kernels::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GreedySelection {
    /// How many members are added; at least 1.
    pub rounds: usize,
    /// What is made small.
    pub loss: Loss,
    /// The positive one of two columns; for [`Loss::ZeroOne`], where both are equal.
    pub positive: Option<usize>,
}

/// What was chosen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Path {
    /// The member added in each round.
    pub picks: Vec<usize>,
    /// The loss after each round.
    pub losses: Vec<f64>,
    /// The loss of every member alone.
    pub alone: Vec<f64>,
}

impl Path {
    /// The weights of all members after so many rounds; they sum to 1.
    pub fn weights(&self, members: usize, rounds: usize) -> Vec<f64> {
        let mut weights = vec![0.0; members];
        let rounds = rounds.min(self.picks.len());
        self.picks.iter().take(rounds).for_each(|&pick| weights[pick] += 1.0 / rounds as f64);
        weights
    }
}

impl GreedySelection {
    /// So many rounds.
    pub fn new(rounds: usize, loss: Loss) -> Self {
        Self { rounds, loss, positive: None }
    }

    /// Selects.
    ///
    /// # Errors
    /// [`Error::Length`] unless the truth is parallel; [`Error::Parameter`] for a class beyond the columns, no or too many
    /// rounds, or a least probability out of (0, 1); [`Error::Unsupported`] for rows that members lack, or a loss that the
    /// truth does not have; what the device says of the work.
    pub fn select(&self, cube: &Cube, truth: Truth<'_>) -> Result<Path> {
        if self.rounds == 0 {
            return Err(Error::parameter("the number of rounds", 0, "at least 1"));
        }
        let (device, members) = (cube.device(), cube.members());
        let places = self.rounds.checked_mul(members).filter(|&places| u32::try_from(places).is_ok());
        let Some(places) = places else {
            return Err(Error::parameter("the number of rounds", self.rounds, "below 2³² / members"));
        };
        let sum = RunningSum::new(cube, self.loss, self.positive, truth)?;
        let losses = device.room::<f32>(places);
        let picks = device.room::<u32>(self.rounds);
        for round in 0..self.rounds {
            sum.score(round + 1, round, &losses, &picks);
            sum.add(round, &picks);
        }
        let picks: Vec<usize> = device.get(&picks)?.into_iter().map(|pick| pick as usize).collect();
        let sums = device.get(&losses)?;
        let loss = |round: usize, m: usize| sum.mean(f64::from(sums[round * members + m]), round + 1);
        Ok(Path {
            losses: picks.iter().enumerate().map(|(round, &pick)| loss(round, pick)).collect(),
            alone: (0..members).map(|m| loss(0, m)).collect(),
            picks,
        })
    }
}
