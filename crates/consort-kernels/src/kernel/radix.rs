//! A radix sort of many columns at once, by digits of eight bits from the lowest up.
//!
//! Each pass counts the digits of every tile, turns the counts into places and moves keys and rows there. A tile is
//! sorted in shared memory first, by four bits and then by four, so that writes to the device go out in runs. Nothing
//! depends on what the numbers are: all equal, all different or a few of each take the same steps.
//!
//! As N. Satish, M. Harris and M. Garland, "Designing efficient sorting algorithms for manycore GPUs" (2009).

// Launching without bounds checks is unsafe; keys are read below the rows of their column, and written to places below.
#![allow(unsafe_code)]

use cubecl::prelude::*;

use super::spots::{EACH, WORDS, scan, spots};
use crate::{Device, Error, Result, Storage, buffer::Buffer};

/// Values of a digit.
const DIGITS: usize = 256;
/// Bits of a place in a tile, and a word with all of them set: 15 · 256 places are below 2¹².
const PLACE: u32 = 12;
const PLACES: u32 = (1 << PLACE) - 1;
/// The fewest units of a workgroup.
const LEAST: usize = 32;

/// How the work is cut. It is known when a kernel is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Radix {
    /// Units of a workgroup, a power of two.
    pub(crate) units: usize,
}

impl Radix {
    /// # Errors
    /// [`Error::Unsupported`] if units share too little memory.
    pub(crate) fn of(device: &Device) -> Result<Self> {
        let most = device.client().properties().hardware.max_shared_memory_size;
        // Keys, counters, what the scan holds twice, the way of each digit, and two that are kept for later.
        let shared = |units: usize| 4 * ((EACH + WORDS + 2) * units + DIGITS + 2);
        let mut units = crate::tile::units(device);
        while units > LEAST && shared(units) > most {
            units /= 2;
        }
        if units < LEAST || shared(units) > most {
            return Err(Error::Unsupported {
                what: format!("a sort on {}", device.name()),
                hint: "its units are too few or share too little memory: use the CPU",
            });
        }
        Ok(Self { units })
    }

    /// Keys of a tile.
    pub(crate) fn keys(self) -> usize {
        EACH * self.units
    }
}

/// Some columns, one after the other, `[column][row]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Columns {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
}

impl Columns {
    pub(crate) fn numbers(self) -> usize {
        self.columns * self.rows
    }
}

/// The keys and rows of columns, twice: a pass reads one and writes the other.
pub(crate) struct Sorting {
    radix: Radix,
    keys: [Buffer<u32>; 2],
    rows: [Buffer<u32>; 2],
    /// `[column][tile][digit]`: counts, then places.
    table: Buffer<u32>,
}

/// Columns whose keys are in order, with the row of each.
pub(crate) struct Sorted<'a> {
    pub(crate) keys: &'a Buffer<u32>,
    pub(crate) rows: &'a Buffer<u32>,
    /// Room for a number each, of no use any more.
    pub(crate) free: &'a Buffer<u32>,
}

impl Sorting {
    /// Room for so many columns.
    pub(crate) fn new(device: &Device, radix: Radix, most: Columns) -> Self {
        let room = || device.room(most.numbers());
        let tiles = most.columns * most.rows.div_ceil(radix.keys());
        Self { radix, keys: [room(), room()], rows: [room(), room()], table: device.room(tiles * DIGITS) }
    }

    /// Where the keys are put that are to be sorted.
    pub(crate) fn keys(&self) -> &Buffer<u32> {
        &self.keys[0]
    }

