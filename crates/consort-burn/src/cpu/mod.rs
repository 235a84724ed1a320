//! What this crate's kernels of the CPU share.

mod heap;
mod product;

use burn::{
    backend::flex::{FlexTensor, Layout},
    tensor::{Bytes, DType, Shape},
};

pub(crate) use heap::keep_heap;
pub(crate) use product::{View, product};

/// Numbers as a tensor of burn's CPU backend.
pub(crate) fn of_shape(values: Vec<f32>, shape: Vec<usize>) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(values), Layout::contiguous(Shape::from(shape)), DType::F32)
}

/// At least so many numbers of room, whatever they hold.
pub(crate) fn room(of: &mut Vec<f32>, count: usize) -> &mut [f32] {
    if of.len() < count {
        of.resize(count, 0.0);
    }
    &mut of[..count]
}
