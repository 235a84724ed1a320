//! Scores of labels and of probabilities over classes and labels.
