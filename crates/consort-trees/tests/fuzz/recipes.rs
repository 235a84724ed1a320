//! One recipe of each kind of learner, its parameters drawn.

use std::{collections::BTreeMap, sync::Arc};

use consort_core::{Features, Learner, Seed, Stream, Target};
use consort_trees::{
    adaboost::{AdaBoost, R2Loss},
    bins::BinParams,
    boosting::{EarlyStopping, GradientBoosting, RowSampling, loss},
    decision_tree::{ClassWeights, Criterion, DecisionTree, Resolution, Shape, SplitFeatures},
    forest::{Cuts, Draw, RandomForest},
    grow::{Growth, Monotone},
};

use crate::tables::Table;

pub(crate) const KINDS: [&str; 5] = ["tree", "forest", "extra trees", "adaboost", "boosting"];

pub(crate) fn drawn(seed: Seed, table: &Table) -> Vec<(&'static str, Arc<dyn Learner>)> {
    let target = table.data.target().unwrap();
    let stream = &mut seed.stream();
    let tree = tree(stream, target);
    let extra = RandomForest { cuts: Cuts::Random, criterion: None, ..forest(stream, target) };
    let learners: [Arc<dyn Learner>; 5] = [
        Arc::new(tree),
        Arc::new(forest(stream, target)),
        Arc::new(extra),
        Arc::new(adaboost(stream, target)),
        Arc::new(boosting(stream, target, table)),
    ];
    KINDS.into_iter().zip(learners).collect()
}

fn pick<T: Clone>(stream: &mut Stream, of: &[T]) -> T {
    of[stream.below(of.len() as u64) as usize].clone()
}

/// One that suits the target most of the time.
fn criterion(stream: &mut Stream, target: &Target) -> Option<Criterion> {
    use Criterion::{AbsoluteError, Entropy, Gini, Poisson, SquaredError};
    let all = [Gini, Entropy, SquaredError, AbsoluteError, Poisson];
    match (stream.below(8), target) {
        (0, _) => Some(pick(stream, &all)),
        (1..=3, _) => None,
        (_, Target::Classes { .. }) => Some(pick(stream, &[Gini, Entropy])),
        (_, Target::Labels { .. }) => Some(Gini),
        _ => Some(pick(stream, &[SquaredError, AbsoluteError, Poisson])),
    }
}

fn shape(stream: &mut Stream) -> Shape {
    Shape {
        depth: pick(stream, &[None, None, Some(1), Some(3)]),
        leaves: pick(stream, &[None, None, Some(2), Some(6)]),
        min_split_rows: pick(stream, &[2, 2, 5]),
        min_leaf_rows: pick(stream, &[1, 1, 3]),
        min_level_rows: pick(stream, &[4, 4, 1, 2]),
        min_leaf_weight: pick(stream, &[0.0, 0.0, 0.1, 0.5]),
        min_decrease: pick(stream, &[0.0, 0.0, 0.01]),
    }
}

fn resolution(stream: &mut Stream) -> Resolution {
    let few = BinParams { bins: 2, sample: 3 };
    pick(stream, &[Resolution::default(), Resolution::Exact, Resolution::Binned(few)])
}

fn split_features(stream: &mut Stream) -> SplitFeatures {
    use SplitFeatures::{All, ByTarget, Count, Log2, Share, Sqrt};
    pick(stream, &[ByTarget, All, Sqrt, Log2, Count(1), Share(0.4)])
}

fn class_weights(stream: &mut Stream, target: &Target) -> ClassWeights {
    let Target::Classes { classes, .. } = target else { return ClassWeights::Equal };
    let given = classes.names().iter().map(|name| (name.to_string(), 10f64.powi(stream.below(9) as i32 - 4))).collect();
    let all = [ClassWeights::Equal, ClassWeights::Balanced, ClassWeights::BalancedPerTree, ClassWeights::Given(given)];
    pick(stream, &all)
}

fn tree(stream: &mut Stream, target: &Target) -> DecisionTree {
    DecisionTree {
        criterion: criterion(stream, target),
        shape: shape(stream),
        split_features: pick(stream, &[None, Some(SplitFeatures::Count(2))]),
        class_weights: class_weights(stream, target),
        ccp_alpha: pick(stream, &[0.0, 0.0, 0.01, 1e30]),
        resolution: resolution(stream),
    }
}

