//! Prediction files: read, written, aligned.
