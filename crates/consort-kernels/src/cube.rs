use std::ops::Range;

use consort_core::{Gives, Missing, Outputs, Predictions};
use half::{bf16, f16};

use crate::{Device, Error, Result, buffer::Buffer, tile};

/// How the numbers of a cube are kept. Arithmetic is in `f32` always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Storage {
    /// Four bytes.
    F32,
    /// Two bytes, eleven bits of precision.
    F16,
    /// Two bytes, eight bits of precision and the range of `f32`.
    BF16,
}

impl Storage {
    /// Bytes of a number.
    pub fn bytes(self) -> usize {
        match self {
            Storage::F32 => 4,
            Storage::F16 | Storage::BF16 => 2,
        }
    }
}

/// What becomes of a row that a member lacks (its numbers are NaN).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Holes {
    /// There are none, which is not checked. A NaN makes its place NaN in means and pools, and the row too where rows are
    /// scaled; the other kernels take it for some number or pass over it. [`Cube::first_not_finite`] finds one.
    #[default]
    None,
    /// The member is left out of that row, and the weights of the others are scaled up. A row that all lack is NaN.
    LeaveOut,
    /// The fused row is NaN too.
    Spread,
}

/// Predictions in the memory of a device: `[member][row][column]`.
///
/// ```no_run
/// use consort_kernels::{Cube, Device, WeightedMean};
/// let device = Device::open("auto")?;
/// // Two members, three rows, two classes.
/// let cube = Cube::of(&device, &[0.9, 0.1, 0.4, 0.6, 0.5, 0.5, 0.7, 0.3, 0.2, 0.8, 0.5, 0.5], 2, 3, 2)?;
/// let fused = WeightedMean::default().fuse(&cube)?;
/// assert_eq!(fused.labels()?, [0, 1, 0]);
/// # Ok::<(), consort_kernels::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Cube {
    device: Device,
    numbers: Buffer<u8>,
    storage: Storage,
    shape: [usize; 3],
    holes: Holes,
}

impl Cube {
    /// A cube of single-precision numbers.
    ///
    /// # Errors
    /// [`Error::Length`] or [`Error::Unsupported`] for a shape that the numbers do not have or a kernel cannot count.
    pub fn of(device: &Device, numbers: &[f32], members: usize, rows: usize, columns: usize) -> Result<Self> {
        check_length(numbers.len(), countable([members, rows, columns])?)?;
        let buffer = device.put(numbers);
        Self::of_handle(device, buffer.handle().clone(), Storage::F32, [members, rows, columns])
    }

    /// A cube kept in half precision.
    ///
    /// # Errors
    /// As [`Cube::of`]; [`Error::Unsupported`] too if the device has no such numbers.
    pub fn of_half(device: &Device, numbers: &[f16], members: usize, rows: usize, columns: usize) -> Result<Self> {
        check_length(numbers.len(), countable([members, rows, columns])?)?;
        let buffer = device.put(numbers);
        Self::of_handle(device, buffer.handle().clone(), Storage::F16, [members, rows, columns])
    }

    /// A cube kept in brain floats.
    ///
    /// # Errors
    /// As [`Cube::of_half`].
    pub fn of_brain(device: &Device, numbers: &[bf16], members: usize, rows: usize, columns: usize) -> Result<Self> {
        check_length(numbers.len(), countable([members, rows, columns])?)?;
        let buffer = device.put(numbers);
        Self::of_handle(device, buffer.handle().clone(), Storage::BF16, [members, rows, columns])
    }

    /// Numbers that are on the device already, contiguous, `[member][row][column]`; nothing is copied.
    ///
    /// # Errors
    /// [`Error::Length`] if the buffer is of another size, [`Error::Unsupported`] if a kernel cannot count so many.
    pub fn of_handle(
        device: &Device,
        handle: cubecl::server::Handle,
        storage: Storage,
        shape: [usize; 3],
    ) -> Result<Self> {
        let len = countable(shape)?;
        check_length((handle.size_in_used() as usize) / storage.bytes(), len)?;
        if storage != Storage::F32 && !supports(device, storage) {
            return Err(Error::Unsupported {
                what: format!("{storage:?} on {}", device.name()),
                hint: "the device has no such numbers: keep the cube in f32",
            });
        }
        let bytes = len * storage.bytes();
        Ok(Self { device: device.clone(), numbers: Buffer::new(handle, bytes), storage, shape, holes: Holes::None })
    }

