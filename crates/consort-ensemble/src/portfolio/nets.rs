use consort_burn::{
    Augment,
    architecture::{Depth, LeNet5, Mlp, ResNet, Stem, TabularResNet},
    ensemble::{Independent, Packing},
    net::Net,
    optimizer::Optimizer,
    schedule::Schedule,
};
use consort_core::Dataset;

/// How many nets a member is: one alone depends much on its first weights.
const NETS: usize = 4;
/// How many nets for pictures.
const PICTURE_NETS: usize = 5;

/// Nets for so many rows: few rows ask for many epochs and small batches. The rate falls to 0, so that the last epoch is
/// the best without rows to choose it on.
pub(super) fn usual(data: &Dataset) -> Independent {
    let net = Net::new(Mlp { hidden: vec![128, 64], dropout: 0.1, ..Mlp::default() });
    Independent { nets: vec![for_table(net, data)], members: NETS, packing: Packing::Auto }
}

/// The same of residual nets.
pub(super) fn residual(data: &Dataset) -> Independent {
    let net = for_table(Net::new(TabularResNet::default()), data);
    Independent { nets: vec![net], members: NETS, packing: Packing::Auto }
}

fn for_table(net: Net, data: &Dataset) -> Net {
    let (epochs, batch) = match data.rows() {
        0..2_000 => (60, 32),
        2_000..20_000 => (30, 64),
        20_000..200_000 => (15, 128),
        _ => (8, 256),
    };
    calm(Net { epochs, batch, learning_rate: 2e-3, optimizer: Optimizer::AdamW { weight_decay: 1e-2 }, ..net })
}

/// Small convolutional nets for pictures.
pub(super) fn lenet(data: &Dataset) -> Independent {
    let (epochs, batch) = for_pictures(data);
    let optimizer = Optimizer::Adam { weight_decay: 5e-4 };
    let net = calm(Net { epochs, batch, learning_rate: 1e-3, optimizer, ..Net::new(LeNet5::default()) });
    Independent { nets: vec![net], members: PICTURE_NETS, packing: Packing::Auto }
}

/// A residual net for pictures: those of at most 64 pixels have a stem of their own.
pub(super) fn resnet(data: &Dataset, depth: Depth) -> Net {
    let (epochs, _) = for_pictures(data);
    let is_small = data.row_shape().is_some_and(|shape| shape.iter().skip(1).all(|&side| side <= 64));
    let stem = if is_small { Stem::Small } else { Stem::Large };
    let optimizer = Optimizer::Sgd { momentum: 0.9, weight_decay: 5e-4 };
    let augment = Some(Augment { flip: false, shift: 2 });
    let net = Net::new(ResNet { depth, stem, ..ResNet::default() });
    calm(Net { epochs, batch: 64, learning_rate: 0.05, optimizer, augment, ..net })
}

fn for_pictures(data: &Dataset) -> (usize, usize) {
    match data.rows() {
        0..2_000 => (30, 32),
        2_000..20_000 => (15, 64),
        _ => (8, 128),
    }
}

/// With a rate that rises first and falls to 0.
fn calm(net: Net) -> Net {
    Net { schedule: Schedule::Cosine { least: 0.0 }, warm_up: 1.0, ..net }
}

/// Whether rows are pictures.
pub(super) fn are_pictures(data: &Dataset) -> bool {
    data.row_shape().is_some_and(|shape| shape.len() == 3)
}
