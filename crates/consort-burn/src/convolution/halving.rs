use rayon::prelude::*;

use crate::threads::are_shared;

/// Planes of `height × width`, each halved along both axes: the greatest of 2 × 2 numbers, or 0 if that is greater. A last
/// odd row or column is left out.
pub(super) fn forward(planes: &[f32], [height, width]: [usize; 2]) -> Vec<f32> {
    let (rows, columns) = (height / 2, width / 2);
    let (plane, half) = (height * width, rows * columns);
    let mut out = vec![0.0; planes.len() / plane * half];
    let work = |(planes, out): (&[f32], &mut [f32])| {
        for (plane, out) in planes.chunks_exact(plane).zip(out.chunks_exact_mut(half)) {
            for (pair, out) in plane.chunks_exact(2 * width).zip(out.chunks_exact_mut(columns)) {
                let (upper, lower) = pair.split_at(width);
                for ((to, a), b) in out.iter_mut().zip(upper.chunks_exact(2)).zip(lower.chunks_exact(2)) {
                    // `max` alone would hide what is not a number from the loss.
                    let sum = (a[0] + a[1]) + (b[0] + b[1]);
                    *to = a[0].max(a[1]).max(b[0].max(b[1])).max(0.0) + 0.0 * sum;
                }
            }
        }
    };
    if are_shared() {
        planes.par_chunks(64 * plane).zip(out.par_chunks_mut(64 * half)).for_each(work);
    } else {
        work((planes, &mut out));
    }
    out
}

/// The gradient of the planes: that of each number that came out goes to the first of the greatest four, if it is above 0.
pub(super) fn backward(planes: &[f32], [height, width]: [usize; 2], gradient: &[f32]) -> Vec<f32> {
    let (rows, columns) = (height / 2, width / 2);
    let (plane, half) = (height * width, rows * columns);
    let mut out = vec![0.0; planes.len()];
    let work = |((planes, gradient), out): ((&[f32], &[f32]), &mut [f32])| {
        let images = planes.chunks_exact(plane).zip(gradient.chunks_exact(half)).zip(out.chunks_exact_mut(plane));
        for ((plane, gradient), out) in images {
            let pairs = plane.chunks_exact(2 * width).zip(out.chunks_exact_mut(2 * width));
            for ((pair, out), gradient) in pairs.zip(gradient.chunks_exact(columns)) {
                let ((upper, lower), (over, under)) = (pair.split_at(width), out.split_at_mut(width));
                let seen = upper.chunks_exact(2).zip(lower.chunks_exact(2));
                let given = over.chunks_exact_mut(2).zip(under.chunks_exact_mut(2)).zip(gradient);
                for ((a, b), ((over, under), &given)) in seen.zip(given) {
                    let greatest = a[0].max(a[1]).max(b[0].max(b[1]));
                    let given = if greatest > 0.0 { given } else { 0.0 };
                    // No branches: which of the four is greatest cannot be foretold.
                    let is = [a[0], a[1], b[0], b[1]].map(|x| x == greatest);
                    let first = [is[0], !is[0] & is[1], !(is[0] | is[1]) & is[2], !(is[0] | is[1] | is[2]) & is[3]];
                    let gives = first.map(|first| if first { given } else { 0.0 });
                    (over[0], over[1], under[0], under[1]) = (gives[0], gives[1], gives[2], gives[3]);
                }
            }
        }
    };
    if are_shared() {
        let parts = planes.par_chunks(64 * plane).zip(gradient.par_chunks(64 * half));
        parts.zip(out.par_chunks_mut(64 * plane)).for_each(work);
    } else {
        work(((planes, gradient), &mut out));
    }
    out
}
