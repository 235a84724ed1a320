//! Trees for people: as text, and as a graph for graphviz.

mod dot;
mod label;
mod text;
