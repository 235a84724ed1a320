//! The contracts of splitters.
