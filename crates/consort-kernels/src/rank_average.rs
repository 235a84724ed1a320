use crate::{
    Cube, Error, Fused, Holes, Result,
    fused::ReadOff,
    kernel::{
        radix::{Columns, Radix, Sorting},
        ranks::{self, Part, Scale},
    },
};

/// The weighted mean of ranks: each member's numbers count only by their order among all rows.
///
/// In each column a member's rank of a row is the average rank of all equal numbers, from 1 for the least, over the
/// number of rows. The rule `rank` of `consort-fusion`.
///
/// A radix sort of each member's columns, many at once, in four passes of eight bits: O(rows), the same passes whatever the
/// numbers are; then a search for the first and the last of equal ones, O(log rows) for each number that has one.
///
/// A pass moves 20 bytes a number: it reads keys to count their digits, then reads and writes keys and rows. The first one
/// reads no rows, so 16. The table of counts adds 1.3 a pass. With the keys, which are made by rows and kept by columns
/// (4 + 4), and the ranks (8 + 4 to find them, 4 to add them) that is 105 bytes for a number of four bytes; 82 for `f16`,
/// which takes three passes, and 61 for `bf16`, which takes two. Beside the cube and the result it takes up to a gigabyte.
/// Ranks are exact up to 8,388,608 rows.
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

/// Keys that are sorted at the same time: each takes sixteen bytes.
const KEYS: usize = 1 << 26;

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
        self.fuse_by(cube, Radix::of(cube.device())?, KEYS)
    }

    /// The same, with so many keys at a time, and at least a column.
    fn fuse_by(&self, cube: &Cube, radix: Radix, keys: usize) -> Result<Fused> {
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
        let counted: Vec<usize> = (0..cube.members()).filter(|&m| shares[m] > 0.0).collect();
        // A column takes whole tiles, so that few rows of many columns are cut up too.
        let at_once = (keys / rows.next_multiple_of(radix.keys())).max(1);
        let columns_at_once = at_once.min(columns);
        let members_at_once = (at_once / columns_at_once).min(counted.len());
        let most = Columns { columns: columns_at_once * members_at_once, rows };
        let sorting = Sorting::new(device, radix, most);
        let values = device.room(rows * columns);
        let n = rows as f32;
        let scale = match (self.min_max, rows) {
            (false, _) => Scale { shift: 0.0, scale: 1.0 / n },
            // A single row has rank 1, and becomes ½.
            (true, 1) => Scale { shift: 0.5, scale: 1.0 },
            (true, _) => Scale { shift: 1.0, scale: 1.0 / (n - 1.0) },
        };
        for first in (0..columns).step_by(columns_at_once) {
            for (i, members) in counted.chunks(members_at_once).enumerate() {
                let weights: Vec<f32> = members.iter().map(|&m| shares[m] as f32).collect();
                let members: Vec<u32> = members.iter().map(|&m| m as u32).collect();
                let (members, weights) = (device.put(&members), device.put(&weights));
                let part = Part { members: &members, first, columns: columns_at_once.min(columns - first) };
                ranks::keys(cube, part, radix.units, sorting.keys());
                let sorted = sorting.sort(device, part.of(cube), cube.storage());
                ranks::ranks(device, &sorted, part.of(cube), radix.units);
                ranks::add(cube, part, radix.units, sorted.free, &weights, scale, i == 0, &values);
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

#[cfg(all(test, any(feature = "wgpu", feature = "cuda")))]
#[allow(clippy::unwrap_used, clippy::expect_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use crate::Device;

    #[test]
    fn columns_that_are_sorted_in_parts_give_the_same() {
        let device = match std::env::var("CONSORT_DEVICE") {
            Ok(name) => Device::open(&name),
            Err(_) => Device::open("cuda").or_else(|_| Device::open("wgpu")),
        };
        let device = device.expect("a device: install mesa-vulkan-drivers and libvulkan1").poisoned(0xff);
        let (members, rows, columns) = (4, 1000, 5);
        let numbers: Vec<f32> = (0..members * rows * columns).map(|i| (i * i % 1009) as f32).collect();
        let cube = Cube::of(&device, &numbers, members, rows, columns).unwrap();
        let rule = RankAverage { weights: Some(vec![1.0, 2.0, 0.0, 0.5]), min_max: true };
        let whole = rule.fuse(&cube).unwrap();
        let usual = Radix::of(&device).unwrap();
        // A column at a time, two of the five, a member, two members; and all at once by smaller workgroups.
        for (radix, many) in [(usual, 0), (usual, 2), (usual, 5), (usual, 11), (Radix { units: 64 }, 20)] {
            let parts = rule.fuse_by(&cube, radix, many * radix.keys()).unwrap();
            assert_eq!(whole.matrix().unwrap().values(), parts.matrix().unwrap().values(), "{radix:?}, {many} columns");
        }
    }
}
