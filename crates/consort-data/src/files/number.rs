/// Whether a field of a numeric column means that the number is missing: what pandas takes for it, and a few more.
pub(crate) fn is_null(field: &[u8]) -> bool {
    matches!(
        field,
        b"" | b"NA"
            | b"na"
            | b"N/A"
            | b"n/a"
            | b"<NA>"
            | b"#N/A"
            | b"#N/A N/A"
            | b"#NA"
            | b"NaN"
            | b"nan"
            | b"-NaN"
            | b"-nan"
            | b"NaT"
            | b"NULL"
            | b"null"
            | b"None"
            | b"none"
            | b"1.#IND"
            | b"-1.#IND"
            | b"1.#QNAN"
            | b"-1.#QNAN"
            | b"\\N"
            | b"?"
    )
}

/// The number that a field of a numeric column holds: NaN if it is missing, `None` if it is no number.
///
/// Blanks around it are dropped. `.5`, `+1` and `1e-3` are numbers; so is `inf`, which is refused later with its row.
pub(crate) fn parse(field: &[u8]) -> Option<f64> {
    let field = field.trim_ascii();
    if is_null(field) {
        return Some(f64::NAN);
    }
    std::str::from_utf8(field).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_spelling_are_read_and_null_tokens_are_missing() {
        for (text, value) in [(".5", 0.5), ("+1", 1.0), ("1e-3", 1e-3), (" 7 ", 7.0), ("-0", 0.0), ("1.", 1.0)] {
            assert_eq!(parse(text.as_bytes()), Some(value), "{text}");
        }
        for text in [
            "NA", "N/A", "NaN", "nan", "null", "None", "?", "", "  ", "na ", "#N/A", "<NA>", "NaT", "NULL", "none",
            "\\N",
        ] {
            assert!(parse(text.as_bytes()).is_some_and(f64::is_nan), "{text}");
        }
        for text in ["0,5", "0x1", "1 2", "-", ".", "yes", "１"] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }
}
