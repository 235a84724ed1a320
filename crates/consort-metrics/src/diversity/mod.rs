//! How members differ: pairwise and whole-ensemble measures.
