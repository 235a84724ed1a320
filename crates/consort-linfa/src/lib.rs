//! Classical models as learners of consort, on linfa where it serves.

pub mod bayes;
mod classes;
mod dense;
mod descent;
pub mod linear;
pub mod logistic;
pub mod neighbours;

pub use bayes::{GaussianNb, GaussianNbModel};
pub use linear::{LinearModel, LinearRegression, Ridge};
pub use logistic::{LogisticModel, LogisticRegression};
pub use neighbours::{Distance, KNearest, KNearestModel, Votes};
