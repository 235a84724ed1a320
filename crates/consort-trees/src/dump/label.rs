use std::fmt::Write;

use crate::{
    model::Feature,
    tree::{Split, Test, Tree},
};

/// The most categories that are written out.
const CATEGORIES: usize = 8;

/// The question of a split in words, such as `age ≤ 34.5`.
pub(super) fn question(tree: &Tree, features: &[Feature], split: &Split) -> String {
    let name = features.get(split.feature as usize).map_or("?", Feature::name);
    let mut text = match split.test {
        Test::AtMost(threshold) => format!("{name} ≤ {threshold}"),
        Test::Among(set) => {
            let set = tree.sets().get(set as usize).map(Vec::as_slice).unwrap_or_default();
            format!("{name} in {{{}}}", categories(set, features.get(split.feature as usize)))
        }
    };
    if split.missing_left {
        text.push_str(" or missing");
    }
    text
}

/// The categories of a set by their names, the first few of them.
fn categories(set: &[u64], feature: Option<&Feature>) -> String {
    let count: usize = set.iter().map(|word| word.count_ones() as usize).sum();
    let codes = set
        .iter()
        .enumerate()
        .flat_map(|(w, &word)| (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| w * 64 + bit));
    let mut text = String::new();
    for code in codes.take(CATEGORIES) {
        if !text.is_empty() {
            text.push_str(", ");
        }
        match feature {
            Some(Feature::Categorical { levels, .. }) => {
                text.push_str(levels.get(code).map_or("any other", String::as_str));
            }
            // Writing to a text cannot fail.
            _ => _ = write!(text, "{code}"),
        }
    }
    if count > CATEGORIES {
        _ = write!(text, ", … {} more", count - CATEGORIES);
    }
    text
}

/// The numbers of a node, such as `0.25` or `[0.1, 0.9]`.
pub(super) fn value(tree: &Tree, node: usize) -> String {
    match tree.value(node) {
        [value] => value.to_string(),
        values => format!("{values:?}"),
    }
}
