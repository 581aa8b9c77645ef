//! When a document says it was published.
//!
//! In: the value of a date field. Out: a [`Date`] that can be compared. ISO 8601 with or without
//! a time, a day as `YYYYMMDD`, RFC 2822, and seconds or milliseconds since 1970 are understood; a time without a
//! zone is taken for UTC.

use jiff::Timestamp;
use jiff::civil;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;

/// A point in time, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(pub i64);

/// Numbers from here on are milliseconds: as seconds they would lie 2,900 years ahead.
const MILLISECONDS: i64 = 100_000_000_000;

/// Numbers from here on are no date, in milliseconds either.
const LATEST: f64 = 1e15;

impl Date {
    /// The date that a field's value tells, if it tells one.
    pub fn parse(value: &str) -> Option<Self> {
        let value = value.trim();
        if let Ok(number) = value.parse::<f64>() {
            if number.is_nan() || number.abs() >= LATEST {
                return None;
            }
            let number = number as i64;
            let day = i32::try_from(number).ok().filter(|_| value.len() == 8).and_then(|number| {
                let [month, day] = [number / 100 % 100, number % 100].map(|part| part as i8);
                civil::Date::new((number / 10_000) as i16, month, day).ok()
            });
            if let Some(day) = day {
                return Self::of(day.into());
            }
            // A year by itself is a number, too.
            if (1000..=9999).contains(&number) {
                return Self::of(civil::date(number as i16, 1, 1).into());
            }
            return Some(Date(if number.abs() < MILLISECONDS { number } else { number / 1000 }));
        }
        let timestamp = value.parse::<Timestamp>().ok();
        let timestamp =
            timestamp.or_else(|| rfc2822::parse(value).ok().map(|zoned| zoned.timestamp()));
        if let Some(timestamp) = timestamp {
            return Some(Date(timestamp.as_second()));
        }
        let day = || value.replace('/', "-").parse::<civil::Date>().ok().map(civil::DateTime::from);
        Self::of(value.parse::<civil::DateTime>().ok().or_else(day)?)
    }

    fn of(time: civil::DateTime) -> Option<Self> {
        TimeZone::UTC.to_timestamp(time).ok().map(|timestamp| Date(timestamp.as_second()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_told_in_many_ways() {
        for value in [
            "2024-05-02T10:20:00Z",
            "2024-05-02T12:20:00+02:00",
            "2024-05-02 10:20:00",
            "2024-05-02T10:20",
            "Thu, 02 May 2024 10:20:00 GMT",
            "1714645200",
            "1714645200000",
        ] {
            assert_eq!(Date::parse(value), Some(Date(1_714_645_200)), "{value}");
        }
        assert_eq!(Date::parse("2024/05/02"), Date::parse("2024-05-02"));
        assert!(Date::parse("2023") < Date::parse("2023-01-02"));
        assert_eq!(Date::parse("20240502"), Date::parse("2024-05-02"));
        for value in ["yesterday", "NaN", "inf", "-inf", "-1e30"] {
            assert_eq!(Date::parse(value), None, "{value}");
        }
    }
}
