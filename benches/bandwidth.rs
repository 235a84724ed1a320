use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use consort::core::{Matrix, Predictions};
use rayon::prelude::*;

/// How many numbers a thread takes at a time: 4 MiB, beyond a core's own caches.
const PART: usize = 1 << 20;

/// How fast this machine moves a cube, in the rayon pool of the caller.
///
/// Copying is the C library's `memcpy`, which reads and writes each byte. Reading is a sum in 32 lanes.
#[derive(Debug)]
pub struct Bandwidth<'a> {
    cube: &'a Predictions,
    /// In large pages, as the cube is.
    copy: Matrix,
}

impl<'a> Bandwidth<'a> {
    /// Makes room for a copy of the cube, and touches it.
    pub fn new(cube: &'a Predictions) -> Self {
        let len = cube.members().len() * cube.rows() * cube.columns();
        let mut copy = Matrix::zeros(cube.members().len(), len / cube.members().len());
        copy.values_mut().fill(1.0);
        Self { cube, copy }
    }

    /// The bytes of the cube.
    pub fn bytes(&self) -> usize {
        4 * self.copy.values().len()
    }

    /// The time to copy the cube.
    pub fn copy(&mut self) -> Duration {
        let block = self.cube.rows() * self.cube.columns();
        let start = Instant::now();
        for (m, to) in self.copy.values_mut().chunks_exact_mut(block).enumerate() {
            let from = self.cube.member(m);
            to.par_chunks_mut(PART).zip(from.par_chunks(PART)).for_each(|(to, from)| to.copy_from_slice(from));
        }
        black_box(&mut self.copy);
        start.elapsed()
    }

    /// The time to read the cube.
    pub fn read(&self) -> Duration {
        let start = Instant::now();
        for m in 0..self.cube.members().len() {
            black_box(self.cube.member(m).par_chunks(PART).map(sum).sum::<f32>());
        }
        start.elapsed()
    }
}

fn sum(values: &[f32]) -> f32 {
    let (lanes, rest) = values.as_chunks::<32>();
    let mut sums = [0.0f32; 32];
    for x in lanes {
        for (sum, x) in sums.iter_mut().zip(x) {
            *sum += x;
        }
    }
    sums.iter().chain(rest).sum()
}
