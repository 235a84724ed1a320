//! What the benches share: data made by seed, the bandwidth of the machine, and tables of the least times.
//!
//! A bench measures with criterion and, beside it, keeps the least time of each thing it measured. On a machine that
//! does other work too the least time is the one that says most. At its end it prints a table for
//! `docs/benchmarks/fusion.md`.

mod bandwidth;
mod least_times;
mod samples;
mod threads;

pub use bandwidth::Bandwidth;
pub use least_times::{LeastTimes, markdown};
pub use samples::{classes, regression};
pub use threads::pools;
