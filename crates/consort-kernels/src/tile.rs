use crate::{Cube, Device, Error, Result};
use cubecl::prelude::{CubeCount, CubeDim};

/// Which rows a workgroup takes, and how its units share them. It is known when a kernel is compiled.
///
/// A tile is some whole rows. Its numbers are read one after the other, whatever the number of columns, so that
/// neighbouring units read neighbouring memory; then groups of `lanes` units look at rows, from shared memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Tile {
    /// Columns of a row.
    pub(crate) columns: usize,
    /// Rows of a tile.
    pub(crate) rows: usize,
    /// Numbers a unit reads at a time.
    pub(crate) width: usize,
    /// How often each unit reads.
    pub(crate) reads: usize,
    /// Units of a workgroup, a power of two.
    pub(crate) units: usize,
    /// Units that look at one row together, a power of two.
    pub(crate) lanes: usize,
}

/// Numbers of a tile, about: four kilobytes, so that many workgroups fit a multiprocessor.
const NUMBERS: usize = 1024;
/// The greatest tile: rows with more columns than this are refused.
const MOST: usize = 4096;
/// Columns that one unit looks at by itself.
const ALONE: usize = 16;

impl Tile {
    /// The tiles of a cube for kernels that read `width` numbers at a time and share so many `copies` of a tile.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for rows that do not fit the memory that units share.
    pub(crate) fn new(cube: &Cube, width: usize, copies: usize) -> Result<Self> {
        Self::with(cube, width, copies, units(cube.device()), 0)
    }

    /// The same with so many units, each of which keeps so many numbers of its own in the memory that they share.
    ///
    /// # Errors
    /// As [`Tile::new`].
    pub(crate) fn with(cube: &Cube, width: usize, copies: usize, units: usize, kept: usize) -> Result<Self> {
        let columns = cube.columns();
        if columns > MOST {
            return Err(Error::Unsupported {
                what: format!("rows of {columns} columns"),
                hint: "a kernel takes rows of 4,096 columns at most: use the CPU",
            });
        }
        // A tile must start where vectors do.
        let width = [4, 2, 1].into_iter().find(|w| *w <= width && columns * step(columns, *w) <= MOST).unwrap_or(1);
        let step = step(columns, width);
        let lanes = if columns <= ALONE { 1 } else { (columns / ALONE).next_power_of_two().min(32).min(units) };
        let most = cube.device().client().properties().hardware.max_shared_memory_size;
        // The tile itself, and what is kept for each unit and each row.
        let shared = |rows: usize| size_of::<f32>() * (copies * rows * (columns | 1) + (4 + kept) * units + 3 * rows);
        let mut rows = (NUMBERS / columns / step * step).max(step);
        while rows > step && shared(rows) > most {
            rows = (rows / 2 / step * step).max(step);
        }
        if shared(rows) > most {
            return Err(Error::Unsupported {
                what: format!("rows of {columns} columns on {}", cube.device().name()),
                hint: "its units share too little memory: use the CPU",
            });
        }
        let reads = (rows * columns).div_ceil(width * units);
        Ok(Self { columns, rows, width, reads, units, lanes })
    }

    /// Numbers of a tile.
    pub(crate) fn numbers(&self) -> usize {
        self.rows * self.columns
    }

    /// Places from one row to the next in shared memory: odd, so that neighbouring rows lie in different banks.
    pub(crate) fn pitch(&self) -> usize {
        self.columns | 1
    }

    /// Places of all rows in shared memory.
    pub(crate) fn room(&self) -> usize {
        self.rows * self.pitch()
    }

    /// Rows that are looked at at the same time.
    pub(crate) fn groups(&self) -> usize {
        self.units / self.lanes
    }

    /// How often each group looks at a row.
    pub(crate) fn rounds(&self) -> usize {
        self.rows.div_ceil(self.groups())
    }

    /// One workgroup for each tile.
    pub(crate) fn count(&self, rows: usize) -> CubeCount {
        count(rows.div_ceil(self.rows))
    }

    pub(crate) fn dim(&self) -> CubeDim {
        CubeDim::new_1d(self.units as u32)
    }
}

/// One unit for each row, which it keeps in registers: for rows of few columns.
///
/// A unit reads its row in vectors. Neighbouring units read places that are a row apart, so that a line of the cache is
/// asked for by several vectors, the more of them the narrower they are; hence the bound on vectors of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Lone {
    /// Columns of a row.
    pub(crate) columns: usize,
    /// Numbers a unit reads at a time; they divide a row.
    pub(crate) width: usize,
    /// Units of a workgroup, a power of two.
    pub(crate) units: usize,
}

/// The most columns that a unit keeps.
const KEPT: usize = 32;
/// The most vectors of a row.
const VECTORS: usize = 16;

impl Lone {
    /// `None` for rows that are too long.
    pub(crate) fn of(cube: &Cube) -> Option<Self> {
        let columns = cube.columns();
        let width = [4, 2, 1].into_iter().find(|width| columns.is_multiple_of(*width))?;
        // Few units to a workgroup: what each keeps in registers then costs less where they do not fill up.
        let units = units(cube.device()).min(128);
        (columns <= KEPT && columns <= VECTORS * width).then_some(Self { columns, width, units })
    }

    /// Vectors of a row.
    pub(crate) fn vectors(&self) -> usize {
        self.columns / self.width
    }

    /// A unit for each row.
    pub(crate) fn count(&self, rows: usize) -> CubeCount {
        count(rows.div_ceil(self.units))
    }

    pub(crate) fn dim(&self) -> CubeDim {
        CubeDim::new_1d(self.units as u32)
    }
}

/// Rows after which a vector of `width` numbers starts where a row does.
fn step(columns: usize, width: usize) -> usize {
    (1..=width).find(|rows| (rows * columns).is_multiple_of(width)).unwrap_or(width)
}

/// Units of a workgroup on this device, a power of two.
pub(crate) fn units(device: &Device) -> usize {
    let most = device.client().properties().hardware.max_units_per_cube.clamp(1, 256);
    1 << most.ilog2()
}

/// Workgroups in one direction, where there are two.
const PLACES: usize = 32_768;

/// Numbers beyond a cube that the workgroups of [`count`] that are too many may stand for, all with a greatest tile: what a
/// kernel counts must stay below 2³² with them.
pub(crate) const BEYOND: u32 = (PLACES * MOST) as u32;

/// So many workgroups, in two directions where one has too few places; the last ones may be too many.
pub(crate) fn count(cubes: usize) -> CubeCount {
    let cubes = cubes.max(1);
    if cubes <= PLACES {
        return CubeCount::Static(cubes as u32, 1, 1);
    }
    CubeCount::Static(PLACES as u32, cubes.div_ceil(PLACES) as u32, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_start_where_every_so_many_rows_do() {
        assert_eq!([step(10, 4), step(3, 4), step(8, 4), step(7, 2), step(5, 1)], [2, 4, 1, 2, 1]);
    }

    #[test]
    fn too_many_workgroups_for_one_direction_go_in_two() {
        let CubeCount::Static(x, y, z) = count(100_000) else { unreachable!() };
        assert!(x as usize * y as usize >= 100_000 && x <= 65_535 && z == 1);
    }
}