    /// The predictions of all members of some rows, logits made into probabilities.
    ///
    /// # Errors
    /// As [`Cube::of`]; [`Error::Unsupported`] for scores, which have no scale to fuse on.
    pub fn of_predictions(device: &Device, predictions: &Predictions, rows: Range<usize>) -> Result<Self> {
        Self::gathered(device, predictions, rows, false)
    }

    /// The same for a rule that may want logits of classes as they are.
    pub(crate) fn gathered(
        device: &Device,
        predictions: &Predictions,
        rows: Range<usize>,
        keeps_logits: bool,
    ) -> Result<Self> {
        let (members, columns) = (predictions.members().len(), predictions.columns());
        let mut numbers = Vec::with_capacity(members * rows.len() * columns);
        for (m, member) in predictions.members().iter().enumerate() {
            let part = predictions.member_rows(m, rows.clone());
            match (member.gives, predictions.outputs()) {
                (Gives::Scores, _) => {
                    return Err(Error::Unsupported {
                        what: format!("the scores of member `{}`", member.name),
                        hint: "scores of two members have no common scale: calibrate them first",
                    });
                }
                (Gives::Logits, Outputs::Classes(_)) if keeps_logits => numbers.extend_from_slice(part),
                (Gives::Logits, Outputs::Classes(_)) => {
                    part.chunks_exact(columns).for_each(|row| softmax(row, &mut numbers));
                }
                (Gives::Logits, _) => numbers.extend(part.iter().map(|x| 1.0 / (1.0 + (-x).exp()))),
                _ => numbers.extend_from_slice(part),
            }
        }
        let holes = match predictions.missing() {
            _ if !predictions.has_missing() => Holes::None,
            Missing::Available => Holes::LeaveOut,
            _ => Holes::Spread,
        };
        let handle = device.take(numbers).handle().clone();
        Ok(Self::of_handle(device, handle, Storage::F32, [members, rows.len(), columns])?.with_holes(holes))
    }

    /// The same cube, with rows that members lack.
    pub fn with_holes(mut self, holes: Holes) -> Self {
        self.holes = holes;
        self
    }

    /// How many members.
    pub fn members(&self) -> usize {
        self.shape[0]
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.shape[1]
    }

    /// How many columns: classes, labels or targets.
    pub fn columns(&self) -> usize {
        self.shape[2]
    }

    /// How the numbers are kept.
    pub fn storage(&self) -> Storage {
        self.storage
    }

    /// What becomes of rows that members lack.
    pub fn holes(&self) -> Holes {
        self.holes
    }

    /// The device it is on.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Bytes of all numbers: what a kernel must read.
    pub fn bytes(&self) -> usize {
        self.numbers.len()
    }

    pub(crate) fn handle(&self) -> &cubecl::server::Handle {
        self.numbers.handle()
    }

    /// The numbers, so many at a time, as an argument of a kernel.
    pub(crate) fn arg(&self, width: usize) -> cubecl::prelude::BufferArg {
        Buffer::<u8>::new(self.numbers.handle().clone(), self.numbers.len() / self.storage.bytes()).wide(width)
    }

    /// How many numbers a kernel can read at a time: members must start where vectors do.
    pub(crate) fn width(&self) -> usize {
        let member = self.rows() * self.columns();
        [4, 2].into_iter().find(|width| member.is_multiple_of(*width)).unwrap_or(1)
    }

