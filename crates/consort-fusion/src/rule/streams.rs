//! Reading several members side by side at the speed of the memory.

use std::array::from_fn;

/// How many numbers of each member are worked on between two looks at the memory.
pub(super) const PIECE: usize = 64;

/// How many numbers ahead memory is asked for. Far enough that it comes in time, near enough that a first-level cache
/// holds what came for eight members.
const AHEAD: usize = 512;

/// Gives `work` each place of `out` and the numbers that `N` members have there.
///
/// A processor foresees a few runs of memory but not every page of each of them, so memory is asked for ahead of its use.
#[inline(always)]
pub(super) fn streams<const N: usize, T>(members: &[&[f32]], out: &mut [T], work: impl Fn(&mut T, [f32; N])) {
    // Places without a size: what costs nothing.
    let nothing = &mut vec![(); out.len()][..];
    streams_into_two(members, out, nothing, &mut [(); PIECE], |out, (), (), x| work(out, x));
}

/// The same with two tables to write, for what is kept in two parts, and a few places to note what was seen on the way.
#[inline(always)]
pub(super) fn streams_into_two<const N: usize, T, U, W>(
    members: &[&[f32]],
    first: &mut [T],
    second: &mut [U],
    notes: &mut [W; PIECE],
    work: impl Fn(&mut T, &mut U, &mut W, [f32; N]),
) {
    let len = first.len();
    let members: [&[f32]; N] = from_fn(|m| &members[m][..len]);
    let pieces: [&[[f32; PIECE]]; N] = members.map(|member| member.as_chunks().0);
    let (firsts, first_rest) = first.as_chunks_mut::<PIECE>();
    let (seconds, second_rest) = second.as_chunks_mut::<PIECE>();
    let whole = firsts.len() * PIECE;
    for (p, (first, second)) in firsts.iter_mut().zip(seconds).enumerate() {
        let x: [&[f32; PIECE]; N] = from_fn(|m| &pieces[m][p]);
        x.into_iter().for_each(|x| ask_ahead(x));
        for i in 0..PIECE {
            work(&mut first[i], &mut second[i], &mut notes[i], from_fn(|m| x[m][i]));
        }
    }
    for (i, (first, second)) in first_rest.iter_mut().zip(second_rest).enumerate() {
        work(first, second, &mut notes[i], from_fn(|m| members[m][whole + i]));
    }
}

/// Asks for the memory that lies [`AHEAD`] of this piece.
#[inline(always)]
#[allow(unused_variables, unsafe_code)]
pub(super) fn ask_ahead(piece: &[f32]) {
    #[cfg(target_arch = "x86_64")]
    for line in piece.chunks(16) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch reads nothing and cannot fault, whatever the address, even one beyond the table.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().wrapping_add(AHEAD).cast()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_visited_once_with_its_own_numbers() {
        for len in [0, 1, 63, 64, 65, 200] {
            let a: Vec<f32> = (0..len).map(|i| i as f32).collect();
            let b: Vec<f32> = (0..len + 3).map(|i| 1000.0 + i as f32).collect();
            let (mut sums, mut visits) = (vec![0.0; len], vec![0; len]);
            let mut notes = [0u32; PIECE];
            streams_into_two(&[&a, &b], &mut sums, &mut visits, &mut notes, |sum: &mut f32, visits, note, [a, b]| {
                *sum += b - a;
                *visits += 1;
                *note += 1;
            });
            assert_eq!((sums, visits), (vec![1000.0; len], vec![1; len]));
            assert_eq!(notes.iter().sum::<u32>(), len as u32);
            let mut copy = vec![0.0; len];
            streams(&[&a], &mut copy, |copy, [a]| *copy = a);
            assert_eq!(copy, a);
        }
    }
}