    /// Sorts each of the columns, of keys made from numbers that were kept so.
    pub(crate) fn sort(&self, device: &Device, of: Columns, kept: Storage) -> Sorted<'_> {
        let Radix { units } = self.radix;
        let tiles = of.rows.div_ceil(self.radix.keys());
        // The lowest bits of a number of two bytes only tell its sign, as the highest does.
        let lowest = match kept {
            Storage::F32 => 0,
            Storage::F16 => 8,
            Storage::BF16 => 16,
        };
        let mut from = 0;
        for shift in (lowest..32).step_by(8) {
            let to = 1 - from;
            // SAFETY: keys are read below the rows of their column, and each workgroup below columns × tiles writes its
            // own part of the table; those beyond read the last tile and write nothing.
            unsafe {
                count_kernel::launch_unchecked(
                    device.client(),
                    crate::tile::count(of.columns * tiles),
                    CubeDim::new_1d(units as u32),
                    self.keys[from].arg(),
                    self.table.arg(),
                    shift,
                    of.rows as u32,
                    tiles as u32,
                    (of.columns * tiles) as u32,
                    units,
                );
            }
            // SAFETY: each workgroup below the columns reads and writes the part of the table of its column.
            unsafe {
                places_kernel::launch_unchecked(
                    device.client(),
                    crate::tile::count(of.columns),
                    CubeDim::new_1d(units as u32),
                    self.table.arg(),
                    tiles as u32,
                    of.columns as u32,
                    units,
                );
            }
            // SAFETY: as for the counts; the places of a column's digits, made from the counts of the same keys, are
            // one for each key and below the rows. The buffers that are written are not those that are read.
            unsafe {
                move_kernel::launch_unchecked(
                    device.client(),
                    crate::tile::count(of.columns * tiles),
                    CubeDim::new_1d(units as u32),
                    self.keys[from].arg(),
                    self.rows[from].arg(),
                    self.table.arg(),
                    self.keys[to].arg(),
                    self.rows[to].arg(),
                    shift,
                    of.rows as u32,
                    tiles as u32,
                    (of.columns * tiles) as u32,
                    units,
                    shift == lowest,
                );
            }
            from = to;
        }
        Sorted { keys: &self.keys[from], rows: &self.rows[from], free: &self.keys[1 - from] }
    }
}

/// Where the keys of a workgroup's tile begin in their column and among all, and how many it has. A workgroup beyond the
/// last tile reads that one, and has none.
#[cube]
fn tile_of(rows: u32, tiles: u32, all: u32, #[comptime] units: usize) -> (u32, u32, u32) {
    let tile = CUBE_POS as u32;
    let there = tile < all;
    let tile = select(there, tile, all - 1u32);
    let most = comptime!((EACH * units) as u32).runtime();
    let row = tile % tiles * most;
    let left = rows - row;
    let here = select(left < most, left, most);
    (row, tile / tiles * rows + row, select(there, here, 0u32))
}

/// What is there for each place of a tile that a unit reads, and beyond the `here` first ones anything. Without branches,
/// so that no read waits for another.
#[cube]
fn read_tile(from: &[u32], base: u32, here: u32, out: &mut Array<u32>, #[comptime] units: usize) {
    let last = select(here > 0u32, here, 1u32) - 1u32;
    #[unroll]
    for j in 0..EACH {
        let at = comptime!((j * units) as u32) + UNIT_POS;
        out[j] = from[(base + select(at < last, at, last)) as usize];
    }
}

/// Counts the digits of each tile.
#[cube(launch_unchecked)]
fn count_kernel(
    keys: &[u32],
    table: &mut [u32],
    shift: u32,
    rows: u32,
    tiles: u32,
    all: u32,
    #[comptime] units: usize,
) {
    let unit = UNIT_POS as usize;
    let (_row, base, here) = tile_of(rows, tiles, all, units);
    let counts = Shared::<[Atomic<u32>]>::new_slice(DIGITS);
    let mut digit = unit;
    while digit < DIGITS {
        counts[digit].store(0u32);
        digit += units;
    }
    let mut key = Array::<u32>::new(EACH);
    read_tile(keys, base, here, &mut key, units);
    sync_cube();
    #[unroll]
    for j in 0..EACH {
        if comptime!((j * units) as u32) + UNIT_POS < here {
            counts[(key[j] >> shift & 255u32) as usize].fetch_add(1u32);
        }
    }
    sync_cube();
    if here > 0u32 {
        let mut digit = unit;
        while digit < DIGITS {
            table[CUBE_POS * DIGITS + digit] = counts[digit].load();
            digit += units;
        }
    }
}

