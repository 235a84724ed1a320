use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

/// A pool of one thread, and one of as many as the machine has cores.
///
/// # Errors
/// If the system gives no threads.
pub fn pools() -> Result<Vec<ThreadPool>, ThreadPoolBuildError> {
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    let mut counts = vec![1, all];
    counts.dedup();
    counts.into_iter().map(|threads| ThreadPoolBuilder::new().num_threads(threads).build()).collect()
}
