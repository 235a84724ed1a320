//! The contracts of metrics.
