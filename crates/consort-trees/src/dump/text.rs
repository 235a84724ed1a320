use std::fmt::Write;

use consort_core::{Error, Result};

use super::label::{question, value};
use crate::{
    model::{Feature, TreeEnsemble},
    tree::Tree,
};

impl TreeEnsemble {
    /// A tree as text, a line a node: the question and gain of a split, the value of a leaf, and the cover of both. Rows
    /// for which the question is true go to `yes`.
    ///
    /// ```
    /// use consort_trees::{Node, Split, Test, Tree, model::{Feature, TreeEnsemble}};
    /// let split = Split { feature: 0, test: Test::AtMost(0.5), missing_left: true, left: 1, gain: 2.0 };
    /// let nodes = vec![Node { split: Some(split), cover: 10.0 }, Node::leaf(6.0), Node::leaf(4.0)];
    /// let tree = Tree::new(nodes, vec![0.0, -1.0, 1.5], vec![])?;
    /// let trees = TreeEnsemble::new(vec![Feature::Numeric { name: "age".into() }], vec![0.0], vec![tree])?;
    /// assert_eq!(trees.text(0)?, "\
    /// tree 0: 2 leaves, depth 1
    /// age ≤ 0.5 or missing  (gain 2, cover 10)
    /// ├─ yes: -1  (cover 6)
    /// └─ no: 1.5  (cover 4)
    /// ");
    /// # Ok::<(), consort_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Parameter`] for a tree that there is none of.
    pub fn text(&self, tree: usize) -> Result<String> {
        let found = find(self, tree)?;
        let mut out = String::new();
        write(found, self.features(), tree, &mut out);
        Ok(out)
    }

    /// All trees as text, after the features and what each output starts from. As long as the model is large.
    pub fn dump(&self) -> String {
        let names: Vec<&str> = self.features().iter().map(Feature::name).collect();
        let mut out = String::new();
        let (trees, outputs) = (self.trees().len(), self.outputs());
        _ = writeln!(out, "{trees} trees, {outputs} outputs, start {:?}", self.base());
        _ = writeln!(out, "features: {}", names.join(", "));
        for (t, tree) in self.trees().iter().enumerate() {
            out.push('\n');
            write(tree, self.features(), t, &mut out);
        }
        out
    }
}

pub(super) fn find(trees: &TreeEnsemble, tree: usize) -> Result<&Tree> {
    let count = trees.trees().len();
    trees.trees().get(tree).ok_or_else(|| Error::parameter("tree", tree, format!("below {count}, the number of trees")))
}

/// A node that is still to be written.
struct Line {
    node: usize,
    /// What its own line starts with, and those below it.
    lead: String,
    below: String,
}

fn write(tree: &Tree, features: &[Feature], number: usize, out: &mut String) {
    // Writing to a text cannot fail.
    _ = writeln!(out, "tree {number}: {} leaves, depth {}", tree.leaves(), tree.depth());
    // No recursion: a tree from a file may be as deep as it has nodes.
    let mut todo = vec![Line { node: 0, lead: String::new(), below: String::new() }];
    while let Some(Line { node, lead, below }) = todo.pop() {
        let cover = tree.nodes()[node].cover;
        let Some(split) = &tree.nodes()[node].split else {
            _ = writeln!(out, "{lead}{}  (cover {cover})", value(tree, node));
            continue;
        };
        _ = writeln!(out, "{lead}{}  (gain {}, cover {cover})", question(tree, features, split), split.gain);
        let [left, right] = split.children();
        todo.push(Line { node: right, lead: format!("{below}└─ no: "), below: format!("{below}   ") });
        todo.push(Line { node: left, lead: format!("{below}├─ yes: "), below: format!("{below}│  ") });
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        Node, Split, Test, Tree,
        model::{Feature, TreeEnsemble},
    };

    fn ensemble() -> TreeEnsemble {
        let split = |feature, test, left| Split { feature, test, missing_left: false, left, gain: 0.5 };
        let nodes = vec![
            Node { split: Some(split(0, Test::AtMost(-2.5), 1)), cover: 9.0 },
            Node { split: Some(split(1, Test::Among(0), 3)), cover: 5.0 },
            Node { split: Some(split(2, Test::Among(1), 5)), cover: 4.0 },
            Node::leaf(2.0),
            Node::leaf(3.0),
            Node::leaf(1.0),
            Node::leaf(3.0),
        ];
        let values = (0..7).flat_map(|i| [i as f32, 0.5]).collect();
        let tree = Tree::new(nodes, values, vec![vec![0b101], vec![u64::MAX, 1]]).unwrap();
        let levels = vec!["red".into(), "green".into()];
        let features = vec![
            Feature::Numeric { name: "a \"b\"".into() },
            Feature::Categorical { name: "colour".into(), levels, others: true },
            Feature::Numeric { name: "code".into() },
        ];
        TreeEnsemble::new(features, vec![0.0, 1.0], vec![tree]).unwrap()
    }

    #[test]
    fn text_shows_the_names_of_categories_and_all_values() {
        let trees = ensemble();
        let want = "tree 0: 4 leaves, depth 2\n\
            a \"b\" ≤ -2.5  (gain 0.5, cover 9)\n\
            ├─ yes: colour in {red, any other}  (gain 0.5, cover 5)\n\
            │  ├─ yes: [3.0, 0.5]  (cover 2)\n\
            │  └─ no: [4.0, 0.5]  (cover 3)\n\
            └─ no: code in {0, 1, 2, 3, 4, 5, 6, 7, … 57 more}  (gain 0.5, cover 4)\n   \
               ├─ yes: [5.0, 0.5]  (cover 1)\n   \
               └─ no: [6.0, 0.5]  (cover 3)\n";
        assert_eq!(trees.text(0).unwrap(), want);
        assert!(trees.text(1).unwrap_err().to_string().contains("below 1"));
        let all = trees.dump();
        assert!(all.starts_with("1 trees, 2 outputs, start [0.0, 1.0]\nfeatures: a \"b\", colour, code\n\n"), "{all}");
        assert!(all.ends_with(want));
    }

    #[test]
    fn a_graph_has_each_node_and_edge_once_and_no_bare_quote() {
        let trees = ensemble();
        let dot = trees.dot(0).unwrap();
        assert!(dot.starts_with("digraph \"tree 0\" {\n") && dot.ends_with("}\n"), "{dot}");
        assert_eq!(dot.matches(" -> ").count(), 6);
        assert_eq!(dot.matches("[label=").count(), 7 + 2);
        assert!(dot.contains(r#"a \"b\" ≤ -2.5"#), "{dot}");
        assert!(dot.contains("  0 -> 1 [label=\"yes\"];\n") && dot.contains("  0 -> 2 [label=\"no\"];\n"), "{dot}");
        assert!(trees.dot(1).is_err());
    }
}