/// Tiles whose counts a unit reads before it adds them, so that their reads do not wait for each other.
const AHEAD: usize = 8;

/// Turns the counts of each column into the place of each tile's first key of each digit.
#[cube(launch_unchecked)]
fn places_kernel(table: &mut [u32], tiles: u32, columns: u32, #[comptime] units: usize) {
    let column = CUBE_POS;
    let tiles_here = select(column < columns as usize, tiles, 0u32) as usize;
    let begin = column * tiles as usize * DIGITS;
    // Digits of a unit, neighbours.
    let each = comptime!(DIGITS.div_ceil(units));
    let first = UNIT_POS as usize * each;
    let mut held = Shared::<[u32]>::new_slice(comptime!(2 * units));
    let mut sums = Array::<u32>::new(each);
    let mut sum = 0u32;
    #[unroll]
    for k in 0..each {
        let mut of_digit = 0u32;
        if first + k < DIGITS {
            let mut tile = 0usize;
            while tile < tiles_here {
                #[unroll]
                for ahead in 0..AHEAD {
                    if tile + ahead < tiles_here {
                        of_digit += table[begin + (tile + ahead) * DIGITS + first + k];
                    }
                }
                tile += AHEAD;
            }
        }
        sums[k] = of_digit;
        sum += of_digit;
    }
    let (up_to, _all) = scan(sum, &mut held, units);
    let mut place = up_to - sum;
    let mut read = Array::<u32>::new(AHEAD);
    #[unroll]
    for k in 0..each {
        let mut next = place;
        place += sums[k];
        if first + k < DIGITS {
            let mut tile = 0usize;
            while tile < tiles_here {
                #[unroll]
                for ahead in 0..AHEAD {
                    let mut count = 0u32;
                    if tile + ahead < tiles_here {
                        count = table[begin + (tile + ahead) * DIGITS + first + k];
                    }
                    read[ahead] = count;
                }
                #[unroll]
                for ahead in 0..AHEAD {
                    if tile + ahead < tiles_here {
                        table[begin + (tile + ahead) * DIGITS + first + k] = next;
                    }
                    next += read[ahead];
                }
                tile += AHEAD;
            }
        }
    }
}

