//! Burn nets as learners and deep-ensemble training.