    /// Refuses rows that members lack, for kernels that cannot leave them out.
    pub(crate) fn refuse_leaving_out(&self, by: &'static str) -> Result<()> {
        if self.holes == Holes::LeaveOut {
            return Err(Error::Unsupported {
                what: format!("rows that some members lack, by the kernel `{by}`"),
                hint: "use the rule on the CPU, or `Holes::Spread`",
            });
        }
        Ok(())
    }
}

/// How many numbers a cube of this shape has.
///
/// # Errors
/// [`Error::Parameter`] for none; [`Error::Unsupported`] for more than kernels can count, who count in 32 bits: the places of all
/// numbers and of those that the last workgroups stand for, and of six numbers a row.
pub(crate) fn countable(shape: [usize; 3]) -> Result<usize> {
    if shape.contains(&0) {
        return Err(Error::parameter("the shape of the cube", format!("{shape:?}"), "at least 1 each"));
    }
    let [members, rows, columns] = shape;
    let numbers = members.checked_mul(rows).and_then(|all| all.checked_mul(columns));
    let numbers = numbers.filter(|&all| u32::try_from(all).is_ok_and(|all| all <= u32::MAX - tile::BEYOND));
    let rows_fit = rows.checked_mul(6).is_some_and(|all| u32::try_from(all).is_ok());
    match numbers {
        Some(numbers) if rows_fit => Ok(numbers),
        _ => Err(Error::Unsupported {
            what: format!("a cube of {members} × {rows} × {columns} numbers"),
            hint: "kernels count to 4,160,749,567 numbers and 715,827,882 rows: fuse rows in parts (`stream`)",
        }),
    }
}

fn check_length(got: usize, expected: usize) -> Result<()> {
    if got == expected {
        return Ok(());
    }
    Err(Error::Length { what: "the cube", got, expected, unit: "numbers" })
}

fn supports(device: &Device, storage: Storage) -> bool {
    use cubecl::ir::{ElemType, FloatKind};
    let kind = match storage {
        Storage::F32 => FloatKind::F32,
        Storage::F16 => FloatKind::F16,
        Storage::BF16 => FloatKind::BF16,
    };
    !device.client().properties().type_usage(ElemType::Float(kind)).is_empty()
}

fn softmax(row: &[f32], out: &mut Vec<f32>) {
    let top = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = row.iter().map(|x| f64::from(x - top).exp()).sum();
    out.extend(row.iter().map(|x| (f64::from(x - top).exp() / sum) as f32));
}

/// Launches a kernel that is generic over the kind of number that a cube keeps.
macro_rules! by_storage {
    ($storage:expr, $F:ident => $launch:expr) => {
        match $storage {
            $crate::Storage::F32 => {
                type $F = f32;
                $launch
            }
            $crate::Storage::F16 => {
                type $F = half::f16;
                $launch
            }
            $crate::Storage::BF16 => {
                type $F = half::bf16;
                $launch
            }
        }
    };
}
pub(crate) use by_storage;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn shapes_beyond_what_kernels_count_are_refused() {
        let most = (u32::MAX - tile::BEYOND) as usize;
        assert_eq!(countable([1, most / 8, 8]).unwrap(), most / 8 * 8);
        assert_eq!(countable([most, 1, 1]).unwrap(), most);
        let rows = u32::MAX as usize / 6;
        assert_eq!(countable([5, rows, 1]).unwrap(), 5 * rows);
        for shape in [[1, 1 << 29, 8], [1, rows + 1, 1], [most + 1, 1, 1], [128, 10_000_000, 10], [usize::MAX, 2, 1]] {
            let error = countable(shape).unwrap_err();
            assert!(matches!(error, Error::Unsupported { .. }), "{error}");
            assert!(
                error.to_string().contains(&format!("{} × {} × {} numbers", shape[0], shape[1], shape[2])),
                "{error}"
            );
        }
        assert!(matches!(countable([usize::MAX, usize::MAX, 0]), Err(Error::Parameter { .. })));
        assert!(matches!(countable([1, usize::MAX, usize::MAX]), Err(Error::Unsupported { .. })));
    }
}
