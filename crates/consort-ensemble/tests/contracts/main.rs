//! The contracts of `consort_core::check`, over the ensembles.

// Helpers of tests are outside of `#[test]`, where clippy does not see that they are tests.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use consort_core::{
    Learner, Task,
    check::{self, LearnerCase},
};
use consort_ensemble::{
    NamedLearner,
    bag::Bagging,
    boost::{AdaBoost, Boosting, Reweight, loss},
    encode::{Encoded, TableEncoder, suited},
    stack::{MetaInputs, Refit, Stacking},
    vote::Voting,
};
use consort_fusion::rule;
use consort_linfa::{GaussianNb, LinearRegression, LogisticRegression, Ridge};
use consort_trees::{boosting::GradientBoosting, decision_tree::DecisionTree};

const TASKS: [Task; 3] = [Task::Binary, Task::Multiclass, Task::Regression];

fn kept(learner: &dyn Learner, case: LearnerCase) {
    check::learner(learner, &case).unwrap();
}

/// Fewer rows, since the suite fits often and an ensemble fits often by itself.
fn plain(task: Task) -> LearnerCase {
    LearnerCase { rows: 1200, ..LearnerCase::new(task) }
}

/// Of a learner that draws rows, or folds.
fn drawn(task: Task) -> LearnerCase {
    LearnerCase { copies: false, row_order: false, seeded: true, ..plain(task) }
}

fn tree() -> DecisionTree {
    DecisionTree::default().depth(5)
}

fn boost() -> GradientBoosting {
    let mut boost = GradientBoosting { rounds: 8, learning_rate: 0.3, ..GradientBoosting::default() };
    boost.tree.leaves = 8;
    boost
}

/// A linear model behind an encoder and a tree.
fn pair(task: Task) -> Vec<NamedLearner> {
    let linear: Arc<dyn Learner> =
        if task == Task::Regression { Arc::new(Ridge::default()) } else { Arc::new(LogisticRegression::default()) };
    vec![NamedLearner { name: "linear".into(), learner: suited(linear) }, NamedLearner::new("boost", boost())]
}

#[test]
fn bags_keep_the_contracts() {
    for task in TASKS {
        kept(&Bagging::new(tree()).members(6), drawn(task));
        kept(&Bagging::subspaces(tree(), 0.7).members(8), LearnerCase { seeded: true, ..plain(task) });
    }
    kept(&Bagging::patches(tree(), 0.6, 0.8).members(8), drawn(Task::Regression));
    for task in [Task::Binary, Task::Multiclass] {
        kept(&Bagging::balanced(tree()).members(8), drawn(task));
    }
    kept(&Bagging::new(tree()).members(7).rule(rule::Vote::default()), drawn(Task::Binary));
    kept(&Bagging::new(tree()).members(5).rule(rule::Median::default()), drawn(Task::Regression));
    let linear = Encoded::new(Arc::new(TableEncoder::default()), Arc::new(LogisticRegression::default()));
    kept(&Bagging::new(linear).members(4), drawn(Task::Binary));
}

#[test]
fn boosting_of_any_learner_keeps_the_contracts() {
    for task in TASKS {
        kept(&Boosting::new(DecisionTree::default().depth(3)).rounds(8).learning_rate(0.4), plain(task));
    }
    kept(&Boosting::new(DecisionTree::default().depth(3)).rounds(8).learning_rate(0.4).rows(0.5), drawn(Task::Binary));
    let line = Encoded::new(Arc::new(TableEncoder::default()), Arc::new(LinearRegression::default()));
    kept(&Boosting::new(line.clone()).rounds(6).learning_rate(0.5).loss(loss::Absolute), plain(Task::Regression));
    kept(&Boosting::new(line).rounds(6).learning_rate(0.5).loss(loss::Exponential), plain(Task::Binary));
}

#[test]
fn adaptive_boosting_over_encoded_learners_keeps_the_contracts() {
    let naive = || Encoded::new(Arc::new(TableEncoder::default()), Arc::new(GaussianNb::default()));
    let line = || Encoded::new(Arc::new(TableEncoder::default()), Arc::new(LinearRegression::default()));
    kept(&AdaBoost::default().rounds(4).base(naive()), plain(Task::Binary));
    kept(&AdaBoost::default().rounds(4).base(line()), plain(Task::Regression));
    let drawing = AdaBoost::default().rounds(4).reweight(Reweight::Resampling);
    kept(&drawing.clone().base(tree()), drawn(Task::Multiclass));
    kept(&drawing.base(line()), drawn(Task::Regression));
}

#[test]
fn votes_keep_the_contracts() {
    for task in TASKS {
        kept(&Voting::new(pair(task)), plain(task));
    }
}

#[test]
fn stacks_keep_the_contracts() {
    for task in [Task::Binary, Task::Multiclass] {
        kept(&Stacking::greedy(pair(task)), drawn(task));
    }
    // A greedy choice of numbers may take the same member for every seed; weights of a line move with the folds.
    kept(&Stacking::linear(pair(Task::Regression)), drawn(Task::Regression));
    kept(&Stacking::logistic(pair(Task::Binary)).refit(Refit::KeepFolds), drawn(Task::Binary));
    kept(&Stacking::linear(pair(Task::Regression)).layer(pair(Task::Regression)), drawn(Task::Regression));
    let mut on_logits = Stacking::greedy(pair(Task::Multiclass)).learner(LogisticRegression::default());
    if let Some(consort_ensemble::stack::Meta::Learner { inputs, .. }) = &mut on_logits.meta {
        *inputs = MetaInputs::Logits;
    }
    kept(&on_logits, drawn(Task::Multiclass));
    let through = Stacking::greedy(pair(Task::Regression)).learner(boost()).passthrough(true);
    kept(&through, drawn(Task::Regression));
}

#[test]
fn a_learner_behind_an_encoder_keeps_the_contracts() {
    for task in TASKS {
        let [linear, _] = <[NamedLearner; 2]>::try_from(pair(task)).unwrap();
        kept(&*linear.learner, plain(task));
    }
}
