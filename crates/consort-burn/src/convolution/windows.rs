//! The columns of images on a card: what each output looks at side by side, and the way back.
//!
//! Pixels are `[images][height][width][channels]`, columns `[place of an output][place of the window][channels]`, so that
//! neighbours in memory are neighbours in both and are read and written as vectors.

// Launching without bounds checks is unsafe; see where these are launched.
#![allow(unsafe_code)]

use burn_cubecl::cubecl;
use cubecl::prelude::*;

use super::geometry::Steps;

/// What is known of a window when a kernel is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Window {
    pub(super) kernel: [usize; 2],
    pub(super) steps: Steps,
}

/// The sizes that a kernel is told, so that other images need no other kernel.
#[derive(CubeType, CubeLaunch)]
pub(super) struct Sizes {
    /// The first image, and how many there are.
    pub(super) first: usize,
    pub(super) images: usize,
    /// Vectors of channels.
    pub(super) channels: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    /// Rows and columns of what comes out.
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// Vectors from one place of an output to the next.
    pub(super) pitch: usize,
}

/// Where a unit works, of units in the order `[image][row][column][channel]`.
#[derive(CubeType)]
struct Spot {
    image: usize,
    row: usize,
    column: usize,
    channel: usize,
}

#[cube]
fn spot(rows: usize, columns: usize, channels: usize) -> Spot {
    let place = ABSOLUTE_POS / channels;
    Spot {
        image: place / columns / rows,
        row: place / columns % rows,
        column: place % columns,
        channel: ABSOLUTE_POS % channels,
    }
}

/// Writes the columns of some images; what lies out of an image is 0. One unit writes all that one place sees of a vector of
/// channels.
#[cube(launch_unchecked, address_type = "dynamic")]
pub(super) fn gather_kernel<F: Float, V: Size>(
    images: &[Vector<F, V>],
    columns: &mut [Vector<F, V>],
    sizes: &Sizes,
    #[comptime] window: Window,
    #[define(F)] _of: ElemType,
) {
    let channels = sizes.channels;
    let spot = spot(sizes.rows, sizes.columns, channels);
    if spot.image < sizes.images {
        let pixels = (sizes.first + spot.image) * sizes.height;
        let mut to = ABSOLUTE_POS / channels * sizes.pitch + spot.channel;
        #[unroll]
        for i in 0..comptime!(window.kernel[0]) {
            #[unroll]
            for j in 0..comptime!(window.kernel[1]) {
                let y = spot.row * comptime!(window.steps.stride[0]) + i;
                let x = spot.column * comptime!(window.steps.stride[1]) + j;
                let above = comptime!(window.steps.padding[0]);
                let left = comptime!(window.steps.padding[1]);
                let mut seen = Vector::<F, V>::new(F::new(0.0));
                if y >= above && y < sizes.height + above && x >= left && x < sizes.width + left {
                    seen = images[((pixels + y - above) * sizes.width + x - left) * channels + spot.channel];
                }
                columns[to] = seen;
                to += channels;
            }
        }
    }
}

/// The way back: each pixel gets the sum of all columns that were taken from it, in 32 bits and in the order of the window.
/// One unit writes one vector of channels.
#[cube(launch_unchecked, address_type = "dynamic")]
pub(super) fn scatter_kernel<F: Float, V: Size>(
    columns: &[Vector<F, V>],
    images: &mut [Vector<F, V>],
    sizes: &Sizes,
    #[comptime] window: Window,
    #[define(F)] _of: ElemType,
) {
    let channels = sizes.channels;
    let spot = spot(sizes.height, sizes.width, channels);
    if spot.image < sizes.images {
        let mut sum = Vector::<f32, V>::new(0.0f32);
        #[unroll]
        for i in 0..comptime!(window.kernel[0]) {
            // The row of the output that meets this pixel at row `i` of the window, if there is one.
            let down = comptime!(window.steps.stride[0]);
            let over = spot.row + comptime!(window.steps.padding[0]);
            let row = (over - i) / down;
            if over >= i && row * down == over - i && row < sizes.rows {
                #[unroll]
                for j in 0..comptime!(window.kernel[1]) {
                    let across = comptime!(window.steps.stride[1]);
                    let beyond = spot.column + comptime!(window.steps.padding[1]);
                    let column = (beyond - j) / across;
                    if beyond >= j && column * across == beyond - j && column < sizes.columns {
                        let place = (spot.image * sizes.rows + row) * sizes.columns + column;
                        let at = comptime!(i * window.kernel[1] + j) * channels;
                        sum += Vector::<f32, V>::cast_from(columns[place * sizes.pitch + at + spot.channel]);
                    }
                }
            }
        }
        images[sizes.first * sizes.height * sizes.width * channels + ABSOLUTE_POS] = Vector::cast_from(sum);
    }
}
