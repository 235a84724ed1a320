//! Scores of an order: ROC, precision and recall, lift.
