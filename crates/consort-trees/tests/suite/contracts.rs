//! The contracts of `consort_core::check`, over each learner.

use consort_core::{
    Learner, Task,
    check::{self, LearnerCase},
};
use consort_trees::boosting::{GradientBoosting, RowSampling, loss};

const TASKS: [Task; 3] = [Task::Binary, Task::Multiclass, Task::Regression];

fn kept(learner: &dyn Learner, case: LearnerCase) {
    check::learner(learner, &case).unwrap();
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
