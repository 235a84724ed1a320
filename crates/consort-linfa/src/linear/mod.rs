//! Models of values that are linear in the features.

mod coordinate_descent;
mod elastic_net;
mod glm;
mod lasso;
mod linear_model;
mod linear_regression;
mod ridge;
mod spectrum;
mod tweedie;

pub use elastic_net::ElasticNet;
pub use glm::{Glm, GlmModel};
pub use lasso::Lasso;
pub use linear_model::LinearModel;
pub use linear_regression::LinearRegression;
pub use ridge::Ridge;
