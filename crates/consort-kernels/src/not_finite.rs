use crate::{Cube, Result, kernel::not_finite};

/// A number of a cube that is NaN or infinite, and where it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NotFinite {
    /// Which member.
    pub member: usize,
    /// Which row.
    pub row: usize,
    /// Which column.
    pub column: usize,
    /// The number.
    pub value: f32,
}

impl Cube {
    /// The first number that is not finite, in the order `[member][row][column]`; `None` if all are.
    ///
    /// Reads the cube once, and waits for the answer.
    ///
    /// ```
    /// use consort_kernels::{Cube, Device};
    /// if let Ok(device) = Device::open("auto") {
    ///     let cube = Cube::of(&device, &[0.5, 0.5, f32::INFINITY, 0.5], 2, 1, 2)?;
    ///     let found = cube.first_not_finite()?;
    ///     assert!(found.is_some_and(|found| found.member == 1 && found.column == 0));
    /// }
    /// # Ok::<(), consort_kernels::Error>(())
    /// ```
    ///
    /// # Errors
    /// What the device says of the work, and of the work that made the cube.
    pub fn first_not_finite(&self) -> Result<Option<NotFinite>> {
        let found = self.device().put(&[u32::MAX; 3]);
        not_finite::first(self, &found);
        let found = self.device().get(&found)?;
        let first = found.into_iter().zip([f32::NAN, f32::INFINITY, f32::NEG_INFINITY]).min_by_key(|(at, _)| *at);
        Ok(first.filter(|(at, _)| *at != u32::MAX).map(|(at, value)| {
            let (at, columns) = (at as usize, self.columns());
            let (member, row) = (at / columns / self.rows(), at / columns % self.rows());
            NotFinite { member, row, column: at % columns, value }
        }))
    }
}
