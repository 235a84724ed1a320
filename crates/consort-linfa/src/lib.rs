//! Classical models as learners of consort.
//!
//! | room | what it holds |
//! |---|---|
//! | [`linear`] | least squares, ridge, lasso, elastic net, generalised linear models |
//! | [`logistic`] | logistic regression of two classes and of more |
//! | [`bayes`] | naive Bayes |
//! | [`bridge`] | samples as linfa's data sets, for linfa models of your own |
//! | [`discriminant`] | linear and quadratic discriminant analysis |
//! | [`neighbours`] | nearest neighbours, for classes and values |
//! | [`pls`] | partial least squares |
//! | [`svm`] | support vectors, for classes and values |
//! | [`Dummy`] | what no member should be worse than |
//!
//! All but the dummy take numbers without gaps, so encoders come before; all honour sample weights.

pub mod bayes;
pub mod bridge;
mod classes;
mod dense;
mod descent;
pub mod discriminant;
mod dummy;
pub mod linear;
pub mod logistic;
pub mod neighbours;
pub mod pls;
pub mod svm;

pub use bayes::{BernoulliNb, BernoulliNbModel, GaussianNb, GaussianNbModel, MultinomialNb, MultinomialNbModel};
pub use discriminant::{LinearDiscriminant, QuadraticDiscriminant, QuadraticDiscriminantModel};
pub use dummy::{Dummy, DummyModel, Middle};
pub use linear::{ElasticNet, Glm, GlmModel, Lasso, LinearModel, LinearRegression, Ridge};
pub use logistic::{LogisticModel, LogisticRegression};
pub use neighbours::{Distance, KNearest, KNearestModel, Votes};
pub use pls::Pls;
pub use svm::{Gamma, Kernel, SupportVector, SupportVectorModel};
