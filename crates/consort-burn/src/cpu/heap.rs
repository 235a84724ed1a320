use std::{hint::black_box, sync::Once};

/// Makes the allocator keep the memory that a step of training gives back.
///
/// A step takes some megabytes of activations and gives all of them back at its end. The malloc of glibc returns what is
/// free at the end of a heap to the system as soon as it is twice as much as the largest block that was ever given back,
/// at least 256 KiB, and the next step faults every page in anew: of small nets with batches of 256 rows and more that was
/// 37 % of the time. One block just below 32 MiB, the largest that it learns from, taken and given back untouched, sets
/// the limit to 64 MiB. To other allocators it is a block like any other.
pub(crate) fn keep_heap() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let mut block = Vec::<u8>::new();
        if block.try_reserve_exact((32 << 20) - (64 << 10)).is_ok() {
            drop(black_box(block));
        }
    });
}
