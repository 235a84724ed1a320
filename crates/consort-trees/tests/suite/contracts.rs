//! The contracts of `consort_core::check`, over each learner.

use consort_core::{
    Learner, Task,
    check::{self, LearnerCase},
};
use consort_trees::{
    adaboost::{AdaBoost, R2Loss},
    boosting::{GradientBoosting, RowSampling, loss},
    decision_tree::{Criterion, DecisionTree, Resolution, Shape, SplitFeatures},
    forest::{Draw, RandomForest},
};

const TASKS: [Task; 3] = [Task::Binary, Task::Multiclass, Task::Regression];

fn kept(learner: &dyn Learner, case: LearnerCase) {
    check::learner(learner, &case).unwrap();
}

/// Leaves of a few rows, so that numbers of the rows decide, not single ones.
fn small_leaves() -> Shape {
    Shape { min_leaf_weight: 0.002, ..Shape::default() }
}

/// Small, since the suite fits often.
fn boosting() -> GradientBoosting {
    let mut params = GradientBoosting { rounds: 15, learning_rate: 0.2, ..GradientBoosting::default() };
    params.tree.leaves = 8;
    params
}

#[test]
fn gradient_boosting_keeps_the_contracts() {
    for task in TASKS {
        kept(&boosting(), LearnerCase::new(task));
    }
}

#[test]
fn gradient_boosting_on_drawn_rows_and_features_keeps_the_contracts() {
    let drawn = LearnerCase { copies: false, row_order: false, seeded: true, ..LearnerCase::new(Task::Binary) };
    for rows in [RowSampling::Share(0.5), RowSampling::Goss { top: 0.2, other: 0.1 }] {
        kept(&GradientBoosting { rows, ..boosting() }, drawn);
    }
    let features = GradientBoosting { features_per_tree: 0.5, features_per_split: 0.5, ..boosting() };
    kept(&features, LearnerCase { seeded: true, ..LearnerCase::new(Task::Multiclass) });
}

#[test]
fn every_loss_of_numbers_keeps_the_contracts() {
    let losses: Vec<std::sync::Arc<dyn loss::Loss>> = vec![
        std::sync::Arc::new(loss::Squared),
        std::sync::Arc::new(loss::Absolute),
        std::sync::Arc::new(loss::Huber::default()),
        std::sync::Arc::new(loss::Quantile::default()),
    ];
    for loss in losses {
        kept(&GradientBoosting { loss: Some(loss), ..boosting() }, LearnerCase::new(Task::Regression));
    }
}

#[test]
fn a_decision_tree_keeps_the_contracts() {
    for task in TASKS {
        kept(&DecisionTree::default().shape(small_leaves()), LearnerCase::new(task));
    }
    let best_first = Shape { leaves: Some(12), ..Shape::default() };
    kept(&DecisionTree::default().shape(best_first), LearnerCase::new(Task::Multiclass));
    kept(&DecisionTree::default().shape(small_leaves()).criterion(Criterion::Entropy), LearnerCase::new(Task::Binary));
}

#[test]
fn an_exact_and_a_pruned_tree_keep_the_contracts() {
    for task in TASKS {
        kept(&DecisionTree::default().shape(small_leaves()).exact(), LearnerCase::new(task));
    }
    kept(&DecisionTree::default().ccp_alpha(0.002), LearnerCase { rows: 600, ..LearnerCase::new(Task::Binary) });
    let few = LearnerCase { rows: 1500, ..LearnerCase::new(Task::Regression) };
    kept(&DecisionTree::default().shape(small_leaves()).criterion(Criterion::AbsoluteError), few);
}

#[test]
fn a_tree_that_draws_features_keeps_the_contracts() {
    let tree = DecisionTree { split_features: Some(SplitFeatures::Count(1)), ..DecisionTree::default().depth(8) };
    kept(&tree, LearnerCase { seeded: true, ..LearnerCase::new(Task::Multiclass) });
}

/// A learner of which every seed draws other rows. Rows named twice are still one row of twice the weight to it.
fn drawing(task: Task) -> LearnerCase {
    LearnerCase { row_order: false, seeded: true, ..LearnerCase::new(task) }
}

#[test]
fn a_random_forest_keeps_the_contracts() {
    for task in TASKS {
        kept(&RandomForest::default().trees(12).shape(small_leaves()), drawing(task));
    }
    let exact = RandomForest::default().trees(8).shape(small_leaves()).resolution(Resolution::Exact);
    kept(&exact, drawing(Task::Multiclass));
}

#[test]
fn forests_on_drawn_rows_keep_the_contracts() {
    for draw in [Draw::Subsample { share: 0.5 }, Draw::Bootstrap { share: 0.3 }] {
        kept(&RandomForest::default().trees(10).shape(small_leaves()).draw(draw), drawing(Task::Multiclass));
    }
    kept(&RandomForest::random_patches(0.6, 0.7).trees(16).shape(small_leaves()), drawing(Task::Binary));
}

#[test]
fn extra_trees_keep_the_contracts_and_do_not_care_for_the_order_of_rows() {
    for task in TASKS {
        let case = LearnerCase { seeded: true, ..LearnerCase::new(task) };
        kept(&RandomForest::extra_trees().trees(12).shape(small_leaves()), case);
    }
    let exact = RandomForest::extra_trees().trees(8).shape(small_leaves()).resolution(Resolution::Exact);
    kept(&exact, LearnerCase { seeded: true, ..LearnerCase::new(Task::Binary) });
}

#[test]
fn adaboost_keeps_the_contracts() {
    for task in TASKS {
        kept(&AdaBoost::default().rounds(12).base(DecisionTree::default().depth(3)), LearnerCase::new(task));
    }
    kept(&AdaBoost::default().rounds(20), LearnerCase::new(Task::Binary));
    for loss in [R2Loss::Square, R2Loss::Exponential] {
        kept(&AdaBoost::default().rounds(8).loss(loss), LearnerCase::new(Task::Regression));
    }
}
