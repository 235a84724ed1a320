//! Where the keys of a tile belong by four bits of each, equal ones in the order that they have: what a radix sort does in
//! the memory that units share.
//!
//! Two counters to a word, as D. Merrill and A. Grimshaw, "High performance and scalable radix sorting" (2011). No unit
//! waits for another but at a barrier, and nothing is added atomically, so that the order is the same each time.

use cubecl::prelude::*;

/// Keys of a unit. At most 15, so that a count has four bits; odd, so that units which read theirs from shared memory are
/// in different banks.
pub(crate) const EACH: usize = 15;
/// Words of two counters each, for the sixteen values of four bits.
pub(crate) const WORDS: usize = 8;

/// Where in the tile each key belongs by the four bits from `shift` on; equal ones keep their order. All units must come
/// here.
#[cube]
pub(crate) fn spots(
    what: &Array<u32>,
    spot: &mut Array<u32>,
    counters: &mut Shared<[u32]>,
    held: &mut Shared<[u32]>,
    #[comptime] shift: u32,
    #[comptime] units: usize,
) {
    let unit = UNIT_POS as usize;
    // Each unit counts its keys in registers, four bits for each of eight values; how many came before is a key's spot so
    // far.
    let mut low = 0u32;
    let mut high = 0u32;
    #[unroll]
    for j in 0..EACH {
        let value = what[j] >> shift & 15u32;
        let at = (value & 7u32) * 4u32;
        let upper = value >= 8u32;
        spot[j] = select(upper, high, low) >> at & 15u32;
        let one = 1u32 << at;
        low += select(upper, 0u32, one);
        high += select(upper, one, 0u32);
    }
    // A word has the count of a value below 8 in its lower half and of the one 8 above in its upper half. The words of a
    // unit lie so that neither their writing nor the reading of those of eight units meets a bank twice.
    let eighth = comptime!(units / WORDS);
    let mine = unit % WORDS * eighth + (unit / WORDS + 4 * (unit % WORDS)) % eighth;
    #[unroll]
    for word in 0..WORDS {
        let at = comptime!(4 * word as u32);
        counters[comptime!(word * units) + mine] = (low >> at & 15u32) | ((high >> at & 15u32) << 16u32);
    }
    sync_cube();
    // Value by value and unit by unit: a unit adds the words of one value of eight neighbours.
    let begin = unit / eighth * units;
    let neighbours = unit % eighth;
    let mut words = Array::<u32>::new(WORDS);
    let mut sum = 0u32;
    #[unroll]
    for j in 0..WORDS {
        words[j] = counters[begin + comptime!(j * eighth) + (neighbours + comptime!(4 * j)) % eighth];
        sum += words[j];
    }
    let (up_to, total) = scan(sum, held, units);
    // Values from 8 on come after all those below.
    let mut before = up_to - sum + (total << 16u32);
    #[unroll]
    for j in 0..WORDS {
        counters[begin + comptime!(j * eighth) + (neighbours + comptime!(4 * j)) % eighth] = before;
        before += words[j];
    }
    sync_cube();
    #[unroll]
    for j in 0..EACH {
        let value = what[j] >> shift & 15u32;
        let word = counters[(value & 7u32) as usize * units + mine];
        spot[j] += word >> ((value >> 3u32) * 16u32) & 0xffffu32;
    }
}

/// The sum of what units bring, up to and with this one, and of all. All units must come here, and meet again before
/// `held` is used for another scan.
#[cube]
pub(crate) fn scan(mine: u32, held: &mut Shared<[u32]>, #[comptime] units: usize) -> (u32, u32) {
    let unit = UNIT_POS as usize;
    // Each step adds four sums, so that the next ones are of four times as many.
    let steps = comptime!(units.ilog2().div_ceil(2) as usize);
    let mut sum = mine;
    held[unit] = sum;
    #[unroll]
    for step in 0..steps {
        sync_cube();
        let from = comptime!(step % 2 * units).runtime();
        let to = comptime!((step + 1) % 2 * units).runtime();
        #[unroll]
        for k in 1..4 {
            let back = comptime!(k << (2 * step));
            if unit >= back {
                sum += held[from + unit - back];
            }
        }
        held[to + unit] = sum;
    }
    sync_cube();
    (sum, held[comptime!(steps % 2 * units + units - 1)])
}
