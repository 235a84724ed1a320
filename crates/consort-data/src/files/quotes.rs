//! The quotes of a CSV file, checked as its bytes go by.
//!
//! The reader of fields is lenient: text after a closing quote goes on as part of the field, so a quote that is never
//! closed takes rows into itself up to the next quote and says nothing. Here only a delimiter, an end of line or the end
//! of the file may follow a closing quote (RFC 4180). A part of a file without quotes costs one search for a byte.

/// A quote that is not closed where it must be. Places are bytes from the beginning of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OpenQuote {
    /// The quote that opens the field.
    pub(super) opens: u64,
    /// The text after the quote that closes it; none if the file ends before.
    pub(super) text: Option<u64>,
}

impl std::fmt::Display for OpenQuote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.text {
            Some(text) => write!(f, "byte {text} follows a closing quote"),
            None => write!(f, "the quote at byte {} is never closed", self.opens),
        }
    }
}

impl std::error::Error for OpenQuote {}

/// Where the next byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the beginning of a field, where a quote opens it.
    Start,
    /// In a field without quotes, where a quote is a letter like any other.
    Bare,
    /// In a quoted field.
    Inside,
    /// After a quote in a quoted field: the byte says whether it closed the field or stands for itself.
    AfterQuote,
}

/// The state after the bytes that went by.
#[derive(Debug)]
pub(super) struct Quotes {
    /// What parts the fields.
    separator: u8,
    state: State,
    /// How many bytes went by.
    seen: u64,
    /// Where the last quoted field begins.
    opens: u64,
}

/// The mark that may stand at the beginning of a file.
pub(super) const MARK: &[u8] = b"\xef\xbb\xbf";

impl Quotes {
    /// At the beginning of a file.
    pub(super) fn new(separator: u8) -> Self {
        Self { separator, state: State::Start, seen: 0, opens: 0 }
    }

    /// Lets bytes go by.
    ///
    /// # Errors
    /// If text follows a closing quote.
    pub(super) fn see(&mut self, bytes: &[u8]) -> Result<(), OpenQuote> {
        // The mark is no part of the first field.
        let skip = if self.seen == 0 && bytes.starts_with(MARK) { MARK.len() } else { 0 };
        let start = self.seen + skip as u64;
        self.seen += bytes.len() as u64;
        let bytes = &bytes[skip..];
        // This search is many times as fast as the loop below.
        if matches!(self.state, State::Start | State::Bare) && !bytes.contains(&b'"') {
            match bytes.last() {
                Some(byte) if [self.separator, b'\n', b'\r'].contains(byte) => self.state = State::Start,
                Some(_) => self.state = State::Bare,
                None => {}
            }
            return Ok(());
        }
        let separator = self.separator;
        let ends = |byte: &u8| *byte == separator || matches!(byte, b'\n' | b'\r');
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            // Within a field the loop is short, and so three times as fast as one that asks for the state at each byte.
            let rest = &bytes[at..];
            let (state, length) = match self.state {
                State::Start if byte == b'"' => {
                    self.opens = start + at as u64;
                    (State::Inside, 1)
                }
                State::Start if ends(&byte) => (State::Start, 1),
                State::Start => (State::Bare, 1),
                State::Bare => match rest.iter().position(ends) {
                    Some(end) => (State::Start, end + 1),
                    None => (State::Bare, rest.len()),
                },
                State::Inside => match rest.iter().position(|&byte| byte == b'"') {
                    Some(quote) => (State::AfterQuote, quote + 1),
                    None => (State::Inside, rest.len()),
                },
                State::AfterQuote if byte == b'"' => (State::Inside, 1),
                State::AfterQuote if ends(&byte) => (State::Start, 1),
                State::AfterQuote => return Err(OpenQuote { opens: self.opens, text: Some(start + at as u64) }),
            };
            self.state = state;
            at += length;
        }
        Ok(())
    }

    /// At the end of the file.
    ///
    /// # Errors
    /// If a quote is still open.
    pub(super) fn end(&self) -> Result<(), OpenQuote> {
        if self.state == State::Inside { Err(OpenQuote { opens: self.opens, text: None }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, part: usize) -> Result<(), OpenQuote> {
        let mut quotes = Quotes::new(b',');
        text.as_bytes().chunks(part).try_for_each(|part| quotes.see(part))?;
        quotes.end()
    }

    #[test]
    fn quotes_are_closed_before_a_delimiter_or_an_end_of_line_wherever_the_parts_are_cut() {
        let sound = [
            "a,b\n1,2\n",
            "\"a\",\"b\"\r\n\"1\"\r\"2\"",
            "a\n\"x \"\"y\"\" z\"\n\"\"\n\"\"\"\"\n",
            "a\n\"x\ny,\nz\"\n",
            "a,b\n5\" pipe,x\"y\"\n \"z\",1\n",
        ];
        for text in sound {
            for part in 1..=text.len() {
                assert_eq!(check(text, part), Ok(()), "{text:?} in parts of {part}");
            }
        }
        assert_eq!(check("\u{feff}\"a\",b\n\"1\",2\n", 64), Ok(()));
        let faults = [
            ("a\n\"x\ny\n", OpenQuote { opens: 2, text: None }),
            ("a\nb,\"", OpenQuote { opens: 4, text: None }),
            ("a\n\"x\"\"\n", OpenQuote { opens: 2, text: None }),
            ("a\n\"x\" ,y\n", OpenQuote { opens: 2, text: Some(5) }),
            ("a,b\n1,\"y\n2,\"w\"\n", OpenQuote { opens: 6, text: Some(12) }),
        ];
        for (text, fault) in faults {
            for part in 1..=text.len() {
                assert_eq!(check(text, part), Err(fault), "{text:?} in parts of {part}");
            }
        }
    }

    #[test]
    fn a_mark_before_a_quote_is_no_part_of_the_field() {
        assert_eq!(check("\u{feff}\"a\nb\" ,c\n", 64), Err(OpenQuote { opens: 3, text: Some(8) }));
    }
}
