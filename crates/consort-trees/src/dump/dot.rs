use std::fmt::Write;

use consort_core::Result;

use super::{
    label::{question, value},
    text::find,
};
use crate::model::TreeEnsemble;

impl TreeEnsemble {
    /// A tree as a graph in the language of graphviz: `dot -Tsvg tree.dot -o tree.svg`. What the nodes say is as in
    /// [`text`](Self::text); leaves have round corners.
    ///
    /// ```
    /// use consort_trees::{Node, Tree, model::TreeEnsemble};
    /// let tree = Tree::new(vec![Node::leaf(4.0)], vec![0.5], vec![])?;
    /// let dot = TreeEnsemble::new(vec![], vec![0.0], vec![tree])?.dot(0)?;
    /// assert!(dot.starts_with("digraph \"tree 0\" {"));
    /// # Ok::<(), consort_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Parameter`](consort_core::Error::Parameter) for a tree that there is none of.
    pub fn dot(&self, tree: usize) -> Result<String> {
        let found = find(self, tree)?;
        // Writing to a text cannot fail.
        let mut out = format!("digraph \"tree {tree}\" {{\n  node [shape=box, fontname=\"sans-serif\"];\n");
        for (i, node) in found.nodes().iter().enumerate() {
            let cover = node.cover;
            match &node.split {
                None => {
                    let value = value(found, i);
                    _ = writeln!(out, "  {i} [label=\"{value}\\ncover {cover}\", style=rounded];");
                }
                Some(split) => {
                    let question = quoted(&question(found, self.features(), split));
                    _ = writeln!(out, "  {i} [label=\"{question}\\ngain {}, cover {cover}\"];", split.gain);
                    let [left, right] = split.children();
                    // The words stand at the edges of the root; below it, left is yes as well.
                    let [yes, no] = if i == 0 { [" [label=\"yes\"]", " [label=\"no\"]"] } else { ["", ""] };
                    _ = writeln!(out, "  {i} -> {left}{yes};\n  {i} -> {right}{no};");
                }
            }
        }
        out.push_str("}\n");
        Ok(out)
    }
}

/// A text that may stand between quotes: quotes and backslashes are marked, and lines stay lines.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\r', "").replace('\n', "\\n")
}
