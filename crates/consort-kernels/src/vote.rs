use crate::{
    Cube, Error, Fused, Result,
    kernel::vote::{self, Election},
    tile::{Lone, Tile},
    weighing::{To, Weighing},
};

/// The weighted vote: each member gives its weight to its greatest column.
///
/// A member's label is the first of its greatest numbers; of two columns, the positive one where both are equal. The
/// columns whose weight is within 1e-6 of the greatest are even; the first of them wins, or the one of the greatest
/// mean. The rule `vote` of `consort-fusion`.
///
/// Reads the cube once; a row of up to 32 columns is counted in registers (15 if it does not divide by 2), a longer one
/// in shared memory. Equal weights are counted exactly; others are summed in single precision.
///
/// ```
/// use consort_kernels::{Cube, Device, Vote};
/// if let Ok(device) = Device::open("auto") {
///     let cube = Cube::of(&device, &[0.9, 0.1, 0.0, 0.4, 0.6, 0.0, 0.2, 0.8, 0.0], 3, 1, 3)?;
///     let fused = Vote::default().fuse(&cube)?;
///     assert_eq!(fused.labels()?, [1]);
///     assert!((fused.winner_shares()?[0] - 2.0 / 3.0).abs() < 1e-6);
/// }
/// # Ok::<(), consort_kernels::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Vote {
    /// One weight a member, at least 0; a member of weight 0 is not read. `None`: all count the same.
    pub weights: Option<Vec<f64>>,
    /// Whether the numbers are the shares of the columns, rather than a 1 for the winner.
    pub share: bool,
    /// Whether a row without a majority is missing (NaN).
    pub majority: bool,
    /// Whether the mean decides among even columns, rather than their order.
    pub by_mean: bool,
    /// The positive one of two columns; its number wins where both are equal.
    pub positive: Option<usize>,
}

impl Vote {
    /// The same with one weight a member.
    pub fn with_weights(mut self, weights: Vec<f64>) -> Self {
        self.weights = Some(weights);
        self
    }

    /// Fuses. Of what is read off rows there are the labels and the winners' shares.
    ///
    /// # Errors
    /// As [`WeightedMean::fuse`](crate::WeightedMean::fuse); [`Error::Parameter`] for a positive column beyond 1.
    pub fn fuse(&self, cube: &Cube) -> Result<Fused> {
        if let Some(positive) = self.positive.filter(|&positive| positive > 1) {
            return Err(Error::parameter("the positive column", positive, "0 or 1"));
        }
        let weighing = Weighing::new(cube, self.weights.as_deref(), To::Votes)?;
        let election = Election {
            share: self.share,
            majority: self.majority,
            by_mean: self.by_mean,
            last: cube.columns() == 2 && self.positive == Some(1),
            holes: cube.holes(),
        };
        let (device, rows, columns) = (cube.device(), cube.rows(), cube.columns());
        let fused = Fused {
            device: device.clone(),
            rows,
            columns,
            values: device.room(rows * columns),
            labels: device.room(rows),
            tops: device.room(rows),
            read_off: crate::fused::ReadOff::Labels,
        };
        let members = (&weighing.places, &weighing.weights);
        let out = (&fused.values, &fused.labels, &fused.tops);
        match Lone::of(cube) {
            Some(lone) => vote::launch_lone(cube, election, lone, members, out),
            None => vote::launch(cube, election, Tile::new(cube, 1, 3)?, members, out),
        }
        Ok(fused)
    }
}
