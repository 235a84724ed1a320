//! What runs on the device. One file for each kernel; `lone`, `rows` and `summary` are what
//! they share.
//!
//! A kernel is launched without bounds checks, so each guards its own indices: a number is read only below the count of
//! numbers of a member, and written only below the count of the result.

// The language of kernels lacks these forms of Rust, or compiles them worse; a launch names every buffer.
#![allow(
    clippy::assign_op_pattern,
    clippy::collapsible_if,
    clippy::implicit_saturating_sub,
    clippy::manual_clamp,
    clippy::manual_is_multiple_of,
    clippy::manual_swap,
    clippy::needless_range_loop,
    clippy::neg_cmp_op_on_partial_ord,
    clippy::too_many_arguments
)]

pub(crate) mod bootstrap;
pub(crate) mod borda;
pub(crate) mod descent;
pub(crate) mod draw;
pub(crate) mod lone;
pub(crate) mod misses;
pub(crate) mod not_finite;
pub(crate) mod order;
pub(crate) mod pool;
pub(crate) mod radix;
pub(crate) mod ranks;
pub(crate) mod rows;
pub(crate) mod runs;
pub(crate) mod spots;
pub(crate) mod step;
pub(crate) mod summary;
pub(crate) mod tally;
pub(crate) mod truth;
pub(crate) mod uncertainty;
pub(crate) mod vote;
