//! Loops over rows in fixed blocks, so that a sum never depends on the number of threads.
//!
//! Rows are cut at multiples of [`ROWS`], whatever the number of threads; blocks are worked on in parallel (in
//! the rayon pool of the caller) and their results are put together in the order of the rows.

use std::ops::Range;

use rayon::prelude::*;

/// How many rows make a block: enough work for a task, few enough to stay in a core's cache.
pub const ROWS: usize = 4096;

/// The results of `work` on each block, in row order.
///
/// ```
/// let sums = consort_core::blocks::map(10_000, |rows| rows.len());
/// assert_eq!(sums, [4096, 4096, 1808]);
/// ```
pub fn map<T: Send>(rows: usize, work: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    (0..rows.div_ceil(ROWS)).into_par_iter().map(|block| work(block * ROWS..((block + 1) * ROWS).min(rows))).collect()
}

/// The sums that `work` gives on each block, added in row order.
///
/// ```
/// let [sum, count] = consort_core::blocks::sum(10_000, |rows| [rows.clone().sum::<usize>() as f64, rows.len() as f64]);
/// assert_eq!((sum, count), (49_995_000.0, 10_000.0));
/// ```
pub fn sum<const N: usize>(rows: usize, work: impl Fn(Range<usize>) -> [f64; N] + Sync) -> [f64; N] {
    let mut total = [0.0; N];
    for part in map(rows, work) {
        for (total, part) in total.iter_mut().zip(part) {
            *total += part;
        }
    }
    total
}

/// Fills `out`, which has `columns` numbers a row, block by block: `work` gets the rows and their part of `out`.
///
/// ```
/// let mut squares = vec![0u64; 10_000];
/// consort_core::blocks::fill(&mut squares, 1, |rows, out| {
///     rows.zip(out).for_each(|(row, out)| *out = (row * row) as u64);
///     Ok::<(), std::convert::Infallible>(())
/// })
/// .unwrap();
/// assert_eq!(squares[9_999], 99_980_001);
/// ```
///
/// # Errors
/// The error of the first block (in row order) that has one.
pub fn fill<T: Send, E: Send>(
    out: &mut [T],
    columns: usize,
    work: impl Fn(Range<usize>, &mut [T]) -> Result<(), E> + Sync,
) -> Result<(), E> {
    if columns == 0 {
        return Ok(());
    }
    let results: Vec<Result<(), E>> = out
        .par_chunks_mut(ROWS * columns)
        .enumerate()
        .map(|(block, part)| {
            let start = block * ROWS;
            work(start..start + part.len() / columns, part)
        })
        .collect();
    results.into_iter().collect()
}
