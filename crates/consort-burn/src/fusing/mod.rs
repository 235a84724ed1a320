//! Predictions that are tensors, fused on the device where they are.

mod fuse;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
mod on_card;

pub use fuse::fuse;

/// What a net is called where something is wrong with its numbers; names are in the order of the nets.
fn name_of(member: usize) -> String {
    format!("net {member:05}")
}
