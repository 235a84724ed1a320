//! Whether probabilities mean what they say: calibration errors, reliability tables, the decomposition of the Brier score.
