use consort_core::{Error, Result};
use serde::{Deserialize, Serialize};

use super::{Node, Split, Test, Tree};

/// A tree as text keeps it: one list a field, a third of the size of a list of nodes.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Columnar {
    /// 0 for a leaf: a root is nobody's child.
    left: Vec<u32>,
    feature: Vec<u32>,
    test: Vec<Question>,
    missing_left: Vec<bool>,
    gain: Vec<f32>,
    cover: Vec<f32>,
    values: Vec<f32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sets: Vec<Vec<u64>>,
}

/// A threshold, or the number of a set. JSON has no infinity.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Question {
    AtMost(f32),
    Among { set: u32 },
    Infinite(Infinite),
}

#[derive(Serialize, Deserialize)]
enum Infinite {
    #[serde(rename = "inf")]
    Above,
    #[serde(rename = "-inf")]
    Below,
}

impl From<Tree> for Columnar {
    fn from(tree: Tree) -> Self {
        let splits: Vec<Split> = tree.nodes().iter().filter_map(|node| node.split).collect();
        Self {
            left: tree.nodes().iter().map(|node| node.split.map_or(0, |split| split.left)).collect(),
            feature: splits.iter().map(|split| split.feature).collect(),
            test: splits
                .iter()
                .map(|split| match split.test {
                    Test::AtMost(f32::INFINITY) => Question::Infinite(Infinite::Above),
                    Test::AtMost(f32::NEG_INFINITY) => Question::Infinite(Infinite::Below),
                    Test::AtMost(threshold) => Question::AtMost(threshold),
                    Test::Among(set) => Question::Among { set },
                })
                .collect(),
            missing_left: splits.iter().map(|split| split.missing_left).collect(),
            gain: splits.iter().map(|split| split.gain).collect(),
            cover: tree.nodes().iter().map(|node| node.cover).collect(),
            values: tree.values().to_vec(),
            sets: tree.sets().to_vec(),
        }
    }
}

impl TryFrom<Columnar> for Tree {
    type Error = Error;

    fn try_from(columns: Columnar) -> Result<Self> {
        let inner = columns.left.iter().filter(|left| **left != 0).count();
        let lengths = [columns.feature.len(), columns.test.len(), columns.missing_left.len(), columns.gain.len()];
        if lengths.iter().any(|&length| length != inner) || columns.cover.len() != columns.left.len() {
            let problem = format!("it has {inner} splits of {} nodes, but lists of other lengths", columns.left.len());
            return Err(Error::Damaged { place: "a tree".into(), problem });
        }
        let mut splits = columns.feature.iter().zip(&columns.test).zip(columns.missing_left.iter().zip(&columns.gain));
        let nodes = columns
            .left
            .iter()
            .zip(&columns.cover)
            .map(|(&left, &cover)| {
                let split = if left == 0 { None } else { splits.next() };
                let split = split.map(|((&feature, test), (&missing_left, &gain))| {
                    let test = match test {
                        Question::AtMost(threshold) => Test::AtMost(*threshold),
                        Question::Among { set } => Test::Among(*set),
                        Question::Infinite(Infinite::Above) => Test::AtMost(f32::INFINITY),
                        Question::Infinite(Infinite::Below) => Test::AtMost(f32::NEG_INFINITY),
                    };
                    Split { feature, test, missing_left, left, gain }
                });
                Node { split, cover }
            })
            .collect();
        Tree::new(nodes, columns.values, columns.sets)
    }
}
