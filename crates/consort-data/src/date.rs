//! Dates and times as days since 1970-01-01: in ISO 8601, and as countries write them.

use serde::{Deserialize, Serialize};

/// How the dates of a column are written. A time may follow a blank or a `T`, as in ISO 8601.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateFormat {
    /// `2024-12-31`
    #[default]
    Iso,
    /// `2024/12/31`
    YearSlash,
    /// `31.12.2024`
    DayDot,
    /// `31/12/2024`
    DaySlash,
    /// `12/31/2024`
    MonthSlash,
}

impl DateFormat {
    pub(crate) const ALL: [Self; 5] = [Self::Iso, Self::YearSlash, Self::DayDot, Self::DaySlash, Self::MonthSlash];

    /// The last day of 2024, such as `31.12.2024`.
    ///
    /// ```
    /// assert_eq!(consort_data::table::DateFormat::MonthSlash.example(), "12/31/2024");
    /// ```
    pub fn example(self) -> &'static str {
        match self {
            DateFormat::Iso => "2024-12-31",
            DateFormat::YearSlash => "2024/12/31",
            DateFormat::DayDot => "31.12.2024",
            DateFormat::DaySlash => "31/12/2024",
            DateFormat::MonthSlash => "12/31/2024",
        }
    }

    pub(crate) fn is_iso(&self) -> bool {
        *self == DateFormat::Iso
    }

    /// The days since the start of 1970 (UTC) of a text that is written so.
    pub(crate) fn days(self, text: &str) -> Option<f64> {
        let (date, time) = parted(text);
        let mut parts = date.split(match self {
            DateFormat::Iso => return days(text),
            DateFormat::DayDot => '.',
            DateFormat::YearSlash | DateFormat::DaySlash | DateFormat::MonthSlash => '/',
        });
        let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
        let (year, month, day) = match self {
            DateFormat::Iso | DateFormat::YearSlash => (first, second, third),
            DateFormat::DayDot | DateFormat::DaySlash => (third, second, first),
            DateFormat::MonthSlash => (third, first, second),
        };
        if parts.next().is_some() || year.len() != 4 || month.len() > 2 || day.len() > 2 {
            return None;
        }
        moment(digits(year)?, digits(month)?, digits(day)?, time)
    }
}

/// Whether a text is a date in some format, whatever its time is.
pub(crate) fn looks_like_one(text: &str) -> bool {
    let text = text.trim();
    text.as_bytes().first().is_some_and(u8::is_ascii_digit)
        && text.bytes().take(5).any(|byte| matches!(byte, b'-' | b'.' | b'/'))
        && DateFormat::ALL.iter().any(|format| format.days(parted(text).0).is_some())
}

/// The date and the time of a text.
fn parted(text: &str) -> (&str, Option<&str>) {
    match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    }
}

/// The days since the start of 1970 (UTC) of `2024-02-29`, `2024-02-29 12:00`, `2024-02-29T12:00:00.5Z` and the like;
/// `None` for anything else. A text without an offset is taken as UTC.
pub(crate) fn days(text: &str) -> Option<f64> {
    let (date, time) = parted(text);
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    moment(digits(year)?, two(month)?, two(day)?, time)
}

/// A day of the calendar and perhaps a time, as days since the start of 1970.
fn moment(year: i64, month: i64, day: i64, time: Option<&str>) -> Option<f64> {
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
    use super::{DateFormat, civil, day_number, days, first_of_year, looks_like_one};

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
    fn dates_are_read_by_their_own_format_only() {
        for format in DateFormat::ALL {
            let read = DateFormat::ALL.map(|other| other.days(format.example()));
            assert_eq!(read.iter().flatten().collect::<Vec<_>>(), [&20_088.0], "{format:?}");
            assert!(looks_like_one(format.example()));
        }
        assert_eq!(DateFormat::DayDot.days("1.2.1970 12:00"), Some(31.5));
        assert_eq!(
            (DateFormat::DaySlash.days("3/4/1970"), DateFormat::MonthSlash.days("3/4/1970")),
            (Some(92.0), Some(62.0))
        );
        assert!(looks_like_one("3/4/2024 3:30 PM") && DateFormat::MonthSlash.days("3/4/2024 3:30 PM").is_none());
        for text in ["31.2.2024", "1.1.24", "1/2", "10.0.0.1", "1.5", "a/b/2024", "2024-02-30", "001/1/2024"] {
            assert!(!looks_like_one(text), "{text}");
        }
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
