use rayon::prelude::*;

/// From this many rows on, a node is cut by several threads.
const PARALLEL: usize = 1 << 16;

/// Puts the rows that go left before those that go right, each in their order, and gives how many go left.
///
/// `right[code]` says where a row of that code goes. `spare` is as long as `rows`.
pub(super) fn partition(rows: &mut [u32], spare: &mut [u32], codes: &[u8], right: &[bool; 256]) -> usize {
    if rows.len() < PARALLEL {
        return sequential(rows, spare, codes, right);
    }
    let chunk = rows.len().div_ceil(16);
    let lefts: Vec<usize> = rows
        .par_chunks(chunk)
        .map(|part| part.iter().filter(|&&row| !right[codes[row as usize] as usize]).count())
        .collect();
    let total: usize = lefts.iter().sum();
    let (mut left_rest, mut right_rest) = spare[..rows.len()].split_at_mut(total);
    let mut places = Vec::with_capacity(lefts.len());
    for (part, &count) in rows.chunks(chunk).zip(&lefts) {
        let (to_left, after_left) = left_rest.split_at_mut(count);
        let (to_right, after_right) = right_rest.split_at_mut(part.len() - count);
        places.push((part, to_left, to_right));
        (left_rest, right_rest) = (after_left, after_right);
    }
    places.into_par_iter().for_each(|(part, to_left, to_right)| {
        let (mut l, mut r) = (to_left.iter_mut(), to_right.iter_mut());
        for &row in part {
            let to = if right[codes[row as usize] as usize] { r.next() } else { l.next() };
            if let Some(to) = to {
                *to = row;
            }
        }
    });
    rows.copy_from_slice(&spare[..rows.len()]);
    total
}

fn sequential(rows: &mut [u32], spare: &mut [u32], codes: &[u8], right: &[bool; 256]) -> usize {
    let (mut left, mut gone) = (0, 0);
    // Both places are written and one counter moves: no branch to mispredict.
    for i in 0..rows.len() {
        let row = rows[i];
        let goes = usize::from(right[codes[row as usize] as usize]);
        rows[left] = row;
        spare[gone] = row;
        left += 1 - goes;
        gone += goes;
    }
    rows[left..].copy_from_slice(&spare[..gone]);
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_order_on_both_sides_however_many_there_are() {
        for n in [0usize, 1, 1000, PARALLEL + 77] {
            let codes: Vec<u8> = (0..n).map(|i| (i * 31 % 251) as u8).collect();
            let mut right = [false; 256];
            right[100..].fill(true);
            let mut rows: Vec<u32> = (0..n as u32).collect();
            let mut spare = vec![0; n];
            let left = partition(&mut rows, &mut spare, &codes, &right);
            let want: (Vec<u32>, Vec<u32>) = (0..n as u32).partition(|&i| codes[i as usize] < 100);
            assert_eq!((&rows[..left], &rows[left..]), (&want.0[..], &want.1[..]));
        }
    }
}
