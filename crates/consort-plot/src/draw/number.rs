/// A number for people: about four significant digits, thousands parted, a true minus sign.
///
/// ```
/// use consort_plot::number;
/// assert_eq!(number(0.123456), "0.1235");
/// assert_eq!(number(-1234567.8), "−1,234,568");
/// ```
pub fn number(x: f64) -> String {
    if !x.is_finite() {
        return "—".into();
    }
    if x == 0.0 {
        return "0".into();
    }
    let size = x.abs();
    if !(1e-4..1e12).contains(&size) {
        return signed(format!("{x:.2e}"));
    }
    let decimals = (3 - size.log10().floor() as i32).clamp(0, 6) as usize;
    let text = format!("{x:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    with_thousands(text)
}

/// A number with this many decimals.
///
/// ```
/// assert_eq!(consort_plot::decimals(-0.5, 2), "−0.50");
/// ```
pub fn decimals(x: f64, decimals: usize) -> String {
    if x.is_finite() { with_thousands(&format!("{x:.decimals$}")) } else { "—".into() }
}

/// A share of 1 as a percentage.
pub(crate) fn percent(x: f64) -> String {
    if x.is_finite() { format!("{} %", number((x * 1000.0).round() / 10.0)) } else { "—".into() }
}

/// A count, or a sum of weights.
pub(crate) fn count(x: f64) -> String {
    if x.fract() == 0.0 { decimals(x, 0) } else { number(x) }
}

/// Decimals that give the numbers of a column four significant digits, so that they stand in line.
pub(crate) fn places(values: impl IntoIterator<Item = f64>) -> usize {
    let most = values.into_iter().fold(0.0f64, |most, value| most.max(value.abs()));
    if most > 0.0 && most.is_finite() { (3 - most.log10().floor() as i32).clamp(0, 5) as usize } else { 3 }
}

/// The labels of ticks: as few decimals as tell them apart.
pub(crate) fn ticks(values: &[f64]) -> Vec<String> {
    let step = values.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(f64::INFINITY, f64::min);
    let top = values.iter().fold(0.0f64, |top, x| top.max(x.abs()));
    if top >= 1e12 || (top > 0.0 && top < 1e-4) {
        return values.iter().map(|&x| number(x)).collect();
    }
    let needed = (0..=8).find(|&d| {
        let scale = 10f64.powi(d);
        values.iter().all(|x| ((x * scale).round() / scale - x).abs() <= 1e-6 * step.min(top))
    });
    values.iter().map(|&x| decimals(x, needed.unwrap_or(8) as usize)).collect()
}

fn signed(text: String) -> String {
    text.replace('-', "−")
}

fn with_thousands(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |rest| ("−", rest));
    // A rounded −0.00 is 0.
    let sign = if digits.bytes().all(|b| b == b'0' || b == b'.') { "" } else { sign };
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut out = String::from(sign);
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_exact_enough() {
        let texts =
            [(0.0, "0"), (1.0, "1"), (0.5, "0.5"), (12.3456, "12.35"), (123456.0, "123,456"), (1e-7, "1.00e−7")];
        for (x, text) in texts {
            assert_eq!(number(x), text);
        }
        assert_eq!(number(f64::NAN), "—");
        assert_eq!(decimals(-0.001, 2), "0.00");
        assert_eq!(percent(0.1234), "12.3 %");
        assert_eq!(count(1_000_000.0), "1,000,000");
    }

    #[test]
    fn columns_have_the_decimals_of_their_size() {
        assert_eq!((places([0.5, 0.1]), places([25_000.0]), places([]), places([0.0])), (4, 0, 3, 3));
    }

    #[test]
    fn ticks_have_the_decimals_of_their_step() {
        assert_eq!(ticks(&[0.0, 0.25, 0.5]), ["0.00", "0.25", "0.50"]);
        assert_eq!(ticks(&[0.0, 50_000.0]), ["0", "50,000"]);
        assert_eq!(ticks(&[0.3]), ["0.3"]);
        assert!(ticks(&[]).is_empty());
    }
}
