//! Models in few bytes: two fifths of JSON's, and read without parsing a number.
//!
//! Little-endian, whatever the machine. A file is
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `\x89CTREES\n` |
//! | 2 | version of the format, now 1 |
//! | 1 | kind: 0 trees, 1 boosted trees, 2 forest, 3 decision tree |
//! | 4, then so many | length of the head, and the head: all but the trees, as JSON |
//! | 4 | number of trees |
//! | … | the trees, one after another |
//! | 32 | BLAKE3 of all bytes before |
//!
//! and a tree of `n` nodes, `s` of them splits, is
//!
//! | bytes | what |
//! |---|---|
//! | 4, 4, 4, 4 | `n`, `s`, numbers a node, number of sets |
//! | `n` bits | which nodes are splits |
//! | `s` bits, twice | whether missing values go left; whether the split asks for a category |
//! | `s` × 1, 2 or 4 | `(left child + 1) / 2`, in as few bytes as `s` needs |
//! | 1, then `s` × 1, 2 or 4 | the bytes of a feature's number, and the features asked |
//! | words of `s`, `s` | thresholds (or numbers of sets), gains |
//! | words of `n`, `n` × numbers a node | covers, values |
//! | (4, words × 8) × sets | categories, one bit each |
//!
//! Words are a byte 0 and each word in 4 bytes; or, where that is shorter, a byte 1 or 2, the count (4) and the list (4
//! each) of the different ones, and for each word its place in the list in so many bytes.
//!
//! What was saved is read to the bit. A reader checks the length before it takes memory, so a hostile file costs at most
//! a few times its size; a flipped bit is found by the checksum, and what a forger seals again by the checks of
//! [`Tree::new`](crate::Tree::new). A file of a newer version is refused with both versions.

mod cursor;
mod file;
mod saved;
mod tree;

pub use saved::model;
