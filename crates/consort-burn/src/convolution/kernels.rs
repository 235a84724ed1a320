use std::cell::Cell;

use rayon::prelude::*;

use super::{
    columns::{gather, scatter},
    geometry::Geometry,
};
use crate::{
    cpu::{View, product, room},
    threads::are_shared,
};

/// Up to so many numbers of columns are made at once, so that they stay in the cache of a core.
const COLUMNS_AT_ONCE: usize = 32_768;
/// Images with fewer places than this are multiplied several at once.
const PLACES_AT_ONCE: usize = 256;

/// How many images are multiplied at once: by their size alone.
fn images_at_once(g: &Geometry) -> usize {
    PLACES_AT_ONCE.div_ceil(g.places().max(1)).clamp(1, g.images.max(1))
}

/// How many rows of an output are multiplied at once, where images are multiplied one by one.
fn rows_at_once(g: &Geometry) -> usize {
    let [rows, columns] = g.out();
    if g.is_plain() { rows } else { (COLUMNS_AT_ONCE / (g.depth() * columns).max(1)).clamp(1, rows.max(1)) }
}

thread_local! {
    /// Room for columns, kept from call to call.
    static ROOM: Cell<[Vec<f32>; 2]> = const { Cell::new([Vec::new(), Vec::new()]) };
}

/// Does work with room for columns and for a product.
fn with_room(work: impl FnOnce(&mut Vec<f32>, &mut Vec<f32>)) {
    let [mut columns, mut product] = ROOM.take();
    work(&mut columns, &mut product);
    ROOM.set([columns, product]);
}

/// Does work for each part of `out`, on all threads unless they are busy with other nets.
fn each_part(out: &mut [f32], size: usize, work: impl Fn(usize, &mut [f32]) + Sync) {
    if are_shared() {
        out.par_chunks_mut(size).enumerate().for_each(|(part, out)| work(part, out));
    } else {
        out.chunks_mut(size).enumerate().for_each(|(part, out)| work(part, out));
    }
}

/// What comes out, `[images][outputs][places]`.
pub(super) fn forward(g: &Geometry, images: &[f32], weights: &[f32], bias: Option<&[f32]>) -> Vec<f32> {
    let (places, depth, pixels) = (g.places(), g.depth(), g.pixels());
    let (together, columns) = (images_at_once(g), g.out()[1]);
    let mut out = vec![0.0; g.images * g.outputs * places];
    each_part(&mut out, together * g.outputs * places, |part, out| {
        let count = out.len() / (g.outputs * places);
        let images = &images[part * together * pixels..][..count * pixels];
        with_room(|own, product_room| {
            if count == 1 {
                for first in (0..g.out()[0]).step_by(rows_at_once(g)) {
                    let rows = first..(first + rows_at_once(g)).min(g.out()[0]);
                    let width = rows.len() * columns;
                    let seen = if g.is_plain() {
                        View::rows(images, places)
                    } else {
                        let own = room(own, depth * width);
                        gather(g, images, rows, own, width);
                        View::rows(own, width)
                    };
                    let out = &mut out[first * columns..];
                    product(out, places, [g.outputs, width, depth], View::rows(weights, depth), seen, false);
                }
            } else {
                let width = count * places;
                let own = gather_all(g, images, room(own, depth * width));
                let said = room(product_room, g.outputs * width);
                let shape = [g.outputs, width, depth];
                product(said, width, shape, View::rows(weights, depth), View::rows(own, width), false);
                for (k, out) in out.chunks_exact_mut(g.outputs * places).enumerate() {
                    for (out, said) in out.chunks_exact_mut(places).zip(said.chunks_exact(width)) {
                        out.copy_from_slice(&said[k * places..(k + 1) * places]);
                    }
                }
            }
        });
        if let Some(bias) = bias {
            for (k, plane) in out.chunks_exact_mut(places).enumerate() {
                let bias = bias[k % g.outputs];
                plane.iter_mut().for_each(|x| *x += bias);
            }
        }
    });
    out
}

/// The gradient of the images, from that of what came out.
pub(super) fn back_images(g: &Geometry, weights: &[f32], gradient: &[f32]) -> Vec<f32> {
    let (places, depth, pixels) = (g.places(), g.depth(), g.pixels());
    let (together, columns) = (images_at_once(g), g.out()[1]);
    let mut out = vec![0.0; g.images * pixels];
    each_part(&mut out, together * pixels, |part, out| {
        let count = out.len() / pixels;
        let gradient = &gradient[part * together * g.outputs * places..][..count * g.outputs * places];
        let turned = View::turned(weights, depth);
        with_room(|own, product_room| {
            if count == 1 && g.is_plain() {
                product(out, places, [depth, places, g.outputs], turned, View::rows(gradient, places), false);
            } else if count == 1 {
                for first in (0..g.out()[0]).step_by(rows_at_once(g)) {
                    let rows = first..(first + rows_at_once(g)).min(g.out()[0]);
                    let width = rows.len() * columns;
                    let own = room(own, depth * width);
                    let given = View::rows(&gradient[first * columns..], places);
                    product(own, width, [depth, width, g.outputs], turned, given, false);
                    scatter(g, own, rows, width, out);
                }
            } else {
                let width = count * places;
                let given = side_by_side(g, gradient, room(product_room, g.outputs * width));
                let own = room(own, depth * width);
                product(own, width, [depth, width, g.outputs], turned, View::rows(given, width), false);
                for (k, image) in out.chunks_exact_mut(pixels).enumerate() {
                    scatter(g, &own[k * places..], 0..g.out()[0], width, image);
                }
            }
        });
    });
    out
}

