//! Splitters: which rows each fit sees.
