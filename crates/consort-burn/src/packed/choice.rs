use crate::{
    net::{Net, school::Basis},
    network::Precision,
};

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
