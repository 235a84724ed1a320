//! Whether a difference is more than luck.
