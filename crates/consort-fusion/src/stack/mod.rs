//! Meta-learners: the members are the features.
