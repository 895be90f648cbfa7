//! Calendar days.

use crate::base::pattern::pattern;
use jiff::civil::Date;
use thiserror::Error;

/// A day of the Gregorian calendar between 1970-01-01 and 9999-12-30, written `YYYY-MM-DD`.
///
/// The only time in a plan: decision records show it, and the commit is dated midnight UTC of that day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    text: String,
    date: Date,
}

/// A text that is not a day.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("invalid date `{}`: write it as `2026-11-21`, between 1970-01-01 and 9999-12-30", text.escape_debug())]
pub struct DayError {
    text: String,
}

impl Day {
    const PATTERN: &'static str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$";

    /// Parses `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Result<Self, DayError> {
        let range = jiff::civil::date(1970, 1, 1)..=jiff::civil::date(9999, 12, 30);
        match text.parse::<Date>() {
            Ok(date) if range.contains(&date) && pattern!(Day::PATTERN).is_match(text) => {
                Ok(Self {
                    text: text.to_owned(),
                    date,
                })
            }
            _ => Err(DayError {
                text: text.chars().take(40).collect(),
            }),
        }
    }

    /// The day in UTC of a time in seconds since 1970.
    pub fn of_unix_seconds(seconds: i64) -> Result<Self, DayError> {
        let time = jiff::Timestamp::from_second(seconds).map_err(|_| DayError {
            text: seconds.to_string(),
        })?;
        Self::parse(&time.to_zoned(jiff::tz::TimeZone::UTC).date().to_string())
    }

    /// `YYYY-MM-DD`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// `YYYY`.
    pub fn year(&self) -> &str {
        &self.text[..4]
    }

    /// Midnight UTC of the day, in seconds since 1970.
    pub fn unix_seconds(&self) -> i64 {
        self.date
            .duration_since(jiff::civil::date(1970, 1, 1))
            .as_secs()
    }
}

text_value!(Day, error: DayError, format: "groundplan-day", max: 10, pattern: Day::PATTERN,
    doc: "A calendar day, `YYYY-MM-DD`.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_real_days_in_iso_form_are_accepted() {
        assert_eq!(
            Day::parse("2026-11-21").map(|day| day.unix_seconds()),
            Ok(1_795_219_200)
        );
        assert_eq!(
            Day::parse("1970-01-01").map(|day| day.unix_seconds()),
            Ok(0)
        );
        for bad in [
            "2026-02-30",
            "2026-1-1",
            "20261121",
            "1969-12-31",
            "2026-11-21T00:00",
            "",
            "today",
            " 2026-11-21",
        ] {
            assert_eq!(
                Day::parse(bad).map(|day| day.to_string()).ok(),
                None,
                "{bad}"
            );
        }
        assert_eq!(
            Day::of_unix_seconds(1_795_219_199).map(|day| day.to_string()),
            Ok("2026-11-20".to_owned())
        );
    }
}
