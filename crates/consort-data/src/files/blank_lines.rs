//! Blank lines of a CSV file of one column.
//!
//! The reader of fields skips blank lines. Where a file has one column, a blank line is a row whose cell is missing, and
//! without it all rows that follow would be paired with the wrong rows of other files. So it is written out here, as the
//! empty field `""`, before the fields are parted. Blank lines at the end of the file are no rows.

use std::io::{self, Read};

use super::quotes::MARK;

/// What stands for a blank line.
const EMPTY: &[u8] = b"\"\"\n";

/// The bytes of a file of one column, with its blank lines below the header written out.
pub(super) struct BlankLines<R> {
    inner: R,
    /// Bytes that were read and must be looked at one by one, and where the next is.
    part: Vec<u8>,
    at: usize,
    /// Blank lines that are rows if something follows.
    waiting: u64,
    /// What is left to be written of those that are.
    owed: u64,
    /// How many bytes of a mark at the beginning went by.
    mark: usize,
    in_header: bool,
    at_start: bool,
    /// Whether the last byte was `\r`, to whose line a `\n` belongs.
    after_return: bool,
    /// The same, of a line that was blank.
    swallow: bool,
    in_quotes: bool,
    after_quote: bool,
}

impl<R: Read> BlankLines<R> {
    /// From the beginning of a file.
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            part: Vec::new(),
            at: 0,
            waiting: 0,
            owed: 0,
            mark: 0,
            in_header: true,
            at_start: true,
            after_return: false,
            swallow: false,
            in_quotes: false,
            after_quote: false,
        }
    }

    /// Whether a part has no blank line and no quote, so that it can go by as it is; nearly all are so.
    fn goes_by(&mut self, part: &[u8]) -> bool {
        let end = |byte: u8| byte == b'\n' || byte == b'\r';
        let plain = !self.in_header && !self.in_quotes && !self.after_quote && self.waiting == 0;
        if !plain || (self.at_start && end(part[0])) || part.contains(&b'"') {
            return false;
        }
        // Without a way out, so that the compiler takes many bytes at a time.
        let blank = part.windows(2).fold(false, |blank, pair| {
            blank | ((end(pair[0]) & end(pair[1])) & !((pair[0] == b'\r') & (pair[1] == b'\n')))
        });
        if blank {
            return false;
        }
        let last = part[part.len() - 1];
        (self.at_start, self.after_return, self.swallow) = (end(last), last == b'\r', false);
        true
    }

    /// Looks at a byte, and says whether it is to be given on now.
    fn see(&mut self, byte: u8) -> bool {
        if self.mark < MARK.len() && byte == MARK[self.mark] {
            self.mark += 1;
            return true;
        }
        self.mark = MARK.len();
        if self.in_quotes {
            self.in_quotes = byte != b'"';
            self.after_quote = byte == b'"';
            return true;
        }
        let (after_return, after_quote) = (self.after_return, self.after_quote);
        (self.after_return, self.after_quote) = (byte == b'\r', false);
        match byte {
            b'\n' if after_return => !self.swallow,
            b'\n' | b'\r' => {
                self.swallow = self.at_start && !self.in_header;
                self.waiting += u64::from(self.swallow);
                // Blank lines before the header are skipped by the reader of fields.
                self.in_header &= self.at_start;
                self.at_start = true;
                !self.swallow
            }
            _ => {
                self.in_quotes = byte == b'"' && (self.at_start || after_quote);
                self.at_start = false;
                true
            }
        }
    }
}

impl<R: Read> Read for BlankLines<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut given = 0;
        while given < out.len() {
            if self.owed > 0 {
                let size = EMPTY.len() as u64;
                out[given] = EMPTY[((size - self.owed % size) % size) as usize];
                (given, self.owed) = (given + 1, self.owed - 1);
                continue;
            }
            let Some(&byte) = self.part.get(self.at) else {
                if given > 0 {
                    break;
                }
                let read = self.inner.read(out)?;
                if read == 0 || self.goes_by(&out[..read]) {
                    return Ok(read);
                }
                self.part.clear();
                self.part.extend_from_slice(&out[..read]);
                self.at = 0;
                continue;
            };
            if self.waiting > 0 && !matches!(byte, b'\n' | b'\r') {
                self.owed = std::mem::take(&mut self.waiting) * EMPTY.len() as u64;
                continue;
            }
            if self.see(byte) {
                out[given] = byte;
                given += 1;
            }
            self.at += 1;
        }
        Ok(given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time.
    struct Parts<'a>(&'a [u8], usize);

    impl Read for Parts<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let part = self.1.min(out.len());
            (&mut self.0).take(part as u64).read(out)
        }
    }

    fn written_out(text: &str, part: usize, room: usize) -> String {
        let mut lines = BlankLines::new(Parts(text.as_bytes(), part));
        let (mut all, mut out) = (Vec::new(), vec![0; room]);
        loop {
            let read = lines.read(&mut out).unwrap();
            if read == 0 {
                return String::from_utf8(all).unwrap();
            }
            all.extend_from_slice(&out[..read]);
        }
    }

    #[test]
    fn blank_lines_between_rows_are_written_out_wherever_the_parts_are_cut() {
        let cases = [
            ("p\n1\n\n3\n4", "p\n1\n\"\"\n3\n4"),
            ("p\n\n\n3\n\n\n", "p\n\"\"\n\"\"\n3\n"),
            ("p\r\n1\r\n\r\n3\r\n\r\n", "p\r\n1\r\n\"\"\n3\r\n"),
            ("p\r1\r\r3\r", "p\r1\r\"\"\n3\r"),
            ("\n\np\n1\n\n2", "\n\np\n1\n\"\"\n2"),
            ("p\n\"1\n\n\"\"\n\n2\"\n\n\"\"\n", "p\n\"1\n\n\"\"\n\n2\"\n\"\"\n\"\"\n"),
            ("\u{feff}\"p\n\nq\"\n1\n\n2\n", "\u{feff}\"p\n\nq\"\n1\n\"\"\n2\n"),
            ("p\n1\n2\n3\n", "p\n1\n2\n3\n"),
        ];
        for (text, expected) in cases {
            for part in 1..=text.len() {
                for room in 1..9 {
                    assert_eq!(written_out(text, part, room), expected, "{text:?} in parts of {part} into {room}");
                }
            }
        }
    }
}
