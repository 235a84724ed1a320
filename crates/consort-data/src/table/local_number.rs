//! Numbers as people write them, which must be mended to be read: with commas, percent signs and currencies.

use crate::files::number;

/// Whether a text would be a number, were its commas points or nothing.
pub(super) fn has_comma(text: &str) -> bool {
    text.contains(',') && {
        let mut parts = text.trim().trim_start_matches(['+', '-']).split(',');
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        parts.next().is_some_and(|whole| whole.split('.').all(digits)) && parts.all(|part| part.split('.').all(digits))
    }
}

/// The rest of a number with a percent sign or a currency, such as `12.5` of `12.5%`.
pub(super) fn without_sign(text: &str) -> Option<&str> {
    const SIGNS: [char; 6] = ['%', '‰', '$', '€', '£', '¥'];
    let text = text.trim();
    let rest = text.strip_suffix(SIGNS).or_else(|| text.strip_prefix(SIGNS))?.trim();
    let is_number = number::parse(rest.as_bytes()).is_some_and(|number| !number.is_nan());
    (is_number || has_comma(rest)).then_some(rest)
}

/// What to do with a text where a number must be.
pub(super) fn hint(text: &str) -> &'static str {
    if without_sign(text).is_some() {
        return "leave out the sign beside the number";
    }
    if !has_comma(text) {
        return "mend it, or leave the field empty where the number is missing";
    }
    let commas = text.matches(',').count();
    let (whole, rest) = text.trim().trim_start_matches(['+', '-']).rsplit_once(',').unwrap_or_default();
    if commas > 1 || rest.contains('.') {
        "it has commas between thousands: leave them out"
    } else if rest.len() == 3 && whole.len() <= 3 && !whole.starts_with('0') {
        "its comma parts thousands or decimals: leave it out, or write a decimal point"
    } else {
        "it has a decimal comma: write a decimal point, and nothing between thousands"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_with_commas_is_seen() {
        for text in ["0,5", "-1,25", "1.234,5", "1,234,567", "+7,0"] {
            assert!(has_comma(text), "{text}");
        }
        for text in ["0.5", ",", "a,b", "1,", "1, 2", "Smith, J"] {
            assert!(!has_comma(text), "{text}");
        }
    }

    #[test]
    fn a_sign_is_told_from_its_number() {
        for (text, rest) in [("12.5%", "12.5"), ("$3.10", "3.10"), ("-4 €", "-4"), ("$1,304", "1,304")] {
            assert_eq!(without_sign(text), Some(rest));
        }
        for text in ["%", "12.5", "a%", "$NA", "50% off"] {
            assert_eq!(without_sign(text), None, "{text}");
        }
    }

    #[test]
    fn the_hint_is_of_what_the_commas_are() {
        for (text, words) in [
            ("0,5", "decimal comma"),
            ("1.234,5", "decimal comma"),
            ("0,500", "decimal comma"),
            ("12,25", "decimal comma"),
            ("1,304", "thousands or decimals"),
            ("2,542.83", "between thousands"),
            ("-1,234,567", "between thousands"),
            ("3 €", "leave out the sign"),
            ("high", "mend it"),
        ] {
            assert!(hint(text).contains(words), "{text}: {}", hint(text));
        }
    }
}
