//! Dates and times in ISO 8601 as days since 1970-01-01.

/// The days since the start of 1970 (UTC) of `2024-02-29`, `2024-02-29 12:00`, `2024-02-29T12:00:00.5Z` and the like;
/// `None` for anything else. A text without an offset is taken as UTC.
pub(crate) fn days(text: &str) -> Option<f64> {
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let (year, month, day) = (digits(year)?, two(month)?, two(day)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        _ => return None,
    };
    if !(1..=longest).contains(&day) {
        return None;
    }
    Some(day_number(year, month, day) as f64 + time.map_or(Some(0.0), seconds)? / 86_400.0)
}

/// The days from the start of 1970 to a day of the civil calendar.
fn day_number(year: i64, month: i64, day: i64) -> i64 {
    // Years start in March here, so that the leap day comes last.
    let year_from_march = year - i64::from(month <= 2);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    year_from_march * 365 + year_from_march.div_euclid(4) - year_from_march.div_euclid(100)
        + year_from_march.div_euclid(400)
        + day_of_year
        - 719_468
}

/// The year, month and day of a moment in days since the start of 1970; years are kept within ±10⁹.
pub(crate) fn civil(days: f64) -> (i64, u8, u8) {
    // The inverse of `day_number`: 400 years have 146,097 days.
    let since_march = days.clamp(-3.6e11, 3.6e11).floor() as i64 + 719_468;
    let (era, of_era) = (since_march.div_euclid(146_097), since_march.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (400 * era + year_of_era + i64::from(month <= 2), month as u8, day as u8)
}

/// The days from the start of 1970 to the first of January of a year.
pub(crate) fn first_of_year(year: i64) -> f64 {
    day_number(year, 1, 1) as f64
}

/// The seconds since midnight UTC of `12:00`, `12:00:00`, `12:00:00.25`, each perhaps with `Z` or an offset.
fn seconds(text: &str) -> Option<f64> {
    let (clock, offset) = if let Some(clock) = text.strip_suffix('Z') {
        (clock, 0.0)
    } else if let Some(sign) = text.rfind(['+', '-']) {
        let (hours, minutes) = match text[sign + 1..].split_once(':') {
            Some((hours, minutes)) => (two(hours)?, two(minutes)?),
            None if text.len() == sign + 5 => (two(text.get(sign + 1..sign + 3)?)?, two(text.get(sign + 3..)?)?),
            None => (two(&text[sign + 1..])?, 0),
        };
        let offset = (hours * 3600 + minutes * 60) as f64;
        (&text[..sign], if text[sign..].starts_with('-') { -offset } else { offset })
    } else {
        (text, 0.0)
    };
    let mut parts = clock.trim_end().split(':');
    let (hours, minutes) = (two(parts.next()?)?, two(parts.next()?)?);
    let seconds = match parts.next() {
        None => 0.0,
        Some(text) => {
            let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
            two(whole)?;
            text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.').then(|| text.parse::<f64>().ok())??
        }
    };
    if parts.next().is_some() || hours > 23 || minutes > 59 || seconds >= 61.0 {
        return None;
    }
    Some((hours * 3600 + minutes * 60) as f64 + seconds - offset)
}

fn two(text: &str) -> Option<i64> {
    if text.len() == 2 { digits(text) } else { None }
}

fn digits(text: &str) -> Option<i64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::{civil, day_number, days, first_of_year};

    #[test]
    fn the_calendar_goes_forth_and_back() {
        let mut last = (0, 0, 0);
        for day in (-800_000..800_000).step_by(37) {
            let (year, month, date) = civil(day as f64);
            assert_eq!(day_number(year, i64::from(month), i64::from(date)), day);
            assert!((year, month, date) > last || day == -800_000);
            last = (year, month, date);
        }
        assert_eq!((civil(19_782.99), first_of_year(1971)), ((2024, 2, 29), 365.0));
    }

    #[test]
    fn dates_and_times_become_days() {
        assert_eq!(days("1970-01-01"), Some(0.0));
        assert_eq!(days("2000-03-01"), Some(11_017.0));
        assert_eq!(days("2024-02-29"), Some(19_782.0));
        assert_eq!(days("1969-12-31"), Some(-1.0));
        assert_eq!(days("1970-01-02 12:00"), Some(1.5));
        assert_eq!(days("1970-01-01T06:00:00.000Z"), Some(0.25));
        assert_eq!(days("1970-01-01T06:00:00+06:00"), Some(0.0));
        assert_eq!(days("1970-01-01T06:00:00-0600"), Some(0.5));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "2023-02-29",
            "2024-13-01",
            "24-01-01",
            "2024-1-1",
            "2024-01-01T25:00",
            "2024-01-01x",
            "12",
            "+024-01-01",
            "2024-01-01T10:00:00.1.2",
            "2024-01-01T",
            "2024-01-01T10",
            "2024-01-01Té:00",
            "2024-01-01T10:00+é",
        ] {
            assert_eq!(days(text), None, "{text}");
        }
    }
}
