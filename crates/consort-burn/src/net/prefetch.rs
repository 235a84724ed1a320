use std::sync::mpsc::sync_channel;

use consort_core::{Error, Result};

/// How many things are made ahead of their use.
const AHEAD: usize = 2;

/// Uses `count` things one after another. Where they are slow to make, another thread makes the next ones meanwhile, with
/// `threads` helpers, and no more than a few are there at once. Order and bits are those of making each when it is used.
///
/// # Errors
/// The first error of `make` or `take`.
pub(super) fn each<T: Send>(
    is_slow: bool,
    threads: usize,
    count: usize,
    mut make: impl FnMut(usize) -> Result<T> + Send,
    mut take: impl FnMut(usize, T) -> Result<()>,
) -> Result<()> {
    if !is_slow || count < 2 {
        return (0..count).try_for_each(|i| take(i, make(i)?));
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.max(1)).build().map_err(Error::custom)?;
    std::thread::scope(|scope| {
        let (send, receive) = sync_channel(AHEAD);
        scope.spawn(move || {
            for i in 0..count {
                let made = pool.install(|| make(i));
                let is_over = made.is_err();
                // Whoever took them may have stopped.
                if send.send(made).is_err() || is_over {
                    return;
                }
            }
        });
        for i in 0..count {
            let made = receive.recv().map_err(|_| Error::custom("the thread that reads rows ended early"))?;
            take(i, made?)?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn things_come_in_order_and_few_ahead() {
        for is_slow in [false, true] {
            let (made, mut taken) = (AtomicUsize::new(0), Vec::new());
            let make = |i: usize| {
                made.fetch_add(1, Ordering::SeqCst);
                Ok(i * i)
            };
            each(is_slow, 2, 20, make, |i, thing| {
                taken.push(thing);
                // One is taken, some wait, and one may be on its way.
                assert!(made.load(Ordering::SeqCst) <= i + 1 + AHEAD + 1);
                Ok(())
            })
            .unwrap();
            assert_eq!(taken, (0..20).map(|i| i * i).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_first_error_ends_it() {
        for is_slow in [false, true] {
            let fail = |i: usize| if i == 3 { Err(Error::custom("row 3")) } else { Ok(i) };
            let mut taken = 0;
            let error = each(is_slow, 1, 9, fail, |_, _| {
                taken += 1;
                Ok(())
            });
            assert!(error.unwrap_err().to_string().contains("row 3") && taken == 3);
            let stop = |i: usize, _: usize| if i == 2 { Err(Error::Cancelled) } else { Ok(()) };
            assert!(matches!(each(is_slow, 1, 9, Ok, stop), Err(Error::Cancelled)));
        }
    }
}
