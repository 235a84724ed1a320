//! Data of the benches, made by seed.
