//! Scores of predicted numbers and quantiles.
