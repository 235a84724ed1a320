use crate::{
    net::{Net, school::Basis},
    network::Precision,
};

/// Up to this batch one packed program was faster on a CPU than nets one after another: 3 to 4 times at 32 to 128 rows,
/// even at 256, and half as fast at 1024, where the batched activations no longer fit into the cache of a core. See
/// `docs/benchmarks/deep.md`.
const GREATEST_BATCH: usize = 128;

/// Why nets of this recipe cannot be packed, in words; `None` if they can.
pub(crate) fn refusal(net: &Net, basis: &Basis) -> Option<String> {
    let Some(mlp) = net.architecture.as_mlp() else {
        return Some(format!("the architecture `{}`: only MLPs are packed", net.architecture.name()));
    };
    if mlp.batch_norm {
        return Some("batch norm, whose statistics are kept member by member".into());
    }
    if basis.spec.intake.shape().numbers == 0 && basis.spec.intake.shape().levels.is_empty() {
        return Some("rows without features".into());
    }
    if net.early_stop.is_some() {
        return Some("an early stop, which comes to each net at its own time".into());
    }
    if net.clip.is_some() {
        return Some("clipped gradients, whose norm is that of one net".into());
    }
    if net.augment.is_some() {
        return Some("images changed at random".into());
    }
    if net.precision != Precision::Full {
        return Some("a precision of 16 bits".into());
    }
    if net.pretrained.is_some() {
        return Some("weights from a file".into());
    }
    None
}

/// Whether packing was measured to be faster. The answer depends on recipe and device alone, never on how many threads there
/// are: packed and separate nets agree up to rounding, and the number of threads must not change a bit.
///
/// A card has room for all members at once, and what each step costs there is the number of its kernels.
pub(crate) fn is_faster(net: &Net, basis: &Basis) -> bool {
    net.batch <= GREATEST_BATCH || basis.is_on_card()
}
