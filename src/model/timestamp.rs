//! Points in time, to the second.

use crate::base::pattern::pattern;
use thiserror::Error;

/// A time in UTC in the form of RFC 3339, to the second: `2026-11-21T12:00:00Z`. Plans contain none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(String);

/// A text that is not a timestamp.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("invalid time `{}`: write it as `2026-11-21T12:00:00Z`", text.escape_debug())]
pub struct TimestampError {
    text: String,
}

impl Timestamp {
    const PATTERN: &'static str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$";

    /// Parses a time in UTC without fractions of a second.
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        let is_time = pattern!(Timestamp::PATTERN).is_match(text)
            && text
                .parse::<jiff::Timestamp>()
                .is_ok_and(|time| time.to_string() == text);
        if is_time {
            Ok(Self(text.to_owned()))
        } else {
            Err(TimestampError {
                text: text.chars().take(40).collect(),
            })
        }
    }

    /// The time in seconds since 1970. None outside the years 0 to 9999.
    pub fn of_unix_seconds(seconds: i64) -> Option<Self> {
        let time = jiff::Timestamp::from_second(seconds).ok()?;
        Self::parse(&time.to_string()).ok()
    }

    /// The time in milliseconds since 1970, rounded down to the second. None as for [`Self::of_unix_seconds`].
    pub fn of_unix_millis(millis: i64) -> Option<Self> {
        Self::of_unix_seconds(millis.div_euclid(1000))
    }

    /// `2026-11-21T12:00:00Z`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_value!(Timestamp, error: TimestampError, format: "groundplan-moment", max: 20,
    pattern: Timestamp::PATTERN,
    doc: "A time in UTC (RFC 3339), to the second.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_one_spelling() {
        let noon = Timestamp::of_unix_seconds(1_795_262_400).expect("in the calendar");
        assert_eq!(noon.as_str(), "2026-11-21T12:00:00Z");
        assert_eq!(Timestamp::parse("2026-11-21T12:00:00Z"), Ok(noon));
        for bad in [
            "",
            "2026-11-21",
            "2026-11-21T12:00:00+00:00",
            "2026-11-21T12:00:00.5Z",
            "2026-11-21 12:00:00Z",
            "2026-02-30T12:00:00Z",
        ] {
            assert!(Timestamp::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(Timestamp::of_unix_seconds(i64::MAX), None);
        assert_eq!(Timestamp::of_unix_seconds(-100_000_000_000), None);
    }
}
