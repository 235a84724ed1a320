/// One cell of a table, as the type of its column says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell<'a> {
    /// Nothing.
    Missing,
    /// A text, which may stand for anything: all cells of a CSV file are texts.
    Text(&'a str),
    /// A number; NaN is missing.
    Number(f64),
    /// Yes or no.
    Truth(bool),
    /// A moment, in days since the start of 1970 (UTC).
    Moment(f64),
}
