//! Logistic regression of two classes and of more.

mod logistic_model;
mod logistic_regression;
mod odds;
mod softmax;

pub use logistic_model::LogisticModel;
pub use logistic_regression::LogisticRegression;
