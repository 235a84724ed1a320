//! Convolutions on a card, by columns and matrix products.
//!
//! burn 0.22 convolves by its plainest kernel unless it is built to try out several (its feature `autotune`), which takes
//! minutes in each program. Columns are written once and read once for each convolution, `kernel area` times the bytes of
//! the images, and then the product has tensor cores.

// Launching without bounds checks is unsafe; see below.
#![allow(unsafe_code)]

use std::ops::Range;

use burn::{
    backend::{TensorMetadata, cubecl::dtype_to_storage_type, ops::FloatTensorOps},
    tensor::{Shape, Slice},
};
use burn_cubecl::{
    CubeBackend, cubecl,
    kernel::into_contiguous,
    ops::numeric::{empty_device_contiguous_dtype, empty_device_dtype},
    tensor::CubeTensor,
};
use cubecl::{
    calculate_cube_count_elemwise,
    ir::AddressType,
    prelude::{CubeCount, CubeDim},
};

use super::{
    geometry::{Geometry, Steps},
    ops::ConvolutionOps,
    windows::{SizesLaunch, Window, gather_kernel, scatter_kernel},
};

/// Up to so many numbers of columns are made at once: 128 MiB of 32-bit ones, which all cards take as one buffer.
const COLUMNS_AT_ONCE: usize = 1 << 25;
/// The gradient of the weights is a product of few rows and columns over all places: it is cut into up to so many products
/// of no fewer places, which are then added, so that all of the card has work.
const MOST_PIECES: usize = 64;
const PLACES_OF_A_PIECE: usize = 1024;

/// The sizes of a convolution on a card.
struct Plan {
    of: Geometry,
    window: Window,
    /// How many channels are read as one.
    vector: usize,
}

impl Plan {
    fn new(images: &CubeTensor, weights: &CubeTensor, steps: Steps) -> Self {
        Self::of(images.shape().dims(), weights.shape().dims(), steps)
    }

    fn of(images: [usize; 4], weights: [usize; 4], steps: Steps) -> Self {
        let of = Geometry::new(images, weights, steps);
        let vector = [4, 2, 1].into_iter().find(|&width| of.channels.is_multiple_of(width)).unwrap_or(1);
        Self { window: Window { kernel: of.kernel, steps }, of, vector }
    }

    /// The images, some at a time.
    fn parts(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let step = (COLUMNS_AT_ONCE / (self.of.places() * self.of.depth()).max(1)).max(1);
        let images = self.of.images;
        (0..images).step_by(step).map(move |first| first..(first + step).min(images))
    }

    /// Into how many products over so many images a gradient of the weights is cut.
    fn pieces(&self, images: usize) -> usize {
        let is_long = |pieces: &usize| images / pieces * self.of.places() >= PLACES_OF_A_PIECE;
        let divides = |pieces: &usize| images.is_multiple_of(*pieces);
        (1..=images.min(MOST_PIECES)).rev().filter(divides).find(is_long).unwrap_or(1)
    }

    fn sizes(&self, part: &Range<usize>, pitch: usize) -> SizesLaunch {
        let [rows, columns] = self.of.out();
        let channels = self.of.channels / self.vector;
        SizesLaunch::new(
            part.start,
            part.len(),
            channels,
            self.of.height,
            self.of.width,
            rows,
            columns,
            pitch / self.vector,
        )
    }

    /// A unit for each vector of so many numbers, and how wide the addresses of both tensors are.
    fn grid(&self, numbers: usize, images: &CubeTensor, columns: &CubeTensor) -> (CubeCount, CubeDim, AddressType) {
        let units = numbers / self.vector;
        let dim = CubeDim::new(&images.client, units);
        let address = images.required_address_type().max(columns.required_address_type());
        (calculate_cube_count_elemwise(&images.client, units, dim), dim, address)
    }

    /// The columns of some images, `[places of all][depth]`.
    fn columns(&self, images: &CubeTensor, part: &Range<usize>) -> CubeTensor {
        let places = part.len() * self.of.places();
        if self.of.is_plain() {
            return rows(images.clone(), self.of.channels, part.start * self.of.places()..part.end * self.of.places());
        }
        let shape = Shape::from(vec![places, self.of.depth()]);
        let columns = empty_device_dtype(images.client.clone(), images.device.clone(), shape, images.dtype);
        let (count, dim, address) = self.grid(places * self.of.channels, images, &columns);
        // SAFETY: a unit reads a pixel only after it has found it within its image, and images and parts of them are below
        // their count. It writes within the row of its place, which is `pitch` vectors long and in which the window has
        // room; places are below those of the part. Units beyond the last do nothing. Pixels are contiguous.
        unsafe {
            gather_kernel::launch_unchecked(
                &images.client,
                count,
                dim,
                address,
                self.vector,
                images.clone().into_buffer_arg(),
                columns.clone().into_buffer_arg(),
                self.sizes(part, columns.meta.strides()[0]),
                self.window,
                dtype_to_storage_type(images.dtype),
            );
        }
        columns
    }

    /// Adds columns to the pixels of some images that they were taken from.
    fn scatter(&self, columns: CubeTensor, part: &Range<usize>, images: &CubeTensor) {
        let (count, dim, address) = self.grid(part.len() * self.of.pixels(), images, &columns);
        let pitch = columns.meta.strides()[0];
        // SAFETY: a unit writes its own place of the images of this part, which are contiguous, and reads columns of places
        // that it has found below the rows and columns of their output. Units beyond the last do nothing.
        unsafe {
            scatter_kernel::launch_unchecked(
                &images.client,
                count,
                dim,
                address,
                self.vector,
                columns.into_buffer_arg(),
                images.clone().into_buffer_arg(),
                self.sizes(part, pitch),
                self.window,
                dtype_to_storage_type(images.dtype),
            );
        }
    }

