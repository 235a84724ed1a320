//! Blanks around a label say nothing: `yes ` is the class `yes`.

use std::collections::BTreeMap;

/// A label without the blanks around it, unless nothing is left.
pub(crate) fn label(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

/// The first, in the order of bytes, of the labels that are written with blanks in several ways. The texts are all different.
pub(crate) fn merged<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut ways: BTreeMap<&str, usize> = BTreeMap::new();
    texts.into_iter().filter_map(label).for_each(|text| *ways.entry(text).or_default() += 1);
    ways.into_iter().find(|&(_, ways)| ways > 1).map(|(text, _)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_differ_in_blanks_only_are_found() {
        assert_eq!((label(" a b "), label(" \t")), (Some("a b"), None));
        assert_eq!(merged(["z", "b ", "b", " a", "a", " "]), Some("a"));
        assert_eq!(merged(["a ", "A", " ", ""]), None);
    }
}
