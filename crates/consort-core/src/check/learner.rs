//! The contracts of learners and models.
