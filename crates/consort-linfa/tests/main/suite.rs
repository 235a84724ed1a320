//! The common suite over every learner of the crate.

use consort_core::{
    Learner, Task,
    check::{LearnerCase, learner},
};
use consort_linfa::*;

/// Runs all, so that one run shows all that is broken.
fn keep(learners: Vec<Box<dyn Learner>>, tasks: &[Task], change: impl Fn(LearnerCase) -> LearnerCase) {
    let broken: Vec<String> = learners
        .iter()
        .flat_map(|one| tasks.iter().map(move |&task| (one, task)))
        .filter_map(|(one, task)| learner(&**one, &change(LearnerCase::new(task))).err())
        .map(|broken| broken.to_string())
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn learners_of_values_keep_every_contract() {
    let learners: Vec<Box<dyn Learner>> = vec![
        Box::new(LinearRegression::default()),
        Box::new(Ridge::default()),
        Box::new(Ridge::default().alphas([0.1, 1.0, 10.0])),
        Box::new(Lasso { alpha: 0.01, tolerance: 1e-12, ..Default::default() }),
        Box::new(ElasticNet { alpha: 0.01, tolerance: 1e-12, ..Default::default() }),
        Box::new(Pls::default()),
    ];
    keep(learners, &[Task::Regression], |case| case);
}

#[test]
fn learners_of_classes_keep_every_contract() {
    let learners: Vec<Box<dyn Learner>> = vec![
        Box::new(LogisticRegression { tolerance: 1e-9, ..Default::default() }),
        Box::new(GaussianNb::default()),
        Box::new(LinearDiscriminant::default().shrinkage(0.01)),
        Box::new(QuadraticDiscriminant::default()),
        Box::new(BernoulliNb::default()),
    ];
    keep(learners, &[Task::Binary, Task::Multiclass], |case| case);
}

#[test]
fn nearest_neighbours_keep_every_contract() {
    let tasks = [Task::Binary, Task::Multiclass, Task::Regression];
    keep(vec![Box::new(KNearest::default())], &tasks, |case| LearnerCase { rows: 1000, ..case });
}

#[test]
fn support_vectors_keep_every_contract() {
    let one = || vec![Box::new(SupportVector { tolerance: 1e-7, ..Default::default() }) as Box<dyn Learner>];
    keep(one(), &[Task::Regression], |case| LearnerCase { rows: 200, ..case });
    // The seed decides which rows are left out for calibration.
    keep(one(), &[Task::Binary, Task::Multiclass], |case| LearnerCase { rows: 200, seeded: true, ..case });
}

#[test]
fn learners_of_counts_and_amounts_keep_every_contract() {
    let powers = [0.0, 1.0, 1.5, 2.0];
    let of_values =
        powers.map(|power| Box::new(Glm { power, tolerance: 1e-9, ..Default::default() }) as Box<dyn Learner>);
    keep(of_values.into(), &[Task::Regression], |case| LearnerCase { amounts: true, ..case });
    let of_classes: Vec<Box<dyn Learner>> = vec![Box::new(MultinomialNb::default())];
    keep(of_classes, &[Task::Binary, Task::Multiclass], |case| LearnerCase { amounts: true, ..case });
}

#[test]
fn the_dummy_keeps_every_contract_but_learning() {
    let tasks = [Task::Binary, Task::Multiclass, Task::Regression];
    keep(vec![Box::new(Dummy::default())], &tasks, |case| LearnerCase { learns: false, ..case });
}
