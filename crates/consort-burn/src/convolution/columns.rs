use std::ops::Range;

use super::geometry::Geometry;

/// What one place of the kernel meets of the rows of an image: the same places of every row.
struct Met {
    /// The places of a row of the output that look into the image.
    places: Range<usize>,
    /// Where the first of them looks, in a row of the image.
    from: usize,
}

/// What the column `j` of the kernel meets, in an output so many columns wide.
fn met(geometry: &Geometry, columns: usize, j: usize) -> Met {
    let (across, left) = (geometry.stride[1], geometry.padding[1]);
    let first = left.saturating_sub(j).div_ceil(across).min(columns);
    // The last place looks at `last · across + j − left < width`.
    let end = (geometry.width + left).saturating_sub(j).div_ceil(across).clamp(first, columns);
    Met { places: first..end, from: (first * across + j).saturating_sub(left) }
}

/// Where the row of the image begins that row `row` of an output looks at, at the kernel's row `i`; none out of the image.
fn start(geometry: &Geometry, row: usize, i: usize) -> Option<usize> {
    let y = (row * geometry.stride[0] + i).checked_sub(geometry.padding[0])?;
    (y < geometry.height).then_some(y * geometry.width)
}

/// Writes the columns of some rows of one image's output: `[depth][rows × columns]`, rows of `out` being `stride` numbers
/// apart; what lies out of the image is 0.
pub(super) fn gather(geometry: &Geometry, image: &[f32], rows: Range<usize>, out: &mut [f32], stride: usize) {
    let (columns, across) = (geometry.out()[1], geometry.stride[1]);
    let plane = geometry.height * geometry.width;
    let mut at = 0;
    for channel in image.chunks_exact(plane) {
        for i in 0..geometry.kernel[0] {
            for j in 0..geometry.kernel[1] {
                let Met { places, from } = met(geometry, columns, j);
                for (row, out) in rows.clone().zip(out[at..].chunks_exact_mut(columns)) {
                    let Some(start) = start(geometry, row, i).filter(|_| !places.is_empty()) else {
                        out.fill(0.0);
                        continue;
                    };
                    out[..places.start].fill(0.0);
                    out[places.end..].fill(0.0);
                    let out = &mut out[places.clone()];
                    let seen = &channel[start + from..];
                    if across == 1 {
                        out.copy_from_slice(&seen[..out.len()]);
                    } else {
                        out.iter_mut().zip(seen.iter().step_by(across)).for_each(|(to, &x)| *to = x);
                    }
                }
                at += stride;
            }
        }
    }
}

/// The way back: adds columns to the places of the image that they were taken from.
pub(super) fn scatter(geometry: &Geometry, given: &[f32], rows: Range<usize>, stride: usize, image: &mut [f32]) {
    let (columns, across) = (geometry.out()[1], geometry.stride[1]);
    let plane = geometry.height * geometry.width;
    let mut at = 0;
    for channel in image.chunks_exact_mut(plane) {
        for i in 0..geometry.kernel[0] {
            for j in 0..geometry.kernel[1] {
                let Met { places, from } = met(geometry, columns, j);
                for (row, given) in rows.clone().zip(given[at..].chunks_exact(columns)) {
                    let Some(start) = start(geometry, row, i).filter(|_| !places.is_empty()) else { continue };
                    let given = &given[places.clone()];
                    let seen = &mut channel[start + from..];
                    if across == 1 {
                        seen.iter_mut().zip(given).for_each(|(to, x)| *to += x);
                    } else {
                        seen.iter_mut().step_by(across).zip(given).for_each(|(to, x)| *to += x);
                    }
                }
                at += stride;
            }
        }
    }
}
