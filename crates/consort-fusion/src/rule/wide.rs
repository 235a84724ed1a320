use pulp::{Arch, NullaryFnOnce};

/// Does the work with the widest vectors that the machine has, chosen at run time.
///
/// The work must be a type whose `call` is `#[inline(always)]`, and so must be what it calls; a closure is compiled
/// for the plain machine. Only the number of places worked on at once differs, never the order of a sum, and no
/// product and sum are fused into one rounding: all machines give the same bits.
#[allow(unsafe_code)]
pub(super) fn wide<W: NullaryFnOnce>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
        fn of_512_bits<W: NullaryFnOnce>(work: W) -> W::Output {
            work.call()
        }
        if is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
        {
            // SAFETY: the machine has just said that it has these instructions.
            return unsafe { of_512_bits(work) };
        }
    }
    Arch::new().dispatch(work)
}
