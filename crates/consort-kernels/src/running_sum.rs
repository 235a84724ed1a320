use cubecl::server::Handle;

use crate::{
    Cube, Error, Holes, Loss, Result, Truth,
    buffer::Buffer,
    kernel::{
        misses,
        step::{self, Rounds, Term},
        truth,
    },
    tile::{self, Lone, Tile},
};

/// The sum of the members picked so far, on a device, and what it takes to score every candidate for the next pick.
#[derive(Debug)]
pub(crate) struct RunningSum {
    loss: Loss,
    /// Whether the last of two equal columns is the label.
    last: bool,
    looks: Looks,
    on: Rounds,
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
                truth::own_numbers(cube, &codes)?
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
                y = truth::one_hot(device, &codes, columns);
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
        let (sum, parts) = (device.room(numbers), device.room(members * chunks));
        let on = Rounds { cube: added, sum, y, codes, parts, chunks, width, units };
        let running = Self { loss, last: columns == 2 && positive == Some(1), looks, on };
        running.clear();
        Ok(running)
    }

    /// All that it keeps on the device.
    pub(crate) fn handles(&self) -> [&Handle; 5] {
        let Rounds { cube, sum, y, codes, parts, .. } = &self.on;
        [cube.handle(), sum.handle(), y.handle(), codes.handle(), parts.handle()]
    }

    /// Takes all members away.
    pub(crate) fn clear(&self) {
        step::clear(&self.on);
    }

    /// Writes what each candidate would make the sum of terms, for a sum of `size` members with it, to `losses`, and the
    /// first of the least to `picks`, both in their places of this round.
    pub(crate) fn score(&self, size: usize, round: usize, losses: &Buffer<f32>, picks: &Buffer<u32>) {
        match (self.looks, self.loss) {
            (Looks::Alone(lone), _) => misses::count_lone(&self.on, lone, self.last),
            (Looks::Together(tile), _) => misses::count(&self.on, tile, self.last),
            (Looks::Not, Loss::Log { eps }) => step::terms(&self.on, Term::Log, share(size), eps),
            (Looks::Not, _) => step::terms(&self.on, Term::Square, 1.0, 0.0),
        }
        step::total(&self.on, round, losses);
        step::choose(&self.on, round, losses, picks);
    }

    /// Adds the member that was picked in this round.
    pub(crate) fn add(&self, round: usize, picks: &Buffer<u32>) {
        step::add(&self.on, round, matches!(self.loss, Loss::Brier | Loss::Squared), picks);
    }

    /// The mean loss, of the sum of the terms of so many members.
    pub(crate) fn mean(&self, sum: f64, size: usize) -> f64 {
        // By how much the share was not 1 / size.
        let off = f64::from(share(size)) * size as f64;
        let (size, rows) = (size as f64, self.on.cube.rows() as f64);
        match self.loss {
            Loss::Log { .. } => (sum / rows + off.ln()).max(0.0),
            Loss::Brier | Loss::Squared => sum / (size * size * rows),
            Loss::ZeroOne => sum / rows,
        }
    }
}

/// What a sum of so many members is multiplied by for their mean, within the logarithm: to add ln size to the loss instead would
/// take small losses as differences of great numbers.
fn share(size: usize) -> f32 {
    1.0 / size as f32
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
