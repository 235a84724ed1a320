//! The nearest rows of a table, exactly.
//!
//! Distances come of matrix products in single precision with bounds on their rounding; rows that may be among the nearest are
//! looked at once more in double precision. So the answer is that of a plain search, ties included, at many times its speed,
//! and does not depend on the machine's instructions or threads.
//!
//! ```
//! use consort_neighbours::{Distance, Search};
//! // Three rows of two features.
//! let rows = [0.0, 0.0, 3.0, 4.0, 1.0, 0.0];
//! let search = Search::new(Distance::Euclidean, 2, &rows, None)?;
//! let nearest = search.nearest(&[0.0, 0.0], 2.0);
//! let found: Vec<(usize, f64)> = nearest[0].iter().map(|n| (n.row, n.distance)).collect();
//! assert_eq!(found, [(0, 0.0), (2, 1.0)]);
//! # Ok::<(), consort_core::Error>(())
//! ```

mod candidates;
mod distance;
mod search;

pub use distance::Distance;
pub use search::{Neighbour, QUERIES, Search};
