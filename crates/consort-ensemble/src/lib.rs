//! Resampling × learners × fusion: how a table becomes an ensemble.
