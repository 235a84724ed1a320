use crate::{
    Cube, Error, Fused, Result,
    fused::ReadOff,
    kernel::borda,
    tile::{Lone, Tile},
    weighing::{To, Weighing},
};

/// The weighted Borda count: each member gives a column a point for each column below it, and half a point for each
/// that is level.
///
/// Points are averaged by weight and divided by all points of a member, so that they sum to 1. The rule `borda` of
/// `consort-fusion`.
///
/// Reads the cube once. All pairs of columns are compared: in registers for rows of up to 32 columns (15 if they do not
/// divide by 2), else from shared memory. Differs from double precision by at
/// most 1e-6.
///
/// ```
/// use consort_kernels::{Borda, Cube, Device};
/// if let Ok(device) = Device::open("auto") {
///     let cube = Cube::of(&device, &[0.5, 0.3, 0.2, 1.0, 7.0, 7.0], 2, 1, 3)?;
///     let fused = Borda::default().fuse(&cube)?.matrix()?;
///     assert!((fused.at(0, 1) - 2.5 / 6.0).abs() < 1e-6);
/// }
/// # Ok::<(), consort_kernels::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Borda {
    /// One weight a member, at least 0; a member of weight 0 is not read. `None`: all count the same.
    pub weights: Option<Vec<f64>>,
}

impl Borda {
    /// The same with one weight a member.
    pub fn with_weights(mut self, weights: Vec<f64>) -> Self {
        self.weights = Some(weights);
        self
    }

    /// Fuses; numbers only.
    ///
    /// # Errors
    /// As [`WeightedMean::fuse`](crate::WeightedMean::fuse); [`Error::Unsupported`] for a single column.
    pub fn fuse(&self, cube: &Cube) -> Result<Fused> {
        let (device, rows, columns) = (cube.device(), cube.rows(), cube.columns());
        if columns < 2 {
            return Err(Error::Unsupported { what: "a single column".into(), hint: "there is nothing to rank" });
        }
        let weighing = Weighing::new(cube, self.weights.as_deref(), To::Votes)?;
        let fused = Fused {
            device: device.clone(),
            rows,
            columns,
            values: device.room(rows * columns),
            labels: device.room(1),
            tops: device.room(1),
            read_off: ReadOff::Nothing,
        };
        let members = (&weighing.places, &weighing.weights);
        match Lone::of(cube) {
            Some(lone) => borda::launch_lone(cube, lone, members, &fused.values),
            None => borda::launch(cube, Tile::new(cube, 1, 2)?, members, &fused.values),
        }
        Ok(fused)
    }
}