    /// The weights as a matrix, `[outputs][depth]`.
    fn matrix(&self, weights: CubeTensor) -> CubeTensor {
        let shape = Shape::from(vec![self.of.outputs, self.of.depth()]);
        CubeBackend::float_reshape(CubeBackend::float_permute(weights, &[0, 2, 3, 1]), shape)
    }
}

/// `[images][channels][height][width]` as `[images][height][width][channels]` in memory.
fn by_pixels(images: CubeTensor) -> CubeTensor {
    into_contiguous(CubeBackend::float_permute(images, &[0, 2, 3, 1]))
}

/// Some rows of what is contiguous, as a matrix so wide.
fn rows(of: CubeTensor, width: usize, rows: Range<usize>) -> CubeTensor {
    let all = of.shape().num_elements() / width.max(1);
    let matrix = CubeBackend::float_reshape(of, Shape::from(vec![all, width]));
    if rows == (0..all) {
        return matrix;
    }
    CubeBackend::float_slice(matrix, &[Slice::from(rows), Slice::from(0..width)])
}

impl ConvolutionOps for CubeBackend {
    fn convolution(images: CubeTensor, weights: CubeTensor, steps: Steps) -> CubeTensor {
        let plan = Plan::new(&images, &weights, steps);
        let weights = Self::float_swap_dims(plan.matrix(weights), 0, 1);
        let images = by_pixels(images);
        let product = |part| Self::float_matmul(plan.columns(&images, &part), weights.clone());
        let mut parts: Vec<CubeTensor> = plan.parts().map(product).collect();
        let out = if parts.len() == 1 { parts.remove(0) } else { Self::float_cat(parts, 0) };
        let [rows, columns] = plan.of.out();
        let shape = Shape::from(vec![plan.of.images, rows, columns, plan.of.outputs]);
        Self::float_permute(Self::float_reshape(out, shape), &[0, 3, 1, 2])
    }

    fn biased_convolution(images: CubeTensor, weights: CubeTensor, bias: CubeTensor, steps: Steps) -> CubeTensor {
        let outputs = bias.shape().num_elements();
        let bias = Self::float_reshape(bias, Shape::from(vec![1, outputs, 1, 1]));
        Self::float_add(Self::convolution(images, weights, steps), bias)
    }

    fn convolution_back_images(
        images: CubeTensor,
        weights: CubeTensor,
        gradient: CubeTensor,
        steps: Steps,
    ) -> CubeTensor {
        let plan = Plan::new(&images, &weights, steps);
        let Geometry { images: count, channels, height, width, outputs, .. } = plan.of;
        let (places, weights, gradient) = (plan.of.places(), plan.matrix(weights), by_pixels(gradient));
        let back = |part: &Range<usize>| {
            let gradient = rows(gradient.clone(), outputs, part.start * places..part.end * places);
            Self::float_matmul(gradient, weights.clone())
        };
        let shape = Shape::from(vec![count, height, width, channels]);
        let out = if plan.of.is_plain() {
            Self::float_reshape(back(&(0..count)), shape)
        } else {
            let (client, device) = (images.client.clone(), images.device.clone());
            let out = empty_device_contiguous_dtype(client, device, shape, images.dtype);
            for part in plan.parts() {
                plan.scatter(back(&part), &part, &out);
            }
            out
        };
        Self::float_permute(out, &[0, 3, 1, 2])
    }

    fn convolution_back_weights(
        images: CubeTensor,
        weights: CubeTensor,
        gradient: CubeTensor,
        steps: Steps,
    ) -> CubeTensor {
        let plan = Plan::new(&images, &weights, steps);
        let Geometry { channels, outputs, kernel: [down, across], .. } = plan.of;
        let (places, depth) = (plan.of.places(), plan.of.depth());
        let (images, gradient) = (by_pixels(images), by_pixels(gradient));
        let product = |part: Range<usize>| {
            let pieces = plan.pieces(part.len());
            let cut = |of: CubeTensor, width: usize| {
                Self::float_reshape(of, Shape::from(vec![pieces, part.len() / pieces * places, width]))
            };
            let gradient = rows(gradient.clone(), outputs, part.start * places..part.end * places);
            let gradient = Self::float_swap_dims(cut(gradient, outputs), 1, 2);
            let products = Self::float_matmul(gradient, cut(plan.columns(&images, &part), depth));
            if pieces == 1 { products } else { Self::float_sum_dim(products, 0) }
        };
        let sum = plan.parts().map(product).reduce(Self::float_add);
        let shape = Shape::from(vec![outputs, down, across, channels]);
        match sum {
            Some(sum) => Self::float_permute(Self::float_reshape(sum, shape), &[0, 3, 1, 2]),
            None => Self::float_zeros(weights.shape(), &weights.device(), weights.dtype.into()),
        }
    }

    fn convolution_back_bias(gradient: CubeTensor) -> CubeTensor {
        let [_, outputs, _, _] = gradient.shape().dims();
        let gradient = by_pixels(gradient);
        let all = gradient.shape().num_elements() / outputs.max(1);
        let sum = Self::float_sum_dim(rows(gradient, outputs, 0..all), 0);
        Self::float_reshape(sum, Shape::from(vec![outputs]))
    }
}
