use serde::{Deserialize, Serialize};

use crate::date;

/// What a date gives a learner. A feature of it is named `COLUMN.PART`, such as `sold.month`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The year.
    Year,
    /// The month, 1 to 12.
    Month,
    /// The day of the month, 1 to 31.
    Day,
    /// The day of the week, 1 (Monday) to 7 (Sunday).
    Weekday,
    /// The day of the year, 1 to 366.
    DayOfYear,
    /// The hour of the day, 0 to 23.
    Hour,
    /// The time itself: days, with their fraction, since the first day of the training table.
    Days,
}

impl Part {
    /// All parts, in the order in which the features stand.
    pub const ALL: [Part; 7] =
        [Part::Year, Part::Month, Part::Day, Part::Weekday, Part::DayOfYear, Part::Hour, Part::Days];

    /// The name in features, such as `day_of_year`.
    ///
    /// ```
    /// assert_eq!(consort_data::table::Part::DayOfYear.name(), "day_of_year");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Part::Year => "year",
            Part::Month => "month",
            Part::Day => "day",
            Part::Weekday => "weekday",
            Part::DayOfYear => "day_of_year",
            Part::Hour => "hour",
            Part::Days => "days",
        }
    }

    /// This part of a moment in days since the start of 1970 (UTC). `origin` is the day that `Days` counts from.
    pub(super) fn of(self, days: f64, origin: f64) -> f64 {
        let civil = || date::civil(days);
        match self {
            Part::Year => civil().0 as f64,
            Part::Month => f64::from(civil().1),
            Part::Day => f64::from(civil().2),
            // The first of January 1970 was a Thursday.
            Part::Weekday => (days.floor() + 3.0).rem_euclid(7.0) + 1.0,
            Part::DayOfYear => days.floor() - date::first_of_year(civil().0) + 1.0,
            // Times come in whole seconds or finer; a float of days is a hair off some of them.
            Part::Hour => ((days.rem_euclid(1.0) * 86_400.0 + 1e-3).floor() / 3600.0).floor().min(23.0),
            Part::Days => days - origin,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_date_are_those_of_the_calendar() {
        let parts = |text: &str| {
            let days = date::days(text).unwrap();
            Part::ALL.map(|part| part.of(days, 19_000.0))
        };
        // Leap day, a Thursday.
        let leap = parts("2024-02-29T23:00:00");
        assert_eq!(leap[..6], [2024.0, 2.0, 29.0, 4.0, 60.0, 23.0]);
        assert!((leap[6] - (782.0 + 23.0 / 24.0)).abs() < 1e-9);
        assert_eq!(parts("1969-12-31")[..6], [1969.0, 12.0, 31.0, 3.0, 365.0, 0.0]);
        assert_eq!(parts("2000-12-31T00:00:01")[..6], [2000.0, 12.0, 31.0, 7.0, 366.0, 0.0]);
    }

    #[test]
    fn every_hour_of_a_day_is_its_own() {
        for hour in 0..24 {
            for second in [0, 1, 3599] {
                let days = 20_000.0 + f64::from(hour * 3600 + second) / 86_400.0;
                assert_eq!(Part::Hour.of(days, 0.0), f64::from(hour), "{hour}:{second}");
            }
        }
    }
}
