use crate::{
    Cube, Error, Fused, Holes, Result,
    fused::ReadOff,
    kernel::ranks::{self, Sorting},
    tile,
};

/// The weighted mean of ranks: each member's numbers count only by their order among all rows.
///
/// In each column a member's rank of a row is the average rank of all equal numbers, from 1 for the least, over the
/// number of rows. The rule `rank` of `consort-fusion`.
///
/// A bitonic sort of each member's columns, O(rows · log² rows), many columns at once; beside the cube it takes up to a
/// gigabyte. Ranks are exact up to 8,388,608 rows.
///
/// ```
/// use consort_kernels::{Cube, Device, RankAverage};
/// if let Ok(device) = Device::open("auto") {
///     let cube = Cube::of(&device, &[-3.0, 0.0, 8.0, 9.0, 0.1, 0.7, 0.2, 0.7], 2, 4, 1)?;
///     let fused = RankAverage::default().fuse(&cube)?;
///     assert_eq!(fused.matrix()?.values(), [0.25, 0.6875, 0.625, 0.9375]);
/// }
/// # Ok::<(), consort_kernels::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RankAverage {
    /// One weight a member, at least 0; a member of weight 0 is not read. `None`: all count the same.
    pub weights: Option<Vec<f64>>,
    /// Whether the least number is 0 and the greatest 1 (½ for a single row), rather than 1/n and 1.
    pub min_max: bool,
}

/// Keys that are sorted at the same time.
const KEYS: usize = 1 << 27;

impl RankAverage {
    /// The same with one weight a member.
    pub fn with_weights(mut self, weights: Vec<f64>) -> Self {
        self.weights = Some(weights);
        self
    }

    /// Fuses; numbers only.
    ///
    /// # Errors
    /// As [`WeightedMean::fuse`](crate::WeightedMean::fuse); [`Error::Unsupported`] for rows that members lack, or more
    /// than 8,388,608 rows.
    pub fn fuse(&self, cube: &Cube) -> Result<Fused> {
        let (device, rows, columns) = (cube.device(), cube.rows(), cube.columns());
        if cube.holes() != Holes::None {
            return Err(Error::Unsupported {
                what: "rows that some members lack, by ranks on a device".into(),
                hint: "use the rule `rank` on the CPU",
            });
        }
        if rows > 1 << 23 {
            return Err(Error::Unsupported {
                what: format!("ranks of {rows} rows"),
                hint: "ranks are exact up to 8,388,608 rows: use the rule `rank` on the CPU",
            });
        }
        let shares = self.shares(cube.members())?;
        let units = tile::units(device);
        let padded = rows.next_power_of_two().max(ranks::together(units));
        let at_once = (KEYS / (padded * columns)).clamp(1, cube.members());
        let room = at_once * columns * padded;
        if u32::try_from(room).is_err() {
            return Err(Error::Unsupported {
                what: format!("ranks of {rows} rows of {columns} columns"),
                hint: "they are too many for a sort: use the rule `rank` on the CPU",
            });
        }
        let (keys, row_of) = (device.room(room), device.room(room));
        let sorting = Sorting { keys: &keys, rows: &row_of, padded, units };
        let values = device.room(rows * columns);
        let n = rows as f32;
        let (shift, scale) = match (self.min_max, rows) {
            (false, _) => (0.0, 1.0 / n),
            // A single row has rank 1, and becomes ½.
            (true, 1) => (0.5, 1.0),
            (true, _) => (1.0, 1.0 / (n - 1.0)),
        };
        let mut begin = true;
        for part in shares.chunks(at_once).scan(0, |from, part| {
            let first = *from;
            *from += part.len();
            Some((first, part))
        }) {
            let (first, part) = part;
            ranks::fill(cube, &sorting, first * columns, part.len() * columns);
            ranks::sort(device, &sorting, part.len() * columns);
            for (m, &share) in part.iter().enumerate().filter(|(_, share)| **share > 0.0) {
                ranks::add(cube, &sorting, m * columns, share as f32, scale, shift, begin, &values);
                begin = false;
            }
        }
        Ok(Fused {
            device: device.clone(),
            rows,
            columns,
            values,
            labels: device.room(1),
            tops: device.room(1),
            read_off: ReadOff::Nothing,
        })
    }

    fn shares(&self, members: usize) -> Result<Vec<f64>> {
        crate::weighing::check(self.weights.as_deref(), members)?;
        let weights = self.weights.clone().unwrap_or_else(|| vec![1.0; members]);
        let total: f64 = weights.iter().sum();
        Ok(weights.iter().map(|w| w / total).collect())
    }
}
