use burn::tensor::{Int, Tensor};

/// What a network is given for some rows, on its device.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The numbers, `[rows][numbers]`: scaled, and nothing missing.
    pub numbers: Tensor<2>,
    /// The categories, `[rows][categories]`; 0 is a level that is missing or that the training rows lack.
    pub categories: Option<Tensor<2, Int>>,
    /// The shape of one row of a dense block, such as `[1, 28, 28]`.
    pub row: [usize; 3],
}

impl Inputs {
    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.numbers.dims()[0]
    }

    /// The numbers as images, `[rows][channels][height][width]`.
    pub fn images(&self) -> Tensor<4> {
        let [channels, height, width] = self.row;
        self.numbers.clone().reshape([self.rows(), channels, height, width])
    }
}

/// What a network will be given: what an architecture is built for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputShape {
    /// How many numbers a row has.
    pub numbers: usize,
    /// The shape of one row of a dense block: three axes, those that it lacks in front being 1. Tables have
    /// `[1, 1, numbers]`.
    pub row: [usize; 3],
    /// How many levels each category has, the first of them for what is missing or unknown.
    pub levels: Vec<usize>,
}
