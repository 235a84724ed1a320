use std::fmt::Debug;

use crate::Result;

/// Rows that lie somewhere else, such as pictures in files, and are read when they are asked for.
///
/// A learner that reads its rows batch by batch, as nets do, asks [`Dataset::stored`](crate::Dataset::stored) and needs no
/// more memory than a batch; any other reads [`Dataset::features`](crate::Dataset::features), which loads them all.
///
/// ```
/// use std::sync::Arc;
/// use consort_core::{Dataset, Features, Result, StoredRows};
///
/// /// Row `i` is `[i, i²]`.
/// #[derive(Debug)]
/// struct Squares;
///
/// impl StoredRows for Squares {
///     fn count(&self) -> usize {
///         5
///     }
///     fn shape(&self) -> &[usize] {
///         &[2]
///     }
///     fn read(&self, row: usize, into: &mut [f32]) -> Result<()> {
///         into.copy_from_slice(&[row as f32, (row * row) as f32]);
///         Ok(())
///     }
///     fn mark(&self) -> String {
///         "squares of 5".into()
///     }
/// }
///
/// let data = Dataset::from_stored(Arc::new(Squares))?;
/// assert_eq!((data.rows(), data.stored().is_some()), (5, true));
/// let Features::Dense { values, .. } = data.features() else { unreachable!() };
/// assert_eq!(values[6..8], [3.0, 9.0]);
/// # Ok::<(), consort_core::Error>(())
/// ```
pub trait StoredRows: Debug + Send + Sync {
    /// How many rows there are.
    fn count(&self) -> usize;

    /// The shape of one row, such as `[3, 32, 32]`.
    fn shape(&self) -> &[usize];

    /// Reads one row into a slice of its size. Several threads may ask at once.
    ///
    /// # Errors
    /// If it cannot be read, or is damaged: with the file's name.
    fn read(&self, row: usize, into: &mut [f32]) -> Result<()>;

    /// What tells these rows from others: a checksum of them. A run that goes on compares it.
    fn mark(&self) -> String;
}
