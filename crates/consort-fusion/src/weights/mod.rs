//! Weights of members, fitted.
