//! How sure an ensemble is, and why not.
