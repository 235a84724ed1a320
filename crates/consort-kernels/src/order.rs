use crate::{
    Cube, Error, Fused, Result,
    fused::ReadOff,
    kernel::{
        order::{self, By, Of},
        runs::Runs,
    },
    tile::{self, Tile},
};

/// An order statistic of the members in each row and column: median, trimmed or winsorised mean, least or greatest.
///
/// All members count the same. Over classes rows are scaled to a sum of 1. The rules `median`, `trimmed`,
/// `winsorised`, `minimum` and `maximum` of `consort-fusion`.
///
/// Up to 64 members (128 with CUDA) are sorted in registers by Batcher's network; up to 512 are sorted in runs of 32 by four
/// units that share a place, and the runs, which stay in the memory that units share, are cut at the ranks. Both read the cube
/// once. Beyond, or where that memory is too small, the ranks are searched bit by bit: 33 reads, most of them from a cache.
/// Differs from double precision by at most 1e-6.
///
/// ```
/// use consort_kernels::{Cube, Device, OrderStatistic};
/// if let Ok(device) = Device::open("auto") {
///     let cube = Cube::of(&device, &[1.0, 3.0, 90.0], 3, 1, 1)?;
///     assert_eq!(OrderStatistic::median().raw().fuse(&cube)?.matrix()?.values(), [3.0]);
/// }
/// # Ok::<(), consort_kernels::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderStatistic {
    statistic: Statistic,
    /// Whether rows are left as they are, not scaled to a sum of 1. For values.
    pub raw: bool,
    /// Whether labels, margins and entropies are left out.
    pub numbers_only: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Statistic {
    Median,
    Trimmed(usize),
    Winsorised(usize),
    Least,
    Greatest,
}

impl OrderStatistic {
    fn new(statistic: Statistic) -> Self {
        Self { statistic, raw: false, numbers_only: false }
    }

    /// The median; of an even number of members the middle of the two in the middle.
    pub fn median() -> Self {
        Self::new(Statistic::Median)
    }

    /// The mean without the `count` least and the `count` greatest numbers.
    pub fn trimmed(count: usize) -> Self {
        Self::new(Statistic::Trimmed(count))
    }

    /// The mean, the `count` least numbers raised to the next one and the `count` greatest lowered.
    pub fn winsorised(count: usize) -> Self {
        Self::new(Statistic::Winsorised(count))
    }

    /// The least number.
    pub fn minimum() -> Self {
        Self::new(Statistic::Least)
    }

    /// The greatest number.
    pub fn maximum() -> Self {
        Self::new(Statistic::Greatest)
    }

    /// The same, but rows are not scaled.
    pub fn raw(mut self) -> Self {
        self.raw = true;
        self
    }

    /// The same without labels, margins and entropies.
    pub fn numbers_only(mut self) -> Self {
        self.numbers_only = true;
        self
    }

    /// Fuses.
    ///
    /// # Errors
    /// [`Error::Parameter`] if trimming leaves nobody; [`Error::Unsupported`] for members that are left out of rows,
    /// but for the least and the greatest number.
    pub fn fuse(&self, cube: &Cube) -> Result<Fused> {
        let members = cube.members();
        let (of, first, last) = match self.statistic {
            Statistic::Median => (Of::Between, (members - 1) / 2, members / 2),
            Statistic::Trimmed(count) | Statistic::Winsorised(count) if 2 * count >= members => {
                return Err(Error::parameter("the count to trim", count, "less than half of the members"));
            }
            Statistic::Trimmed(count) => (Of::Between, count, members - 1 - count),
            Statistic::Winsorised(count) => (Of::Held, count, members - 1 - count),
            Statistic::Least => (Of::Least, 0, 0),
            Statistic::Greatest => (Of::Greatest, 0, 0),
        };
        if !matches!(of, Of::Least | Of::Greatest) {
            cube.refuse_leaving_out("order statistic")?;
        }
        let (by, tile) = way(cube, of)?;
        let (device, rows, columns, summary) = (cube.device(), cube.rows(), cube.columns(), !self.numbers_only);
        let fused = Fused {
            device: device.clone(),
            rows,
            columns,
            values: device.room(rows * columns),
            labels: device.room(if summary { rows } else { 1 }),
            tops: device.room(if summary { 3 * rows } else { 1 }),
            read_off: if summary { ReadOff::Surety } else { ReadOff::Nothing },
        };
        let order = order::Order { of, by, members, first, last, scale: !self.raw, holes: cube.holes(), summary };
        order::launch(cube, order, tile, (&fused.values, &fused.labels, &fused.tops));
        Ok(fused)
    }
}

/// How ranks are found, and which rows a workgroup takes.
fn way(cube: &Cube, of: Of) -> Result<(By, Tile)> {
    let members = cube.members();
    if members <= cube.device().registers() || matches!(of, Of::Least | Of::Greatest) {
        // Where each unit takes many registers, a small workgroup leaves fewer of them unused.
        let units = tile::units(cube.device());
        let units = if members > 64 { units.min(128) } else { units };
        return Ok((By::Network, Tile::with(cube, 1, 1, units, 0)?));
    }
    let most = tile::units(cube.device()).min(128);
    let fitting = (5..=most.ilog2()).rev().find_map(|units| {
        let runs = Runs::of(members, 1 << units)?;
        let tile = Tile::with(cube, 1, 1, 1 << units, runs.kept()).ok()?;
        Some((By::Runs(runs), tile))
    });
    if let Some(way) = fitting {
        return Ok(way);
    }
    Ok((By::Bits, Tile::new(cube, 1, 1)?))
}
