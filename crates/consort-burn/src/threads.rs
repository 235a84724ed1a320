//! Whether a net may spread its work over threads.

use std::cell::Cell;

thread_local! {
    static IS_ALONE: Cell<bool> = const { Cell::new(false) };
}

/// Does work that keeps to its own thread, since others do the like beside it: a net among nets, a batch among batches.
pub(crate) fn alone<T>(work: impl FnOnce() -> T) -> T {
    /// Puts the old answer back, also if the work panics.
    struct Back(bool);
    impl Drop for Back {
        fn drop(&mut self) {
            IS_ALONE.set(self.0);
        }
    }
    let _back = Back(IS_ALONE.replace(true));
    work()
}

/// Whether the work of this thread may be shared with the other threads of its pool.
pub(crate) fn are_shared() -> bool {
    !IS_ALONE.get() && rayon::current_num_threads() > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_alone_stays_so_until_its_end() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        pool.install(|| {
            assert!(are_shared());
            assert!(!alone(|| alone(are_shared)) && !alone(are_shared));
            assert!(std::panic::catch_unwind(|| alone(|| panic!("within"))).is_err());
            assert!(are_shared());
        });
    }
}
