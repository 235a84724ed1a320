use crate::{
    Cube, Error, Holes, Result, Storage,
    buffer::Buffer,
    kernel::step::{self, Term},
    tile::{self, Tile},
};

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
/// two members differ by less than about 1e-6 of themselves another may be chosen than in double precision.
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
    /// [`Error::Length`] unless the truth is parallel; [`Error::Parameter`] for a class beyond the columns, no rounds,
    /// or a least probability out of (0, 1); [`Error::Unsupported`] for rows that members lack, or a loss that the
    /// truth does not have; what the device says of the work.
    pub fn select(&self, cube: &Cube, truth: Truth<'_>) -> Result<Path> {
        if self.rounds == 0 {
            return Err(Error::parameter("the number of rounds", 0, "at least 1"));
        }
        if cube.holes() != Holes::None {
            return Err(Error::Unsupported {
                what: "rows that some members lack, in a selection on a device".into(),
                hint: "select on the CPU, or leave those rows out",
            });
        }
        let state = self.state(cube, truth)?;
        let (device, members) = (cube.device(), cube.members());
        let losses = device.room::<f32>(self.rounds * members);
        let picks = device.room::<u32>(self.rounds);
        let parts = device.room::<f32>(members * state.chunks);
        for round in 0..self.rounds {
            match self.loss {
                Loss::ZeroOne => {
                    let last = cube.columns() == 2 && self.positive == Some(1);
                    step::misses(cube, state.tile, state.chunks, last, &state.sum, &state.y_codes, &parts);
                }
                Loss::Log { eps } => {
                    let floor = eps * (round + 1) as f32;
                    let (sum, y) = (&state.sum, &state.y);
                    step::terms(&state.cube, Term::Log, state.width, state.units, state.chunks, floor, sum, y, &parts);
                }
                Loss::Brier | Loss::Squared => {
                    let (sum, y) = (&state.sum, &state.y);
                    step::terms(&state.cube, Term::Square, state.width, state.units, state.chunks, 0.0, sum, y, &parts);
                }
            }
            step::choose(device, members, state.chunks, state.units, round, &parts, &losses, &picks);
            let errors = matches!(self.loss, Loss::Brier | Loss::Squared);
            step::add(&state.cube, state.width, state.units, round, errors, &picks, &state.y, &state.sum);
        }
        let picks: Vec<usize> = device.get(&picks)?.into_iter().map(|pick| pick as usize).collect();
        let sums = device.get(&losses)?;
        let loss = |round: usize, m: usize| self.mean(f64::from(sums[round * members + m]), round + 1, cube.rows());
        Ok(Path {
            losses: picks.iter().enumerate().map(|(round, &pick)| loss(round, pick)).collect(),
            alone: (0..members).map(|m| loss(0, m)).collect(),
            picks,
        })
    }

    /// The mean loss, of the sum of the terms of the sum of so many members.
    fn mean(&self, sum: f64, size: usize, rows: usize) -> f64 {
        let (size, rows) = (size as f64, rows as f64);
        match self.loss {
            Loss::Log { .. } => (sum / rows + size.ln()).max(0.0),
            Loss::Brier | Loss::Squared => sum / (size * size * rows),
            Loss::ZeroOne => sum / rows,
        }
    }

    fn state(&self, cube: &Cube, truth: Truth<'_>) -> Result<State> {
        let (device, rows, columns) = (cube.device(), cube.rows(), cube.columns());
        let units = tile::units(device);
        let none = || device.put(&[0.0f32; 4]);
        let codes = match (truth, self.loss) {
            (Truth::Classes(codes), Loss::Log { .. } | Loss::Brier | Loss::ZeroOne) => {
                check_codes(codes, rows, columns)?;
                codes
            }
            (Truth::Values(values), Loss::Squared) => {
                check_length("the list of true values", values.len(), rows * columns)?;
                &[]
            }
            _ => {
                return Err(Error::Unsupported {
                    what: format!("the loss {:?} of this truth", self.loss),
                    hint: "log loss, Brier score and zero-one loss are of classes, squared error of values",
                });
            }
        };
        let of = |cube: Cube, sum: usize, y: Buffer<f32>, y_codes: Buffer<u32>, tile: Tile| {
            let width = cube.width();
            let vectors = cube.rows() * cube.columns() / width;
            let chunks = match self.loss {
                Loss::ZeroOne => rows.div_ceil(tile.rows).min(step::CHUNKS),
                _ => vectors.div_ceil(units).min(step::CHUNKS),
            };
            let sum = device.put(&vec![0.0f32; sum]);
            State { cube, sum, y, y_codes, width, units, chunks, tile }
        };
        // Losses that are no question of rows need no tile; a row of any length will do.
        match self.loss {
            Loss::Log { eps } => {
                if !(eps > 0.0 && eps < 1.0) {
                    return Err(Error::parameter("the least probability", eps, "above 0 and below 1"));
                }
                let y_codes = device.put(codes);
                let gathered = device.room::<f32>(cube.members() * rows);
                step::gather(cube, &y_codes, units, &gathered);
                let shape = [cube.members(), rows, 1];
                let gathered = Cube::of_handle(device, gathered.handle().clone(), Storage::F32, shape)?;
                let tile = Tile::new(&gathered, 1, 2)?;
                Ok(of(gathered, rows, none(), y_codes, tile))
            }
            Loss::Brier => {
                let mut y = vec![0.0f32; rows * columns];
                codes.iter().enumerate().for_each(|(i, &code)| y[i * columns + code as usize] = 1.0);
                let flat = flat(cube)?;
                let tile = Tile::new(&flat, 1, 2)?;
                Ok(of(flat, rows * columns, device.put(&y), device.put(codes), tile))
            }
            Loss::Squared => {
                let Truth::Values(values) = truth else {
                    return Err(Error::parameter("the truth", "classes", "values"));
                };
                let flat = flat(cube)?;
                let tile = Tile::new(&flat, 1, 2)?;
                Ok(of(flat, rows * columns, device.put(values), device.put(&[0u32]), tile))
            }
            Loss::ZeroOne => {
                let tile = Tile::new(cube, 1, 2)?;
                Ok(of(cube.clone(), rows * columns, none(), device.put(codes), tile))
            }
        }
    }
}

/// What stays on the device between rounds.
struct State {
    /// The numbers that are added: those of the true classes for the log loss.
    cube: Cube,
    sum: Buffer<f32>,
    y: Buffer<f32>,
    y_codes: Buffer<u32>,
    width: usize,
    units: usize,
    chunks: usize,
    tile: Tile,
}

/// The same numbers in rows of one column, for what is no question of rows.
fn flat(cube: &Cube) -> Result<Cube> {
    let shape = [cube.members(), cube.rows() * cube.columns(), 1];
    Cube::of_handle(cube.device(), cube.handle().clone(), cube.storage(), shape)
}

pub(crate) fn check_codes(codes: &[u32], rows: usize, columns: usize) -> Result<()> {
    check_length("the list of true classes", codes.len(), rows)?;
    match codes.iter().find(|&&code| code as usize >= columns) {
        Some(bad) => Err(Error::parameter("a true class", bad, "a column of the cube")),
        None => Ok(()),
    }
}

pub(crate) fn check_length(what: &'static str, got: usize, expected: usize) -> Result<()> {
    if got == expected { Ok(()) } else { Err(Error::Length { what, got, expected, unit: "numbers" }) }
}
