use crate::{
    Cube, Error, Holes, Loss, Result, Storage, Truth,
    buffer::Buffer,
    kernel::{
        misses,
        step::{self, Term},
    },
    tile::{self, Lone, Tile},
};

/// The sum of the members picked so far, on a device, and what it takes to score every candidate for the next pick.
#[derive(Debug)]
pub(crate) struct RunningSum {
    loss: Loss,
    rows: usize,
    members: usize,
    /// Whether the last of two equal columns is the label.
    last: bool,
    /// The numbers that are added: those of the true classes for the log loss.
    cube: Cube,
    sum: Buffer<f32>,
    y: Buffer<f32>,
    codes: Buffer<u32>,
    /// The sums of chunks of rows, for each candidate.
    parts: Buffer<f32>,
    width: usize,
    units: usize,
    chunks: usize,
    looks: Looks,
}

/// How the zero-one loss looks at rows.
#[derive(Debug, Clone, Copy)]
enum Looks {
    Not,
    Alone(Lone),
    Together(Tile),
}

impl RunningSum {
    /// Of no members yet.
    ///
    /// # Errors
    /// As [`GreedySelection::select`](crate::GreedySelection::select).
    pub(crate) fn new(cube: &Cube, loss: Loss, positive: Option<usize>, truth: Truth<'_>) -> Result<Self> {
        if cube.holes() != Holes::None {
            return Err(Error::Unsupported {
                what: "rows that some members lack, in a selection on a device".into(),
                hint: "select on the CPU, or leave those rows out",
            });
        }
        let (device, rows, columns, members) = (cube.device(), cube.rows(), cube.columns(), cube.members());
        let units = tile::units(device);
        let codes = match (truth, loss) {
            (Truth::Classes(codes), Loss::Log { .. } | Loss::Brier | Loss::ZeroOne) => {
                check_codes(codes, rows, columns)?;
                device.put(codes)
            }
            (Truth::Values(values), Loss::Squared) => {
                check_length("the list of true values", values.len(), rows * columns)?;
                device.put(&[0u32])
            }
            _ => {
                return Err(Error::Unsupported {
                    what: format!("the loss {loss:?} of this truth"),
                    hint: "log loss, Brier score and zero-one loss are of classes, squared error of values",
                });
            }
        };
        let mut looks = Looks::Not;
        let mut y = device.put(&[0.0f32; 4]);
        // Losses that are no question of rows read numbers as they lie; a row of any length will do.
        let added = match (loss, truth) {
            (Loss::Log { eps }, _) => {
                if !(eps > 0.0 && eps < 1.0) {
                    return Err(Error::parameter("the least probability", eps, "above 0 and below 1"));
                }
                let gathered = device.room::<f32>(members * rows);
                step::gather(cube, &codes, units, &gathered);
                Cube::of_handle(device, gathered.handle().clone(), Storage::F32, [members, rows, 1])?
            }
            (Loss::ZeroOne, _) => {
                looks = match Lone::of(cube) {
                    Some(lone) => Looks::Alone(lone),
                    None => Looks::Together(Tile::with(cube, 1, 2, units, step::TOGETHER)?),
                };
                cube.clone()
            }
            (_, Truth::Values(values)) => {
                y = device.put(values);
                cube.clone()
            }
            (_, Truth::Classes(_)) => {
                y = device.room(rows * columns);
                step::one_hot(device, units, &codes, columns, &y);
                cube.clone()
            }
        };
        let numbers = added.rows() * added.columns();
        let width = added.width();
        let chunks = match looks {
            Looks::Not => step::chunks((numbers / width).div_ceil(units)),
            Looks::Alone(lone) => step::chunks(rows.div_ceil(lone.units)),
            Looks::Together(tile) => step::chunks(rows.div_ceil(tile.rows)),
        };
        let running = Self {
            loss,
            rows,
            members,
            last: columns == 2 && positive == Some(1),
            sum: device.room(numbers),
            parts: device.room(members * chunks),
            cube: added,
            y,
            codes,
            width,
            units,
            chunks,
            looks,
        };
        running.clear();
        Ok(running)
    }

    /// Takes all members away.
    pub(crate) fn clear(&self) {
        step::clear(self.cube.device(), self.units, &self.sum);
    }

    /// Writes what each candidate would make the sum of terms, for a sum of `size` members with it, to `losses`, and the
    /// first of the least to `picks`, both in their places of this round.
    pub(crate) fn score(&self, size: usize, round: usize, losses: &Buffer<f32>, picks: &Buffer<u32>) {
        let (cube, chunks, sum, y, parts) = (&self.cube, self.chunks, &self.sum, &self.y, &self.parts);
        let (device, members, units) = (cube.device(), self.members, self.units);
        let terms = |term: Term, floor: f32| {
            step::terms(cube, term, self.width, units, chunks, floor, sum, y, parts);
        };
        match (self.looks, self.loss) {
            (Looks::Alone(lone), _) => misses::count_lone(cube, lone, chunks, self.last, sum, &self.codes, parts),
            (Looks::Together(tile), _) => misses::count(cube, tile, chunks, self.last, sum, &self.codes, parts),
            (Looks::Not, Loss::Log { eps }) => terms(Term::Log, eps * size as f32),
            (Looks::Not, _) => terms(Term::Square, 0.0),
        }
        step::total(device, members, chunks, units, round, parts, losses);
        step::choose(device, members, units, round, losses, picks);
    }

    /// Adds the member that was picked in this round.
    pub(crate) fn add(&self, round: usize, picks: &Buffer<u32>) {
        let errors = matches!(self.loss, Loss::Brier | Loss::Squared);
        step::add(&self.cube, self.width, self.units, round, errors, picks, &self.y, &self.sum);
    }

    /// The mean loss, of the sum of the terms of so many members.
    pub(crate) fn mean(&self, sum: f64, size: usize) -> f64 {
        let (size, rows) = (size as f64, self.rows as f64);
        match self.loss {
            Loss::Log { .. } => (sum / rows + size.ln()).max(0.0),
            Loss::Brier | Loss::Squared => sum / (size * size * rows),
            Loss::ZeroOne => sum / rows,
        }
    }
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
