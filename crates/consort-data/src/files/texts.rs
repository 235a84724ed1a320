/// Texts of one column in one block of memory; a text may be missing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Texts {
    bytes: String,
    /// Where each text ends in `bytes`; the highest bit marks a missing one.
    ends: Vec<u64>,
}

const MISSING: u64 = 1 << 63;

impl Texts {
    pub(crate) fn push(&mut self, text: Option<&str>) {
        self.bytes.push_str(text.unwrap_or_default());
        self.ends.push(self.bytes.len() as u64 | if text.is_none() { MISSING } else { 0 });
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, i: usize) -> Option<&str> {
        let end = self.ends[i];
        let start = if i == 0 { 0 } else { self.ends[i - 1] & !MISSING };
        (end & MISSING == 0).then(|| &self.bytes[start as usize..end as usize])
    }

    /// The same as ids; a missing one is an empty text.
    pub(crate) fn into_ids(self) -> consort_core::Ids {
        consort_core::Ids::from_texts(self.iter().map(Option::unwrap_or_default))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        (0..self.len()).map(|i| self.get(i))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_text_is_not_an_empty_one() {
        let mut texts = Texts::default();
        for text in [Some("a"), None, Some(""), Some("bc")] {
            texts.push(text);
        }
        assert_eq!(texts.iter().collect::<Vec<_>>(), [Some("a"), None, Some(""), Some("bc")]);
    }
}
