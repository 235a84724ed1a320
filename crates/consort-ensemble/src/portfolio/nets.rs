use consort_burn::{
    architecture::Mlp,
    ensemble::{Independent, Packing},
    net::Net,
    optimizer::Optimizer,
    schedule::Schedule,
};
use consort_core::Dataset;

/// How many nets a member is: one alone depends much on its first weights.
const NETS: usize = 4;

/// Nets for so many rows: few rows ask for many epochs and small batches. The rate falls to 0, so that the last epoch is
/// the best without rows to choose it on.
pub(super) fn usual(data: &Dataset) -> Independent {
    let (epochs, batch) = match data.rows() {
        0..2_000 => (60, 32),
        2_000..20_000 => (30, 64),
        20_000..200_000 => (15, 128),
        _ => (8, 256),
    };
    let net = Net {
        epochs,
        batch,
        learning_rate: 2e-3,
        optimizer: Optimizer::AdamW { weight_decay: 1e-2 },
        schedule: Schedule::Cosine { least: 0.0 },
        warm_up: 1.0,
        ..Net::new(Mlp { hidden: vec![128, 64], dropout: 0.1, ..Mlp::default() })
    };
    Independent { nets: vec![net], members: NETS, packing: Packing::Auto }
}
