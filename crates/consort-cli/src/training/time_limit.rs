use std::time::Duration;

use crate::failure::{Failure, Result};

/// A time such as `90s`, `10m`, `1.5h`, or a number of seconds.
pub(crate) fn time_limit(text: &str) -> Result<Duration> {
    let text = text.trim();
    let (number, unit) = match text.find(|c: char| c.is_ascii_alphabetic()) {
        Some(at) => text.split_at(at),
        None => (text, "s"),
    };
    let seconds = match unit {
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => f64::NAN,
    };
    let parsed = number.trim().parse::<f64>().map_or(f64::NAN, |number| number * seconds);
    Duration::try_from_secs_f64(parsed)
        .ok()
        .filter(|time| !time.is_zero())
        .ok_or_else(|| Failure::usage(format!("--time-limit `{text}` is no time: write 90s, 10m or 1.5h")))
}

#[cfg(test)]
mod tests {
    use super::time_limit;

    #[test]
    fn times_have_units_and_nonsense_is_refused() {
        for (text, seconds) in [("90", 90.0), ("90s", 90.0), ("10m", 600.0), ("1.5h", 5400.0), ("2 min", 120.0)] {
            assert_eq!(time_limit(text).unwrap().as_secs_f64(), seconds, "{text}");
        }
        for text in ["", "m", "ten", "-5s", "0", "1d", "nan", "1e400"] {
            assert!(time_limit(text).is_err(), "{text}");
        }
    }
}