/// The columns of several images side by side, `[depth][images × places]`.
fn gather_all<'a>(g: &Geometry, images: &[f32], to: &'a mut [f32]) -> &'a [f32] {
    let width = to.len() / g.depth();
    for (k, image) in images.chunks_exact(g.pixels()).enumerate() {
        gather(g, image, 0..g.out()[0], &mut to[k * g.places()..], width);
    }
    to
}

/// Numbers of several images, `[images][outputs][places]`, as `[outputs][images × places]`.
fn side_by_side<'a>(g: &Geometry, of: &[f32], to: &'a mut [f32]) -> &'a [f32] {
    let places = g.places();
    let width = to.len() / g.outputs;
    for (k, image) in of.chunks_exact(g.outputs * places).enumerate() {
        for (to, from) in to.chunks_exact_mut(width).zip(image.chunks_exact(places)) {
            to[k * places..(k + 1) * places].copy_from_slice(from);
        }
    }
    to
}

/// The gradient of the weights. Images are summed in fixed parts, and those in order, so that any number of threads gives
/// the same bits.
pub(super) fn back_weights(g: &Geometry, images: &[f32], gradient: &[f32]) -> Vec<f32> {
    let (places, depth, pixels) = (g.places(), g.depth(), g.pixels());
    let (together, columns) = (images_at_once(g), g.out()[1]);
    let size = g.outputs * depth;
    // Few parts where the weights are many.
    let parts = if size > 65_536 { 2 } else { 8 };
    let blocks = g.images.div_ceil(together);
    let in_part = blocks.div_ceil(parts).max(1);
    let parts = blocks.div_ceil(in_part).max(1);
    let mut sums = vec![0.0; parts * size];
    each_part(&mut sums, size, |part, sum| {
        for block in part * in_part..((part + 1) * in_part).min(blocks) {
            let first = block * together;
            let count = together.min(g.images - first);
            let images = &images[first * pixels..][..count * pixels];
            let gradient = &gradient[first * g.outputs * places..][..count * g.outputs * places];
            with_room(|own, product_room| {
                if count == 1 {
                    for first in (0..g.out()[0]).step_by(rows_at_once(g)) {
                        let rows = first..(first + rows_at_once(g)).min(g.out()[0]);
                        let width = rows.len() * columns;
                        let seen = if g.is_plain() {
                            View::turned(images, places)
                        } else {
                            let own = room(own, depth * width);
                            gather(g, images, rows, own, width);
                            View::turned(own, width)
                        };
                        let given = View::rows(&gradient[first * columns..], places);
                        product(sum, depth, [g.outputs, depth, width], given, seen, true);
                    }
                } else {
                    let width = count * places;
                    let own = gather_all(g, images, room(own, depth * width));
                    let given = side_by_side(g, gradient, room(product_room, g.outputs * width));
                    let seen = View::turned(own, width);
                    product(sum, depth, [g.outputs, depth, width], View::rows(given, width), seen, true);
                }
            });
        }
    });
    let (first, others) = sums.split_at_mut(size);
    for other in others.chunks_exact(size) {
        first.iter_mut().zip(other).for_each(|(sum, x)| *sum += x);
    }
    sums.truncate(size);
    sums
}

/// The gradient of the bias, from `[images][outputs][places]`: the sum over images and places.
pub(super) fn back_bias(gradient: &[f32], outputs: usize, places: usize) -> Vec<f32> {
    let mut sums = vec![0.0f64; outputs];
    for (k, plane) in gradient.chunks_exact(places.max(1)).enumerate() {
        // Eight sums side by side, in a fixed order.
        let mut lanes = [0.0f32; 8];
        let chunks = plane.chunks_exact(8);
        let rest: f32 = chunks.remainder().iter().sum();
        chunks.for_each(|chunk| lanes.iter_mut().zip(chunk).for_each(|(sum, x)| *sum += x));
        sums[k % outputs] += f64::from(lanes.iter().sum::<f32>() + rest);
    }
    sums.into_iter().map(|sum| sum as f32).collect()
}