/// Moves keys and rows to their places by one digit. In the `first` pass rows are still in order and not read.
#[cube(launch_unchecked)]
fn move_kernel(
    keys: &[u32],
    rows_of: &[u32],
    table: &[u32],
    keys_out: &mut [u32],
    rows_out: &mut [u32],
    shift: u32,
    rows: u32,
    tiles: u32,
    all: u32,
    #[comptime] units: usize,
    #[comptime] first: bool,
) {
    let unit = UNIT_POS as usize;
    let (first_row, base, here) = tile_of(rows, tiles, all, units);
    let column = base - first_row;
    let own = unit * EACH;
    let mut staged = Shared::<[u32]>::new_slice(comptime!(EACH * units));
    let mut counters = Shared::<[u32]>::new_slice(comptime!(WORDS * units));
    let mut held = Shared::<[u32]>::new_slice(comptime!(2 * units));
    let mut ways = Shared::<[u32]>::new_slice(DIGITS);
    // What the tile is read by later is kept here, or a compiler would keep each place that it is read at in registers.
    let mut later = Shared::<[u32]>::new_slice(2usize);
    if unit == 0 {
        later[0] = base;
        later[1] = here;
    }
    let mut what = Array::<u32>::new(EACH);
    let mut spot = Array::<u32>::new(EACH);
    if here > 0u32 {
        let mut digit = unit;
        while digit < DIGITS {
            ways[digit] = table[CUBE_POS * DIGITS + digit];
            digit += units;
        }
    }

    // Digits are sorted, each with where in the tile it comes from: keys and rows would take too many registers.
    // Neighbouring units read neighbouring keys; then each takes some that follow each other. Beyond the last key are the
    // greatest digits, which stay there.
    read_tile(keys, base, here, &mut what, units);
    #[unroll]
    for j in 0..EACH {
        let at = comptime!((j * units) as u32) + UNIT_POS;
        let digit = select(at < here, what[j] >> shift & 255u32, 255u32);
        staged[at as usize] = digit << PLACE | at;
    }
    sync_cube();
    take(&staged, own, &mut what);
    // By the lower half of the digit, and then, in the order that this gives, by the upper half.
    spots(&what, &mut spot, &mut counters, &mut held, PLACE, units);
    #[unroll]
    for j in 0..EACH {
        staged[spot[j] as usize] = what[j];
    }
    sync_cube();
    take(&staged, own, &mut what);
    spots(&what, &mut spot, &mut counters, &mut held, comptime!(PLACE + 4), units);
    #[unroll]
    for j in 0..EACH {
        staged[(what[j] & PLACES) as usize] = spot[j];
    }
    sync_cube();

    // Keys go to their spots in the tile.
    #[unroll]
    for j in 0..EACH {
        spot[j] = staged[comptime!(j * units) + unit];
    }
    read_tile(keys, later[0], later[1], &mut what, units);
    sync_cube();
    #[unroll]
    for j in 0..EACH {
        staged[spot[j] as usize] = what[j];
    }
    sync_cube();
    // Those of one digit follow each other now, in the tile as in the column: their way is the same.
    #[unroll]
    for j in 0..EACH {
        let at = comptime!((j * units) as u32) + UNIT_POS;
        what[j] = staged[at as usize];
        let before = staged[select(at > 0u32, at - 1u32, 0u32) as usize];
        let digit = what[j] >> shift & 255u32;
        if at < here && (at == 0u32 || (before >> shift & 255u32) != digit) {
            // A difference below 0 is one modulo 2³².
            ways[digit as usize] = ways[digit as usize] - at;
        }
        spot[j] = spot[j] | digit << PLACE;
    }
    sync_cube();
    send(&what, &spot, &ways, keys_out, column, here, units);

    // And rows go the same ways.
    if comptime!(first) {
        #[unroll]
        for j in 0..EACH {
            what[j] = first_row + comptime!((j * units) as u32) + UNIT_POS;
        }
    } else {
        read_tile(rows_of, later[0], later[1], &mut what, units);
    }
    #[unroll]
    for j in 0..EACH {
        staged[(spot[j] & PLACES) as usize] = what[j];
    }
    sync_cube();
    #[unroll]
    for j in 0..EACH {
        what[j] = staged[comptime!(j * units) + unit];
    }
    send(&what, &spot, &ways, rows_out, column, here, units);
}

/// Writes what a unit has of a sorted tile to its column, each the way of its digit, which is above the place in `spot`.
#[cube]
fn send(
    what: &Array<u32>,
    spot: &Array<u32>,
    ways: &Shared<[u32]>,
    out: &mut [u32],
    column: u32,
    here: u32,
    #[comptime] units: usize,
) {
    #[unroll]
    for j in 0..EACH {
        let at = comptime!((j * units) as u32) + UNIT_POS;
        let to = column + ways[(spot[j] >> PLACE) as usize] + at;
        if at < here {
            out[to as usize] = what[j];
        }
    }
}

/// Reads what follows from a unit's own place on.
#[cube]
fn take(staged: &Shared<[u32]>, own: usize, out: &mut Array<u32>) {
    #[unroll]
    for j in 0..EACH {
        out[j] = staged[own + j];
    }
}
