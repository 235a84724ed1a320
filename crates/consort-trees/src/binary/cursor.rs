use consort_core::{Error, Result};

/// Bytes that are read from the front. Nothing is taken on trust: a length beyond the end is an error.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self
            .0
            .split_at_checked(count)
            .ok_or_else(|| damaged(format!("it ends {} bytes too early", count - self.0.len())))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(super) fn u8(&mut self) -> Result<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Result<u16> {
        self.array().map(u16::from_le_bytes)
    }

    /// A length or count.
    pub(super) fn count(&mut self) -> Result<usize> {
        self.array().map(u32::from_le_bytes).map(|count| count as usize)
    }

    /// Words as [`push_words`] wrote them.
    pub(super) fn words(&mut self, count: usize) -> Result<Vec<u32>> {
        let width = usize::from(self.u8()?);
        if width == 0 {
            return self.plain_words(count).map(Iterator::collect);
        }
        if !matches!(width, 1 | 2) {
            return Err(damaged(format!("it has a dictionary of {width} bytes")));
        }
        let known = self.count()?;
        let known: Vec<u32> = self.plain_words(known)?.collect();
        let places = self.narrow(count, width)?;
        let wrong = || damaged("a number lies beyond its dictionary".into());
        places.map(|place| known.get(place as usize).copied().ok_or_else(wrong)).collect()
    }

    fn plain_words(&mut self, count: usize) -> Result<impl Iterator<Item = u32> + use<'a>> {
        let (words, _) = self.take(count.saturating_mul(4))?.as_chunks();
        Ok(words.iter().map(|&word| u32::from_le_bytes(word)))
    }

    pub(super) fn long_words(&mut self, count: usize) -> Result<impl Iterator<Item = u64> + use<'a>> {
        let (words, _) = self.take(count.saturating_mul(8))?.as_chunks();
        Ok(words.iter().map(|&word| u64::from_le_bytes(word)))
    }

    /// Numbers of 1, 2 or 4 bytes each.
    pub(super) fn narrow(&mut self, count: usize, width: usize) -> Result<impl Iterator<Item = u32> + use<'a>> {
        let bytes = self.take(count.saturating_mul(width))?;
        Ok(bytes
            .chunks_exact(width.max(1))
            .map(|bytes| bytes.iter().rev().fold(0, |number, &byte| (number << 8) | u32::from(byte))))
    }

    /// One bit each, eight a byte, the lowest first.
    pub(super) fn bits(&mut self, count: usize) -> Result<impl Iterator<Item = bool> + use<'a>> {
        let bytes = self.take(count.div_ceil(8))?;
        Ok((0..count).map(|i| bytes[i / 8] >> (i % 8) & 1 == 1))
    }
}

/// How many bytes a number up to this one needs: 1, 2 or 4.
pub(super) fn width_of(most: usize) -> usize {
    match most {
        0..=0xff => 1,
        0x100..=0xffff => 2,
        _ => 4,
    }
}

/// Puts numbers behind each other in so many bytes each.
pub(super) fn push_narrow(out: &mut Vec<u8>, numbers: impl Iterator<Item = u32>, width: usize) {
    numbers.for_each(|number| out.extend_from_slice(&number.to_le_bytes()[..width]));
}

/// Puts words behind each other: as they are, after a 0; or, where that is shorter, each different one once, and their
/// places in that list in one or two bytes, after the number of bytes.
pub(super) fn push_words(out: &mut Vec<u8>, words: &[u32]) {
    let mut known = words.to_vec();
    known.sort_unstable();
    known.dedup();
    let width = width_of(known.len().saturating_sub(1));
    if width > 2 || 4 + 4 * known.len() + width * words.len() >= 4 * words.len() {
        out.push(0);
        words.iter().for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
        return;
    }
    out.push(width as u8);
    out.extend_from_slice(&(known.len() as u32).to_le_bytes());
    known.iter().for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
    let place = |word: &u32| known.binary_search(word).unwrap_or_default() as u32;
    push_narrow(out, words.iter().map(place), width);
}

/// Puts bits behind each other, eight a byte, the lowest first.
pub(super) fn push_bits(out: &mut Vec<u8>, bits: impl Iterator<Item = bool>) {
    let start = out.len();
    for (i, bit) in bits.enumerate() {
        if i % 8 == 0 {
            out.push(0);
        }
        out[start + i / 8] |= u8::from(bit) << (i % 8);
    }
}

/// A count as four bytes.
///
/// # Errors
/// If it needs more.
pub(super) fn push_count(out: &mut Vec<u8>, count: usize, what: &'static str) -> Result<()> {
    let count = u32::try_from(count).map_err(|_| Error::Unsupported {
        by: "the binary form".into(),
        what: format!("{count} {what}"),
        hint: "save a smaller model".into(),
    })?;
    out.extend_from_slice(&count.to_le_bytes());
    Ok(())
}

pub(super) fn damaged(problem: String) -> Error {
    Error::Damaged { place: "a binary model".into(), problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_bits_come_back() {
        for most in [0usize, 255, 256, 65_535, 65_536, u32::MAX as usize] {
            let numbers = [0, most as u32, most as u32 / 3];
            let mut bytes = Vec::new();
            push_narrow(&mut bytes, numbers.into_iter(), width_of(most));
            let read: Vec<u32> = Cursor::new(&bytes).narrow(3, width_of(most)).unwrap().collect();
            assert_eq!(read, numbers);
        }
        for different in [1u32, 2, 256, 257, 70_001] {
            let words: Vec<u32> = (0..100_000).map(|i| (i * 7 % different) << 9).collect();
            let mut bytes = Vec::new();
            push_words(&mut bytes, &words);
            assert_eq!(bytes.len() < 4 * words.len(), different < 65_536);
            assert_eq!(Cursor::new(&bytes).words(words.len()).unwrap(), words);
        }
        for count in [0, 1, 8, 9, 17] {
            let bits: Vec<bool> = (0..count).map(|i| i % 3 == 1).collect();
            let mut bytes = vec![7];
            push_bits(&mut bytes, bits.iter().copied());
            let read: Vec<bool> = Cursor::new(&bytes[1..]).bits(count).unwrap().collect();
            assert_eq!(read, bits);
        }
    }
}
