use consort_core::Result;

use super::cursor::{Cursor, damaged, push_bits, push_count, push_narrow, push_words, width_of};
use crate::tree::{Node, Split, Test, Tree};

/// Appends a tree.
pub(super) fn write(tree: &Tree, out: &mut Vec<u8>) -> Result<()> {
    let nodes = tree.nodes();
    let splits = || nodes.iter().filter_map(|node| node.split);
    let count = splits().count();
    push_count(out, nodes.len(), "nodes")?;
    push_count(out, count, "splits")?;
    push_count(out, tree.width(), "numbers a node")?;
    push_count(out, tree.sets().len(), "sets of categories")?;
    push_bits(out, nodes.iter().map(|node| node.split.is_some()));
    push_bits(out, splits().map(|split| split.missing_left));
    push_bits(out, splits().map(|split| matches!(split.test, Test::Among(_))));
    // Children lie side by side and each has one parent, so left ones have odd numbers.
    push_narrow(out, splits().map(|split| split.left.div_ceil(2)), width_of(count));
    let width = width_of(splits().map(|split| split.feature).max().unwrap_or(0) as usize);
    out.push(width as u8);
    push_narrow(out, splits().map(|split| split.feature), width);
    let test = |split: Split| match split.test {
        Test::AtMost(threshold) => threshold.to_bits(),
        Test::Among(set) => set,
    };
    push_words(out, &splits().map(test).collect::<Vec<_>>());
    push_words(out, &splits().map(|split| split.gain.to_bits()).collect::<Vec<_>>());
    push_words(out, &nodes.iter().map(|node| node.cover.to_bits()).collect::<Vec<_>>());
    push_words(out, &tree.values().iter().map(|value| value.to_bits()).collect::<Vec<_>>());
    for set in tree.sets() {
        push_count(out, set.len(), "words of a set of categories")?;
        set.iter().for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
    }
    Ok(())
}

/// Reads the tree at the cursor.
pub(super) fn read(bytes: &mut Cursor<'_>) -> Result<Tree> {
    let (count, splits) = (bytes.count()?, bytes.count()?);
    let (width, sets) = (bytes.count()?, bytes.count()?);
    let is_split = bytes.bits(count)?;
    let missing_left = bytes.bits(splits)?;
    let among = bytes.bits(splits)?;
    let pairs = bytes.narrow(splits, width_of(splits))?;
    let feature_width = bytes.u8()?;
    if !matches!(feature_width, 1 | 2 | 4) {
        return Err(damaged(format!("its features have {feature_width} bytes")));
    }
    let features = bytes.narrow(splits, usize::from(feature_width))?;
    let (tests, gains) = (bytes.words(splits)?, bytes.words(splits)?);
    let covers = bytes.words(count)?;
    let values = bytes.words(count.saturating_mul(width))?.into_iter().map(f32::from_bits).collect();

    let mut asks = missing_left.zip(among).zip(pairs.zip(features)).zip(tests.into_iter().zip(gains));
    let mut nodes = Vec::with_capacity(count);
    for (is_split, cover) in is_split.zip(covers) {
        let split = if is_split {
            let (((missing_left, among), (pair, feature)), (test, gain)) =
                asks.next().ok_or_else(|| damaged(format!("it has more than {splits} splits")))?;
            let test = if among { Test::Among(test) } else { Test::AtMost(f32::from_bits(test)) };
            // A pair of 0 would be the root.
            let left = pair.checked_mul(2).and_then(|right| right.checked_sub(1));
            let left = left.ok_or_else(|| damaged(format!("a split leads to the pair {pair}")))?;
            Some(Split { feature, test, missing_left, left, gain: f32::from_bits(gain) })
        } else {
            None
        };
        nodes.push(Node { split, cover: f32::from_bits(cover) });
    }
    if asks.next().is_some() {
        return Err(damaged(format!("it has fewer than {splits} splits")));
    }
    // Each set has four bytes at least.
    let mut all = Vec::new();
    for _ in 0..sets {
        let words = bytes.count()?;
        all.push(bytes.long_words(words)?.collect());
    }
    Tree::new(nodes, values, all)
}
