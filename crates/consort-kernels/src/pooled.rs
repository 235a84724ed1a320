use crate::{
    Cube, Fused, Result,
    fused::ReadOff,
    kernel::pool::{self, Constants, Pool},
    tile::Tile,
    weighing::{To, Weighing},
};

/// Runs a pool over a cube.
pub(crate) fn fuse(cube: &Cube, pool: Pool, constants: Constants, weights: Option<&[f64]>) -> Result<Fused> {
    let tile = Tile::new(cube, cube.width(), 1)?;
    let weighing = Weighing::new(cube, weights, if pool.renormalise { To::Shares } else { To::Given })?;
    let (rows, columns) = (cube.rows(), cube.columns());
    let device = cube.device();
    let fused = Fused {
        device: device.clone(),
        rows,
        columns,
        values: device.room(rows * columns),
        labels: device.room(if pool.summary { rows } else { 1 }),
        tops: device.room(if pool.summary { 3 * rows } else { 1 }),
        read_off: if pool.summary { ReadOff::Surety } else { ReadOff::Nothing },
    };
    let members = (&weighing.places, &weighing.weights);
    pool::launch(cube, pool, tile, members, constants, (&fused.values, &fused.labels, &fused.tops));
    Ok(fused)
}
