//! Histogram trees on features of one byte, and what is made of them.
//!
//! | room | what it holds |
//! |---|---|
//! | [`bins`] | features in bins, made once for a data set and shared by all that is fitted on it |
//! | [`grow`] | one tree on gradients: histograms, splits, partitions |
//! | [`decision_tree`] | one classification or regression tree: criteria, exact splits, pruning |
//! | [`forest`] | random forest, extra trees, random patches; out-of-bag estimates |
//! | [`adaboost`] | adaptive boosting of any learner that takes weights |
//! | [`boosting`] | gradient boosting and its losses |
//! | [`import`] | models of LightGBM and XGBoost |
//! | [`model`] | fitted trees: prediction |
//! | [`binary`] | models in few bytes |
//! | [`explain`] | contributions of features to a prediction (SHAP), importances |
//! | [`dump`] | trees for people: text, graphs |
//! | [`Tree`], [`Node`] | a grown tree |

pub mod adaboost;
pub mod binary;
pub mod bins;
pub mod boosting;
pub mod decision_tree;
pub mod dump;
pub mod explain;
pub mod forest;
pub mod grow;
pub mod import;
pub mod model;
mod tree;

pub use tree::{Node, Split, Test, Tree};

// The code of the book runs with the doc tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/trees.md")]
struct TreesPage;
