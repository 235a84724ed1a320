//! The contracts of `consort_core::check`, over each learner.

use consort_burn::{
    architecture::{Mlp, RankOneMlp, TabularResNet},
    ensemble::{
        Adversarial, Bagging, BatchEnsemble, Boosting, FastGeometric, Independent, Joint, McDropout,
        NegativeCorrelation, Packing, Snapshot, SoftBoosting, Soup, WeightAveraging,
    },
    loss::Loss,
    net::Net,
};
use consort_core::{
    Learner, Task,
    check::{self, LearnerCase},
};

/// Small, since the suite fits often: a net goes through rows in turn, so their order counts.
fn case(task: Task) -> LearnerCase {
    LearnerCase { rows: 600, copies: false, row_order: false, seeded: true, ..LearnerCase::new(task) }
}

fn kept(learner: &dyn Learner, task: Task) {
    check::learner(learner, &case(task)).unwrap();
}

fn mlp() -> Net {
    Net { epochs: 6, batch: 32, learning_rate: 0.01, ..Net::new(Mlp { hidden: vec![16], ..Mlp::default() }) }
}

#[test]
fn a_net_keeps_the_contracts() {
    for task in [Task::Binary, Task::Multiclass, Task::Regression] {
        kept(&mlp(), task);
    }
}

#[test]
fn a_net_with_norms_and_dropout_keeps_the_contracts() {
    let resnet = TabularResNet { blocks: 1, width: 16, hidden: 24, dropout: 0.1 };
    kept(&Net { epochs: 5, batch: 32, learning_rate: 0.01, ..Net::new(resnet) }, Task::Multiclass);
}

#[test]
fn every_loss_of_numbers_keeps_the_contracts() {
    for loss in [Loss::Huber { delta: 1.0 }, Loss::Quantile { level: 0.5 }, Loss::Gaussian] {
        kept(&Net { loss: Some(loss), ..mlp() }, Task::Regression);
    }
}

#[test]
fn independent_nets_keep_the_contracts_packed_and_apart() {
    for packing in [Packing::Packed, Packing::Apart] {
        kept(&Independent { nets: vec![mlp()], members: 3, packing }, Task::Multiclass);
    }
    kept(&Independent { nets: vec![mlp()], members: 3, packing: Packing::Auto }, Task::Regression);
}

#[test]
fn bagged_nets_keep_the_contracts() {
    kept(&Bagging { net: mlp(), members: 2, ..Bagging::default() }, Task::Binary);
}

#[test]
fn nets_trained_together_keep_the_contracts() {
    kept(&Joint { net: mlp(), members: 2 }, Task::Multiclass);
    kept(&NegativeCorrelation { net: mlp(), members: 2, lambda: 0.3 }, Task::Regression);
    kept(&SoftBoosting { net: mlp(), members: 2, rate: 1.0 }, Task::Regression);
}

#[test]
fn members_of_one_run_keep_the_contracts() {
    kept(&Snapshot { net: mlp(), members: 3 }, Task::Multiclass);
    kept(&FastGeometric { net: mlp(), members: 2, ..FastGeometric::default() }, Task::Regression);
    kept(&WeightAveraging { net: mlp(), epochs: 2, rate: 0.5 }, Task::Binary);
}

#[test]
fn soups_keep_the_contracts() {
    let net = Net { epochs: 2, ..mlp() };
    kept(&Soup { net, shared: 4, members: 2, ..Soup::default() }, Task::Multiclass);
}

#[test]
fn boosted_nets_keep_the_contracts() {
    kept(&Boosting { net: mlp(), members: 2, rate: 1.0 }, Task::Regression);
    kept(&Boosting { net: Net { epochs: 12, ..mlp() }, members: 3, rate: 2.0 }, Task::Binary);
}

#[test]
fn the_other_ways_keep_the_contracts() {
    kept(&Adversarial { net: mlp(), members: 2, epsilon: 0.01 }, Task::Multiclass);
    let shared = RankOneMlp { hidden: vec![16], members: 2, ..RankOneMlp::default() };
    kept(
        &BatchEnsemble { net: Net { epochs: 8, batch: 32, learning_rate: 0.01, ..Net::new(shared) } },
        Task::Multiclass,
    );
    let dropping = Mlp { hidden: vec![24], dropout: 0.1, ..Mlp::default() };
    kept(
        &McDropout { net: Net { epochs: 6, batch: 32, learning_rate: 0.01, ..Net::new(dropping) }, members: 4 },
        Task::Regression,
    );
}
