use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use consort_core::{Error, Result};

/// Does `count` pieces of work, several at a time, and gives their results in order. `work` gets the number of its piece
/// and how many threads it may use itself: where there are fewer pieces than threads, each gets several.
///
/// Each worker has a rayon pool of its share, so that a fit that asks for its threads finds them. After an error no
/// piece is begun.
///
/// # Errors
/// Of those that were begun, the error of the first in order.
pub(crate) fn side_by_side<T: Send>(
    threads: usize,
    count: usize,
    work: impl Fn(usize, usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let workers = threads.clamp(1, count.max(1));
    let inner = (threads / workers).max(1);
    if workers == 1 {
        return (0..count).map(|number| work(number, inner)).collect();
    }
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::<(usize, Result<T>)>::with_capacity(count));
    let begin_all = || -> Result<()> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(inner).build().map_err(Error::custom)?;
        while let Some(number) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|number| *number < count) {
            let result = pool.install(|| work(number, inner));
            if result.is_err() {
                next.store(count, Ordering::Relaxed);
            }
            done.lock().unwrap_or_else(PoisonError::into_inner).push((number, result));
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(begin_all)).collect();
        let mine = begin_all();
        others
            .into_iter()
            .map(|other| other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .fold(mine, |first, next| first.and(next))
    })?;
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_threads_are_shared_out() {
        for (threads, count, inner) in [(1, 3, 1), (2, 5, 1), (4, 2, 2), (3, 0, 3), (8, 3, 2)] {
            let got = side_by_side(threads, count, |number, inner| Ok((number, inner))).unwrap();
            assert_eq!(got, (0..count).map(|number| (number, inner)).collect::<Vec<_>>());
        }
        let threads = side_by_side(4, 2, |_, _| Ok(rayon::current_num_threads())).unwrap();
        assert_eq!(threads, [2, 2]);
    }

    #[test]
    fn the_first_error_in_order_is_given_and_nothing_is_begun_after_it() {
        let begun = AtomicUsize::new(0);
        let result = side_by_side(2, 1000, |number, _| {
            begun.fetch_add(1, Ordering::Relaxed);
            if number >= 3 { Err(Error::custom(format!("piece {number}"))) } else { Ok(()) }
        });
        assert_eq!(result.unwrap_err().to_string(), "piece 3");
        assert!(begun.into_inner() < 1000);
    }
}