fn forest(stream: &mut Stream, target: &Target) -> RandomForest {
    let classes = matches!(target, Target::Classes { .. });
    let share = pick(stream, &[1.0, 0.3, 1e-9, 2.0]);
    let draws = [
        Draw::All,
        Draw::Bootstrap { share },
        Draw::Subsample { share: share.min(1.0) },
        if classes { Draw::Balanced } else { Draw::default() },
    ];
    RandomForest {
        trees: 1 + stream.below(4) as usize,
        draw: pick(stream, &draws),
        tree_features: pick(stream, &[1.0, 1.0, 0.5, 1e-9]),
        split_features: split_features(stream),
        cuts: Cuts::Best,
        criterion: criterion(stream, target),
        shape: shape(stream),
        class_weights: class_weights(stream, target),
        resolution: resolution(stream),
    }
}

fn adaboost(stream: &mut Stream, target: &Target) -> AdaBoost {
    let mut recipe = AdaBoost::default()
        .rounds(1 + stream.below(4) as usize)
        .learning_rate(pick(stream, &[1.0, 0.1, 1e-12, 1e12]))
        .loss(pick(stream, &[R2Loss::Linear, R2Loss::Square, R2Loss::Exponential]));
    if stream.below(2) == 0 {
        let class_weights = ClassWeights::Equal;
        recipe = recipe.base(DecisionTree { class_weights, ccp_alpha: 0.0, ..tree(stream, target) });
    }
    recipe
}

fn boosting(stream: &mut Stream, target: &Target, table: &Table) -> GradientBoosting {
    let mut recipe = GradientBoosting {
        rounds: 1 + stream.below(4) as usize,
        learning_rate: pick(stream, &[0.1, 1.0, 1e-30, 1e30]),
        bins: pick(stream, &[BinParams::default(), BinParams { bins: 2, sample: 2 }]),
        loss: loss(stream, target),
        rows: pick(stream, &[RowSampling::All, RowSampling::Share(0.4), RowSampling::Goss { top: 0.3, other: 0.3 }]),
        features_per_tree: pick(stream, &[1.0, 0.5, 1e-9]),
        features_per_split: pick(stream, &[1.0, 0.5, 1e-9]),
        early_stopping: pick(stream, &[None, Some(EarlyStopping { rounds: 1, ..EarlyStopping::default() })]),
        ..GradientBoosting::default()
    };
    recipe.tree.leaves = pick(stream, &[2, 4, 31]);
    recipe.tree.depth = pick(stream, &[None, Some(1), Some(3)]);
    recipe.tree.min_rows = pick(stream, &[0.0, 1.0, 20.0]);
    recipe.tree.min_hessian = pick(stream, &[0.0, 1e-3]);
    recipe.tree.l1 = pick(stream, &[0.0, 0.0, 1.0, 1e30]);
    recipe.tree.l2 = pick(stream, &[0.0, 0.0, 1.0, 1e30]);
    recipe.tree.min_level_rows = pick(stream, &[10.0, 10.0, 0.0, 2.0]);
    recipe.tree.growth = pick(stream, &[Growth::LeafWise, Growth::DepthWise]);
    if let Features::Columns(columns) = table.data.features()
        && stream.below(3) == 0
    {
        let numbers = columns.iter().filter(|column| matches!(column, consort_core::Column::Numeric { .. }));
        let directions = [Monotone::Increasing, Monotone::Decreasing];
        recipe.monotone =
            numbers.map(|column| (column.name().to_string(), pick(stream, &directions))).collect::<BTreeMap<_, _>>();
        recipe.interactions = columns.chunks(2).map(|set| set.iter().map(|c| c.name().into()).collect()).collect();
    }
    recipe
}

fn loss(stream: &mut Stream, target: &Target) -> Option<Arc<dyn loss::Loss>> {
    if stream.below(3) == 0 {
        return None;
    }
    let of_classes: [Arc<dyn loss::Loss>; 2] = [Arc::new(loss::LogLoss), Arc::new(loss::Softmax)];
    let of_numbers: [Arc<dyn loss::Loss>; 8] = [
        Arc::new(loss::Squared),
        Arc::new(loss::Absolute),
        Arc::new(loss::Huber::default()),
        Arc::new(loss::Huber { delta: Some(1.0) }),
        Arc::new(loss::Quantile::default()),
        Arc::new(loss::Poisson::default()),
        Arc::new(loss::Gamma),
        Arc::new(loss::Tweedie::default()),
    ];
    let is_class = matches!(target, Target::Classes { .. });
    // Now and then one that does not suit.
    if is_class == (stream.below(10) > 0) { Some(pick(stream, &of_classes)) } else { Some(pick(stream, &of_numbers)) }
}
