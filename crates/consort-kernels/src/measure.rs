use std::time::Instant;

use crate::{Cube, Device, Result, Storage, cube, kernel::draw, tile};

impl Cube {
    /// A cube of probabilities drawn on the device; each row sums to 1. To measure with, where sending a cube would take
    /// longer than the work.
    ///
    /// # Errors
    /// As [`Cube::of_handle`].
    pub fn drawn(device: &Device, members: usize, rows: usize, columns: usize, seed: u64) -> Result<Self> {
        let numbers = device.room::<f32>(cube::countable([members, rows, columns])?);
        let key = [seed as u32, (seed >> 32) as u32];
        draw::rows(device, members * rows, columns, tile::units(device), key, &numbers);
        Self::of_handle(device, numbers.handle().clone(), Storage::F32, [members, rows, columns])
    }

    /// The numbers on the host, where they are kept in single precision.
    ///
    /// # Errors
    /// What the device says of the work that made them.
    pub fn numbers(&self) -> Result<Vec<f32>> {
        let len = self.members() * self.rows() * self.columns();
        self.device().get(&crate::buffer::Buffer::<f32>::new(self.handle().clone(), len))
    }
}

impl Device {
    /// How many bytes a second the device copies within its memory, counting those read and those written: what kernels
    /// that read much can reach. The best of ten copies of so many bytes.
    ///
    /// # Errors
    /// What the device says of the work.
    pub fn copy_rate(&self, bytes: usize) -> Result<f64> {
        let len = (bytes / 16 * 4).max(4);
        let (from, to) = (self.room::<f32>(len), self.room::<f32>(len));
        let units = tile::units(self);
        draw::copy(self, units, &from, &to);
        self.wait()?;
        let mut best = f64::INFINITY;
        for _ in 0..10 {
            let start = Instant::now();
            const COPIES: u32 = 8;
            (0..COPIES).for_each(|_| draw::copy(self, units, &from, &to));
            self.wait()?;
            best = best.min(start.elapsed().as_secs_f64() / f64::from(COPIES));
        }
        Ok((2 * len * size_of::<f32>()) as f64 / best)
    }
}
